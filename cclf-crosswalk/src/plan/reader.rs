//! Lines into records.

use json_walk::{Cursor, Document, Index, Limits};

use super::Plan;
use super::reading::Fault;
use super::record::Record;
use super::registers::{RecordView, Store};
use super::resource_type::{ResourceType, resource_type, stated_type};
use super::walk::Walk;
use crate::error::RecordError;
use crate::layout::resource::Resource;

/// Longest line the registers can point into, in bytes.
pub(crate) const MAX_RECORD_BYTES: usize = u32::MAX as usize;

/// What a line turned out to be.
#[derive(Debug)]
pub(crate) enum Verdict<'r> {
    /// One of the three resources that the tables are made of.
    Record(Resource, Record<'r>),
    /// A known resource type that no table wants.
    Skipped,
    /// FHIR R4, not STU3: an error of the whole file.
    Foreign,
}

/// Reads records one after another; one for each worker.
#[derive(Debug)]
pub struct Reader {
    plan: &'static Plan,
    store: Store,
    index: Index,
}

impl Reader {
    /// A reader that follows `plan`.
    pub fn new(plan: &'static Plan) -> Self {
        Self { plan, store: Store::default(), index: Index::new() }
    }

    /// Reads one line.
    ///
    /// The verdict depends on the line alone: not on the lines before it and not on the tables asked for.
    ///
    /// # Errors
    /// Why the record is bad. A line that is no JSON text at all is reported as such before anything else.
    pub(crate) fn read<'r>(&'r mut self, line: &'r [u8]) -> Result<Verdict<'r>, RecordError> {
        if line.len() > MAX_RECORD_BYTES {
            return Err(RecordError::line_too_long());
        }
        let Self { plan, store, index } = self;
        let document = index.read(line, Limits::default()).ok();
        // Records of ours say once what they are; for all else the slow look decides.
        let guess =
            document.as_ref().and_then(stated_type).unwrap_or(Resource::ExplanationOfBenefit);
        let mut resource = guess;
        let mut outcome = walk(plan, store, guess, document.as_ref(), line);
        if !matches!(&outcome, Ok((Some(found), _)) if *found == guess) {
            match resource_type(line)? {
                ResourceType::Known(actual) => {
                    if actual != guess {
                        resource = actual;
                        outcome = walk(plan, store, actual, document.as_ref(), line);
                    }
                }
                ResourceType::Other => return Ok(Verdict::Skipped),
                ResourceType::Foreign => return Ok(Verdict::Foreign),
            }
        }
        let (_, text) = outcome.map_err(|fault| fault.of(resource))?;
        if store.foreign {
            return Ok(Verdict::Foreign);
        }
        let widths = &plan.resource(resource).entry_registers;
        let record = Record { plan, view: RecordView { store, line: text, widths } };
        record.check_required(resource).map_err(|error| error.of(resource))?;
        Ok(Verdict::Record(resource, record))
    }
}

/// Walks the line as a `resource`; gives the resource that it says it is, when that is one of ours.
///
/// Without a document the line is no good JSON: it is read byte by byte for its first fault.
fn walk<'l>(
    plan: &Plan,
    store: &mut Store,
    resource: Resource,
    document: Option<&Document<'_, 'l>>,
    line: &'l [u8],
) -> Result<(Option<Resource>, &'l str), Fault> {
    let plan = plan.resource(resource);
    store.reset(plan);
    let of_text = |error: json_walk::Error| Box::new(RecordError::from(error));
    if let Some(document) = document {
        let text = document.text();
        let mut walk = Walk { store, plan, line: text, resource: None };
        walk.record(&mut document.walker())?;
        return Ok((walk.resource, text));
    }
    let mut cursor = Cursor::new(line, Limits::default()).map_err(of_text)?;
    let text = cursor.text();
    let mut walk = Walk { store, plan, line: text, resource: None };
    walk.record(&mut cursor)?;
    cursor.finish().map_err(of_text)?;
    Ok((walk.resource, text))
}
