//! Lines into records.

use cms::{Api, Shape};
use json_walk::{Cursor, Document, Index, Limits};

use super::Plan;
use super::reading::Fault;
use super::record::{Record, Skipped};
use super::registers::{RecordView, Store};
use super::resource_type::{ResourceType, resource_type, stated_type};
use super::walk::Walk;
use crate::error::{ErrorClass, RecordError};
use crate::layout::resource::Resource;

/// Longest line the registers can point into, in bytes.
pub(crate) const MAX_RECORD_BYTES: usize = u32::MAX as usize;

/// What a line turned out to be.
#[derive(Debug)]
pub(crate) enum Verdict<'r> {
    /// One of the three resources that the tables are made of.
    Record(Resource, Record<'r>),
    /// What no table wants.
    Skipped(Skipped),
    /// A record of another version of the API.
    Foreign(Api),
}

/// Reads records one after another; one for each worker.
#[derive(Debug)]
pub struct Reader {
    plan: &'static Plan,
    store: Store,
    index: Index,
    /// Whether claims that are not adjudicated to the end are claims.
    partially_adjudicated: bool,
}

impl Reader {
    /// A reader that follows `plan`.
    pub fn new(plan: &'static Plan) -> Self {
        let (store, index) = (Store::default(), Index::new());
        Self { plan, store, index, partially_adjudicated: false }
    }

    /// The same, and claims of the shared systems, which are not adjudicated to the end, are claims like others.
    #[must_use]
    pub fn with_partially_adjudicated(self, wanted: bool) -> Self {
        Self { partially_adjudicated: wanted, ..self }
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
        let Self { plan, store, index, partially_adjudicated } = self;
        let document = index.read(line, Limits::default()).ok();
        // Records of ours say once what they are; for all else the slow look decides.
        let guess =
            document.as_ref().and_then(stated_type).unwrap_or(Resource::ExplanationOfBenefit);
        let mut resource = guess;
        let mut outcome = walk(plan, store, guess, document.as_ref(), line);
        let shows_version = match &outcome {
            Ok((Some(found), text)) if *found == guess => {
                let widths = &plan.resource(guess).entry_registers;
                let record =
                    Record { plan, view: RecordView { store, line: text, widths }, document };
                record.shows_version(guess)
            }
            _ => false,
        };
        if !shows_version {
            match resource_type(line)? {
                ResourceType::Known(_, Shape::Of(api)) if api != plan.api() => {
                    return Ok(Verdict::Foreign(api));
                }
                ResourceType::Known(Resource::ExplanationOfBenefit, Shape::R4) => {
                    let error = RecordError::new(ErrorClass::ClaimType, 0).in_member("type");
                    return Err(error.of(Resource::ExplanationOfBenefit));
                }
                ResourceType::Known(actual, _) => {
                    if actual != guess {
                        resource = actual;
                        outcome = walk(plan, store, actual, document.as_ref(), line);
                    }
                }
                ResourceType::Other(name, at) => {
                    return if cms::is_resource_type(plan.api().release(), &name) {
                        Ok(Verdict::Skipped(Skipped::OtherType))
                    } else {
                        Err(RecordError::new(ErrorClass::ResourceType, at)
                            .in_member("resourceType"))
                    };
                }
            }
        }
        let (_, text) = outcome.map_err(|fault| fault.of(resource))?;
        let widths = &plan.resource(resource).entry_registers;
        let record = Record { plan, view: RecordView { store, line: text, widths }, document };
        if resource == Resource::ExplanationOfBenefit
            && let Some(skipped) = record.is_no_claim(*partially_adjudicated)
        {
            return Ok(Verdict::Skipped(skipped));
        }
        record.check_required(resource).map_err(|error| error.of(resource))?;
        Ok(Verdict::Record(resource, record))
    }
}

/// Walks the line as a `resource`; gives the resource that it says it is, when that is one of ours.
///
/// Without a document the line is no good JSON: it is read byte by byte for its first fault.
fn walk<'l>(
    plan: &'static Plan,
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
