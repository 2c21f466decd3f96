//! A record that was read: its facts, and what it must have.

use super::Plan;
use super::access::RecordAccess;
use super::program::{Program, Row, Untranslated};
use super::registers::RecordView;
use super::value::Value;
use crate::error::{ErrorClass, RecordError};
use crate::layout::resource::Resource;
use cms::{Api, ClaimType};
use json_walk::{Document, Walker};

/// A record that was read and fits the crosswalk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'r> {
    pub(crate) plan: &'r Plan,
    pub(crate) view: RecordView<'r>,
    /// Its text and tokens, which the fast check has found.
    pub(crate) document: Option<Document<'r, 'r>>,
}

impl<'r> Record<'r> {
    /// A walker at its beginning, for whoever looks at more of it than the plan does.
    pub(crate) fn walker(&self) -> Option<Walker<'r, 'r>> {
        self.document.map(|document| document.walker())
    }

    /// Dates of the record that name only a year or a month, and so became null.
    pub(crate) fn partial_dates(&self) -> u64 {
        self.view.store.partial_dates
    }

    /// Whether it shows without a closer look that it is of the version that it was read as.
    pub(crate) fn shows_version(&self, resource: Resource) -> bool {
        let facts = &self.plan.claim;
        let is_there = |fact| self.fact(fact) != Value::Null;
        match (self.plan.api(), resource) {
            (Api::V1, Resource::ExplanationOfBenefit) => {
                is_there(&facts.eob_type) && !self.view.store.foreign
            }
            (Api::V1, Resource::Coverage) => !self.view.store.foreign,
            (_, Resource::ExplanationOfBenefit) => {
                is_there(&facts.eob_type) && is_there(&facts.marked) && !is_there(&facts.other_mark)
            }
            // Few enough for the closer look.
            (_, Resource::Patient | Resource::Coverage) => false,
        }
    }

    /// Why an ExplanationOfBenefit is no claim of the tables, if it is none.
    pub(crate) fn is_no_claim(&self, partially_adjudicated: bool) -> Option<Skipped> {
        if self.plan.api() != Api::V3 {
            return None;
        }
        let facts = &self.plan.claim;
        let says = |fact, wanted: &str| self.fact(fact).text().is_some_and(|own| own == wanted);
        if says(&facts.intent, "preauthorization") {
            return Some(Skipped::PriorAuthorization);
        }
        let code = self.fact(&facts.eob_type).text();
        let has_type = code.is_some_and(|code| ClaimType::from_code(&code).is_some());
        (self.is_of_shared_system() && !(partially_adjudicated && has_type))
            .then_some(Skipped::PartiallyAdjudicated)
    }

    /// Whether a record of version 3 comes from a shared system, before it is adjudicated to the end.
    pub(crate) fn is_of_shared_system(&self) -> bool {
        let facts = &self.plan.claim;
        let code = self.fact(&facts.marked).text();
        self.fact(&facts.system).text().as_deref() == Some("SharedSystem")
            || code.as_deref().is_some_and(|code| code.len() == 4)
    }

    /// Checks what every record of the resource must have.
    pub(crate) fn check_required(&self, resource: Resource) -> Result<(), RecordError> {
        let missing = |name: &str| Err(RecordError::new(ErrorClass::Missing, 0).in_member(name));
        let plan = self.plan;
        match resource {
            Resource::ExplanationOfBenefit => {
                if self.fact(&plan.claim.claim_id) == Value::Null {
                    return missing("identifier");
                }
                match self.fact(&plan.claim.eob_type).text() {
                    None => missing("type"),
                    Some(code) if ClaimType::from_code(&code).is_none() => {
                        Err(RecordError::new(ErrorClass::ClaimType, 0).in_member("type"))
                    }
                    Some(_) => Ok(()),
                }
            }
            Resource::Patient if self.fact(&plan.person.id) == Value::Null => missing("id"),
            // One that was asked for and not found.
            Resource::Coverage if self.is_hollow_coverage() => Ok(()),
            Resource::Coverage if self.fact(&plan.enrolment.beneficiary) == Value::Null => {
                missing("beneficiary")
            }
            Resource::Coverage if self.fact(&plan.enrolment.part) == Value::Null => {
                missing(if plan.api() == Api::V1 { "grouping" } else { "class" })
            }
            Resource::Patient | Resource::Coverage => Ok(()),
        }
    }

    /// Whether it is a Coverage of version 3 that says no more than its id.
    pub(crate) fn is_hollow_coverage(&self) -> bool {
        let facts = &self.plan.enrolment;
        let says = [&facts.beneficiary, &facts.part, &facts.status];
        self.plan.api() == Api::V3 && says.into_iter().all(|fact| self.fact(fact) == Value::Null)
    }

    /// The value of a fact about the record as a whole.
    pub(crate) fn fact<'s>(&'s self, program: &'s Program<RecordAccess>) -> Value<'s> {
        program.evaluate(self.plan.crosswalk(), &Alone(self.view), &mut Untranslated::default())
    }
}

/// What no table wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skipped {
    /// Another resource type.
    OtherType,
    /// A claim of a shared system, which is not adjudicated to the end and may come again.
    PartiallyAdjudicated,
    /// A request for leave, which is no claim.
    PriorAuthorization,
}

/// A record without a row.
struct Alone<'r>(RecordView<'r>);

impl<'r> Row<'r> for Alone<'r> {
    type Access = RecordAccess;

    fn value(&self, RecordAccess(reg): &RecordAccess) -> Value<'r> {
        self.0.value(self.0.store.record[*reg])
    }
}
