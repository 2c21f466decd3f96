//! The resource types that are exported.

use cms::Api;

/// A resource type that is exported. It is the same in every version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceType {
    /// Claims.
    ExplanationOfBenefit,
    /// People.
    Patient,
    /// Who is covered by what.
    Coverage,
}

impl ResourceType {
    /// All of them, in the order in which a job takes them.
    pub const ALL: [Self; 3] = [Self::Patient, Self::ExplanationOfBenefit, Self::Coverage];

    /// The name in FHIR.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ExplanationOfBenefit => "ExplanationOfBenefit",
            Self::Patient => "Patient",
            Self::Coverage => "Coverage",
        }
    }

    /// What jobs of the type's own endpoint export; `None` where the version has no such endpoint. Those of one type are
    /// older than `_type`, and only version 1 has them.
    pub(crate) const fn exported_by(self, api: Api) -> Option<&'static [Self]> {
        match (self, api) {
            (Self::Patient, _) => Some(&Self::ALL),
            (Self::ExplanationOfBenefit, Api::V1) => Some(&[Self::ExplanationOfBenefit]),
            (Self::Coverage, Api::V1) => Some(&[Self::Coverage]),
            (Self::ExplanationOfBenefit | Self::Coverage, _) => None,
        }
    }

    /// The type of that name, exactly.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}
