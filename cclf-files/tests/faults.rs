//! What is refused, and what is not.

use cclf_crosswalk::Table;
use cclf_crosswalk::arrow::array::{AsArray, RecordBatch};
use cclf_crosswalk::arrow::datatypes::{DataType, Field, Schema};
use cclf_files::FaultClass::{Text, Width};
use cclf_files::{Decoder, Encoder, Fault, FaultClass, Layout, LineFaultClass};

use crate::common::{Value, batch, columns, day, schema, text};

fn encoder(table: Table) -> Encoder {
    Encoder::new(&Layout::current(table).unwrap(), &schema(table)).unwrap()
}

/// The fault of a row with one value, beside one that is in order.
fn fault(table: Table, column: &str, value: Value) -> Option<FaultClass> {
    let batch = batch(table, &[vec![], vec![(column, value)], vec![]]);
    let mut out = Vec::new();
    let encoder = encoder(table);
    let faults = encoder.encode(&batch, |_| true, None, &mut out);
    assert_eq!(out.len(), (3 - faults.len()) * encoder.bytes_per_row());
    assert!(out.chunks(encoder.bytes_per_row()).all(|record| record.ends_with(b"\n")));
    let [fault] = faults[..] else {
        assert_eq!(faults, []);
        return None;
    };
    let index = columns(table).iter().position(|own| own.name == column).unwrap();
    assert_eq!((fault.row, fault.column, fault.name), (1, index, column));
    Some(fault.class)
}

#[test]
fn what_does_not_fit_is_not_written() {
    let amount = Value::Amount;
    let number = Value::Number;
    for (table, column, value, class) in [
        (Table::Cclf1, "CUR_CLM_UNIQ_ID", text("9999999999999"), None),
        (Table::Cclf1, "CUR_CLM_UNIQ_ID", text("12345678901234"), Some(Width)),
        (Table::Cclf1, "CUR_CLM_UNIQ_ID", text("-12345"), Some(Width)),
        (Table::Cclf1, "CUR_CLM_UNIQ_ID", text(""), Some(Width)),
        (Table::Cclf1, "CUR_CLM_UNIQ_ID", text("1\n"), Some(Text)),
        (Table::Cclf1, "CLM_TYPE_CD", text("6"), None),
        (Table::Cclf1, "CLM_TYPE_CD", text("6A"), Some(Width)),
        (Table::Cclf1, "PRNCPL_DGNS_CD", text("I502345"), None),
        (Table::Cclf1, "PRNCPL_DGNS_CD", text("I5023456"), Some(Width)),
        (Table::Cclf1, "PRNCPL_DGNS_CD", text(""), None),
        (Table::Cclf1, "PRNCPL_DGNS_CD", text("I50 ~"), None),
        (Table::Cclf1, "PRNCPL_DGNS_CD", text("I5\t23"), Some(Text)),
        (Table::Cclf1, "PRNCPL_DGNS_CD", text("I502\u{7f}23"), Some(Text)),
        (Table::Cclf8, "BENE_1ST_NAME", text("ZOË"), Some(Text)),
        (Table::Cclf8, "BENE_LINE_1_ADR", text("1 WAY\r"), Some(Text)),
        (Table::Cclf1, "CLM_PMT_AMT", amount(999_999_999_999_999), None),
        (Table::Cclf1, "CLM_PMT_AMT", amount(-999_999_999_999_999), None),
        (Table::Cclf6, "CLM_LINE_ALOWD_CHRG_AMT", amount(999_999_999_999_999), None),
        (Table::Cclf6, "CLM_LINE_ALOWD_CHRG_AMT", amount(9_999_999_999_999_999), Some(Width)),
        (Table::Cclf3, "CLM_VAL_SQNC_NUM", number(99), None),
        (Table::Cclf3, "CLM_VAL_SQNC_NUM", number(100), Some(Width)),
        (Table::Cclf3, "CLM_VAL_SQNC_NUM", number(-1), Some(Width)),
        (Table::Cclf5, "CLM_LINE_NUM", number(9_999_999_999), None),
        (Table::Cclf5, "CLM_LINE_NUM", number(10_000_000_000), Some(Width)),
        (Table::Cclf5, "CLM_LINE_NUM", number(i64::MIN), Some(Width)),
        (Table::Cclf1, "CLM_FROM_DT", day(1, 1, 1), None),
        (Table::Cclf1, "CLM_FROM_DT", day(9999, 12, 31), None),
        (Table::Cclf1, "CLM_FROM_DT", day(10_000, 1, 1), Some(Width)),
        (Table::Cclf1, "CLM_FROM_DT", day(0, 12, 31), Some(Width)),
        (Table::Cclf1, "CLM_FROM_DT", Value::Day(i32::MIN), Some(Width)),
        (Table::Cclf1, "CLM_FROM_DT", Value::Day(i32::MAX), Some(Width)),
        (Table::Cclf7, "CLM_LINE_RX_FILL_NUM", text("NEW"), None),
        (Table::Cclf7, "CLM_LINE_RX_FILL_NUM", text("1234567890"), Some(Width)),
        (Table::Cclf7, "CLM_LINE_RX_SRVC_RFRNC_NUM", text("NEW"), Some(Width)),
    ] {
        assert_eq!(fault(table, column, value.clone()), class, "{column} {value:?}");
    }
}

/// Many rows, of which every hundredth and the last has a fault, some two.
fn many() -> (RecordBatch, Vec<Fault>) {
    let rows: Vec<_> = (0..1500_usize)
        .map(|row| {
            let mut values = vec![("CRNT_NUM", text(&format!("{row:011}")))];
            if row % 100 == 7 || row == 1499 {
                values.push(("PRVS_NUM", text("too long for it")));
            }
            if row % 300 == 7 {
                values.push(("HICN_MBI_XREF_IND", text("\n")));
            }
            values
        })
        .collect();
    let faults =
        (0..1500).filter(|row| row % 100 == 7 || *row == 1499).map(|row| match row % 300 {
            7 => Fault { row, column: 0, name: "HICN_MBI_XREF_IND", class: Text },
            _ => Fault { row, column: 2, name: "PRVS_NUM", class: Width },
        });
    (batch(Table::Cclf9, &rows), faults.collect())
}

#[test]
fn all_other_rows_are_written_in_their_order() {
    let (batch, expected) = many();
    let mut out = Vec::new();
    let keep = |row: usize| row % 3 != 1;
    let faults = encoder(Table::Cclf9).encode(&batch, keep, None, &mut out);
    let expected: Vec<_> = expected.into_iter().filter(|fault| keep(fault.row)).collect();
    assert_eq!(faults, expected);
    let written: Vec<usize> = out
        .split_inclusive(|byte| *byte == b'\n')
        .map(|line| std::str::from_utf8(&line[1..12]).unwrap().parse().unwrap())
        .collect();
    let bad: Vec<_> = expected.iter().map(|fault| fault.row).collect();
    let kept: Vec<_> = (0..1500).filter(|row| keep(*row) && !bad.contains(row)).collect();
    assert_eq!(written, kept);

    // A part of a batch is a batch.
    let mut part = Vec::new();
    let faults = encoder(Table::Cclf9).encode(&batch.slice(1390, 50), |_| true, None, &mut part);
    assert_eq!(faults.iter().map(|fault| fault.row).collect::<Vec<_>>(), [17]);
    assert!(part.starts_with(b" 00000001390"));
}

#[test]
fn numbers_stand_for_claim_numbers_where_they_are_given() {
    let rows = ["-1", "12", "-3", "-4"].map(|id| vec![("CUR_CLM_UNIQ_ID", text(id))]);
    let batch = batch(Table::Cclf3, &rows);
    let mut out = Vec::new();
    let ids = |row: usize| [Some(8_000_000_000_001), None, Some(10_000_000_000_000), None][row];
    let faults = encoder(Table::Cclf3).encode(&batch, |_| true, Some(&ids), &mut out);
    assert_eq!(
        faults.iter().map(|fault| (fault.row, fault.class)).collect::<Vec<_>>(),
        [(2, Width), (3, Width)]
    );
    let ids: Vec<_> = out.split_inclusive(|byte| *byte == b'\n').map(|line| &line[..13]).collect();
    assert_eq!(ids, [b"8000000000001", b"0000000000012"]);
}

#[test]
fn a_schema_has_all_columns_of_the_layout() {
    let layout = Layout::of_length(Table::Cclf9, 55).unwrap();
    let schema = Schema::new(vec![
        Field::new("CRNT_NUM", DataType::Utf8, true),
        Field::new("HICN_MBI_XREF_IND", DataType::Utf8, true),
        Field::new("PRVS_ID_EFCTV_DT", DataType::Utf8, true),
        Field::new("BENE_RRB_NUM", DataType::Utf8, true),
    ]);
    let error = Encoder::new(&layout, &schema).unwrap_err();
    assert_eq!(
        error.to_string(),
        "records of CCLF9 cannot be made: columns are missing: PRVS_NUM, PRVS_ID_OBSLT_DT: columns \
         have other types: PRVS_ID_EFCTV_DT"
    );
}

/// A record of CCLF3 with some bytes in place of its own.
fn cclf3(at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut line = b"00000000000171S00A00ZA01           6001021    2026-03-021S00A00ZA01999901\
                     2026-03-022026-03-090999901              "
        .to_vec();
    assert_eq!(line.len(), 114);
    line[at..at + bytes.len()].copy_from_slice(bytes);
    line
}

#[test]
fn a_record_at_fault_leaves_nothing_behind() {
    let mut decoder = Decoder::new(&Layout::current(Table::Cclf3).unwrap());
    let good = cclf3(0, b"");
    let lines = [
        good.clone(),
        good[..113].to_vec(),
        cclf3(83, b"2026-02-30"),
        cclf3(37, b"0x"),
        [&good[..], b" "].concat(),
        cclf3(37, b"+2"),
        Vec::new(),
        [&cclf3(37, b"0x")[..73], b"never     ", &good[83..]].concat(),
        cclf3(39, b" 77 ~  "),
    ];
    let lines: Vec<_> = lines.iter().map(Vec::as_slice).collect();
    let faults = decoder.lines(&lines);
    let found: Vec<_> =
        faults.iter().map(|(line, fault)| (*line, fault.class, fault.column, fault.byte)).collect();
    assert_eq!(
        found,
        [
            (1, LineFaultClass::Length, None, 113),
            (2, LineFaultClass::Date, Some(10), 83),
            (3, LineFaultClass::Number, Some(4), 37),
            (4, LineFaultClass::Length, None, 115),
            (6, LineFaultClass::Length, None, 0),
            (7, LineFaultClass::Number, Some(4), 37),
        ]
    );
    assert_eq!(faults[1].1.to_string(), "what begins in place 84 is not a date");
    assert!(decoder.line(&good[1..]).is_err());
    assert_eq!(decoder.line(&good), Ok(()));
    assert_eq!(decoder.rows(), 4);
    let batch = decoder.finish().unwrap();
    assert_eq!(batch.num_rows(), 4);
    let codes: Vec<_> =
        batch["CLM_PRCDR_CD"].as_string::<i32>().iter().map(Option::unwrap).collect();
    assert_eq!(codes, ["021", "021", "77 ~", "021"]);
    // The next one is empty.
    assert_eq!(decoder.finish().unwrap().num_rows(), 0);
}

#[test]
fn bytes_above_127_are_utf_8_or_else_latin_1() {
    let layout = Layout::current(Table::Cclf8).unwrap();
    let record = |first: &[u8], last: &[u8]| {
        let mut line = vec![b' '; 549];
        line[81..81 + first.len()].copy_from_slice(first);
        line[126..126 + last.len()].copy_from_slice(last);
        line
    };
    let lines = [
        record("ZOË".as_bytes(), b"A"),
        record(b"ZO\xcb", b"M\xfcLLER"),
        record(b"ZOE", b"~"),
        // A character that is cut by the end of its place.
        record(b"ABCDEFGHIJKLMNOPQRSTUVWXYZABC\xc3", b"\xe9"),
    ];
    let mut decoder = Decoder::new(&layout);
    for line in &lines {
        decoder.line(line).unwrap();
    }
    let mut bad = record(b"\xff", b"");
    bad[32] = b'x';
    assert!(decoder.line(&bad).is_err());
    assert_eq!(decoder.latin1(), 2);
    let one_by_one = decoder.finish().unwrap();
    let names = |column: &str| -> Vec<Option<String>> {
        let column = one_by_one[column].as_string::<i32>();
        column.iter().map(|name| name.map(str::to_owned)).collect()
    };
    let some = |name: &str| Some(name.to_owned());
    let first = ["ZOË", "ZOË", "ZOE", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCÃ"];
    assert_eq!(names("BENE_1ST_NAME"), first.map(some));
    assert_eq!(names("BENE_LAST_NAME"), [some("A"), some("MüLLER"), None, some("é")]);

    let lines: Vec<_> = lines.iter().map(Vec::as_slice).collect();
    assert_eq!(decoder.lines(&lines), []);
    assert_eq!(decoder.latin1(), 4);
    assert_eq!(decoder.finish().unwrap(), one_by_one);
}
