//! Records written by hand.

use cclf_crosswalk::Table;
use cclf_files::{Encoder, Layout};

use crate::common::{Value, batch, day, decoded, text, with_more_columns};

/// Holds what the row is written as against the pieces, and what the record is read as against the row.
fn holds(table: Table, row: Vec<(&str, Value)>, pieces: &[&str]) {
    let layout = Layout::current(table).unwrap();
    let batch = batch(table, &[row]);
    let wide = with_more_columns(&batch);
    let encoder = Encoder::new(&layout, &wide.schema()).unwrap();
    let mut record = b"before\n".to_vec();
    assert_eq!(encoder.encode(&wide, |_| true, None, &mut record), []);
    let record = String::from_utf8(record).unwrap();
    let record = record.strip_prefix("before\n").unwrap().strip_suffix('\n').unwrap();
    assert_eq!(record, pieces.concat());
    assert_eq!(record.len(), layout.record_length());
    assert_eq!(decoded(&layout, &[record.as_bytes()]), batch);
}

/// So many blanks.
fn blanks(number: usize) -> &'static str {
    static BLANKS: [u8; 256] = [b' '; 256];
    std::str::from_utf8(&BLANKS[..number]).unwrap()
}

#[test]
fn a_claim_of_part_a() {
    holds(
        Table::Cclf1,
        vec![
            ("CUR_CLM_UNIQ_ID", text("17")),
            ("PRVDR_OSCAR_NUM", text("999901")),
            ("BENE_MBI_ID", text("1S00A00ZA01")),
            ("CLM_TYPE_CD", text("60")),
            ("CLM_FROM_DT", day(2026, 3, 2)),
            ("CLM_THRU_DT", day(2026, 3, 9)),
            ("CLM_BILL_FAC_TYPE_CD", text("1")),
            ("PRNCPL_DGNS_CD", text("I5023")),
            ("CLM_PMT_AMT", Value::Amount(-1250)),
            ("BENE_PTNT_STUS_CD", text("01")),
            ("FAC_PRVDR_NPI_NUM", text("1000000101")),
            ("CLM_ADJSMT_TYPE_CD", text("0")),
            ("CLM_IDR_LD_DT", day(2026, 3, 30)),
            ("CLM_MDCR_INSTNL_TOT_CHRG_AMT", Value::Amount(1_187_642)),
            ("CLM_OPRTNL_IME_AMT", Value::Amount(5678)),
            ("CLM_OPRTNL_DSPRPRTNT_AMT", Value::Amount(0)),
            ("CLM_CNTL_NUM", text("90000000000001SAM")),
            ("CLM_CNTRCTR_NUM", text("99901")),
        ],
        &[
            "0000000000017",
            "999901",
            "1S00A00ZA01",
            blanks(11),
            "60",
            "2026-03-02",
            "2026-03-09",
            "1",
            blanks(1),
            "I5023  ",
            blanks(7 + 2),
            "-0000000000012.50",
            blanks(1 + 2),
            "01",
            blanks(4 + 1),
            "1000000101",
            blanks(10 + 10 + 10),
            "0 ",
            "1000-01-01",
            "2026-03-30",
            blanks(11 + 2 + 2 + 1 + 1 + 1),
            " 00000011876.42",
            blanks(15),
            " 000000000000000056.78",
            blanks(15 + 15),
            " 000000000000000000.00",
            blanks(20 + 10 + 10 + 10 + 10),
            "90000000000001SAM",
            blanks(23 + 40),
            "99901",
        ],
    );
}

#[test]
fn a_line_of_part_b() {
    holds(
        Table::Cclf5,
        vec![
            ("CUR_CLM_UNIQ_ID", text("3000000000011")),
            ("CLM_LINE_NUM", Value::Number(2)),
            ("BENE_MBI_ID", text("1S00A00ZA01")),
            ("CLM_TYPE_CD", text("71")),
            ("CLM_FROM_DT", day(2026, 4, 14)),
            ("CLM_LINE_THRU_DT", day(2026, 4, 30)),
            ("CLM_LINE_HCPCS_CD", text("99214")),
            ("CLM_LINE_CVRD_PD_AMT", Value::Amount(9821)),
            ("CLM_LINE_DGNS_CD", text("I10")),
            ("CLM_CNTL_NUM", text("90000000000001")),
            ("CLM_LINE_ALOWD_CHRG_AMT", Value::Amount(-12_533)),
            ("CLM_LINE_SRVC_UNIT_QTY", Value::Amount(15_000)),
            ("HCPCS_1_MDFR_CD", text("25")),
            ("DGNS_PRCDR_ICD_IND", text("0")),
            ("CLM_CNTRCTR_NUM", text("99902")),
        ],
        &[
            "3000000000011",
            "0000000002",
            "1S00A00ZA01",
            blanks(11),
            "71",
            "2026-04-14",
            "1000-01-01",
            blanks(3 + 2 + 2 + 1 + 2),
            "1000-01-01",
            "2026-04-30",
            "99214",
            " 00000000098.21",
            blanks(1),
            "I10    ",
            blanks(10 + 10 + 2 + 2 + 2),
            "1000-01-01",
            "1000-01-01",
            "90000000000001",
            blanks(26 + 11),
            "-0000000000125.33",
            " 000000000000000001.5000",
            "25",
            blanks(2 + 2 + 2 + 2 + 2 + 8 * 7),
            "0",
            blanks(4 * 7 + 3 + 10 + 10),
            "99902",
        ],
    );
}

#[test]
fn an_event_of_part_d() {
    holds(
        Table::Cclf7,
        vec![
            ("CUR_CLM_UNIQ_ID", text("0")),
            ("BENE_MBI_ID", text("1S00A00ZA01")),
            ("CLM_LINE_NDC_CD", text("00000000001")),
            ("CLM_TYPE_CD", text("01")),
            ("CLM_LINE_FROM_DT", day(2026, 1, 31)),
            ("CLM_DSPNSNG_STUS_CD", text("C")),
            ("CLM_LINE_SRVC_UNIT_QTY", Value::Amount(300_000)),
            ("CLM_LINE_DAYS_SUPLY_QTY", Value::Number(30)),
            ("CLM_PRSBNG_PRVDR_GNRC_ID_NUM", text("1000000101")),
            ("CLM_LINE_BENE_PMT_AMT", Value::Amount(-345)),
            ("CLM_LINE_RX_SRVC_RFRNC_NUM", text("799999")),
            ("CLM_LINE_RX_FILL_NUM", text("3")),
        ],
        &[
            "0000000000000",
            "1S00A00ZA01",
            blanks(11),
            "00000000001",
            "01",
            "2026-01-31",
            blanks(2 + 20),
            "C",
            blanks(1),
            " 000000000000000030.0000",
            "000000030",
            blanks(2),
            "1000000101",
            blanks(10),
            "-000000003.45",
            blanks(2),
            "1000-01-01",
            "1000-01-01",
            "000000799999",
            "000000003",
            blanks(2),
        ],
    );
}

#[test]
fn a_person() {
    holds(
        Table::Cclf8,
        vec![
            ("BENE_MBI_ID", text("1S00A00ZA03")),
            ("BENE_FIPS_STATE_CD", text("24")),
            ("BENE_FIPS_CNTY_CD", text("003")),
            ("BENE_ZIP_CD", text("21999")),
            ("BENE_DOB", day(1940, 1, 5)),
            ("BENE_SEX_CD", text("2")),
            ("BENE_AGE", Value::Number(86)),
            ("BENE_DUAL_STUS_CD", text("NA")),
            ("BENE_RNG_BGN_DT", day(2026, 1, 10)),
            ("BENE_1ST_NAME", text("CHARLIE")),
            ("BENE_LAST_NAME", text("SAMPLE OF NOBODY")),
            ("BENE_ENTLMT_BUYIN_IND", text("3")),
            ("BENE_LINE_1_ADR", text("1 SAMPLE WAY")),
            ("GEO_ZIP_PLC_NAME", text("SAMPLETOWN")),
            ("GEO_ZIP4_CD", text("0001")),
        ],
        &[
            "1S00A00ZA03",
            blanks(11),
            "24",
            "003",
            "21999",
            "1940-01-05",
            "2",
            blanks(1),
            "086",
            blanks(2),
            "NA",
            blanks(10),
            "2026-01-10",
            blanks(10),
            "CHARLIE",
            blanks(23 + 15),
            "SAMPLE OF NOBODY",
            blanks(24 + 1),
            "3",
            blanks(10 + 10),
            "1 SAMPLE WAY",
            blanks(33 + 45 + 4 * 40),
            "SAMPLETOWN",
            blanks(90 + 2 + 5),
            "0001",
        ],
    );
}

#[test]
fn a_previous_identifier() {
    holds(
        Table::Cclf9,
        vec![
            ("HICN_MBI_XREF_IND", text("M")),
            ("CRNT_NUM", text("1S00A00ZA01")),
            ("PRVS_NUM", text("1S00A00ZA81")),
        ],
        &["M", "1S00A00ZA01", "1S00A00ZA81", "1000-01-01", "9999-12-31", blanks(12)],
    );
}
