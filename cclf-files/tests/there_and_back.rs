//! Rows are what they were after they were written and read, and records are read alike alone and with others.

use cclf_crosswalk::arrow::array::RecordBatch;
use cclf_crosswalk::{ColumnType, Table, days_from_civil};
use cclf_files::{Decoder, Encoder, Kind, Layout, Place, Zeros};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::common::{Value, array, columns, decoded, schema, tables};

/// All layouts that are known.
fn layouts() -> Vec<Layout> {
    let lengths = |table| (1..600).filter_map(move |length| Layout::of_length(table, length).ok());
    tables().flat_map(lengths).collect()
}

/// A text that stands for itself: characters that are printed, no blanks around it, not only `~`.
fn a_text(width: usize) -> BoxedStrategy<String> {
    let one = "[!-}]";
    let text = match width {
        1 => one.to_owned(),
        _ => format!("{one}([ -~]{{0,{}}}{one})?", width - 2),
    };
    proptest::string::string_regex(&text).unwrap().boxed()
}

/// The values that a place can have.
fn a_value(place: &Place, column_type: ColumnType) -> BoxedStrategy<Value> {
    let width = place.width;
    let digits = u32::try_from(width).unwrap();
    match place.kind {
        Kind::Text => a_text(width).prop_map(Value::Text).boxed(),
        Kind::Digits(Zeros::Kept) => proptest::string::string_regex(&format!("[0-9]{{{width}}}"))
            .unwrap()
            .prop_map(Value::Text)
            .boxed(),
        Kind::Digits(Zeros::Dropped) => {
            (0..10_u64.pow(digits)).prop_map(|id| Value::Text(id.to_string())).boxed()
        }
        Kind::DigitsOrText => prop_oneof![
            (0..10_u64.pow(digits)).prop_map(|number| number.to_string()),
            a_text(width).prop_filter("not digits", |text| text.parse::<u64>().is_err()),
        ]
        .prop_map(Value::Text)
        .boxed(),
        Kind::Number => {
            let most = if column_type == ColumnType::Int32 { 9 } else { 18 };
            (0..10_i64.pow(digits.min(most))).prop_map(Value::Number).boxed()
        }
        Kind::Amount { .. } => {
            // All places but the sign and the point.
            let limit = 10_i128.pow(digits - 2);
            prop_oneof![Just(0), -9999..10_000_i128, 1 - limit..limit]
                .prop_map(Value::Amount)
                .boxed()
        }
        Kind::Date(_) => (days_from_civil(1, 1, 2)..days_from_civil(9999, 12, 31))
            .prop_filter("a day", |day| *day != days_from_civil(1000, 1, 1))
            .prop_map(Value::Day)
            .boxed(),
    }
}

/// Rows of a layout, null in columns that it lacks.
fn a_batch(layout: &Layout) -> BoxedStrategy<RecordBatch> {
    let table = layout.table();
    let layout = layout.clone();
    (0..6_usize)
        .prop_flat_map(move |rows| {
            columns(table)
                .iter()
                .enumerate()
                .map(|(index, column)| {
                    let place = layout.places().iter().find(|place| place.column == index);
                    let value = match place {
                        Some(place) => {
                            proptest::option::of(a_value(place, column.column_type)).boxed()
                        }
                        None => Just(None).boxed(),
                    };
                    vec(value, rows).prop_map(move |values| array(column, &values)).boxed()
                })
                .collect::<Vec<_>>()
        })
        .prop_map(move |arrays| RecordBatch::try_new(schema(table), arrays).unwrap())
        .boxed()
}

fn a_layout_and_rows() -> BoxedStrategy<(Layout, RecordBatch)> {
    select(layouts())
        .prop_flat_map(|layout| {
            let rows = a_batch(&layout);
            (Just(layout), rows)
        })
        .boxed()
}

fn records(layout: &Layout, rows: &RecordBatch) -> Vec<u8> {
    let encoder = Encoder::new(layout, &rows.schema()).unwrap();
    let mut out = Vec::new();
    assert_eq!(encoder.encode(rows, |_| true, None, &mut out), []);
    assert_eq!(out.len(), rows.num_rows() * encoder.bytes_per_row());
    out
}

#[test]
fn there_are_layouts_of_every_table() {
    let layouts = layouts();
    assert_eq!(layouts.len(), 24);
    assert!(tables().all(|table| layouts.iter().any(|layout| layout.table() == table)));
    assert!(!layouts.iter().any(|layout| layout.table() == Table::Cclf0));
}

/// Bytes that records are made of, and some that they are not.
const BYTES: &[u8] = b"  001239~-+./A\t\xc3\xa9\xff";

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn rows_come_back((layout, rows) in a_layout_and_rows()) {
        let records = records(&layout, &rows);
        prop_assert!(records.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\n')));
        let lines: Vec<_> = records.chunks(layout.record_length() + 1)
            .map(|line| line.strip_suffix(b"\n").unwrap())
            .collect();
        prop_assert_eq!(decoded(&layout, &lines), rows);
    }

    #[test]
    fn records_are_read_alike_alone_and_with_others(
        (layout, rows) in a_layout_and_rows(),
        changes in vec((any::<prop::sample::Index>(), select(BYTES)), 0..12),
        cut in 0..20_usize,
    ) {
        let mut records = records(&layout, &rows);
        prop_assume!(!records.is_empty());
        for (at, byte) in changes {
            let at = at.index(records.len());
            if records[at] != b'\n' {
                records[at] = byte;
            }
        }
        records.truncate(records.len() - cut.min(1));
        // Often enough to fill more than one block.
        let lines: Vec<_> = records.split(|byte| *byte == b'\n').collect();
        let lines = lines.repeat(600 / lines.len());

        let mut alone = Decoder::new(&layout);
        let mut expected = Vec::new();
        for (index, line) in lines.iter().enumerate() {
            if let Err(fault) = alone.line(line) {
                expected.push((index, fault));
            }
        }
        let mut together = Decoder::new(&layout);
        prop_assert_eq!(together.lines(&lines), expected);
        prop_assert_eq!(together.latin1(), alone.latin1());
        prop_assert_eq!(together.rows(), alone.rows());
        let rows = together.finish().unwrap();
        prop_assert_eq!(&rows, &alone.finish().unwrap());
    }
}
