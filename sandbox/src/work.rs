//! The work of a job: reads the source, writes the job's files.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufWriter, Read, Write};
use std::path::Path;
use std::sync::atomic::Ordering;

use encryption::PublicKey;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use synth::{Scope, Window};
use uuid::Uuid;

use crate::fault::Fault;
use crate::faults::Faults;
use crate::job::{Content, Job, JobFile};
use crate::resource::ResourceType;
use crate::source::{Source, SourceFile};

/// The longest line that is judged one by one; of a longer one the file's type is taken. 16 MiB.
const MAX_LINE_BYTES: u64 = 16 * 1024 * 1024;

/// What the work looks at in a line.
#[derive(Deserialize)]
struct Line {
    #[serde(rename = "resourceType")]
    resource_type: String,
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "lastUpdated")]
    last_updated: Option<String>,
}

/// Does the work of a job in its folder, which is made here.
pub(crate) fn run(
    job: &Job,
    source: &Source,
    folder: &Path,
    key: Option<&PublicKey>,
    faults: &Faults,
) -> io::Result<Vec<JobFile>> {
    fs::create_dir(folder)?;
    job.total.store(source.files.iter().map(|file| file.bytes).sum(), Ordering::SeqCst);
    let mut files = Vec::new();
    let mut done = 0;
    for file in &source.files {
        files.extend(split(job, file, folder)?);
        done += file.bytes;
        job.done.store(done, Ordering::SeqCst);
    }
    files.extend(deletions(job, source, folder)?);
    let missing = faults.find(|fault| match fault {
        Fault::MissingType(missing) => Some(*missing),
        _ => None,
    });
    files.retain(|file| missing.is_none_or(|missing| file.of != Content::Output(missing)));
    if faults.has(Fault::EmptyOutput) {
        files.clear();
    }
    if let Some(key) = key {
        for file in &mut files {
            seal(file, key)?;
        }
    }
    if faults.has(Fault::EmptyFile) {
        let path = folder.join("blank.ndjson");
        File::create_new(&path)?;
        let of = job.order.types.first().copied().map_or(Content::Error, Content::Output);
        files.push(job_file(folder, "blank.ndjson", of)?);
    }
    if let Some(lines) = faults.find(|fault| match fault {
        Fault::ErrorFiles(lines) => Some(*lines),
        _ => None,
    }) {
        let name = format!("{}-error.ndjson", Uuid::new_v4());
        let mut file = BufWriter::new(File::create_new(folder.join(&name))?);
        for line in 1..=lines {
            // The service names the beneficiary here; ours is nobody.
            let outcome = serde_json::json!({
                "issue": [{
                    "code": "exception",
                    "diagnostics":
                        format!("Error retrieving ExplanationOfBenefit for beneficiary -{line} in ACO T0000"),
                    "severity": "error",
                }],
                "resourceType": "OperationOutcome",
            });
            writeln!(file, "{outcome}")?;
        }
        file.into_inner()?;
        let mut file = job_file(folder, &name, Content::Error)?;
        if let Some(key) = key.filter(|_| faults.has(Fault::EncryptedErrors)) {
            seal(&mut file, key)?;
        }
        files.push(file);
    }
    Ok(files)
}

fn job_file(folder: &Path, name: &str, of: Content) -> io::Result<JobFile> {
    let path = folder.join(name);
    let bytes = fs::metadata(&path)?.len();
    Ok(JobFile {
        name: name.to_owned(),
        of,
        path,
        bytes,
        wrapped_key_hex: None,
        compressing: tokio::sync::Mutex::default(),
    })
}

/// The lines of one source file that the job wants, one file for each type.
fn split(job: &Job, source: &SourceFile, folder: &Path) -> io::Result<Vec<JobFile>> {
    let mut outputs: BTreeMap<ResourceType, (String, BufWriter<File>)> = BTreeMap::new();
    let (mut reader, compressed) = source.read()?;
    let mut line = Vec::new();
    // Lines that cannot be read go with those before them, as they would in the service's file.
    let mut of = None;
    let mut broken = 0;
    loop {
        if job.cancelled.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        line.clear();
        if reader.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if !compressed {
            job.done.fetch_add(line.len() as u64, Ordering::SeqCst);
        }
        let (mut updated, mut is_read) = (None, false);
        if let Ok(read) = serde_json::from_slice::<Line>(&line) {
            of = ResourceType::named(&read.resource_type);
            updated = read.meta.and_then(|meta| meta.last_updated);
            is_read = true;
        } else {
            broken += u64::from(!line.trim_ascii().is_empty());
        }
        let Some(kind) = of.filter(|kind| job.order.types.contains(kind)) else { continue };
        let updated: Option<Timestamp> = updated.and_then(|instant| instant.parse().ok());
        if let (Some(since), Some(updated)) = (job.order.since, updated)
            && job.window.is_none_or(is_to_be_searched)
            && updated <= since
        {
            continue;
        }
        let is_claim = is_read && kind == ResourceType::ExplanationOfBenefit;
        if is_claim && !job.order.filter.lets_through(&line) {
            continue;
        }
        let (_, output) = match outputs.entry(kind) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => {
                let name = format!("{}.ndjson", Uuid::new_v4());
                let file = File::create_new(folder.join(&name))?;
                entry.insert((name, BufWriter::with_capacity(256 * 1024, file)))
            }
        };
        output.write_all(&line)?;
    }
    source.broken_lines.store(broken, Ordering::SeqCst);
    let mut files = Vec::new();
    for (kind, (name, output)) in outputs {
        output.into_inner()?;
        files.push(job_file(folder, &name, Content::Output(kind))?);
    }
    Ok(files)
}

/// Whether the records of weeks are more than what changed since the time that was asked for. Else they are what changed,
/// and everything of people who are new.
fn is_to_be_searched(window: Window) -> bool {
    window.after == 0 && window.scope == Scope::Patient
}

/// What is no more of the types that the job wants, in one file; `None` when nothing is.
fn deletions(job: &Job, source: &Source, folder: &Path) -> io::Result<Option<JobFile>> {
    let mut kept = Vec::new();
    for file in &source.deleted {
        for line in file.read()?.0.lines() {
            let mut bundle: Value = serde_json::from_str(&line?)?;
            let Some(entries) = bundle["entry"].as_array_mut() else { continue };
            entries.retain(|entry| {
                let url = entry["request"]["url"].as_str().unwrap_or_default();
                let kind = url.split('/').next().and_then(ResourceType::named);
                kind.is_some_and(|kind| job.order.types.contains(&kind))
            });
            if !entries.is_empty() {
                writeln!(kept, "{bundle}")?;
            }
        }
    }
    if kept.is_empty() {
        return Ok(None);
    }
    let name = format!("{}.ndjson", Uuid::new_v4());
    File::create_new(folder.join(&name))?.write_all(&kept)?;
    job_file(folder, &name, Content::Deleted).map(Some)
}

/// Encrypts a file in place, as the service did: the whole file at once.
fn seal(file: &mut JobFile, key: &PublicKey) -> io::Result<()> {
    let sealed =
        encryption::encrypt(&fs::read(&file.path)?, &file.name, key).map_err(io::Error::other)?;
    fs::write(&file.path, &sealed.bytes)?;
    file.bytes = sealed.bytes.len() as u64;
    file.wrapped_key_hex = Some(sealed.wrapped_key_hex);
    Ok(())
}
