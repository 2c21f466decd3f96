//! A whole export: the records of all beneficiaries, cut into files, and the manifest at the end.

use crate::defect::{Defect, RecordType};
use crate::error::Error;
use crate::facts::claim::Claim;
use crate::facts::claim_type::ClaimType;
use crate::facts::coverage::Part;
use crate::facts::header::Place;
use crate::facts::person::{Person, Version};
use crate::facts::repository;
use crate::json::Json;
use crate::manifest;
use crate::rng::{Rng, Stream};
use crate::sink::Sink;
use crate::writer;
use cms::Api;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// The name of the manifest.
pub const MANIFEST_NAME: &str = "bcda-export.json";

/// What to generate. `Options::default()` is 100 beneficiaries of v1, plain files and no broken line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How many beneficiaries the export has.
    pub beneficiaries: u64,
    /// Whose shape the records have: the same people and claims are in each version of the API.
    pub api: Api,
    /// Another seed gives other records.
    pub seed: u64,
    /// Write `.ndjson.gz` files; some of them of several gzip members.
    pub gzip: bool,
    /// How many lines of a million are broken, 0 to 1,000,000. [`parse_rate`] reads a share.
    pub bad_per_million: u32,
    /// Claims of each beneficiary, one version each; by default none or 8 to 52, 29 on average.
    pub claims_per_beneficiary: Option<u32>,
    /// How many claims of a million come a second time, as a shared system has them before they are wholly adjudicated.
    /// With a fifth of them comes a prior authorization. v3 alone has them.
    pub partially_adjudicated_per_million: u32,
    /// Beneficiaries whose claims go into one file; 20 by default (about 10 MB). A Coverage file holds those of
    /// five times, a Patient file those of fifty times as many.
    pub beneficiaries_per_file: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            beneficiaries: 100,
            api: Api::V1,
            seed: 0,
            gzip: false,
            bad_per_million: 0,
            claims_per_beneficiary: None,
            partially_adjudicated_per_million: 0,
            beneficiaries_per_file: 20,
        }
    }
}

/// One data file of the export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSummary {
    /// The file name, a made-up UUID with `.ndjson` or `.ndjson.gz`.
    pub name: String,
    /// The type of the records.
    pub record_type: RecordType,
    /// Lines, broken ones included.
    pub records: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// Bytes of the file's NDJSON text; `bytes` unless the file is compressed.
    pub content_bytes: u64,
}

/// What was generated. All counts include broken lines, except where said otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// The data files in the order in which they were written; the manifest is not among them.
    pub files: Vec<FileSummary>,
    /// Lines per resource type.
    pub records: BTreeMap<&'static str, u64>,
    /// Bytes of all data files.
    pub bytes: u64,
    /// Bytes of all NDJSON text; `bytes` unless the files are compressed.
    pub content_bytes: u64,
    /// Broken lines per [`Defect::name`].
    pub bad: BTreeMap<&'static str, u64>,
    /// ExplanationOfBenefit lines per [`ClaimType::eob_type`].
    pub claims: BTreeMap<&'static str, u64>,
    /// Bytes of ExplanationOfBenefit text per [`ClaimType::eob_type`], line feeds included.
    pub claim_bytes: BTreeMap<&'static str, u64>,
    /// ExplanationOfBenefit lines whose Patient is not in the export.
    pub claims_without_patient: u64,
    /// ExplanationOfBenefit lines that are partially adjudicated claims; not among `claims`.
    pub partially_adjudicated: u64,
    /// ExplanationOfBenefit lines that are prior authorizations; not among `claims`.
    pub prior_authorizations: u64,
    /// Lines that are the second version of a record.
    pub second_versions: BTreeMap<&'static str, u64>,
}

impl Summary {
    /// Broken lines of all kinds.
    pub fn bad_lines(&self) -> u64 {
        self.bad.values().sum()
    }
}

/// Reads a share such as `0.001` or `1` as parts of a million. At most six decimals.
///
/// ```
/// assert_eq!(synth::parse_rate("0.0125"), Some(12_500));
/// assert_eq!(synth::parse_rate("1"), Some(1_000_000));
/// assert_eq!(synth::parse_rate("1.5"), None);
/// ```
pub fn parse_rate(text: &str) -> Option<u32> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || decimals.len() > 6 || !digits(whole) || !digits(decimals) {
        return None;
    }
    let whole: u32 = whole.parse().ok()?;
    let decimals: u32 = format!("{decimals:0<6}").parse().ok()?;
    let rate = whole.checked_mul(1_000_000)?.checked_add(decimals)?;
    (rate <= 1_000_000).then_some(rate)
}

/// When the buffer is written out, in bytes. One record more than this is held at most.
const FLUSH_BYTES: usize = 256 * 1024;

/// Generates an export: all ExplanationOfBenefit files, the Patient files, the Coverage files, and the manifest
/// [`MANIFEST_NAME`] last.
///
/// `create` opens an output file by name; the caller decides where it stands and how it appears. Memory does not
/// grow with the number of beneficiaries, but for one [`FileSummary`] per file.
///
/// # Errors
/// [`Error`] when the options make no sense, or `create` or a write fails.
///
/// # Example
/// ```
/// use std::collections::BTreeMap;
/// let options = synth::Options { beneficiaries: 1, ..synth::Options::default() };
/// let mut sizes = BTreeMap::new();
/// let summary = synth::generate(&options, |name| {
///     sizes.insert(name.to_owned(), 0);
///     Ok(std::io::sink())
/// })?;
/// assert_eq!(summary.files.len(), 3);
/// assert!(sizes.contains_key("bcda-export.json"));
/// # Ok::<(), synth::Error>(())
/// ```
pub fn generate<F, W>(options: &Options, mut create: F) -> Result<Summary, Error>
where
    F: FnMut(&str) -> io::Result<W>,
    W: Write,
{
    options.check()?;
    let mut summary = Summary::default();
    let per_file = u64::from(options.beneficiaries_per_file);
    for (record_type, per_file) in [
        (RecordType::ExplanationOfBenefit, per_file),
        (RecordType::Patient, per_file * 50),
        (RecordType::Coverage, per_file * 5),
    ] {
        let mut first = 0;
        while first < options.beneficiaries {
            let end = options.beneficiaries.min(first.saturating_add(per_file));
            let file = write_file(options, record_type, first..end, &mut summary, &mut create)?;
            summary.bytes += file.bytes;
            summary.content_bytes += file.content_bytes;
            summary.files.push(file);
            first = end;
        }
    }
    let text = manifest::text(options, &summary);
    let failed = |source| Error::Write { name: MANIFEST_NAME.to_owned(), source };
    let mut file = create(MANIFEST_NAME).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.flush()).map_err(failed)?;
    Ok(summary)
}

impl Options {
    fn check(&self) -> Result<(), Error> {
        if self.beneficiaries > 50_000_000 {
            return Err(Error::Options("at most 50 million beneficiaries"));
        }
        if self.beneficiaries_per_file == 0 {
            return Err(Error::Options("at least one beneficiary per file"));
        }
        if self.bad_per_million > 1_000_000 {
            return Err(Error::Options("at most a million broken lines of a million"));
        }
        match (self.partially_adjudicated_per_million, self.api) {
            (1_000_001.., _) => {
                Err(Error::Options("at most a million partially adjudicated claims of a million"))
            }
            (1.., Api::V1 | Api::V2) => {
                Err(Error::Options("partially adjudicated claims are those of v3 alone"))
            }
            _ => Ok(()),
        }
    }

    /// How many claims a beneficiary has.
    fn claims(&self, index: u64) -> u64 {
        if let Some(claims) = self.claims_per_beneficiary {
            return u64::from(claims);
        }
        let mut rng = Rng::new(self.seed, Stream::ClaimCount, index, 0);
        // The first beneficiary has enough claims for all eight types.
        if index > 0 && rng.percent(3) { 0 } else { u64::from(rng.between(8, 52)) }
    }

    /// How many claim numbers each beneficiary has; claims beyond them would take the next one's.
    fn stride(&self) -> u64 {
        u64::from(self.claims_per_beneficiary.unwrap_or(0)).max(100)
    }
}

/// A file being written, record by record.
struct Output<'a, W: Write> {
    options: &'a Options,
    record_type: RecordType,
    sink: Sink<W>,
    json: Json,
    records: u64,
    content_bytes: u64,
    /// The stream of defects of this file.
    defects: Rng,
    /// The stream that says where gzip members end; `None` for a file of one member.
    members: Option<Rng>,
}

impl<W: Write> Output<'_, W> {
    /// Ends the record that begins at `start`: breaks it, perhaps, and writes the buffer out when it is full.
    fn end_record(mut self, start: usize, summary: &mut Summary) -> io::Result<Self> {
        let bad = self.options.bad_per_million;
        if bad > 0 && self.defects.chance(bad, 1_000_000) {
            let mut line = self.json.bytes.split_off(start);
            let defect = Defect::draw(&mut self.defects).apply(&mut line);
            self.json.bytes.extend_from_slice(&line);
            *summary.bad.entry(defect.name()).or_default() += 1;
        }
        self.json.bytes.push(b'\n');
        self.records += 1;
        *summary.records.entry(self.record_type.name()).or_default() += 1;
        // A member may end between two records or in the middle of one.
        if self.members.as_mut().is_some_and(|rng| rng.chance(1, 100)) {
            let middle = self.members.as_mut().is_some_and(|rng| rng.percent(50));
            let at = if middle {
                usize::midpoint(start, self.json.bytes.len())
            } else {
                self.json.bytes.len()
            };
            self.sink.write(&self.json.bytes[..at])?;
            self.sink = self.sink.next_member()?;
            self.sink.write(&self.json.bytes[at..])?;
            self.content_bytes += self.json.bytes.len() as u64;
            self.json.bytes.clear();
        } else if self.json.bytes.len() >= FLUSH_BYTES {
            self.write_out()?;
        }
        Ok(self)
    }

    fn write_out(&mut self) -> io::Result<()> {
        self.sink.write(&self.json.bytes)?;
        self.content_bytes += self.json.bytes.len() as u64;
        self.json.bytes.clear();
        Ok(())
    }
}

fn write_file<F, W>(
    options: &Options,
    record_type: RecordType,
    indexes: std::ops::Range<u64>,
    summary: &mut Summary,
    create: &mut F,
) -> Result<FileSummary, Error>
where
    F: FnMut(&str) -> io::Result<W>,
    W: Write,
{
    let number = summary.files.len() as u64;
    let name = file_name(options, number);
    let failed = |source| Error::Write { name: name.clone(), source };
    let mut members = Rng::new(options.seed, Stream::FileMembers, number, 0);
    let several = options.gzip && members.percent(30);
    let mut output = Output {
        options,
        record_type,
        sink: Sink::new(create(&name).map_err(failed)?, options.gzip),
        json: Json { bytes: Vec::with_capacity(FLUSH_BYTES * 2) },
        records: 0,
        content_bytes: 0,
        defects: Rng::new(options.seed, Stream::Defect, number, 0),
        members: several.then_some(members),
    };
    for index in indexes {
        let person = Person::new(options.seed, index);
        output = match record_type {
            RecordType::ExplanationOfBenefit => write_claims(output, &person, summary),
            RecordType::Patient => write_patient(output, &person, summary),
            RecordType::Coverage => write_coverages(output, &person, summary),
        }
        .map_err(failed)?;
    }
    output.write_out().map_err(failed)?;
    let (records, content_bytes) = (output.records, output.content_bytes);
    let bytes = output.sink.finish().map_err(failed)?;
    Ok(FileSummary { name, record_type, records, bytes, content_bytes })
}

/// The claims of a person, then the second versions of a few of them.
fn write_claims<'a, W: Write>(
    mut output: Output<'a, W>,
    person: &Person,
    summary: &mut Summary,
) -> io::Result<Output<'a, W>> {
    let claims = output.options.claims(person.index);
    let stride = output.options.stride();
    let mut again = Rng::new(person.seed, Stream::SecondVersion, person.index, 0);
    for version in [Version::First, Version::Second] {
        for number in 0..claims {
            if version == Version::Second && !again.chance(1, 1000) {
                continue;
            }
            let first_eight =
                usize::try_from(number).ok().and_then(|n| ClaimType::ALL.get(n).copied());
            let claim_type = first_eight.filter(|_| person.index == 0 && claims >= 8);
            let start = output.json.bytes.len();
            let place = Place { number, stride, version, claim_type };
            let claim = Claim::draw(person, place);
            writer::claim(&mut output.json, output.options.api, &claim);
            let eob_type = claim.header.kind.eob_type();
            let bytes = (output.json.bytes.len() - start) as u64 + 1;
            *summary.claims.entry(eob_type).or_default() += 1;
            *summary.claim_bytes.entry(eob_type).or_default() += bytes;
            summary.claims_without_patient += u64::from(claim.header.orphan);
            output = end_version(output, start, version, summary)?;
            if version == Version::First {
                output = write_in_progress(output, claim, summary)?;
            }
        }
    }
    Ok(output)
}

/// What the shared systems have of a claim, if they have it.
fn write_in_progress<'a, W: Write>(
    mut output: Output<'a, W>,
    mut claim: Claim<'_>,
    summary: &mut Summary,
) -> io::Result<Output<'a, W>> {
    let options = output.options;
    let share = options.partially_adjudicated_per_million;
    if share == 0 {
        return Ok(output);
    }
    let Some(progress) = repository::in_progress(&claim.header, share) else { return Ok(output) };
    let start = output.json.bytes.len();
    claim.header.shared = true;
    writer::claim(&mut output.json, options.api, &claim);
    summary.partially_adjudicated += 1;
    output = output.end_record(start, summary)?;
    if let Some(prior) = progress.authorization {
        let start = output.json.bytes.len();
        writer::authorization(&mut output.json, &claim, &prior);
        summary.prior_authorizations += 1;
        output = output.end_record(start, summary)?;
    }
    Ok(output)
}

fn write_patient<'a, W: Write>(
    mut output: Output<'a, W>,
    person: &Person,
    summary: &mut Summary,
) -> io::Result<Output<'a, W>> {
    let mut again = Rng::new(person.seed, Stream::SecondVersion, person.index, 1);
    let twice = !person.old_style && again.chance(1, 200);
    let second_first = twice && again.percent(30);
    let both = [Version::First, Version::Second];
    let order = if second_first { [both[1], both[0]] } else { both };
    for version in order {
        if version == Version::First || twice {
            let start = output.json.bytes.len();
            writer::patient(&mut output.json, output.options.api, person, version);
            output = end_version(output, start, version, summary)?;
        }
    }
    let start = output.json.bytes.len();
    if writer::merged(&mut output.json, output.options.api, person) {
        output = output.end_record(start, summary)?;
    }
    Ok(output)
}

fn write_coverages<'a, W: Write>(
    mut output: Output<'a, W>,
    person: &Person,
    summary: &mut Summary,
) -> io::Result<Output<'a, W>> {
    let mut again = Rng::new(person.seed, Stream::SecondVersion, person.index, 2);
    for part in Part::ALL {
        let twice = !person.old_style && again.chance(1, 500);
        if !writer::has_coverage(output.options.api, person, part) {
            continue;
        }
        for version in [Version::First, Version::Second] {
            if version == Version::First || twice {
                let start = output.json.bytes.len();
                writer::coverage(&mut output.json, output.options.api, person, part, version);
                output = end_version(output, start, version, summary)?;
            }
        }
    }
    let start = output.json.bytes.len();
    if writer::dual_coverage(&mut output.json, output.options.api, person) {
        output = output.end_record(start, summary)?;
    }
    Ok(output)
}

fn end_version<'a, W: Write>(
    output: Output<'a, W>,
    start: usize,
    version: Version,
    summary: &mut Summary,
) -> io::Result<Output<'a, W>> {
    if version == Version::Second {
        *summary.second_versions.entry(output.record_type.name()).or_default() += 1;
    }
    output.end_record(start, summary)
}

/// A made-up UUID of version 4.
fn file_name(options: &Options, number: u64) -> String {
    let mut rng = Rng::new(options.seed, Stream::FileName, number, 0);
    let (high, low) = (rng.next(), rng.next());
    let high = high & !0xF000 | 0x4000;
    let low = low & !(0xC << 60) | 0x8 << 60;
    let extension = if options.gzip { "ndjson.gz" } else { "ndjson" };
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}.{extension}",
        high >> 32,
        high >> 16 & 0xFFFF,
        high & 0xFFFF,
        low >> 48,
        low & 0xFFFF_FFFF_FFFF,
    )
}
