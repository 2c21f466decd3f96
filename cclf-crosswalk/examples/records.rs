//! Records from standard input into record batches, as they might come from a response or a topic.
//!
//! ```sh
//! zcat testdata/export/*.ndjson.gz | cargo run -p bcda-cclf-crosswalk --example records
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example shows what it did")]

use std::error::Error;
use std::io::{self, BufRead};

use cclf_crosswalk::{BatchError, Beneficiaries, Table, TableStream, TableStreamOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let records: Vec<Vec<u8>> = io::stdin().lock().split(b'\n').collect::<Result<_, _>>()?;

    let mut people = Beneficiaries::default();
    for record in &records {
        // Takes Patients and Coverages, and leaves claims alone.
        if let Err(error) = people.push(record) {
            eprintln!("{error}");
        }
    }
    // All records were given before, since people and claims are mixed here.
    let options = TableStreamOptions { batch_rows: 20, second_reading: true, ..Default::default() };
    let tables = TableStream::new(people, &[Table::Cclf1, Table::Cclf5, Table::Cclf8], &options);
    let mut batches = tables.batches(&records);
    for item in batches.by_ref() {
        match item {
            Ok((table, batch)) => println!("{table}: {} rows", batch.num_rows()),
            // Class, byte and path; the record itself is `bad.record`.
            Err(BatchError::Record(bad)) => eprintln!("{bad}"),
            Err(error) => return Err(error.into()),
        }
    }
    println!("{:?}", batches.counts());
    Ok(())
}
