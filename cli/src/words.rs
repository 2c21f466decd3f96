//! Options that take one of a few words: the libraries', with what help says of each.

use std::fmt::Display;
use std::str::FromStr;

use cclf_crosswalk::{Api, Compression, Format, Naming};
use cclf_files::Program;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use convert::{Drift, Keep, OnBadRecord};
use results::Source;

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
    words(Format::ALL.map(|format| (format.extension(), about_format(format))))
}

/// What a conversion writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// Tables in a format.
    Tables(Format),
    /// CMS's fixed-width files.
    Cclf,
}

/// What the fixed-width files are called among formats.
const CCLF: &str = "cclf";

impl FromStr for Written {
    type Err = cclf_crosswalk::LoadError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == CCLF { Ok(Self::Cclf) } else { text.parse().map(Self::Tables) }
    }
}

impl Display for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tables(format) => format.fmt(f),
            Self::Cclf => f.pad(CCLF),
        }
    }
}

/// The formats of tables, and CMS's files.
pub(crate) fn written() -> impl TypedValueParser<Value = Written> {
    let formats = Format::ALL.map(|format| (format.extension(), about_format(format)));
    let cclf = (CCLF, "CMS's fixed-width CCLF files, as bcda cclf write makes them; needs --aco");
    words(formats.into_iter().chain([cclf]))
}

const fn about_format(format: Format) -> &'static str {
    match format {
        Format::Parquet => "Apache Parquet",
        Format::Csv => "Comma-separated values with a header",
        Format::Arrow => "Arrow IPC: files, or a stream on standard output",
    }
}

/// The programs whose participants get CCLF files.
pub(crate) fn program() -> impl TypedValueParser<Value = Program> {
    words(Program::ALL.map(|program| {
        let about = match program {
            Program::Mssp => "Medicare Shared Savings Program: A and four digits",
            Program::Reach => "ACO REACH: D and four digits",
            Program::Vtapm => "Vermont All-Payer ACO Model: F and three digits",
            Program::Kcc => "Kidney Care Choices: K or C and four digits",
            Program::Pcf => "Primary Care First: P and six digits",
        };
        (program.name(), about)
    }))
}

/// Where tables come from, where they do not tell it.
pub(crate) fn source() -> impl TypedValueParser<Value = Source> {
    words(Source::ALL.map(|source| {
        let about = match source {
            Source::Bcda(Api::V1) => "Exports of BCDA v1",
            Source::Bcda(Api::V2) => "Exports of BCDA v2",
            Source::Bcda(Api::V3) => "Exports of BCDA v3",
            Source::Cclf => "CMS's CCLF files",
        };
        (source.name(), about)
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

/// Which records are looked through for what is not known.
pub(crate) fn drift() -> impl TypedValueParser<Value = Drift> {
    words(Drift::ALL.map(|word| {
        let about = match word {
            Drift::None => "None",
            Drift::Sample => "One in 64, the same ones in each run",
            Drift::All => "All of them, which takes longer",
        };
        (word.name(), about)
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
