//! Who took care: accessors of the care team.

use cms::Api;

use super::code_of;
use crate::decimal::Integer;
use crate::r4::ExplanationOfBenefit;
use crate::r4::explanation_of_benefit::{CareTeam, Item};
use crate::vocabulary::Variable;

/// The system of specialties in version 3.
const SPECIALTY: &str = "https://bluebutton.cms.gov/fhir/CodeSystem/CLM-PRVDR-SPCLTY-CD";

impl<'a> ExplanationOfBenefit<'a> {
    /// The national provider identifier of the referring physician, on carrier and DME claims. CCW: `RFR_PHYSN_NPI`.
    /// Version 2: of `referral`, since another number stands in the care team as one too.
    pub fn referring_npi(&self) -> Option<&str> {
        if self.claim_type().is_some_and(cms::ClaimType::is_institutional) {
            return None;
        }
        let of_team = || {
            let team = (self.api() != Some(Api::V2)).then(|| self.care_team_in("referring"))?;
            team.into_iter().find_map(CareTeam::npi)
        };
        self.referral.as_deref().and_then(|referral| referral.npi()).or_else(of_team)
    }

    /// The care team entries of a role, by sequence. Roles of R4: `attending`, `operating`, `otheroperating`,
    /// `performing` (version 2) and `rendering` (version 3), `referring`, `supervisor`, `prescribing`, `primary`.
    pub fn care_team_in(&self, role: &str) -> Vec<&CareTeam<'a>> {
        let mut members: Vec<_> = self.care_team.iter().filter(|member| member.is(role)).collect();
        members.sort_by_key(|member| member.number().unwrap_or(i64::MAX));
        members
    }

    /// The first of a role, one with a national provider identifier before others: older numbers stand beside them.
    fn first_in(&self, role: &str) -> Option<&CareTeam<'a>> {
        let members = self.care_team_in(role);
        members.iter().find(|member| member.npi().is_some()).or(members.first()).copied()
    }

    /// The attending physician of an institutional claim, which has a role of its own. CCW: `AT_PHYSN_NPI`.
    pub fn attending(&self) -> Option<&CareTeam<'a>> {
        self.claim_type()?.is_institutional().then(|| self.first_in("attending")).flatten()
    }

    /// The operating physician of an institutional claim. CCW: `OP_PHYSN_NPI`.
    pub fn operating(&self) -> Option<&CareTeam<'a>> {
        self.claim_type()?.is_institutional().then(|| self.first_in("operating")).flatten()
    }

    /// The care team entries of an item, in the order of the care team: those that it links to; in version 3, where items
    /// have no links, the rendering entry whose sequence is the item's.
    pub fn care_team_of(&self, item: &Item<'_>) -> impl Iterator<Item = &CareTeam<'a>> {
        self.care_team.iter().filter(move |member| item.links_to(member))
    }

    /// Who rendered an item. CCW: `PRF_PHYSN_NPI` on carrier lines, `PRVDR_NPI` on DME lines, `RNDRNG_PHYSN_NPI` on revenue
    /// centers, `PRSCRBR_ID` on Part D events.
    pub fn rendering(&self, item: &Item<'_>) -> Option<&CareTeam<'a>> {
        if self.claim_type() == Some(cms::ClaimType::Pde) {
            // Records of 2020 have another role.
            return self.first_in("prescribing").or_else(|| self.first_in("primary"));
        }
        let rendered = |member: &&CareTeam<'a>| member.is("performing") || member.is("rendering");
        let of_item = || self.care_team_of(item).filter(rendered);
        of_item().find(|member| member.npi().is_some()).or_else(|| of_item().next())
    }
}

impl CareTeam<'_> {
    /// The sequence, which items link to; in version 3 the number of the line that it rendered.
    pub fn number(&self) -> Option<i64> {
        self.sequence.as_ref()?.get()
    }

    /// Whether the entry has this role: `attending`, `performing`.
    pub fn is(&self, role: &str) -> bool {
        self.role.as_deref().is_some_and(|own| own.has_code(role))
    }

    /// The national provider identifier.
    pub fn npi(&self) -> Option<&str> {
        self.provider.as_ref()?.npi()
    }

    /// The CMS specialty code. CCW: `PRVDR_SPCLTY`.
    pub fn specialty(&self) -> Option<&str> {
        code_of(self.qualification.as_deref()?, &[Variable::PrvdrSpclty.uri(), SPECIALTY])
    }
}

impl Item<'_> {
    /// Whether the item links to a care team entry by its sequence; without links, whether the entry rendered the item.
    pub fn links_to(&self, member: &CareTeam<'_>) -> bool {
        let Some(number) = member.number() else { return false };
        if self.care_team_sequence.is_empty() {
            return member.is("rendering") && self.line_number() == Some(number);
        }
        self.care_team_sequence.iter().flatten().filter_map(Integer::get).any(|link| link == number)
    }
}
