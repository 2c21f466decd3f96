//! What each thread does with its lines.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use cclf_crosswalk::{Api, Guess, Guesser};
use fhir_model::stu3::OperationOutcome;
use fhir_model::validate::{Finding, IssueClass, Severity};
use fhir_model::{Node, r4, stu3};
use ndjson_io::{Before, BlockWorker, InBlock, Line, SourceFile};

use crate::error::Error;
use crate::input::instead::Instead;
use crate::setting::{Setting, Spelling};
use crate::validate::options::ValidateOptions;
use crate::validate::report::Counts;

/// What became of the lines of a block.
#[derive(Default)]
pub(super) struct Block {
    outcomes: Vec<Judged>,
    pub(super) counts: Counts<InBlock>,
    /// The first two lines of the block, if it is of a stream.
    beginning: Vec<(usize, Vec<u8>)>,
}

/// What is wrong with a record that stands at this byte of this line of its source. `fault` is the byte of the record at
/// which reading ended.
struct Judged {
    source: usize,
    line: InBlock,
    offset: u64,
    fault: Option<usize>,
    outcome: OperationOutcome<'static>,
}

impl Block {
    /// Writes the outcomes, one a line, with the places of their records.
    pub(super) fn write(
        &mut self,
        files: &[SourceFile],
        before: Before<'_>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        // In one go: what it goes to may be a pipe that is written to line by line.
        let mut text = Vec::new();
        for judged in self.outcomes.drain(..) {
            let Judged { source, line, offset, fault, mut outcome } = judged;
            let (name, number) = (files[source].name(), before.number(source, line));
            let place = match fault {
                None => format!("{name}:{number}, byte {offset}"),
                Some(fault) => {
                    format!("{name}:{number}, byte {offset}, fault at byte {fault} of the record")
                }
            };
            for issue in &mut outcome.issue {
                issue.diagnostics = Some(place.clone().into());
            }
            writeln!(text, "{}", Node::Object(&outcome).to_json())?;
        }
        out.write_all(&text)
    }

    /// Whether something of the block ends the run.
    pub(super) fn check_end(
        self,
        files: &[SourceFile],
        beginning: &mut Beginning,
    ) -> Result<(), Error> {
        for (source, line) in self.beginning {
            if beginning.lines > 1 {
                break;
            }
            beginning.lines += 1;
            beginning.text.extend(line);
            beginning.text.push(b'\n');
            // What one line is the next one tells, or the end.
            if beginning.lines > 1 {
                beginning.check(&files[source])?;
            }
        }
        Ok(())
    }
}

/// The first two lines of a stream. Files were looked at before.
#[derive(Default)]
pub(super) struct Beginning {
    text: Vec<u8>,
    lines: usize,
}

impl Beginning {
    fn check(&self, file: &SourceFile) -> Result<(), Error> {
        match Guesser::default().guess(&self.text) {
            Guess::NotNdjson => Err(Instead::ONE_JSON_TEXT.error(file)),
            _ => Ok(()),
        }
    }

    /// The stream had this many records.
    pub(super) fn finish(self, file: &SourceFile, records: u64) -> Result<(), Error> {
        if records == 1 { self.check(file) } else { Ok(()) }
    }
}

pub(super) struct Worker<'r> {
    files: &'r [SourceFile],
    least: Severity,
    spelling: Spelling,
    block: Block,
}

impl<'r> Worker<'r> {
    pub(super) fn new(files: &'r [SourceFile], options: &ValidateOptions) -> Self {
        let (least, spelling) = (options.severity, options.reading.spelling);
        Self { files, least, spelling, block: Block::default() }
    }

    /// Counts the issues of a record and keeps those that are asked for. `fault` is the byte of the record at which
    /// reading ended.
    fn keep(
        &mut self,
        findings: &[Finding],
        source: usize,
        line: InBlock,
        offset: u64,
        fault: Option<usize>,
    ) {
        let Block { outcomes, counts, .. } = &mut self.block;
        counts.record(findings, source, line);
        let asked = |finding: &&Finding| finding.class().severity() >= self.least;
        if !findings.iter().any(|finding| asked(&finding)) {
            return;
        }
        // A list that is not complete says so, whatever is asked for.
        let shown =
            findings.iter().filter(|finding| asked(finding) || finding.class() == IssueClass::More);
        let outcome = OperationOutcome::from_findings(shown);
        outcomes.push(Judged { source, line, offset, fault, outcome });
    }
}

/// Longer lines are judged one at a time, whatever the number of threads: the model of a line that is made to exhaust,
/// of millions of empty items, takes 200 times the memory of the line.
const LONG_LINE_BYTES: usize = 1 << 20;

/// The issues of a record by its own release, and the byte at which reading ended.
fn judge(line: &[u8], is_r4: bool) -> (Vec<Finding>, Option<usize>) {
    static LONG_LINE: Mutex<()> = Mutex::new(());
    let _alone = (line.len() > LONG_LINE_BYTES)
        .then(|| LONG_LINE.lock().unwrap_or_else(PoisonError::into_inner));
    let fault = |error: fhir_model::Error| (vec![Finding::from(&error)], Some(error.offset()));
    if is_r4 {
        return r4::from_slice(line).map_or_else(fault, |record| (record.findings(), None));
    }
    match stu3::from_slice(line) {
        // Version 2 serves claims that are not settled yet, of types that version 1 does not have.
        Ok(record @ stu3::Resource::Other(_))
            if ["Claim", "ClaimResponse"].contains(&record.resource_type()) =>
        {
            r4::from_slice(line).map_or_else(fault, |record| (record.findings(), None))
        }
        Ok(record) => (record.findings(), None),
        Err(error) => fault(error),
    }
}

impl BlockWorker for Worker<'_> {
    type Output = Block;

    fn line(&mut self, line: Line<'_>) {
        let is_r4 = Guesser::version(line.bytes).is_some_and(|api| api != Api::V1);
        let (findings, fault) = judge(line.bytes, is_r4);
        if self.block.beginning.len() < 2 && self.files[line.source].is_stream() {
            self.block.beginning.push((line.source, line.bytes.to_vec()));
        }
        self.keep(&findings, line.source, line.number, line.offset, fault);
    }

    fn too_long(&mut self, source: usize, number: InBlock, offset: u64, _len_bytes: u64) {
        let most = (self.spelling)(Setting::MaxLineBytes);
        let text = format!("expected a shorter line; raise {most} if it is real");
        let finding = Finding::new(IssueClass::LineTooLong, text);
        self.keep(&[finding], source, number, offset, None);
    }

    fn finish_block(&mut self) -> Block {
        std::mem::take(&mut self.block)
    }
}
