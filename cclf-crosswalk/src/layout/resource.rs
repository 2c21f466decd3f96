//! The resources that fill the tables, and their lists that are kept apart.

/// The resources that the crosswalk reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resource {
    /// Claims and Part D events.
    ExplanationOfBenefit,
    /// Beneficiaries.
    Patient,
    /// Their enrolment, a part each.
    Coverage,
}

impl Resource {
    /// All three.
    pub const ALL: [Self; 3] = [Self::ExplanationOfBenefit, Self::Patient, Self::Coverage];

    /// The value of `resourceType`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ExplanationOfBenefit => "ExplanationOfBenefit",
            Self::Patient => "Patient",
            Self::Coverage => "Coverage",
        }
    }

    /// The resource of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|resource| resource.name() == name)
    }
}

/// The lists whose entries are kept apart while a record is read, because rows or links need them one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum List {
    Item,
    Diagnosis,
    Procedure,
    CareTeam,
    Identifier,
    Contained,
    Information,
}

impl List {
    pub(crate) const COUNT: usize = 7;

    pub(crate) const ALL: [Self; Self::COUNT] = [
        Self::Item,
        Self::Diagnosis,
        Self::Procedure,
        Self::CareTeam,
        Self::Identifier,
        Self::Contained,
        Self::Information,
    ];

    pub(crate) const fn member(self) -> &'static str {
        match self {
            Self::Item => "item",
            Self::Diagnosis => "diagnosis",
            Self::Procedure => "procedure",
            Self::CareTeam => "careTeam",
            Self::Identifier => "identifier",
            Self::Contained => "contained",
            Self::Information => "supportingInfo",
        }
    }

    /// The kept list that a member of a resource is, if any. What is contained and supporting information are kept
    /// only for those who name them by their own roots: else each fact has a register of the record.
    pub(crate) fn of(resource: Resource, member: &str) -> Option<Self> {
        let list = Self::ALL.into_iter().find(|list| list.member() == member)?;
        let kept = match list {
            Self::Identifier => resource == Resource::Patient,
            Self::Contained | Self::Information => false,
            _ => resource == Resource::ExplanationOfBenefit,
        };
        kept.then_some(list)
    }
}

/// How JSON writes a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JsonType {
    String,
    Number,
    Boolean,
}
