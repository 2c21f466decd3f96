//! Where values are found: an enum for each kind of row, so that no row can be asked for what it does not have.

use crate::facts::fact::CoverageChoice;
use crate::layout::resource::List;
use crate::plan::tree::{KeyBit, Reg};

/// What can be looked up for one kind of rows.
pub(crate) trait Access {
    /// Whether what is found differs between rows that are made at once.
    fn is_by_row(&self) -> bool {
        false
    }

    /// The register that is looked up, where it is but that: of the record, or of the row's own entry.
    fn register(&self) -> Option<Register> {
        None
    }
}

/// A register that a column says as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Register {
    Record(Reg),
    Own(Reg),
}

/// On a record alone: a register of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordAccess(pub(crate) Reg);

/// On the rows of claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ClaimAccess {
    /// The record's own register.
    Record(Reg),
    /// The register of the row's own entry.
    Own {
        reg: Reg,
    },
    /// The first entry of the list that has it.
    First {
        list: List,
        reg: Reg,
    },
    /// The entry at a place.
    At {
        list: List,
        place: usize,
        reg: Reg,
    },
    /// The careTeam entry of this role with the lowest sequence.
    CareTeam {
        role: KeyBit,
        reg: Reg,
    },
    /// The careTeam entry of this role with the lowest sequence of those that have it.
    CareTeamWith {
        role: KeyBit,
        reg: Reg,
    },
    /// The first diagnosis of this type.
    Diagnosis {
        role: KeyBit,
        reg: Reg,
    },
    /// The diagnosis with this sequence, or its place.
    BySequence {
        sequence: i64,
        reg: Option<Reg>,
    },
    /// The primary careTeam entry that the item links to.
    Rendering {
        primary: KeyBit,
        reg: Reg,
    },
    /// The careTeam entries of this role that the item links to.
    LinkedCareTeam {
        role: KeyBit,
        reg: Reg,
    },
    /// The diagnosis that the item's first link names.
    LinkedDiagnosis {
        reg: Reg,
    },
    /// The same, where all diagnoses of the claim are one code.
    SoleDiagnosis {
        reg: Reg,
    },
    /// The last diagnosis of this type, or its place.
    LastDiagnosis {
        kind: KeyBit,
        reg: Option<Reg>,
    },
    /// The first diagnosis of the claim, when it is of this type, or its place.
    LeadingDiagnosis {
        kind: KeyBit,
        reg: Option<Reg>,
    },
    /// The contained resource that provider.reference names.
    Provider {
        reg: Reg,
    },
    /// The supporting information of this category that the row's item names; on rows that are no lines that which no
    /// item names.
    Information {
        category: KeyBit,
        reg: Reg,
        wanted: Wanted,
    },
    /// The place of the first diagnosis of this type.
    PlaceOf {
        kind: KeyBit,
    },
    /// The place of the row's own entry among those of this type.
    OwnRank {
        kind: KeyBit,
    },
    /// The principal diagnosis by the rule, or its place.
    Principal {
        principal: KeyBit,
        admitting: KeyBit,
        reg: Option<Reg>,
    },
    /// The attending physician by the rule.
    Attending {
        primary: KeyBit,
        reg: Reg,
    },
    /// The place of the row's own entry.
    OwnPlace,
    /// The current MBI of the claim's beneficiary.
    PatientMbi,
    FileName,
    FileDate,
}

impl Access for ClaimAccess {
    fn is_by_row(&self) -> bool {
        matches!(
            self,
            Self::Own { .. }
                | Self::Rendering { .. }
                | Self::LinkedCareTeam { .. }
                | Self::LinkedDiagnosis { .. }
                | Self::SoleDiagnosis { .. }
                | Self::Information { .. }
                | Self::OwnRank { .. }
                | Self::OwnPlace
        )
    }

    fn register(&self) -> Option<Register> {
        match self {
            Self::Record(reg) => Some(Register::Record(*reg)),
            Self::Own { reg } => Some(Register::Own(*reg)),
            _ => None,
        }
    }
}

/// Which of several values is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The n-th, from 0, by sequence.
    Nth(usize),
    /// This one where it is there, else the first.
    Prefer(String),
}

/// On whatever rows a person has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PersonAccess {
    /// The Patient's own register.
    Record(Reg),
    /// The last usable of twelve months of the Patient.
    Months([Reg; 12]),
    /// A register of a Coverage.
    Coverage {
        choice: CoverageChoice,
        reg: Reg,
    },
    /// The last usable of twelve months of a Coverage.
    CoverageMonths {
        choice: CoverageChoice,
        months: [Reg; 12],
    },
    MbiCurrent,
    FileName,
    FileDate,
}

/// On rows of beneficiaries and their hospice ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BeneficiaryAccess {
    Person(PersonAccess),
    Age,
    HospiceBegin,
    HospiceEnd,
}

impl Access for BeneficiaryAccess {}

/// On rows of historic MBIs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MbiAccess {
    Person(PersonAccess),
    Historic,
    /// From when and until when it was in force.
    Begin,
    End,
}

impl Access for MbiAccess {}

/// On the rows of the summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SummaryAccess {
    /// CMS's name of a table.
    File,
    Title,
    Rows,
    /// The length of a fixed-width record.
    Length,
}

impl Access for SummaryAccess {}
