//! Parts B and D, and equipment: lines and events.

use cclf_crosswalk::Table;

use super::made::Made;

#[test]
fn amounts_that_are_null_are_like_no_other() {
    let mut made = Made::default();
    let key = "BENE_MBI_ID=1S00A00ZA01 CLM_CNTL_NUM=7 CLM_LINE_NUM=1 on=2026-06-11";
    made.row(Table::Cclf6, &format!("CUR_CLM_UNIQ_ID=1 CLM_ADJSMT_TYPE_CD=0 {key}"))
        .row(
            Table::Cclf6,
            &format!("CUR_CLM_UNIQ_ID=2 CLM_ADJSMT_TYPE_CD=0 CLM_LINE_CVRD_PD_AMT=0.00 {key}"),
        )
        .row(Table::Cclf6, &format!("CUR_CLM_UNIQ_ID=3 CLM_ADJSMT_TYPE_CD=1 {key}"));
    assert_eq!(made.resolve().claims(Table::Cclf6), ["2"]);
}

#[test]
fn lines_that_are_billed_again_leave_the_new_bill() {
    let mut made = Made::default();
    made.line("11", 1, "0", "98.21", "CLM_EFCTV_DT=2026-04-24 on=2026-11-11")
        .line("11", 2, "0", "0.00", "CLM_EFCTV_DT=2026-04-24 on=2026-11-11")
        .line("12", 1, "1", "98.21", "CLM_EFCTV_DT=2026-06-12 on=2026-11-11")
        .line("12", 2, "1", "0.00", "CLM_EFCTV_DT=2026-06-12 on=2026-11-11")
        .line("13", 1, "0", "135.60", "CLM_EFCTV_DT=2026-06-12 on=2026-11-11")
        .line(
            "14",
            1,
            "0",
            "0.00",
            "BENE_MBI_ID=1S00A00ZA02 CLM_CNTL_NUM=14 CLM_PRCSG_IND_CD=N on=2026-11-11",
        );
    for (id, line) in [("11", 1), ("13", 1), ("13", 2), ("14", 1)] {
        made.row(Table::CclfB, &format!("CUR_CLM_UNIQ_ID={id} CLM_LINE_NUM={line} on=2026-11-11"));
    }
    let found = made.resolve();
    assert_eq!(found.claims(Table::Cclf5), ["13", "14"]);
    assert_eq!(found.sum(Table::Cclf5, "CLM_LINE_CVRD_PD_AMT"), 13_560);
    assert_eq!(found.rows(Table::CclfB, &["CUR_CLM_UNIQ_ID", "CLM_LINE_NUM"]), ["13 1", "14 1"]);
    let enhanced = found.of(Table::CclfB);
    assert_eq!((enhanced.of_claims_not_final, enhanced.without_claim), (1, 1));
}

#[test]
fn of_part_d_the_newest_delivery_of_a_key_counts() {
    let mut made = Made::default();
    // An effective date says nothing here.
    made.event("1", "CLM_LINE_BENE_PMT_AMT=5.00 CLM_LINE_NDC_CD=5 CLM_EFCTV_DT=2026-09-09 on=2026-06-11")
        .event("2", "CLM_LINE_BENE_PMT_AMT=7.00 CLM_LINE_NDC_CD=5 CLM_LINE_RX_SRVC_RFRNC_NUM=77 CLM_EFCTV_DT=2026-01-09 on=2026-07-11")
        // Other fills: one that is deleted, one with two rows in a delivery, and one of which a cancellation is the newest.
        .event("3", "CLM_LINE_RX_FILL_NUM=000000001 CLM_LINE_BENE_PMT_AMT=1.00 CLM_LINE_NDC_CD=5 on=2026-06-11")
        .event("4", "CLM_LINE_RX_FILL_NUM=1 CLM_ADJSMT_TYPE_CD=1 CLM_LINE_BENE_PMT_AMT=0.00 on=2026-07-11")
        .event("5", "CLM_LINE_RX_FILL_NUM=2 CLM_LINE_BENE_PMT_AMT=1.00 CLM_LINE_NDC_CD=5 on=2026-06-11")
        .event("6", "CLM_LINE_RX_FILL_NUM=2 CLM_LINE_BENE_PMT_AMT=2.00 CLM_LINE_NDC_CD=5 on=2026-06-11")
        .event("7", "CLM_LINE_RX_FILL_NUM=3 CLM_ADJSMT_TYPE_CD=1 CLM_LINE_BENE_PMT_AMT=2.00 CLM_LINE_NDC_CD=5 on=2026-06-11")
        // No payment but a drug is no deletion; a drug of zeros is none.
        .event("10", "CLM_LINE_RX_FILL_NUM=5 CLM_ADJSMT_TYPE_CD=1 CLM_LINE_BENE_PMT_AMT=0.00 CLM_LINE_NDC_CD=5 on=2026-06-11")
        .event("11", "CLM_LINE_RX_FILL_NUM=6 CLM_ADJSMT_TYPE_CD=1 CLM_LINE_NDC_CD=00000000000 on=2026-06-11")
        // What was deleted before comes again.
        .event("8", "CLM_LINE_RX_FILL_NUM=4 CLM_ADJSMT_TYPE_CD=1 CLM_LINE_BENE_PMT_AMT=0.00 on=2026-06-11")
        .event("9", "CLM_LINE_RX_FILL_NUM=4 CLM_LINE_BENE_PMT_AMT=2.00 CLM_LINE_NDC_CD=5 on=2026-07-11");
    let found = made.resolve();
    assert_eq!(found.claims(Table::Cclf7), ["2", "6", "7", "10", "9"]);
    let events = found.of(Table::Cclf7);
    assert_eq!((events.superseded, events.several_in_one_delivery, events.deleted), (3, 1, 2));
    assert_eq!(found.unresolved(Table::Cclf7), [("cancellation_of_part_d", 2)]);
}

#[test]
fn of_like_claims_all_lines_of_one_are_cancelled() {
    let mut made = Made::default();
    for (id, line) in [("1", 1), ("2", 1), ("2", 2), ("1", 2), ("1", 3), ("2", 3)] {
        made.line(id, line, "0", "4.00", "CLM_EFCTV_DT=2026-04-24 on=2026-11-11");
    }
    for line in 1..=3 {
        made.line("3", line, "1", "4.00", "CLM_EFCTV_DT=2026-06-12 on=2026-11-11");
    }
    let claims = made.resolve().claims(Table::Cclf5);
    assert!(claims.len() == 3 && claims.iter().all(|claim| *claim == claims[0]), "{claims:?}");
}
