//! `bcda synth`.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use convert::Cancel;
use publish::{Stage, StageOptions, StagedFile};
use serde_json::{Value, json};
use synth::{Api, MANIFEST_NAME, MAX_WEEKS, Options, Summary, Window};

use crate::failure::Failure;
use crate::log::{Log, one_line};
use crate::signals;

/// Make a synthetic export.
#[derive(Debug, Args)]
pub(crate) struct SynthArgs {
    /// How many beneficiaries; each has about 570 kB in v1, 750 in v2, 890 in v3.
    #[arg(long, default_value_t = 100, value_name = "N")]
    pub(crate) beneficiaries: u64,
    /// Another seed makes another export; the same seed makes the same bytes.
    #[arg(long, default_value_t = 1, value_name = "S")]
    pub(crate) seed: u64,
    /// Version of the API whose records these are: v1 (FHIR STU3), v2 or v3 (FHIR R4). The same seed makes the same people
    /// and claims in each.
    #[arg(long, default_value_t = Api::V1, value_name = "V")]
    pub(crate) api: Api,
    /// Folder of the export.
    #[arg(long, short, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Compress the files.
    #[arg(long)]
    pub(crate) gzip: bool,
    /// Share of lines that are broken, 0 to 1.
    #[arg(long, default_value = "0", value_parser = parse_share, value_name = "P")]
    pub(crate) bad_rate: u32,
    /// Claims of each beneficiary, in place of a realistic number.
    #[arg(long, value_name = "N")]
    pub(crate) claims: Option<u32>,
    /// Share of claims that come a second time as a shared system has them, partially adjudicated, 0 to 1; prior
    /// authorizations come with them. v3 alone.
    #[arg(long, default_value = "0", value_parser = parse_share, value_name = "P")]
    pub(crate) partially_adjudicated: u32,
    /// A series of exports, a week each, in folders week-01, week-02 and so on of DIR, all of which appear at once: a full
    /// one, then what changed since.
    /// People join and leave, claims come late, are corrected, replaced, cancelled and deleted. From 1 to 520.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_WEEKS)))]
    pub(crate) weeks: Option<u32>,
    /// In place of the weeks one export of what they lead to, with the transactionTime of the last.
    #[arg(long = "final", requires = "weeks")]
    pub(crate) only_final: bool,
    /// Replace an earlier synthetic export.
    #[arg(long)]
    pub(crate) overwrite: bool,
}

/// A staged file whose end is checked when the generator lets go of it.
struct Staged(Option<StagedFile>, Cancel);

impl std::io::Write for Staged {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.1.is_cancelled() {
            return Err(std::io::Error::other("interrupted"));
        }
        match &mut self.0 {
            Some(file) => file.write(bytes),
            None => Err(std::io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.as_mut().map_or(Ok(()), StagedFile::flush)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Some(file) = self.0.take() {
            // A file that could not be finished keeps its stage from being committed.
            let _ = file.finish();
        }
    }
}

/// The manifest of a series of exports: what lies in its folder.
const SERIES_NAME: &str = "weeks.json";

/// The text of the manifest of an earlier result; none when there is no such file.
fn earlier(folder: &Path, manifest_name: &str) -> Result<Option<Vec<u8>>, publish::Error> {
    let path = folder.join(manifest_name);
    let failed = |error| publish::Error::io("read", &path, error);
    match path.symlink_metadata() {
        Ok(found) if found.is_file() => std::fs::read(&path).map(Some).map_err(failed),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

/// What the manifest of an earlier result lists; none when it is no synthetic export, or series, of ours.
fn owned(text: &[u8]) -> Option<Vec<String>> {
    let manifest: Value = serde_json::from_slice(text).ok()?;
    manifest.get("synthetic")?;
    let files = manifest.get("files")?.as_array()?;
    files.iter().map(|file| Some(file.get("name")?.as_str()?.to_owned())).collect()
}

/// The exports that are made: where each lies in the output, as the beginning of names, and its weeks.
fn exports(arguments: &SynthArgs) -> Vec<(String, Option<Window>)> {
    match arguments.weeks {
        None => vec![(String::new(), None)],
        Some(weeks) if arguments.only_final => {
            vec![(String::new(), Some(Window::state_of(weeks)))]
        }
        Some(weeks) => {
            // The names are in the order of the weeks.
            let digits = weeks.to_string().len().max(2);
            let folder = |week| format!("week-{week:0digits$}/");
            (1..=weeks).map(|week| (folder(week), Some(Window::of_week(week)))).collect()
        }
    }
}

pub(crate) fn run(arguments: &SynthArgs, log: Log) -> Result<u8, Failure> {
    let cancel = Cancel::new();
    let caught = signals::listen(cancel.clone())
        .map_err(|error| Failure::new(1, format!("listening for signals failed: {error}")))?;
    let is_series = arguments.weeks.is_some() && !arguments.only_final;
    let manifest_name = if is_series { SERIES_NAME } else { MANIFEST_NAME };
    let stage_options = StageOptions {
        overwrite: arguments.overwrite,
        manifest_name: manifest_name.to_owned(),
        keep_previous: 0,
    };
    let staged = |error: publish::Error| {
        Failure::new(if error.is_usage() { 2 } else { 1 }, error.to_string())
    };
    // All weeks appear at once, so that no folder has those of two series.
    let stage = Stage::open(&arguments.out, &stage_options, |folder| {
        Ok(earlier(folder, manifest_name)?.and_then(|text| owned(&text)))
    })
    .map_err(staged)?;
    let (mut manifest, mut files, mut made) = (Vec::new(), Vec::new(), Vec::new());
    for (folder, window) in exports(arguments) {
        manifest.clear();
        let summary = make(arguments, window, (&stage, &folder), &mut manifest, &cancel).map_err(
            |error| {
                if let Some(code) = caught.exit_code() {
                    return Failure::new(code, "interrupted; nothing was written");
                }
                let code = if matches!(error, synth::Error::Options(_)) { 2 } else { 1 };
                Failure::new(code, error.to_string())
            },
        )?;
        if is_series {
            let name = format!("{folder}{MANIFEST_NAME}");
            let mut file = stage.create(&name).map_err(staged)?;
            file.write_all(&manifest).map_err(|error| Failure::new(1, error.to_string()))?;
            file.finish().map_err(staged)?;
            files.push(name);
            files.extend(summary.files.iter().map(|file| format!("{folder}{}", file.name)));
        }
        made.push((folder, summary));
    }
    if is_series {
        let files: Vec<Value> = files.iter().map(|name| json!({"name": name})).collect();
        let weeks = json!({"weeks": arguments.weeks, "seed": arguments.seed});
        manifest = json!({"synthetic": weeks, "files": files}).to_string().into_bytes();
    }
    let published = stage.commit(&manifest).map_err(staged)?;
    if let Some(leftover) = published.leftover {
        log.warning(&format!("{} could not be removed", leftover.display()));
    }
    for (folder, summary) in made {
        tell(&summary, &arguments.out.join(folder), log);
    }
    Ok(0)
}

/// Makes one export, whose own manifest is put into `manifest`.
fn make(
    arguments: &SynthArgs,
    window: Option<Window>,
    (stage, folder): (&Stage, &str),
    manifest: &mut Vec<u8>,
    cancel: &Cancel,
) -> Result<Summary, synth::Error> {
    let options = Options {
        beneficiaries: arguments.beneficiaries,
        seed: arguments.seed,
        api: arguments.api,
        gzip: arguments.gzip,
        bad_per_million: arguments.bad_rate,
        claims_per_beneficiary: arguments.claims,
        partially_adjudicated_per_million: arguments.partially_adjudicated,
        window,
        ..Options::default()
    };
    let manifest = std::sync::Mutex::new(manifest);
    synth::generate(&options, |name| {
        Ok(if name == MANIFEST_NAME {
            Out::Manifest(&manifest)
        } else {
            Out::File(Staged(Some(stage.create(&format!("{folder}{name}"))?), cancel.clone()))
        })
    })
}

/// Says what an export has.
fn tell(summary: &Summary, folder: &Path, log: Log) {
    let records: u64 = summary.records.values().sum();
    let events = summary.events.iter().map(|(event, claims)| format!(", {event} claims: {claims}"));
    log.info(&format!(
        "{} files, {} records, {} bytes, broken lines: {}{}, in {}",
        summary.files.len(),
        indicatif::HumanCount(records),
        indicatif::HumanCount(summary.bytes),
        indicatif::HumanCount(summary.bad_lines()),
        events.collect::<String>(),
        one_line(folder)
    ));
}

/// Where a file of the export goes: the manifest waits until all others are there.
enum Out<'m> {
    File(Staged),
    Manifest(&'m std::sync::Mutex<&'m mut Vec<u8>>),
}

impl std::io::Write for Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::Manifest(text) => {
                if let Ok(mut text) = text.lock() {
                    text.extend_from_slice(bytes);
                }
                Ok(bytes.len())
            }
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Manifest(_) => Ok(()),
        }
    }
}

fn parse_share(text: &str) -> Result<u32, String> {
    synth::parse_rate(text)
        .ok_or_else(|| "expected a share between 0 and 1, such as 0.001".to_owned())
}
