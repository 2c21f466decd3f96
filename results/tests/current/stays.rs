//! Part A: stays and what belongs to them.

use cclf_crosswalk::Table;

use super::made::Made;

#[test]
fn an_adjusted_stay_leaves_its_adjustment() {
    let mut made = Made::default();
    made.stay("3000000000002", "0", "200.00", "CLM_EFCTV_DT=2026-05-15 on=2026-11-11")
        .stay("3000000000003", "1", "200.00", "CLM_EFCTV_DT=2026-07-17 on=2026-11-11")
        .stay("3000000000004", "2", "212.50", "CLM_EFCTV_DT=2026-07-17 on=2026-11-11");
    for (id, place) in
        [("3000000000002", 1), ("3000000000003", 1), ("3000000000004", 1), ("3000000000004", 2)]
    {
        made.row(Table::Cclf2, &format!("CUR_CLM_UNIQ_ID={id} CLM_LINE_NUM={place} on=2026-11-11"));
    }
    made.row(Table::Cclf2, "CUR_CLM_UNIQ_ID=3 CLM_LINE_NUM=1 on=2026-11-11");
    let found = made.resolve();
    assert_eq!(found.claims(Table::Cclf1), ["3000000000004"]);
    assert_eq!(found.sum(Table::Cclf1, "CLM_PMT_AMT"), 21_250);
    assert_eq!(found.of(Table::Cclf1).pairs, 1);
    assert_eq!(found.claims(Table::Cclf2), ["3000000000004"; 2]);
    let lines = found.of(Table::Cclf2);
    assert_eq!((lines.of_claims_not_final, lines.without_claim), (2, 1));
    // Nothing is unresolved: there is no list.
    assert!(found.report.warnings.is_empty() && !found.out.join("unresolved.csv").exists());
}

#[test]
fn the_stays_of_a_month() {
    let mut made = Made::default();
    made.stay(
        "1",
        "0",
        "8200.10",
        "CLM_FROM_DT=2026-03-02 CLM_THRU_DT=2026-03-09 CLM_EFCTV_DT=2026-03-27 on=2026-11-11",
    )
    .stay("2", "+0", "200.00", "CLM_EFCTV_DT=2026-05-15 on=2026-11-11")
    .stay("3", "1", "200.00", "CLM_EFCTV_DT=2026-07-17 on=2026-11-11")
    .stay("4", "2", "212.50", "CLM_EFCTV_DT=2026-07-17 on=2026-11-11")
    .stay("5", "0", "-12.50", "BENE_MBI_ID=1S00A00ZA02 CLM_EFCTV_DT=2026-06-19 on=2026-11-11")
    .stay("6", "0", "0.00", "BENE_MBI_ID=1S00A00ZA03 CLM_EFCTV_DT=2026-07-10 on=2026-11-11");
    let found = made.resolve();
    assert_eq!(found.claims(Table::Cclf1), ["1", "4", "5", "6"]);
    assert_eq!(found.sum(Table::Cclf1, "CLM_PMT_AMT"), 840_010);
    assert_eq!((found.report.rows_in["CCLF1"], found.report.rows_out["CCLF1"]), (6, 4));
}

#[test]
fn a_stay_that_is_cancelled_leaves_nothing() {
    let mut made = Made::default();
    made.stay("21", "0", "500.00", "CLM_EFCTV_DT=2026-01-09 on=2026-03-11").stay(
        "22",
        "1",
        "500.00",
        "CLM_EFCTV_DT=2026-02-20 on=2026-03-11",
    );
    let found = made.resolve();
    assert_eq!(found.report.rows_out["CCLF1"], 0);
    assert_eq!(found.of(Table::Cclf1).gone(), 2);
}

#[test]
fn a_cancellation_may_come_weeks_before_or_after_its_adjustment() {
    for (cancelled, adjusted) in [("2026-06-05", "2026-07-24"), ("2026-07-24", "2026-06-05")] {
        // The adjustment has the amount of the original: it is not what is cancelled, even if it is the older one.
        for amount in ["200.00", "212.50"] {
            let mut made = Made::default();
            made.stay("4", "2", amount, &format!("CLM_EFCTV_DT={adjusted} on={adjusted}"))
                .stay("3", "1", "200.00", &format!("CLM_EFCTV_DT={cancelled} on={cancelled}"))
                .stay("2", "0", "200.00", "CLM_EFCTV_DT=2026-05-15 on=2026-05-20");
            let found = made.resolve();
            assert_eq!(found.claims(Table::Cclf1), ["4"], "{cancelled} {amount}");
        }
    }
}

#[test]
fn an_adjustment_is_cancelled_by_what_is_later() {
    let mut made = Made::default();
    made.stay("1", "0", "5.00", "CLM_EFCTV_DT=2026-01-02 on=2026-06-11")
        .stay("2", "1", "5.00", "CLM_EFCTV_DT=2026-02-06 on=2026-06-11")
        .stay("3", "2", "7.00", "CLM_EFCTV_DT=2026-02-06 on=2026-06-11")
        .stay("4", "1", "7.00", "CLM_EFCTV_DT=2026-03-06 on=2026-06-11")
        .stay("5", "2", "9.00", "CLM_EFCTV_DT=2026-03-06 on=2026-06-11");
    assert_eq!(made.resolve().claims(Table::Cclf1), ["5"]);
    // Without effective dates the delivery tells what is later.
    let mut made = Made::default();
    made.stay("3", "2", "7.00", "on=2026-02-11").stay("4", "1", "7.00", "on=2026-03-11");
    assert_eq!(made.resolve().report.rows_out["CCLF1"], 0);
}

#[test]
fn the_numbers_of_claims_have_no_order() {
    let mut made = Made::default();
    made.stay("9", "0", "5.00", "CLM_EFCTV_DT=2026-01-02 on=2026-06-11")
        .stay("1", "0", "5.00", "CLM_EFCTV_DT=2026-01-09 on=2026-06-11")
        .stay("5", "1", "5.00", "CLM_EFCTV_DT=2026-02-06 on=2026-06-11");
    let found = made.resolve();
    assert_eq!(found.claims(Table::Cclf1), ["1"]);
    assert_eq!(found.of(Table::Cclf1).several_finals, 0);
}

#[test]
fn several_claims_of_a_key_may_be_final() {
    let mut made = Made::default();
    made.stay("1", "0", "5.00", "on=2026-06-11").stay("2", "0", "6.00", "on=2026-06-11");
    // A corrected date is another key: the adjustment stands beside what it corrects.
    made.stay("3", "2", "5.00", "CLM_THRU_DT=2026-05-05 on=2026-06-11");
    let found = made.resolve();
    assert_eq!(found.claims(Table::Cclf1), ["1", "2", "3"]);
    assert_eq!(found.of(Table::Cclf1).several_finals, 1);
}

#[test]
fn what_comes_again_counts_once() {
    let mut made = Made::default();
    made.stay(
        "0000000000001",
        "0",
        "5.00",
        "CLM_EFCTV_DT=2026-01-02 BENE_HIC_NUM=999 on=2026-02-11",
    )
    .row(Table::Cclf2, "CUR_CLM_UNIQ_ID=1 CLM_LINE_NUM=1 on=2026-02-11")
    .row(Table::Cclf2, "CUR_CLM_UNIQ_ID=1 CLM_LINE_NUM=2 on=2026-02-11")
    .row(Table::CclfA, "CUR_CLM_UNIQ_ID=1 CLM_DEMO_1ST_NUM=07 on=2026-02-11")
    // Without the retired number, and without zeros.
    .stay("1", "0", "5.00", "CLM_EFCTV_DT=2026-01-02 on=2026-03-11")
    .row(Table::Cclf2, "CUR_CLM_UNIQ_ID=1 CLM_LINE_NUM=1 on=2026-03-11")
    .row(Table::Cclf2, "CUR_CLM_UNIQ_ID=1 CLM_LINE_NUM=1 CLM_LINE_HCPCS_CD=B on=2026-03-11")
    .row(Table::CclfA, "CUR_CLM_UNIQ_ID=1 CLM_DEMO_1ST_NUM=08 on=2026-03-11")
    .row(Table::CclfA, "CUR_CLM_UNIQ_ID=1 CLM_DEMO_1ST_NUM=09 on=2026-03-11")
    // A cancellation of the same number is another row.
    .stay("1", "1", "6.00", "CLM_EFCTV_DT=2026-01-02 on=2026-03-11")
    .stay("1", "1", "6.00", "CLM_EFCTV_DT=2026-01-02 on=2026-03-11");
    let found = made.resolve();
    assert_eq!(found.rows(Table::Cclf1, &["FILE_DATE", "CLM_PMT_AMT"]), ["2026-03-11 5.00"]);
    let headers = found.of(Table::Cclf1);
    assert_eq!((headers.redelivered, headers.repeated_in_file), (1, 1));
    assert_eq!(found.unresolved(Table::Cclf1), [("cancellation_of_other_amount", 1)]);
    // The claim has one line now.
    assert_eq!(found.rows(Table::Cclf2, &["CLM_LINE_NUM", "CLM_LINE_HCPCS_CD"]), ["1 B"]);
    let lines = found.of(Table::Cclf2);
    assert_eq!((lines.redelivered, lines.repeated_in_file), (2, 1));
    assert_eq!(found.rows(Table::CclfA, &["CLM_DEMO_1ST_NUM"]), ["08", "09"]);
}

#[test]
fn the_facility_is_known_by_its_older_number_too() {
    let mut made = Made::default();
    // A layout that has no number of the claim's own.
    let row = "CUR_CLM_UNIQ_ID=1 CLM_ADJSMT_TYPE_CD=0 CLM_PMT_AMT=5.00 BENE_MBI_ID=1S00A00ZA01 PRVDR_OSCAR_NUM=999901 \
               CLM_FROM_DT=2026-05-04 CLM_THRU_DT=2026-05-04 on=2026-06-11";
    made.row(Table::Cclf1, row).stay("2", "1", "5.00", "PRVDR_OSCAR_NUM=999902 on=2026-07-11");
    assert_eq!(made.resolve().report.rows_out["CCLF1"], 0);
    // The number of the claim's own is another than the older one, which is that of the claim in an older layout.
    let mut made = Made::default();
    made.row(Table::Cclf1, row).stay(
        "2",
        "1",
        "5.00",
        "CLM_BLG_PRVDR_OSCAR_NUM=999955 PRVDR_OSCAR_NUM=999901 on=2026-07-11",
    );
    assert_eq!(made.resolve().report.rows_out["CCLF1"], 0);
}

#[test]
fn cancellations_without_a_partner_are_listed_by_class() {
    let mut made = Made::default();
    made.stay("1", "1", "5.00", "CLM_FROM_DT=2026-01-01 on=2026-06-11")
        .stay("2", "1", "5.00", "CLM_FROM_DT=2026-01-02 on=2026-06-11")
        .stay("3", "0", "6.00", "CLM_FROM_DT=2026-01-02 on=2026-06-11")
        .stay("4", "2", "5.00", "CLM_FROM_DT=2026-01-03 on=2026-06-11")
        .stay("5", "1", "5.00", "CLM_FROM_DT=2026-01-03 on=2026-06-11");
    made.row(Table::Cclf1, "CUR_CLM_UNIQ_ID=6 CLM_ADJSMT_TYPE_CD=1 CLM_PMT_AMT=5.00 on=2026-06-11")
        .row(Table::Cclf1, "CUR_CLM_UNIQ_ID=7 CLM_ADJSMT_TYPE_CD=2 CLM_PMT_AMT=5.00 on=2026-06-11")
        .line("8", 3, "1", "1.00", "on=2026-06-11");
    let found = made.resolve();
    assert_eq!(found.claims(Table::Cclf1), ["3", "4", "7"]);
    assert_eq!(
        found.unresolved(Table::Cclf1),
        [
            ("cancellation_without_claim", 1),
            ("cancellation_of_other_amount", 1),
            ("cancellation_not_after_adjustment", 1),
            ("cancellation_without_key", 1),
            ("without_key", 1),
        ]
    );
    let listed = std::fs::read_to_string(found.out.join("unresolved.csv")).unwrap();
    assert_eq!(
        listed,
        "table,class,CUR_CLM_UNIQ_ID,CLM_LINE_NUM\n\
         CCLF1,cancellation_without_claim,1,\n\
         CCLF1,cancellation_of_other_amount,2,\n\
         CCLF1,cancellation_not_after_adjustment,5,\n\
         CCLF1,cancellation_without_key,6,\n\
         CCLF1,without_key,7,\n\
         CCLF5,cancellation_without_claim,8,3\n"
    );
    let warning =
        "6 rows cannot be resolved, by class in the report and one by one in unresolved.csv";
    assert_eq!(found.report.warnings, [warning]);
}

#[test]
fn without_dates_everything_is_one_delivery() {
    let mut made = Made::default();
    made.stay("1", "0", "5.00", "").stay("1", "0", "6.00", "").stay("2", "1", "6.00", "");
    made.stay("3", "2", "7.00", "").stay("4", "1", "7.00", "");
    let found = made.resolve();
    // The later row counts of those that are alike, and of two without dates none is earlier.
    assert_eq!(found.claims(Table::Cclf1), ["3"]);
    assert_eq!(found.of(Table::Cclf1).repeated_in_file, 1);
    assert_eq!(found.unresolved(Table::Cclf1), [("cancellation_not_after_adjustment", 1)]);
    assert!(found.report.warnings[0].contains("one delivery"));
}

#[test]
fn rows_without_a_number_or_a_type_are_claims() {
    let mut made = Made::default();
    let stay = "CLM_PMT_AMT=5.00 BENE_MBI_ID=1S00A00ZA01 PRVDR_OSCAR_NUM=9 CLM_FROM_DT=2026-05-04 CLM_THRU_DT=2026-05-04";
    for code in ["", "CLM_ADJSMT_TYPE_CD=~", "CLM_ADJSMT_TYPE_CD=9", "CLM_ADJSMT_TYPE_CD=1"] {
        made.row(Table::Cclf1, &format!("{stay} {code} on=2026-06-11"));
    }
    made.row(Table::Cclf2, "CLM_LINE_NUM=1 on=2026-06-11");
    let found = made.resolve();
    // Nothing tells that they are the same: none comes again.
    assert_eq!(found.report.rows_out["CCLF1"], 2);
    let headers = found.of(Table::Cclf1);
    assert_eq!((headers.pairs, headers.of_unknown_type, headers.repeated_in_file), (1, 3, 0));
    assert_eq!(found.of(Table::Cclf2).without_claim, 1);
}
