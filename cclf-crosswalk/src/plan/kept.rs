//! Which values of a Patient and of a Coverage are kept until CCLF8 and CCLF9 are written.

use super::access::{PersonAccess, RecordAccess};
use super::program::Program;
use super::tree::Reg;

/// One kept value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeptValue {
    Register(Reg),
    /// The last usable of twelve months.
    Months([Reg; 12]),
}

/// The kept values of a resource, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeptValues(Vec<KeptValue>);

impl KeptValues {
    /// What these accesses ask of a Patient, and of a Coverage.
    pub(crate) fn of<'p>(accesses: impl Iterator<Item = &'p PersonAccess>) -> [Self; 2] {
        let [mut patient, mut coverage] = [Self::default(), Self::default()];
        for access in accesses {
            match access {
                PersonAccess::Record(reg) => patient.add(KeptValue::Register(*reg)),
                PersonAccess::Months(months) => patient.add(KeptValue::Months(*months)),
                PersonAccess::Coverage { reg, .. } => coverage.add(KeptValue::Register(*reg)),
                PersonAccess::CoverageMonths { months, .. } => {
                    coverage.add(KeptValue::Months(*months));
                }
                PersonAccess::MbiCurrent | PersonAccess::FileName | PersonAccess::FileDate => {}
            }
        }
        [patient, coverage]
    }

    fn add(&mut self, value: KeptValue) {
        if !self.0.contains(&value) {
            self.0.push(value);
        }
    }

    /// Keeps a fact besides those that columns ask for.
    pub(crate) fn keep(&mut self, fact: &Program<RecordAccess>) {
        for RecordAccess(reg) in fact.accesses() {
            self.add(KeptValue::Register(*reg));
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &KeptValue> {
        self.0.iter()
    }

    /// Its place among the kept values.
    pub(crate) fn place(&self, value: KeptValue) -> Option<usize> {
        self.0.iter().position(|own| *own == value)
    }
}
