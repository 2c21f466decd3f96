//! What tells which records are of one claim: those of two systems, and those that replace each other.

use std::borrow::Cow;

use cms::Api;

use crate::layout::table::Table;
use crate::plan::Plan;
use crate::rows::claim::Claim;

/// What records of one claim have in common, besides the beneficiary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimIdentity<'c> {
    /// The control number in version 3, in versions 1 and 2 the id of the claim group.
    pub number: Option<Cow<'c, str>>,
    /// The control number before it.
    pub prior: Option<Cow<'c, str>>,
    /// Where the record comes from.
    pub system: ClaimSystem,
    /// Whether it counts as it stands: final in version 3, active in versions 1 and 2.
    pub is_in_force: bool,
}

/// The system that a record of a claim comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimSystem {
    /// A shared system, which has the claim before it is adjudicated to the end.
    Shared,
    /// The National Claims History, which has it afterwards.
    History,
    /// Another, or none is told.
    Other,
}

impl Plan {
    /// Whether the rows of a table are those of claims.
    pub fn is_of_claims(&self, table: Table) -> bool {
        self.claims.has(table)
    }

    /// Whether records are read for what they have in common with others of the same claim; by a choice of columns those of
    /// versions 1 and 2 are not.
    pub fn tells_identity(&self) -> bool {
        let Self { claim, .. } = self;
        [&claim.claim_group, &claim.control].iter().any(|own| !own.alternatives.is_empty())
    }
}

impl Claim<'_> {
    /// What it has in common with other records of the same claim.
    pub fn identity(&self) -> ClaimIdentity<'_> {
        let (record, facts) = (self.record(), &self.plan().claim);
        let number = |fact| record.fact(fact).text();
        if self.plan().api() != Api::V3 {
            return ClaimIdentity {
                number: number(&facts.claim_group),
                prior: None,
                system: ClaimSystem::Other,
                is_in_force: self.is_active(),
            };
        }
        let system = match record.fact(&facts.system).text().as_deref() {
            _ if record.is_of_shared_system() => ClaimSystem::Shared,
            Some("NationalClaimsHistory") => ClaimSystem::History,
            _ => ClaimSystem::Other,
        };
        ClaimIdentity {
            number: number(&facts.control),
            prior: number(&facts.prior_control),
            system,
            is_in_force: self.is_final() == Some(true),
        }
    }
}
