//! People, whom claims are joined with.

use super::error::NotTaken;
use super::held::{Held, shown};
use super::is_blank;
use cms::Api;

use crate::counts::RecordCounts;
use crate::people::index::Index;
use crate::plan::{Plan, Reader};
use crate::rows::claim::Lineage;
use crate::take::Took;

/// The people of an export, collected before its claims: some two hundred bytes of each.
///
/// ```
/// use cclf_crosswalk::Beneficiaries;
///
/// let mut people = Beneficiaries::default();
/// assert!(people.push(br#"{"resourceType":"Patient","id":"-1"}"#)?);
/// // Claims are left alone, so that a mixed source can be read twice.
/// assert!(!people.push(br#"{"resourceType":"ExplanationOfBenefit"}"#)?);
/// assert_eq!(people.len(), 1);
/// # Ok::<(), cclf_crosswalk::NotTaken>(())
/// ```
#[derive(Debug)]
pub struct Beneficiaries {
    pub(super) plan: &'static Plan,
    reader: Reader,
    pub(super) index: Index,
    /// By number of the source.
    pub(super) lineages: Vec<Lineage>,
    pub(super) counts: RecordCounts,
    /// What came while nothing told the version of the API.
    pub(super) held: Option<Held>,
}

impl Default for Beneficiaries {
    /// Nobody yet. The first record that shows a version of the API, be it of a person or of a claim, tells that of all;
    /// where the first thousand people show none, it is version 1.
    fn default() -> Self {
        Self { held: Some(Held::default()), ..Self::new(Plan::stu3()) }
    }
}

impl Beneficiaries {
    /// Nobody yet, of the version of the API that the plan is of.
    pub fn new(plan: &'static Plan) -> Self {
        Self {
            plan,
            reader: Reader::new(plan),
            index: Index::new(),
            lineages: vec![Lineage::default()],
            counts: RecordCounts::default(),
            held: None,
        }
    }

    /// People who were held, read as of a version.
    pub(super) fn of_held(held: Held, api: Api) -> Self {
        let mut people = Self::new(Plan::of(api));
        for (source, record) in held.records() {
            people.set_source(source);
            // What becomes of each is counted, and was told when it came.
            let _ = people.push(&record);
        }
        people
    }

    /// Reads the record, and those before it, as of the version that it shows, if none did before.
    fn settle(&mut self, record: &[u8]) {
        let Some(mut held) = self.held.take() else { return };
        let source = self.lineages.last().cloned().unwrap_or_default();
        match shown(record) {
            Some(api) if api != self.plan.api() => {
                *self = Self::of_held(held, api);
                self.set_source(source);
            }
            Some(_) => {}
            None => self.held = held.hold(&source, record).then_some(held),
        }
    }

    /// Says where the Patients that follow come from: FILE_NAME and FILE_DATE of their rows. FILE_NAME is empty until
    /// it is said, and without a FILE_DATE, BENE_AGE is null.
    pub fn set_source(&mut self, source: Lineage) {
        if self.lineages.last() != Some(&source) {
            self.lineages.push(source);
        }
    }

    /// Takes a record. Says whether it was a Patient or a Coverage; what else it may be, a claim say, was left alone and
    /// is not counted; nor are blank lines. Of several versions of one person the newest stays, of equally new ones the last.
    ///
    /// # Errors
    /// Why nothing was made of the record. Bad claims are left to whoever reads claims.
    pub fn push(&mut self, record: &[u8]) -> Result<bool, NotTaken> {
        if is_blank(record) {
            return Ok(false);
        }
        self.settle(record);
        let refused = match self.reader.take(record) {
            // Whoever reads claims judges these, and counts what is of no table with them.
            took if took.is_of_claims() => return Ok(false),
            Took::Claim(_) | Took::Skipped(_) => return Ok(false),
            Took::Person(record) => {
                let person = record.pack();
                let source = u32::try_from(self.lineages.len() - 1).unwrap_or(u32::MAX);
                match person.add_to(&mut self.index, source) {
                    Ok(()) => {
                        self.counts.person(&person);
                        return Ok(true);
                    }
                    Err(full) => NotTaken::Full(full),
                }
            }
            Took::Foreign(api) => NotTaken::Foreign(api),
            Took::Bad(error) => NotTaken::Bad(error),
        };
        refused.count(&mut self.counts);
        Err(refused)
    }

    /// How many there are, by their Patients.
    pub fn len(&self) -> u64 {
        self.index.patients()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The index, for whoever joins claims without a [`TableStream`](crate::TableStream).
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// What became of the records: people, and those that were rejected.
    pub fn counts(&self) -> RecordCounts {
        self.counts
    }
}
