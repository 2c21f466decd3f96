//! What each thread does with its lines.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use cclf_crosswalk::{Api, Guess, Guesser, Plan, Reader, Took};
use fhir_model::stu3::OperationOutcome;
use fhir_model::validate::{Finding, IssueClass, Severity};
use fhir_model::{Node, from_slice};
use ndjson_io::{BlockWorker, Line, SourceFile};

use crate::error::Error;
use crate::input::instead::Instead;
use crate::setting::{Setting, Spelling};
use crate::validate::options::ValidateOptions;
use crate::validate::report::Counts;

/// What became of the lines of a block.
#[derive(Default)]
pub(super) struct Block {
    /// The outcomes, one a line.
    pub(super) text: Vec<u8>,
    pub(super) counts: Counts,
    /// A record of FHIR R4, after which nothing was judged.
    foreign: Option<(usize, u64, Api)>,
    /// The first two lines of the block, if it is of a stream.
    beginning: Vec<(usize, Vec<u8>)>,
}

impl Block {
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
        match self.foreign {
            Some((source, number, api)) => {
                let file = files[source].name();
                Err(Error::bad_data(format!(
                    "{file}, line {number}: a record of BCDA {api}: only records of v1 are judged"
                )))
            }
            None => Ok(()),
        }
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
    /// Tells FHIR R4, by the same marks as the conversion.
    reader: Reader,
    block: Block,
}

impl<'r> Worker<'r> {
    pub(super) fn new(files: &'r [SourceFile], options: &ValidateOptions) -> Self {
        let reader = Reader::new(Plan::stu3());
        let (least, spelling) = (options.severity, options.reading.spelling);
        Self { files, least, spelling, reader, block: Block::default() }
    }

    /// Counts the issues of a record and writes those that are asked for. `fault` is the byte of the record at which
    /// reading ended.
    fn keep(
        &mut self,
        findings: &[Finding],
        source: usize,
        number: u64,
        offset: u64,
        fault: Option<usize>,
    ) {
        let Block { text, counts, .. } = &mut self.block;
        counts.record(findings, source, number);
        let asked = |finding: &&Finding| finding.class().severity() >= self.least;
        if !findings.iter().any(|finding| asked(&finding)) {
            return;
        }
        // A list that is not complete says so, whatever is asked for.
        let shown =
            findings.iter().filter(|finding| asked(finding) || finding.class() == IssueClass::More);
        let mut outcome = OperationOutcome::from_findings(shown);
        let name = self.files[source].name();
        let place = match fault {
            None => format!("{name}:{number}, byte {offset}"),
            Some(fault) => {
                format!("{name}:{number}, byte {offset}, fault at byte {fault} of the record")
            }
        };
        for issue in &mut outcome.issue {
            issue.diagnostics = Some(place.clone().into());
        }
        // Writing to memory does not fail.
        let _ = writeln!(text, "{}", Node::Object(&outcome).to_json());
    }
}

/// Longer lines are judged one at a time, whatever the number of threads: the model of a line that is made to exhaust,
/// of millions of empty items, takes 200 times the memory of the line.
const LONG_LINE_BYTES: usize = 1 << 20;

/// The issues of a record, and the byte at which reading ended.
fn judge(line: &[u8]) -> (Vec<Finding>, Option<usize>) {
    static LONG_LINE: Mutex<()> = Mutex::new(());
    let _alone = (line.len() > LONG_LINE_BYTES)
        .then(|| LONG_LINE.lock().unwrap_or_else(PoisonError::into_inner));
    match from_slice(line) {
        Ok(record) => (record.findings(), None),
        Err(error) => (vec![Finding::from(&error)], Some(error.offset())),
    }
}

impl BlockWorker for Worker<'_> {
    type Output = Block;

    fn line(&mut self, line: Line<'_>) {
        if self.block.foreign.is_some() {
            return;
        }
        let (findings, fault) = judge(line.bytes);
        let other_version = |finding: &Finding| {
            matches!(finding.class(), IssueClass::UnknownMember | IssueClass::WrongType)
        };
        if findings.iter().any(other_version)
            && let Took::Foreign(api) = self.reader.take(line.bytes)
        {
            self.block.foreign = Some((line.source, line.number, api));
            return;
        }
        if self.block.beginning.len() < 2 && self.files[line.source].is_stream() {
            self.block.beginning.push((line.source, line.bytes.to_vec()));
        }
        self.keep(&findings, line.source, line.number, line.offset, fault);
    }

    fn too_long(&mut self, source: usize, number: u64, offset: u64, _len_bytes: u64) {
        if self.block.foreign.is_some() {
            return;
        }
        let most = (self.spelling)(Setting::MaxLineBytes);
        let text = format!("expected a shorter line; raise {most} if it is real");
        let finding = Finding::new(IssueClass::LineTooLong, text);
        self.keep(&[finding], source, number, offset, None);
    }

    fn finish_block(&mut self) -> Block {
        std::mem::take(&mut self.block)
    }
}
