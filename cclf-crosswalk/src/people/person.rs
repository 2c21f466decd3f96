//! Patients and Coverages that were read: what the index keeps of them.

use super::digest::{pack_date, pack_kept, pack_text};
use super::mbi::Mbi;
use crate::layout::resource::{List, Resource};
use crate::plan::Currency;
use crate::plan::Record;
use crate::plan::registers::Val;
use crate::plan::value::Value;
use cms::{Api, DatedMbi, Mbis, MedicarePart};
use json_walk::Walker;

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

    /// A walker at the beginning of its text, for whoever looks at more of it than the index does.
    pub fn walker(&self) -> Option<Walker<'r, 'r>> {
        let (Unpacked::Patient(record) | Unpacked::Coverage(record)) = &self.0;
        record.walker()
    }

    /// What is kept of it when the line is gone.
    pub fn pack(&self) -> Person {
        let (record, kept) = match &self.0 {
            Unpacked::Patient(record) if is_merged(record) => {
                (record, Merged::new(record).map(Kept::Merged))
            }
            Unpacked::Patient(record) => (record, Beneficiary::new(record).map(Kept::Patient)),
            Unpacked::Coverage(record) => (record, Enrolment::new(record).map(Kept::Coverage)),
        };
        let hollow = match &self.0 {
            Unpacked::Patient(record) => is_merged(record).then_some(Hollow::MergedPatient),
            Unpacked::Coverage(record) => {
                record.is_hollow_coverage().then_some(Hollow::CoverageNotFound)
            }
        };
        let is_kept = hollow != Some(Hollow::CoverageNotFound);
        let kept = kept.filter(|_| is_kept).unwrap_or(Kept::Nothing);
        Person { kept, hollow, partial_dates: record.partial_dates() }
    }
}

/// A Patient or Coverage on its way into the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub(super) kept: Kept,
    hollow: Option<Hollow>,
    partial_dates: u64,
}

/// A record of version 3 that says no more than its id, and is counted for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hollow {
    /// A Patient that was merged into another, which has what was known of it.
    MergedPatient,
    /// A Coverage that was asked for, and not found.
    CoverageNotFound,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    Patient(Beneficiary),
    Coverage(Enrolment),
    /// A Patient that was merged into another.
    Merged(Merged),
    /// A Coverage of none of the four parts, or whose beneficiary is no Patient.
    Nothing,
}

/// A Patient that has only an id and the link to the one that it was merged into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Merged {
    pub(crate) id: String,
    pub(crate) survivor: String,
    pub(crate) updated: i64,
}

impl Person {
    /// Type and id of the resource, where it has one.
    pub fn named(&self) -> Option<(Resource, &str)> {
        match &self.kept {
            Kept::Patient(patient) => Some((Resource::Patient, &patient.id)),
            Kept::Merged(merged) => Some((Resource::Patient, &merged.id)),
            Kept::Coverage(coverage) => Some((Resource::Coverage, coverage.id.as_deref()?)),
            Kept::Nothing => None,
        }
    }

    /// The id of the Patient that it is of.
    pub fn whose(&self) -> Option<&str> {
        match &self.kept {
            Kept::Patient(patient) => Some(&patient.id),
            Kept::Merged(merged) => Some(&merged.id),
            Kept::Coverage(coverage) => Some(&coverage.beneficiary),
            Kept::Nothing => None,
        }
    }

    /// The Patient, if it is one.
    pub fn patient(&self) -> Option<&Beneficiary> {
        if let Kept::Patient(patient) = &self.kept { Some(patient) } else { None }
    }

    /// Whether it says no more than its id.
    pub fn hollow(&self) -> Option<Hollow> {
        self.hollow
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
    pub(crate) id: Option<String>,
    pub(crate) beneficiary: String,
    pub(crate) part: Enrolled,
    pub(crate) updated: i64,
    /// The MBI that it gives.
    pub(crate) subscriber: Mbi,
    /// The reference year, then the kept values.
    pub(crate) packed: Vec<u8>,
}

/// In what a Coverage says that somebody is enrolled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Enrolled {
    Part(MedicarePart),
    /// Medicaid besides Medicare.
    Dual,
}

impl Enrolled {
    /// How many of them are kept of a beneficiary.
    pub(crate) const COUNT: usize = 4;

    /// Its place among those. Where there is one for Medicaid, nothing is asked of part C, and it has that place.
    pub(crate) const fn index(self) -> usize {
        match self {
            Self::Part(part) => part as usize,
            Self::Dual => MedicarePart::C as usize,
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        match name {
            "dual" => Some(Self::Dual),
            letter => MedicarePart::from_letter(letter).map(Self::Part),
        }
    }
}

impl From<MedicarePart> for Enrolled {
    fn from(part: MedicarePart) -> Self {
        Self::Part(part)
    }
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
        let (current, historic, unknown_marks) = mbis(record);
        let mut packed = Vec::new();
        pack_text(&mut packed, current);
        for DatedMbi { mbi, begin, end } in historic {
            pack_text(&mut packed, Some(mbi));
            pack_date(&mut packed, begin);
            pack_date(&mut packed, end);
        }
        pack_text(&mut packed, None);
        pack_kept(&plan.patient_kept, record.view, &mut packed);
        Some(Self { id, updated, packed, unknown_marks })
    }
}

/// The current MBI, those before it by value, and how many have an unknown mark.
fn mbis<'r>(record: &'r Record<'_>) -> (Option<&'r str>, Vec<DatedMbi<'r>>, u64) {
    let view = record.view;
    let facts = &record.plan.person;
    let text = |val| match val {
        Val::Text { start, end, scratch } => Some(view.text(start, end, scratch)),
        _ => None,
    };
    let day = |val| if let Val::Date(day) = val { Some(day) } else { None };
    let entries = (0..view.count(List::Identifier)).filter_map(|index| {
        let entry = view.entry(List::Identifier, index);
        Some((text(entry[facts.mbi])?, entry))
    });
    match facts.currency {
        Currency::Mark(mark) => {
            let marked = entries.map(|(mbi, entry)| (mbi, text(entry[mark])));
            let Mbis { current, mut historic, unknown_marks } = Mbis::choose(marked);
            historic.sort_unstable();
            let undated = |mbi| DatedMbi { mbi, begin: None, end: None };
            (current, historic.into_iter().map(undated).collect(), unknown_marks)
        }
        Currency::Period { begin, end } => {
            let dated = |(mbi, entry): (&'r str, &[Val])| DatedMbi {
                mbi,
                begin: day(entry[begin]),
                end: day(entry[end]),
            };
            let (current, ended) = DatedMbi::choose(&entries.map(dated).collect::<Vec<_>>());
            (current, ended, 0)
        }
    }
}

impl Merged {
    /// None where the link leads to no Patient.
    fn new(record: &Record<'_>) -> Option<Self> {
        let facts = &record.plan.person;
        let id = record.fact(&facts.id).text()?.into_owned();
        let survivor = record.fact(&facts.survivor).text()?;
        let survivor = cms::id_in(&survivor, "Patient")?.to_owned();
        Some(Self { id, survivor, updated: updated(&record.fact(&facts.last_updated)) })
    }
}

/// Whether it is a Patient that has only an id and the link to the one that it was merged into.
fn is_merged(record: &Record<'_>) -> bool {
    let facts = &record.plan.person;
    record.fact(&facts.link) != Value::Null
        && record.fact(&facts.birth) == Value::Null
        && record.view.count(List::Identifier) == 0
}

impl Enrolment {
    /// What the index keeps of a Coverage record; `None` when its beneficiary is no Patient.
    fn new(record: &Record<'_>) -> Option<Self> {
        let facts = &record.plan.enrolment;
        let reference = record.fact(&facts.beneficiary).text()?;
        let beneficiary = cms::id_in(&reference, "Patient")?.to_owned();
        let part = Enrolled::from_name(&record.fact(&facts.part).text()?)?;
        let is_asked_for = record.plan.api() != Api::V3 || part != Enrolled::Part(MedicarePart::C);
        let part = Some(part).filter(|_| is_asked_for)?;
        let subscriber = record.fact(&facts.subscriber).text();
        let subscriber = subscriber.map_or_else(Mbi::default, |text| Mbi::new(&text));
        let updated = updated(&record.fact(&facts.last_updated));
        let id = record.fact(&facts.id).text().map(std::borrow::Cow::into_owned);
        let mut packed = Vec::new();
        pack_text(&mut packed, record.fact(&facts.reference_year).text().as_deref());
        pack_kept(&record.plan.coverage_kept, record.view, &mut packed);
        Some(Self { id, beneficiary, part, updated, subscriber, packed })
    }
}
