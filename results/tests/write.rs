//! CMS's files of tables that no export gives.

use cclf_crosswalk::{Plan, Table};
use results::{WriteOptions, write};

use crate::current::made::{HISTORY, Made};

#[test]
fn a_row_without_an_id_is_rejected_by_itself_and_has_no_number() {
    let work = tempfile::tempdir().unwrap();
    let mut made = Made::default();
    made.line("17", 1, "0", "5.00", "on=2026-06-11").line("-1", 1, "0", "6.00", "on=2026-06-11");
    for line in ["CLM_LINE_NUM=1 on=2026-06-11", "CLM_LINE_NUM=2 on=2026-06-11"] {
        made.row(Table::Cclf5, line);
    }
    made.write(&work.path().join("tables"), Plan::stu3(), true, HISTORY);
    let map = work.path().join("map.csv");
    for out in ["one", "two"] {
        let mut options = WriteOptions::new(
            work.path().join("tables"),
            work.path().join(out),
            "A1234".to_owned(),
        );
        options.delivery.surrogate_ids = Some(map.clone());
        let report = write(&options).unwrap();
        let records = report.written.iter().find(|file| file.table == "CCLF5").unwrap();
        assert_eq!((records.records, report.rejected.claims), (2, 2));
        assert_eq!(report.rejected.by_class["width"], 2);
        let list = std::fs::read_to_string(work.path().join(out).join("rejects/not-written.csv"));
        let wanted = "table,row,class,column\nCCLF5,3,width,CUR_CLM_UNIQ_ID\nCCLF5,4,width,CUR_CLM_UNIQ_ID\n";
        assert_eq!(list.unwrap(), wanted);
    }
    // The map is one that is read again.
    let text = std::fs::read_to_string(&map).unwrap();
    assert_eq!(text, "CUR_CLM_UNIQ_ID,SURROGATE\n-1,9000000000001\n");
}
