//! What claims need of the index: whose Patient is known, and their MBI.

use super::{BeneficiaryNumber, Index, IndexFull};
use crate::people::digest::pack_text;
use crate::people::person::Beneficiary;

impl Index {
    /// Id and current MBI of every beneficiary with a Patient, in the input order of the Patients.
    ///
    /// That is all that [`ClaimTables`](crate::ClaimTables) join: [`add_join`](Self::add_join) makes an index of it that
    /// gives claims the same rows, in a few dozen bytes for each, and without names, addresses and birth dates.
    pub fn joins(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let id = |number: &BeneficiaryNumber| self.arena.get(self.entry(number.0).id);
        self.in_order()
            .into_iter()
            // Every id was a text when it came.
            .map(move |number| {
                (std::str::from_utf8(id(&number)).unwrap_or_default(), self.mbi(number))
            })
    }

    /// Adds a beneficiary of whom no more than this is known: enough for the rows of claims, not for CCLF8 and CCLF9.
    ///
    /// # Errors
    /// The index is full.
    pub fn add_join(&mut self, id: &str, mbi: Option<&str>) -> Result<(), IndexFull> {
        let mut packed = Vec::new();
        pack_text(&mut packed, mbi);
        // No historic MBIs.
        pack_text(&mut packed, None);
        let patient = Beneficiary { id: id.to_owned(), updated: 0, packed, unknown_marks: 0 };
        self.add_patient(&patient, 0, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::mbi::Mbi;
    use crate::people::person::Enrolment;
    use cms::MedicarePart as Part;

    #[test]
    fn an_index_of_joins_finds_the_same() {
        let mut index = Index::new();
        let people = [("-2", Some("B")), ("-1", None), ("\u{e9}", Some(""))];
        for (id, mbi) in people {
            index.add_join(id, mbi).unwrap();
        }
        // Without a Patient nobody is known.
        let packed = vec![0];
        let beneficiary = "alone".to_owned();
        index
            .add_coverage(
                &Enrolment {
                    id: None,
                    beneficiary,
                    part: Part::A.into(),
                    updated: 0,
                    subscriber: Mbi::default(),
                    packed,
                },
                None,
            )
            .unwrap();
        assert_eq!(index.joins().collect::<Vec<_>>(), people);
        let mut again = Index::new();
        index.joins().for_each(|(id, mbi)| again.add_join(id, mbi).unwrap());
        assert_eq!(again.patients(), 3);
        for (id, mbi) in people {
            let number = again.find(id).unwrap();
            assert_eq!(again.mbi(number), mbi);
            assert!(again.patient(number).historic.is_empty());
        }
        assert_eq!(again.find("alone"), None);
    }
}
