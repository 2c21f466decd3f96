//! Which MBI is a person's most recent one: CCLF9's chains, followed to their end (cclf_files.md, section 7).

use cclf_crosswalk::Table;
use cclf_crosswalk::arrow::array::{Array, AsArray};
use cclf_crosswalk::arrow::datatypes::Date32Type;
use convert::Error;
use hashbrown::HashMap;

use crate::finished::Finished;
use crate::rows::Reader;

/// Previous MBIs, each with the one that came after it in the newest file that tells.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mbis {
    /// And the date of the file that says so.
    after: HashMap<Box<str>, (Box<str>, i32)>,
    /// Rows that contradict one of as new a file: the first that was read counts.
    pub(crate) contradictions: u64,
    /// Chains that lead back to where they began.
    pub(crate) circles: u64,
}

impl Mbis {
    /// Those of a result.
    ///
    /// # Errors
    /// CCLF9 cannot be read.
    pub(crate) fn read(finished: &Finished, reader: Reader<'_>) -> Result<Self, Error> {
        let table = finished.table(Table::Cclf9);
        let mut columns = vec![table.place_of("CRNT_NUM")?, table.place_of("PRVS_NUM")?];
        columns.extend(table.schema().index_of("FILE_DATE"));
        let mut mbis = Self::default();
        reader.each(
            table,
            &columns,
            |_, batch| Ok(batch),
            |_, batch| {
                let (current, previous) =
                    (batch.column(0).as_string::<i32>(), batch.column(1).as_string::<i32>());
                let dates = batch.columns().get(2).map(AsArray::as_primitive::<Date32Type>);
                for row in 0..batch.num_rows() {
                    if current.is_valid(row) && previous.is_valid(row) {
                        let date = dates.filter(|dates| dates.is_valid(row));
                        let date = date.map_or(i32::MIN, |dates| dates.value(row));
                        mbis.add(current.value(row), previous.value(row), date);
                    }
                }
                Ok(())
            },
        )?;
        mbis.circles = mbis.after.keys().filter(|mbi| mbis.is_in_circle(mbi)).count() as u64;
        Ok(mbis)
    }

    /// These and those of another result, as if all rows stood in one.
    pub(crate) fn with(mut self, other: &Self) -> Self {
        for (previous, (current, date)) in &other.after {
            self.add(current, previous, *date);
        }
        self.contradictions += other.contradictions;
        self.circles = self.after.keys().filter(|mbi| self.is_in_circle(mbi)).count() as u64;
        self
    }

    /// Takes a row of a file of this date.
    fn add(&mut self, current: &str, previous: &str, date: i32) {
        if current == previous {
            return;
        }
        match self.after.get_mut(previous) {
            None => {
                self.after.insert(previous.into(), (current.into(), date));
            }
            Some((own, of)) if *of < date => (*own, *of) = (current.into(), date),
            Some((own, of)) if *of == date && **own != *current => self.contradictions += 1,
            Some(_) => {}
        }
    }

    /// The most recent MBI of whoever had this one.
    pub(crate) fn current<'m>(&'m self, mbi: &'m str) -> &'m str {
        let mut at = mbi;
        // No chain is longer than the map, unless it is a circle: then any of it names the person, and the least does so
        // wherever the circle is entered.
        for _ in 0..=self.after.len() {
            match self.after.get(at) {
                Some((next, _)) => at = next,
                None => return at,
            }
        }
        let (mut least, start) = (at, at);
        while let Some((next, _)) = self.after.get(at) {
            at = next;
            least = least.min(at);
            if at == start {
                break;
            }
        }
        least
    }

    fn is_in_circle(&self, mbi: &str) -> bool {
        let mut at = mbi;
        for _ in 0..=self.after.len() {
            match self.after.get(at) {
                Some((next, _)) if **next == *mbi => return true,
                Some((next, _)) => at = next,
                None => return false,
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_are_followed_to_their_end() {
        let mut mbis = Mbis::default();
        mbis.add("B", "A", 1);
        mbis.add("C", "B", 1);
        mbis.add("D", "D", 1);
        assert_eq!(
            ["A", "B", "C", "D", "E"].map(|mbi| mbis.current(mbi)),
            ["C", "C", "C", "D", "E"]
        );
        // A newer file counts, an older one does not.
        mbis.add("X", "A", 3);
        mbis.add("Y", "A", 2);
        assert_eq!((mbis.current("A"), mbis.contradictions), ("X", 0));
        mbis.add("Z", "A", 3);
        assert_eq!((mbis.current("A"), mbis.contradictions), ("X", 1));
    }

    #[test]
    fn chains_of_two_results_are_joined() {
        let (mut one, mut other) = (Mbis::default(), Mbis::default());
        one.add("B", "A", 1);
        other.add("C", "B", 1);
        other.add("X", "A", 0);
        let both = one.with(&other);
        assert_eq!((both.current("A"), both.contradictions, both.circles), ("C", 0, 0));
    }

    #[test]
    fn a_circle_has_an_end() {
        let mut mbis = Mbis::default();
        for (current, previous) in [("B", "A"), ("C", "B"), ("A", "C"), ("A", "Z")] {
            mbis.add(current, previous, 1);
        }
        for mbi in ["A", "B", "C", "Z"] {
            assert_eq!(mbis.current(mbi), "A");
        }
        assert!(mbis.is_in_circle("B") && !mbis.is_in_circle("Z"));
    }
}
