//! Patients and Coverages that were read: what the index keeps of them.

use super::digest::{pack_kept, pack_text};
use crate::layout::resource::{List, Resource};
use crate::plan::Record;
use crate::plan::registers::Val;
use crate::plan::value::Value;
use cms::{Mbis, MedicarePart};

/// A Patient or Coverage that was read and is not packed yet.
#[derive(Clone, Copy, Debug)]
pub struct PersonRecord<'r>(Unpacked<'r>);

#[derive(Clone, Copy, Debug)]
enum Unpacked<'r> {
    Patient(Record<'r>),
    Coverage(Record<'r>),
}

impl<'r> PersonRecord<'r> {
    pub(crate) fn patient(record: Record<'r>) -> Self {
        Self(Unpacked::Patient(record))
    }

    pub(crate) fn coverage(record: Record<'r>) -> Self {
        Self(Unpacked::Coverage(record))
    }

    /// Which of the two it is.
    pub fn resource(&self) -> Resource {
        match self.0 {
            Unpacked::Patient(_) => Resource::Patient,
            Unpacked::Coverage(_) => Resource::Coverage,
        }
    }

    /// What is kept of it when the line is gone.
    pub fn pack(&self) -> Person {
        let (record, kept) = match &self.0 {
            Unpacked::Patient(record) => (record, Beneficiary::new(record).map(Kept::Patient)),
            Unpacked::Coverage(record) => (record, Enrolment::new(record).map(Kept::Coverage)),
        };
        Person { kept: kept.unwrap_or(Kept::Nothing), partial_dates: record.partial_dates() }
    }
}

/// A Patient or Coverage on its way into the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub(super) kept: Kept,
    partial_dates: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    Patient(Beneficiary),
    Coverage(Enrolment),
    /// A Coverage of none of the four parts, or whose beneficiary is no Patient.
    Nothing,
}

impl Person {
    /// The Patient, if it is one.
    pub fn patient(&self) -> Option<&Beneficiary> {
        if let Kept::Patient(patient) = &self.kept { Some(patient) } else { None }
    }

    /// Dates that name only a year or a month, and so became null.
    pub fn partial_dates(&self) -> u64 {
        self.partial_dates
    }

    /// MBIs whose mark of currency is unknown.
    pub fn unknown_marks(&self) -> u64 {
        self.patient().map_or(0, |patient| patient.unknown_marks)
    }
}

/// A Patient, packed for the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beneficiary {
    pub(crate) id: String,
    pub(crate) updated: i64,
    /// The current MBI, the historic ones, then the kept values.
    pub(crate) packed: Vec<u8>,
    pub(crate) unknown_marks: u64,
}

impl Beneficiary {
    /// The id of the Patient.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// MBIs whose mark of currency is neither current nor historic, and so counts as none.
    pub fn unknown_marks(&self) -> u64 {
        self.unknown_marks
    }
}

/// A Coverage, packed for the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Enrolment {
    pub(crate) beneficiary: String,
    pub(crate) part: MedicarePart,
    pub(crate) updated: i64,
    /// The reference year, then the kept values.
    pub(crate) packed: Vec<u8>,
}

fn updated(value: &Value<'_>) -> i64 {
    match value {
        Value::Timestamp(micros) => *micros,
        _ => i64::MIN,
    }
}

impl Beneficiary {
    /// What the index keeps of a Patient record.
    fn new(record: &Record<'_>) -> Option<Self> {
        let plan = record.plan;
        let id = record.fact(&plan.person.id).text()?.into_owned();
        let updated = updated(&record.fact(&plan.person.last_updated));
        let Mbis { current, mut historic, unknown_marks } = mbis(record);
        historic.sort_unstable();
        let mut packed = Vec::new();
        pack_text(&mut packed, current);
        for mbi in historic {
            pack_text(&mut packed, Some(mbi));
        }
        pack_text(&mut packed, None);
        pack_kept(&plan.patient_kept, record.view, &mut packed);
        Some(Self { id, updated, packed, unknown_marks })
    }
}

fn mbis<'r>(record: &'r Record<'_>) -> Mbis<'r> {
    let view = record.view;
    let facts = &record.plan.person;
    let text = |val| match val {
        Val::Text { start, end, scratch } => Some(view.text(start, end, scratch)),
        _ => None,
    };
    Mbis::choose((0..view.count(List::Identifier)).filter_map(|index| {
        let entry = view.entry(List::Identifier, index);
        Some((text(entry[facts.mbi])?, text(entry[facts.currency])))
    }))
}

impl Enrolment {
    /// What the index keeps of a Coverage record; `None` when its beneficiary is no Patient.
    fn new(record: &Record<'_>) -> Option<Self> {
        let facts = &record.plan.enrolment;
        let reference = record.fact(&facts.beneficiary).text()?;
        let beneficiary = cms::id_in(&reference, "Patient")?.to_owned();
        let part = MedicarePart::from_letter(&record.fact(&facts.part).text()?)?;
        let updated = updated(&record.fact(&facts.last_updated));
        let mut packed = Vec::new();
        pack_text(&mut packed, record.fact(&facts.reference_year).text().as_deref());
        pack_kept(&record.plan.coverage_kept, record.view, &mut packed);
        Some(Self { beneficiary, part, updated, packed })
    }
}
