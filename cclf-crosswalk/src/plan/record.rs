//! A record that was read: its facts, and what it must have.

use super::Plan;
use super::access::RecordAccess;
use super::program::{Program, Row, Untranslated};
use super::registers::RecordView;
use super::value::Value;
use crate::error::{ErrorClass, RecordError};
use crate::layout::resource::Resource;
use cms::ClaimType;

/// A record that was read and fits the crosswalk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'r> {
    pub(crate) plan: &'r Plan,
    pub(crate) view: RecordView<'r>,
}

impl Record<'_> {
    /// Dates of the record that name only a year or a month, and so became null.
    pub(crate) fn partial_dates(&self) -> u64 {
        self.view.store.partial_dates
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
            Resource::Coverage if self.fact(&plan.enrolment.beneficiary) == Value::Null => {
                missing("beneficiary")
            }
            Resource::Coverage if self.fact(&plan.enrolment.part) == Value::Null => {
                missing("grouping")
            }
            Resource::Patient | Resource::Coverage => Ok(()),
        }
    }

    /// The value of a fact about the record as a whole.
    pub(crate) fn fact<'s>(&'s self, program: &'s Program<RecordAccess>) -> Value<'s> {
        program.evaluate(self.plan.crosswalk(), &Alone(self.view), &mut Untranslated::default())
    }
}

/// A record without a row.
struct Alone<'r>(RecordView<'r>);

impl<'r> Row<'r> for Alone<'r> {
    type Access = RecordAccess;

    fn value(&self, RecordAccess(reg): &RecordAccess) -> Value<'r> {
        self.0.value(self.0.store.record[*reg])
    }
}
