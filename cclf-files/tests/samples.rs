//! The samples, by what their README says of them.

use std::fs;
use std::path::Path;

use cclf_crosswalk::Table;
use cclf_crosswalk::arrow::array::{Array, AsArray, RecordBatch};
use cclf_crosswalk::arrow::datatypes::{Date32Type, Decimal128Type, Int32Type};
use cclf_files::{Encoder, FileName, Layout, Part, summary};

use crate::common::{decoded, shared};

/// One file of a folder of samples: its layout, its rows.
struct Sample {
    layout: Layout,
    bytes: Vec<u8>,
    rows: RecordBatch,
}

/// The samples of a folder. Its summary is held against them.
fn samples(folder: &str) -> Option<Vec<Sample>> {
    let folder = shared("data/cclf")?.join(folder);
    let mut samples = Vec::new();
    let mut counts = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let Part::One(table) = name(&path).part else { panic!("{}", path.display()) };
        if table == Table::Cclf0 {
            counts = summary::parse(&bytes).unwrap();
            continue;
        }
        let lines: Vec<_> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        let lines: Vec<_> = lines.iter().map(|line| line.strip_suffix(b"\n").unwrap()).collect();
        let layout = Layout::of_length(table, lines[0].len()).unwrap();
        let rows = decoded(&layout, &lines);
        samples.push(Sample { layout, bytes, rows });
    }
    assert_eq!(counts.len(), 11);
    for count in counts {
        let sample = samples.iter().find(|sample| sample.layout.table() == count.table);
        assert_eq!(sample.map_or(0, |sample| sample.rows.num_rows() as u64), count.rows);
        let layout = Layout::of_length(count.table, count.record_length).unwrap();
        assert!(sample.is_none_or(|sample| sample.layout == layout));
    }
    samples.sort_by_key(|sample| sample.layout.table());
    Some(samples)
}

fn name(path: &Path) -> FileName {
    FileName::parse(path.file_name().unwrap().to_str().unwrap()).unwrap()
}

fn of(samples: &[Sample], table: Table) -> &RecordBatch {
    &samples.iter().find(|sample| sample.layout.table() == table).unwrap().rows
}

fn texts(rows: &RecordBatch, column: &str) -> Vec<Option<String>> {
    rows[column].as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect()
}

/// The sum of a column in cents, minus for cancellations.
fn sum(rows: &RecordBatch, column: &str) -> i128 {
    let amounts = rows[column].as_primitive::<Decimal128Type>();
    let types = texts(rows, "CLM_ADJSMT_TYPE_CD");
    let sign = |kind: &Option<String>| if kind.as_deref() == Some("1") { -1 } else { 1 };
    amounts.iter().zip(&types).map(|(amount, kind)| amount.unwrap() * sign(kind)).sum()
}

#[test]
fn the_monthly_files_of_layout_36() {
    let Some(samples) = samples("msspY26-layout36") else { return };
    assert_eq!(samples.len(), 4);

    let claims = of(&samples, Table::Cclf1);
    assert_eq!(sum(claims, "CLM_PMT_AMT"), 840_010);
    let paid = claims["CLM_PMT_AMT"].as_primitive::<Decimal128Type>();
    assert_eq!(&paid.values()[..], [820_010, 20_000, 20_000, 21_250, -1_250, 0]);
    assert_eq!(texts(claims, "CUR_CLM_UNIQ_ID")[0].as_deref(), Some("3000000000001"));
    let admitting = texts(claims, "ADMTG_DGNS_CD");
    assert_eq!(
        admitting.iter().map(Option::as_deref).collect::<Vec<_>>(),
        [Some("I5023"), None, None, None, None, None]
    );
    assert_eq!(claims["CLM_OP_SRVC_TYPE_CD"].null_count(), 1);

    let lines = of(&samples, Table::Cclf5);
    assert_eq!(sum(lines, "CLM_LINE_CVRD_PD_AMT"), 13_560);
    assert_eq!(lines["HCPCS_5_MDFR_CD"].null_count(), 6);
    let units = lines["CLM_LINE_SRVC_UNIT_QTY"].as_primitive::<Decimal128Type>();
    assert!(units.iter().all(|units| units == Some(10_000)));

    let people = of(&samples, Table::Cclf8);
    assert_eq!(people["BENE_AGE"].as_primitive::<Int32Type>().values()[..], [81, 74, 86, 86, 87]);
    assert_eq!(people["BENE_DEATH_DT"].null_count(), 4);
    assert_eq!(people["BENE_RNG_END_DT"].null_count(), 4);
    assert_eq!(people["BENE_MIDL_NAME"].null_count(), 2);
    assert_eq!(texts(people, "GEO_ZIP4_CD")[1], None);
    assert_eq!(texts(people, "BENE_DUAL_STUS_CD")[0].as_deref(), Some("NA"));
    assert_eq!(texts(people, "BENE_FIPS_CNTY_CD")[0].as_deref(), Some("003"));
    let born = people["BENE_DOB"].as_primitive::<Date32Type>();
    assert_eq!(born.value(0), cclf_crosswalk::days_from_civil(1945, 6, 12));

    let previous = of(&samples, Table::Cclf9);
    assert!(previous["PRVS_ID_OBSLT_DT"].is_null(2) && previous["PRVS_ID_OBSLT_DT"].is_valid(1));
}

#[test]
fn the_run_out_files() {
    let Some(samples) = samples("msspR25-layout36") else { return };
    assert_eq!(sum(of(&samples, Table::Cclf1), "CLM_PMT_AMT"), 0);
    let lines = of(&samples, Table::Cclf5);
    assert!(lines["CLM_EFCTV_DT"].is_valid(0) && lines["CLM_EFCTV_DT"].is_null(1));
    assert_eq!(of(&samples, Table::Cclf9).num_rows(), 2);
}

#[test]
fn files_of_an_earlier_layout_have_nulls_where_columns_came_later() {
    let Some(samples) = samples("reachY21-layout32") else { return };
    let claims = of(&samples, Table::Cclf1);
    assert_eq!(claims.num_columns(), 45);
    assert_eq!(claims["CLM_CNTL_NUM"].null_count(), 2);
    assert_eq!(claims["CLM_OPRTNL_DSPRPRTNT_AMT"].null_count(), 0);
    assert_eq!(sum(claims, "CLM_PMT_AMT"), 718_840);
    let lines = of(&samples, Table::Cclf5);
    assert_eq!(texts(lines, "HCPCS_BETOS_CD")[0].as_deref(), Some("M1B"));
    assert_eq!(lines["CLM_CNTRCTR_NUM"].null_count(), 2);
    let versions: Vec<_> = samples.iter().map(|sample| sample.layout.versions()).collect();
    let last = versions.iter().map(|versions| *versions.end()).min();
    assert_eq!(last, Some(32));
}

#[test]
fn what_was_read_is_written_as_it_was_but_for_tildes() {
    for folder in ["msspY26-layout36", "msspR25-layout36", "reachY21-layout32"] {
        let Some(samples) = samples(folder) else { return };
        for Sample { layout, bytes, rows } in samples {
            let encoder = Encoder::new(&layout, &rows.schema()).unwrap();
            let mut out = Vec::new();
            assert_eq!(encoder.encode(&rows, |_| true, None, &mut out), []);
            let text = String::from_utf8(bytes).unwrap().replace('~', " ");
            assert_eq!(String::from_utf8(out).unwrap(), text, "{folder} {}", layout.table());
        }
    }
}

#[test]
fn summaries_are_written_as_they_were() {
    let Some(path) = shared("data/cclf") else { return };
    for file in [
        "msspY26-layout36/P.A9999.ACO.ZC0Y26.D261111.T1435560",
        "msspR25-layout36/P.A9999.ACO.ZC0R25.D260311.T0910330",
    ] {
        let bytes = fs::read(path.join(file)).unwrap();
        let counts: Vec<_> =
            summary::parse(&bytes).unwrap().iter().map(|row| (row.table, row.rows)).collect();
        assert_eq!(summary::write(&counts), bytes, "{file}");
    }
    // Without a filler, and without the last line feed.
    let bytes = fs::read(path.join("reachY21-layout32/P.D9999.ACO.ZC0Y21.D210310.T1102040"));
    let bytes = bytes.unwrap();
    let rows = summary::parse(&bytes).unwrap();
    assert_eq!(summary::parse(bytes.trim_ascii_end()), Ok(rows.clone()));
    assert_eq!((rows[0].rows, rows[0].record_length, rows[10].record_length), (2, 292, 93));
}
