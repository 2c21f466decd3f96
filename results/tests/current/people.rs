//! People, and their numbers.

use cclf_crosswalk::Table;

use super::made::Made;

#[test]
fn people_are_as_the_newest_file_tells() {
    let mut made = Made::default();
    for (previous, current) in [
        ("1S00A00ZA81", "1S00A00ZA82"),
        ("1S00A00ZA82", "1S00A00ZA01"),
        ("1S00A00ZA04", "1S00A00ZA04"),
    ] {
        made.row(Table::Cclf9, &format!("PRVS_NUM={previous} CRNT_NUM={current} on=2026-03-11"));
    }
    made.row(Table::Cclf9, "PRVS_NUM=1S00A00ZA81 CRNT_NUM=1S00A00ZA82 on=2026-04-11");
    made.row(Table::Cclf8, "BENE_MBI_ID=1S00A00ZA81 BENE_LAST_NAME=OLD on=2026-02-11")
        .row(
            Table::Cclf8,
            "BENE_MBI_ID=1S00A00ZA01 BENE_LAST_NAME=NEW BENE_RNG_BGN_DT=2026-01-01 on=2026-03-11",
        )
        .row(
            Table::Cclf8,
            "BENE_MBI_ID=1S00A00ZA01 BENE_LAST_NAME=NEW BENE_RNG_BGN_DT=2026-02-01 on=2026-03-11",
        )
        .row(Table::Cclf8, "BENE_MBI_ID=1S00A00ZA05 BENE_LAST_NAME=GONE on=2026-02-11");
    // One person by three numbers: what is cancelled had the oldest.
    made.stay("1", "0", "5.00", "BENE_MBI_ID=1S00A00ZA81 on=2026-02-11")
        .stay("2", "1", "5.00", "BENE_MBI_ID=1S00A00ZA82 on=2026-03-11")
        .stay("3", "2", "6.00", "BENE_MBI_ID=1S00A00ZA81 on=2026-03-11");
    let found = made.resolve();
    assert_eq!(
        found.rows(Table::Cclf1, &["CUR_CLM_UNIQ_ID", "BENE_MBI_ID", "BCDA_FINAL"]),
        ["3 1S00A00ZA01 true"]
    );
    assert_eq!(
        found.rows(Table::Cclf8, &["BENE_MBI_ID", "BENE_LAST_NAME"]),
        ["1S00A00ZA01 NEW", "1S00A00ZA01 NEW", "1S00A00ZA05 GONE"]
    );
    assert_eq!(
        found.rows(Table::Cclf9, &["PRVS_NUM", "FILE_DATE"]),
        ["1S00A00ZA82 2026-03-11", "1S00A00ZA81 2026-04-11"]
    );
    let pairs = found.of(Table::Cclf9);
    assert_eq!((pairs.redelivered, pairs.self_mapped), (1, 1));
    assert_eq!(found.of(Table::Cclf8).superseded, 1);
}

#[test]
fn a_circle_of_numbers_is_one_person() {
    let mut made = Made::default();
    for (previous, current) in [("A", "B"), ("B", "C"), ("C", "A")] {
        made.row(Table::Cclf9, &format!("PRVS_NUM={previous} CRNT_NUM={current} on=2026-03-11"));
    }
    made.row(Table::Cclf9, "PRVS_NUM=A CRNT_NUM=X on=2026-03-11");
    made.stay("1", "0", "5.00", "BENE_MBI_ID=B on=2026-02-11").stay(
        "2",
        "1",
        "5.00",
        "BENE_MBI_ID=C on=2026-03-11",
    );
    let found = made.resolve();
    assert_eq!(found.report.rows_out["CCLF1"], 0);
    let resolved = &found.report.resolved;
    assert_eq!((resolved.mbi_circles, resolved.mbi_contradictions), (3, 1));
    assert_eq!(found.report.warnings.len(), 2);
}
