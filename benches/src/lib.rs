//! Benchmarks of every stage and of the whole conversion, on synthetic records only.
//!
//! They live in `benches/benches/`, one file for a stage, and run with
//! `cargo bench -p bcda-benches --bench walk`. Throughput is in bytes of JSON text as it stands in
//! the file. A benchmark's name says what is done, on what shape of text, and how large the text is:
//! `walk/check/carrier/64x18KiB` checks 64 Carrier claims of about 18 KiB each.
//!
//! | File | What is measured |
//! |---|---|
//! | `crosswalk.rs` | Reading records into registers; the same with their rows as record batches |
//! | `model.rs` | Reading records into the typed model, borrowed and owned; asking it; writing it; `serde_json::Value` on the same texts |
//! | `stages.rs` | Cutting and decompressing lines; finding tokens, by engine; reading people; encoding tables |
//! | `rates.rs` | The fastest of many short passes over checking, registers and rows: robust against other work on the machine |
//! | `walk.rs` | The JSON walk: checking, checking with member names, reading every value; other parsers on the same texts |
