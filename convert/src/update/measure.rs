//! How long it takes to carry the tables of a folder over, two claims of a hundred left out.
//!
//! `CARRY_TABLES=FOLDER cargo test --profile dist -p bcda-convert measure -- --ignored --nocapture`; `CARRY_THREADS` threads,
//! 2 unless given. What it takes DuckDB to copy the same files is what to hold it against.

use std::path::PathBuf;
use std::time::Instant;

use cclf_crosswalk::{Plan, Table};
use publish::{Stage, StageOptions};

use super::carry::{Earlier, carry};
use super::kept::Fate;
use crate::out::tables::Tables;
use crate::{Cancel, Options, Output};

#[test]
#[ignore = "measures, and needs a folder of tables"]
#[expect(clippy::print_stdout, reason = "a program that prints")]
fn measure() {
    let from = PathBuf::from(std::env::var_os("CARRY_TABLES").expect("CARRY_TABLES"));
    let threads = std::env::var("CARRY_THREADS").map_or(2, |threads| threads.parse().unwrap());
    let work = tempfile::tempdir_in(from.parent().unwrap()).unwrap();
    let out = work.path().join("tables");
    let mut options = Options::new(Vec::new(), Output::Folder(out.clone()));
    options.reading.threads = threads;
    options.tables.retain(|table| Plan::stu3().crosswalk().table(*table).has_rows);
    options.tables.retain(|table| !matches!(table, Table::Cclf0 | Table::Cclf8 | Table::Cclf9));
    let fate = |id: &str| match blake3::hash(id.as_bytes()).as_bytes()[0] {
        0..5 => Fate::Gone,
        _ => Fate::Stays,
    };
    let staging =
        StageOptions { overwrite: false, manifest_name: "m.json".to_owned(), keep_previous: 0 };
    let stage = Stage::open(&out, &staging, |_| Ok(None)).unwrap();
    let started = Instant::now();
    let mut tables = Tables::begin(&options, Plan::stu3(), &stage).unwrap();
    let cancel = Cancel::new();
    for table in &options.tables {
        let file = from.join(format!("{}.parquet", options.naming.file_stem(*table)));
        let earlier =
            Earlier { table: *table, file: &file, plan: Plan::stu3(), threads, cancel: &cancel };
        let begun = Instant::now();
        let carried = carry(&earlier, fate, &mut tables).unwrap();
        println!("{table}: {carried:?} in {:.3} s", begun.elapsed().as_secs_f64());
    }
    println!("carried in {:.3} s", started.elapsed().as_secs_f64());
    let reports = tables.finish().unwrap();
    let bytes: u64 = reports.iter().map(|report| report.bytes).sum();
    println!("written and synced in {:.3} s, {bytes} bytes", started.elapsed().as_secs_f64());
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM"));
    println!("{}", peak.unwrap_or_default());
}
