//! The eight claim types.

/// The eight claim types of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClaimType {
    /// Physicians and other practitioners (Part B).
    Carrier,
    /// Durable medical equipment (Part B).
    Dme,
    /// Home health.
    Hha,
    /// Hospice.
    Hospice,
    /// Hospital stays.
    Inpatient,
    /// Hospital outpatient departments.
    Outpatient,
    /// Part D drug events.
    Pde,
    /// Skilled nursing facilities.
    Snf,
}

impl ClaimType {
    /// All eight, in the order of the discriminants.
    pub const ALL: [Self; 8] = [
        Self::Carrier,
        Self::Dme,
        Self::Hha,
        Self::Hospice,
        Self::Inpatient,
        Self::Outpatient,
        Self::Pde,
        Self::Snf,
    ];

    /// The code of the eob-type coding, such as `CARRIER`.
    pub fn eob_type(self) -> &'static str {
        match self {
            Self::Carrier => "CARRIER",
            Self::Dme => "DME",
            Self::Hha => "HHA",
            Self::Hospice => "HOSPICE",
            Self::Inpatient => "INPATIENT",
            Self::Outpatient => "OUTPATIENT",
            Self::Pde => "PDE",
            Self::Snf => "SNF",
        }
    }

    /// What the resource id begins with in v1 and v2, its hyphen included.
    pub(crate) fn id_prefix(self) -> &'static str {
        match self {
            Self::Carrier => "carrier-",
            Self::Dme => "dme-",
            Self::Hha => "hha-",
            Self::Hospice => "hospice-",
            Self::Inpatient => "inpatient-",
            Self::Outpatient => "outpatient-",
            Self::Pde => "pde-",
            Self::Snf => "snf-",
        }
    }
}
