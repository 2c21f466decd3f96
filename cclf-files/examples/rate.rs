//! How fast records of each table are read and written, on one core: `cargo run --release --example rate`.

use std::error::Error;
use std::time::{Duration, Instant};

use cclf_crosswalk::Table;
use cclf_files::{Decoder, Encoder, Kind, Layout};

/// Records of a block, as many as a reader of files has at hand.
const LINES: usize = 8192;
/// How long each measurement takes.
const FOR: Duration = Duration::from_millis(700);

/// A record with the kinds of values that claims have: codes as wide as their places, every fourth text blank, texts in
/// wide places shorter than these.
fn record(layout: &Layout, number: usize) -> Vec<u8> {
    let mut record = vec![b' '; layout.record_length()];
    for (index, place) in layout.places().iter().enumerate() {
        let text = match place.kind {
            Kind::Text if (index + number).is_multiple_of(4) => String::new(),
            Kind::Text if index.is_multiple_of(7) => "~".to_owned(),
            Kind::Text if place.width > 11 => "A9".repeat(place.width / 5),
            Kind::Text => "B".repeat(place.width),
            Kind::Digits(_) | Kind::DigitsOrText | Kind::Number => {
                format!("{:0width$}", number % 100, width = place.width)
            }
            Kind::Amount { scale } => {
                let scale = usize::from(scale);
                let units = place.width - scale - 2;
                format!(" {:0units$}.{:0scale$}", number * 7919 % 100_000, number % 100)
            }
            Kind::Date(_) if index.is_multiple_of(5) => "1000-01-01".to_owned(),
            Kind::Date(_) => format!("2026-{:02}-{:02}", number % 12 + 1, number % 28 + 1),
        };
        record[place.start..place.start + text.len()].copy_from_slice(text.as_bytes());
    }
    record
}

/// Megabytes a second.
#[expect(clippy::cast_precision_loss, reason = "a rate is shown with three digits")]
fn rate(
    bytes: usize,
    mut step: impl FnMut() -> Result<(), Box<dyn Error>>,
) -> Result<f64, Box<dyn Error>> {
    step()?;
    let (begin, mut steps) = (Instant::now(), 0);
    while begin.elapsed() < FOR {
        step()?;
        steps += 1;
    }
    Ok((bytes * steps) as f64 / begin.elapsed().as_secs_f64() / 1e6)
}

#[expect(clippy::print_stdout, reason = "what it is for")]
fn main() -> Result<(), Box<dyn Error>> {
    for table in Table::ALL {
        let Some(layout) = Layout::current(table) else { continue };
        let records: Vec<_> = (0..LINES).map(|number| record(&layout, number)).collect();
        let lines: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
        let bytes = LINES * (layout.record_length() + 1);

        let mut decoder = Decoder::new(&layout);
        let mut batch = None;
        let read = rate(bytes, || {
            assert!(decoder.lines(&lines).is_empty(), "the records are in order");
            batch = Some(decoder.finish()?);
            Ok(())
        })?;

        let batch = batch.ok_or("nothing was read")?;
        let encoder = Encoder::new(&layout, &batch.schema())?;
        let mut out = Vec::new();
        let written = rate(bytes, || {
            out.clear();
            assert!(encoder.encode(&batch, |_| true, None, &mut out).is_empty());
            Ok(())
        })?;
        println!("{table}: read {read:5.0} MB/s, written {written:5.0} MB/s");
    }
    Ok(())
}
