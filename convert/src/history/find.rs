//! Looking for the claim, and for claims of its group, in all files.

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::sync::atomic::Ordering::Relaxed;

use cclf_crosswalk::Api;
use jiff::Timestamp;
use memchr::memchr;
use memchr::memmem::Finder;
use ndjson_io::{BlockWorker, InBlock, Line, SourceFile, SourceReport};

use super::judge::{Facts, Judge, Judged};
use crate::error::Error;
use crate::input::blocks;
use crate::input::sources::Input;
use crate::options::Reading;

/// Most different lines that are kept: nobody looks at so many side by side.
const MOST_LINES: usize = 256;

const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;

/// What is looked for.
pub(super) struct Wanted<'w> {
    pub(super) id: &'w str,
    pub(super) groups: &'w BTreeSet<String>,
}

/// How versions of a claim are ordered: the greatest counts. Equal only for equal lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Standing {
    /// meta.lastUpdated, in microseconds since 1970-01-01T00:00:00Z.
    last_updated: Option<i64>,
    /// The transactionTime of the newest export that has it, else the beginning of its FILE_DATE, in the same.
    exported: Option<i64>,
    /// The BLAKE3 of the line: of two that nothing else tells apart one has to count, and always the same.
    hash: [u8; 32],
}

/// A line that was found, and where it stands first.
pub(super) struct Found {
    pub(super) facts: Box<Facts>,
    pub(super) line: Vec<u8>,
    pub(super) standing: Standing,
    /// When the earliest export was made that has it, as of [`Standing`].
    first: Option<i64>,
    pub(super) source: usize,
    pub(super) number: u64,
    /// How often the same line came.
    pub(super) times: u64,
}

/// What a reading of all files has found.
pub(super) struct Findings {
    /// In the order in which they first came.
    pub(super) found: Vec<Found>,
    /// Bad records that name what is looked for.
    pub(super) bad: u64,
    /// Lines that are too long to be looked at.
    pub(super) too_long: u64,
    pub(super) reports: Vec<SourceReport>,
}

impl Found {
    pub(super) fn is_of(&self, id: &str) -> bool {
        self.facts.id.as_deref() == Some(id)
    }
}

/// The texts of which each line has one that is wanted.
struct Needles<'w> {
    bare: Vec<Finder<'w>>,
    quoted: Vec<Finder<'static>>,
}

impl<'w> Needles<'w> {
    fn of(wanted: &Wanted<'w>) -> Self {
        let texts = || std::iter::once(wanted.id).chain(wanted.groups.iter().map(String::as_str));
        let quoted = |text: &str| Finder::new(&format!("\"{text}\"")).into_owned();
        Self { bare: texts().map(Finder::new).collect(), quoted: texts().map(quoted).collect() }
    }

    /// Whether the line may be wanted. One with a backslash may write in another way what is looked for; without any it
    /// stands there as it is, also as a number, unless that has an exponent.
    fn may_be_in(&self, line: &[u8]) -> bool {
        self.bare.iter().any(|text| text.find(line).is_some()) || memchr(b'\\', line).is_some()
    }

    /// Whether a line that cannot be read names what is looked for, as far as can be seen.
    fn are_named_in(&self, line: &[u8]) -> bool {
        self.quoted.iter().any(|text| text.find(line).is_some())
    }
}

#[derive(Default)]
struct Block {
    records: u64,
    found: Vec<(usize, InBlock, Box<Facts>, Vec<u8>)>,
    bad: u64,
    too_long: u64,
}

struct Worker<'w> {
    wanted: &'w Wanted<'w>,
    needles: &'w Needles<'w>,
    judge: Judge,
    block: Block,
}

impl BlockWorker for Worker<'_> {
    type Output = Block;

    fn line(&mut self, line: Line<'_>) {
        let Self { wanted, needles, judge, block } = self;
        block.records += 1;
        if !needles.may_be_in(line.bytes) {
            return;
        }
        match judge.judge(line.bytes) {
            Judged::Claim(facts) => {
                let is_it = facts.id.as_deref() == Some(wanted.id);
                let is_of_group =
                    || facts.group.as_ref().is_some_and(|own| wanted.groups.contains(own));
                if is_it || is_of_group() {
                    block.found.push((line.source, line.number, facts, line.bytes.to_vec()));
                }
            }
            Judged::Bad(_) => block.bad += u64::from(needles.are_named_in(line.bytes)),
            Judged::Person | Judged::Other(_) => {}
        }
    }

    fn too_long(&mut self, _source: usize, _number: InBlock, _offset: u64, _len_bytes: u64) {
        self.block.records += 1;
        self.block.too_long += 1;
    }

    fn finish_block(&mut self) -> Block {
        std::mem::take(&mut self.block)
    }
}

/// Reads all files.
pub(super) fn read(
    wanted: &Wanted<'_>,
    api: Option<Api>,
    input: &Input,
    reading: &Reading,
) -> Result<Findings, Error> {
    let files: Vec<SourceFile> = input.sources.iter().map(|source| source.file.clone()).collect();
    let needles = &Needles::of(wanted);
    let make = |_| Worker {
        wanted,
        needles,
        judge: Judge::of(api.unwrap_or(Api::V1)),
        block: Block::default(),
    };
    let mut findings = Findings { found: Vec::new(), bad: 0, too_long: 0, reports: Vec::new() };
    let mut known = HashMap::new();
    let reports = blocks::read(&files, &reading.options(false), make, |block: Block, before| {
        reading.progress.records.fetch_add(block.records, Relaxed);
        findings.bad += block.bad;
        findings.too_long += block.too_long;
        for (source, number, facts, line) in block.found {
            let number = before.number(source, number);
            let exported = exported(input, source);
            let hash = *blake3::hash(&line).as_bytes();
            let at = *known.entry(hash).or_insert(findings.found.len());
            if let Some(same) = findings.found.get_mut(at) {
                same.times += 1;
                same.standing.exported = exported.max(same.standing.exported);
                if exported < same.first {
                    (same.source, same.number, same.first) = (source, number, exported);
                }
                continue;
            }
            if at == MOST_LINES {
                return Err(Error::usage(format!(
                    "there are more than {MOST_LINES} different records of the claim and its group; name fewer exports"
                )));
            }
            let standing = Standing { last_updated: facts.last_updated, exported, hash };
            let first = exported;
            findings.found.push(Found { facts, line, standing, first, source, number, times: 1 });
        }
        Ok(ControlFlow::Continue(()))
    })?;
    findings.reports = reports.unwrap_or_default();
    Ok(findings)
}

/// When the export was made that a source is of, as far as it is known.
fn exported(input: &Input, source: usize) -> Option<i64> {
    let of_day = |days: i32| i64::from(days) * DAY_MICROS;
    let told = input.time_of(source).map(Timestamp::as_microsecond);
    told.or_else(|| input.sources[source].lineage.file_date.map(of_day))
}
