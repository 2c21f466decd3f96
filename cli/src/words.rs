//! Options that take one of a few words: the libraries', with what help says of each.

use std::fmt::Display;
use std::str::FromStr;

use cclf_crosswalk::{Api, Compression, Format, Naming};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use convert::{Keep, OnBadRecord};

/// The words of a library, each with what it means.
fn words<T: FromStr<Err: Display> + Clone + Send + Sync + 'static>(
    words: impl IntoIterator<Item = (&'static str, &'static str)>,
) -> impl TypedValueParser<Value = T> {
    let words = words.into_iter().map(|(word, about)| PossibleValue::new(word).help(about));
    PossibleValuesParser::new(words)
        .try_map(|word| word.parse().map_err(|fault: T::Err| fault.to_string()))
}

/// The versions of the API.
pub(crate) fn api() -> impl TypedValueParser<Value = Api> {
    words(Api::ALL.map(|api| {
        let about = match api {
            Api::V1 => "FHIR STU3, until July 2027",
            Api::V2 => "FHIR R4, until July 2027",
            Api::V3 => "FHIR R4 from CMS's Integrated Data Repository, since July 2026",
        };
        (api.name(), about)
    }))
}

/// The formats of tables.
pub(crate) fn format() -> impl TypedValueParser<Value = Format> {
    words(Format::ALL.map(|format| {
        let about = match format {
            Format::Parquet => "Apache Parquet",
            Format::Csv => "Comma-separated values with a header",
            Format::Arrow => "Arrow IPC: files, or a stream on standard output",
        };
        (format.extension(), about)
    }))
}

/// The compressions.
pub(crate) fn compression() -> impl TypedValueParser<Value = Compression> {
    words(Compression::ALL.map(|compression| {
        let about = match compression {
            Compression::Zstd => "Zstandard, level 1",
            Compression::Snappy => "Snappy (in Arrow files: LZ4)",
            Compression::None => "None",
        };
        (compression.name(), about)
    }))
}

/// What the tables are called; columns keep CMS's names.
pub(crate) fn naming() -> impl TypedValueParser<Value = Naming> {
    words(Naming::ALL.map(|naming| {
        let about = match naming {
            Naming::Cclf => "cclf1 to cclf9, cclfa, cclfb and cclf0",
            Naming::Tuva => {
                "What Tuva's medicare_cclf_connector reads: parta_claims_header, partb_physicians \
                 and so on"
            }
        };
        (naming.name(), about)
    }))
}

/// Which versions of a claim have rows.
pub(crate) fn keep() -> impl TypedValueParser<Value = Keep> {
    words(Keep::ALL.map(|word| {
        let about = match word {
            Keep::All => "All of them: the default for one export",
            Keep::Latest => {
                "The latest of each EOB, Patient and Coverage, by meta.lastUpdated, then by the transactionTime of its export: \
                 the default for several exports. What was deleted has no rows, nor has a claim of a shared system that the \
                 National Claims History has, too"
            }
        };
        (word.name(), about)
    }))
}

/// What a bad record does.
pub(crate) fn on_bad_record() -> impl TypedValueParser<Value = OnBadRecord> {
    words(OnBadRecord::ALL.map(|word| {
        let about = match word {
            OnBadRecord::Reject => "It is kept aside and the run goes on",
            OnBadRecord::Fail => "It ends the run",
        };
        (word.name(), about)
    }))
}
