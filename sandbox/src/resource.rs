//! The resource types that are exported.

/// A resource type of version 1.
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

    /// The type of that name, exactly.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}
