//! CMS's rule for small cells: no figure of 1 to 10 people is shown to others.

/// The fewest people of whom figures are shown.
pub const FEWEST_PEOPLE: u64 = 11;

/// Whether a cell with so many distinct people has to be hidden.
pub const fn is_small(people: u64) -> bool {
    0 < people && people < FEWEST_PEOPLE
}

/// The first distinct people of something, of whom no more are kept than tell whether it is a small cell.
#[derive(Clone, Debug)]
pub struct FewPeople<P>(Vec<P>);

impl<P> Default for FewPeople<P> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<P: PartialEq> FewPeople<P> {
    /// Adds a person, by whatever tells people apart.
    pub fn add<Q>(&mut self, person: Q)
    where
        P: PartialEq<Q> + From<Q>,
    {
        if !self.is_enough() && !self.0.iter().any(|own| *own == person) {
            self.0.push(person.into());
        }
    }

    /// Adds the people of others.
    pub fn merge(&mut self, other: Self) {
        for person in other.0 {
            self.add(person);
        }
    }

    /// How many they are; [`FEWEST_PEOPLE`] are that many or more.
    pub fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// Whether they are as many as figures are shown of.
    pub fn is_enough(&self) -> bool {
        self.count() >= FEWEST_PEOPLE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eleven_are_enough_and_nobody_is_no_small_cell() {
        assert_eq!([0, 1, 10, 11].map(is_small), [false, true, true, false]);
        let mut few = FewPeople::<String>::default();
        for person in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "a", "j"] {
            few.add(person);
        }
        assert!(few.count() == 10 && !few.is_enough());
        let mut more = FewPeople::default();
        for person in ["j", "k", "l"] {
            more.add(person);
        }
        few.merge(more);
        assert!(few.count() == 11 && few.is_enough());
    }
}
