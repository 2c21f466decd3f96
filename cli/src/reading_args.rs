//! The options that say what is read, and how: those of every command that reads an export.

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};
use convert::{Reading, Setting};

/// What is read, and how.
#[derive(Debug, Args)]
pub(crate) struct ReadingArgs {
    /// Files, folders (all *.ndjson and *.jsonl below, also .gz and .zst), globs, addresses in object storage
    /// (s3://BUCKET/PREFIX/, gs://, az://, https:// for one file), one pipe, or - for standard input.
    #[arg(required = true, value_name = "INPUT", value_parser = input())]
    pub(crate) inputs: Vec<String>,
    #[command(flatten)]
    pub(crate) lines: LineArgs,
}

/// How lines are read.
#[derive(Debug, Args)]
pub(crate) struct LineArgs {
    /// How many threads work at once; as many as the machine runs at once unless given.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Bytes of a block of lines; changes speed and memory, never the output.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1 << 28), hide = true)]
    pub(crate) block_bytes: Option<u32>,
    /// Longest line that is a record, in bytes.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1 << 31), default_value = "16777216", value_name = "BYTES")]
    pub(crate) max_line_bytes: u32,
    /// Most bytes that one compressed file may hold.
    #[arg(long, default_value = "1099511627776", value_name = "BYTES")]
    pub(crate) max_decompressed: u64,
    /// End with an error where a zstd frame has no checksum, so that damage in it could not be seen; it is a warning
    /// unless given. gzip always has one.
    #[arg(long)]
    pub(crate) require_checksums: bool,
}

impl ReadingArgs {
    /// Sets what is given.
    pub(crate) fn set(&self, reading: &mut Reading) {
        self.lines.set(reading);
    }
}

impl LineArgs {
    /// Sets what is given.
    pub(crate) fn set(&self, reading: &mut Reading) {
        reading.spelling = option;
        if let Some(threads) = self.threads {
            reading.threads = threads.into();
        }
        if let Some(bytes) = self.block_bytes {
            reading.block_bytes = bytes as usize;
        }
        reading.max_line_bytes = self.max_line_bytes as usize;
        reading.max_decompressed_bytes = self.max_decompressed;
        reading.require_checksums = self.require_checksums;
    }
}

/// What the settings of a reading are called on the command line.
pub(crate) fn option(setting: Setting) -> &'static str {
    match setting {
        Setting::Output => "--out",
        Setting::Overwrite => "--overwrite",
        Setting::Tables => "--tables",
        Setting::Rejects => "--rejects",
        Setting::Patients => "--patients",
        Setting::MaxPeople => "--max-people",
        Setting::Api => "--api",
        Setting::Keep => "--keep",
        Setting::Updatable => "--updatable",
        Setting::Again => "--again",
        Setting::FileDate => "--file-date",
        Setting::OnBadRecord => "--on-bad-record",
        Setting::MaxRejects => "--max-rejects",
        Setting::MaxLineBytes => "--max-line-bytes",
        Setting::RequireChecksums => "--require-checksums",
        Setting::Decryption => {
            "bcda decrypt --key KEY.pem opens such files, as does bcda export --resume --decrypt-key KEY.pem"
        }
        Setting::SurrogateIds => "--surrogate-ids",
        Setting::AllVersions => "--all-versions",
        Setting::Source => "--source",
        Setting::Layout => "--layout",
        // Settings of scans alone, which no command makes.
        other => other.name(),
    }
}

/// What names an input. Names go into tables and reports, which are UTF-8.
pub(crate) fn input() -> impl TypedValueParser<Value = String> {
    OsStringValueParser::new().try_map(|input| {
        input.into_string().map_err(|_| {
            "the path is not UTF-8; rename the file, name the folder it is in, or give its content on standard input \
             (-)"
        })
    })
}
