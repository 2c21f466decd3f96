//! The eight claim types of Blue Button, told apart by the eob-type coding.

use std::fmt;

/// The claim type of an ExplanationOfBenefit, as its `eob-type` coding names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ClaimType {
    /// Part B physician and supplier claims: CCLF5.
    Carrier,
    /// Durable medical equipment: CCLF6.
    Dme,
    /// Inpatient: CCLF1 to CCLF4.
    Inpatient,
    /// Outpatient: CCLF1 to CCLF4.
    Outpatient,
    /// Skilled nursing facility: CCLF1 to CCLF4.
    Snf,
    /// Home health agency: CCLF1 to CCLF4.
    Hha,
    /// Hospice: CCLF1 to CCLF4, and the hospice ranges of CCLF8.
    Hospice,
    /// Part D events: CCLF7.
    Pde,
}

impl ClaimType {
    /// All types, in the order of their declaration.
    pub const ALL: [Self; 8] = [
        Self::Carrier,
        Self::Dme,
        Self::Inpatient,
        Self::Outpatient,
        Self::Snf,
        Self::Hha,
        Self::Hospice,
        Self::Pde,
    ];

    /// The code of the `eob-type` code system.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Carrier => "CARRIER",
            Self::Dme => "DME",
            Self::Inpatient => "INPATIENT",
            Self::Outpatient => "OUTPATIENT",
            Self::Snf => "SNF",
            Self::Hha => "HHA",
            Self::Hospice => "HOSPICE",
            Self::Pde => "PDE",
        }
    }

    /// The type that an `eob-type` code names.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|claim_type| claim_type.code() == code)
    }

    /// Whether it is billed by an institution: neither carrier, DME nor Part D.
    pub const fn is_institutional(self) -> bool {
        !matches!(self, Self::Carrier | Self::Dme | Self::Pde)
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for ClaimType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

/// A set of claim types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ClaimTypes(u8);

impl ClaimTypes {
    /// Whether the set holds `claim_type`.
    pub const fn contains(self, claim_type: ClaimType) -> bool {
        self.0 & claim_type.bit() != 0
    }

    /// Whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<ClaimType> for ClaimTypes {
    fn from_iter<I: IntoIterator<Item = ClaimType>>(types: I) -> Self {
        Self(types.into_iter().fold(0, |bits, claim_type| bits | claim_type.bit()))
    }
}
