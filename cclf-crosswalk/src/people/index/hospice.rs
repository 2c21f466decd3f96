//! Hospice stays by person.

use std::collections::BTreeMap;

use super::BeneficiaryNumber;

/// Memory of one range, in a node of the map that is not full.
const RANGE_BYTES: usize = 40;

/// Hospice ranges from active hospice claims: by person and start; the greatest end, none if any claim has none.
#[derive(Debug, Default)]
pub struct HospiceRanges {
    ranges: BTreeMap<(BeneficiaryNumber, i32), Option<i32>>,
}

impl HospiceRanges {
    /// Adds the stay of one claim, in days since 1970-01-01. The order of claims does not matter.
    pub fn add(&mut self, beneficiary: BeneficiaryNumber, start: i32, end: Option<i32>) {
        self.ranges
            .entry((beneficiary, start))
            .and_modify(|known| *known = Self::later_end(*known, end))
            .or_insert(end);
    }

    /// The end of two stays that began on one day: the later one, none if one of them has none.
    pub fn later_end(one: Option<i32>, other: Option<i32>) -> Option<i32> {
        one.zip(other).map(|(one, other)| one.max(other))
    }

    /// Memory of the ranges, about.
    pub fn heap_bytes(&self) -> usize {
        self.ranges.len() * RANGE_BYTES
    }

    /// The ranges of a beneficiary, by start.
    pub fn of(&self, beneficiary: BeneficiaryNumber) -> impl Iterator<Item = (i32, Option<i32>)> {
        self.ranges
            .range((beneficiary, i32::MIN)..=(beneficiary, i32::MAX))
            .map(|((_, start), end)| (*start, *end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_stay_opens_the_range() {
        let mut ranges = HospiceRanges::default();
        let (one, two) = (BeneficiaryNumber(1), BeneficiaryNumber(2));
        ranges.add(one, 20, Some(30));
        ranges.add(one, 10, Some(12));
        ranges.add(one, 10, Some(11));
        ranges.add(two, 10, Some(11));
        ranges.add(two, 10, None);
        ranges.add(two, 10, Some(99));
        assert_eq!(ranges.of(one).collect::<Vec<_>>(), [(10, Some(12)), (20, Some(30))]);
        assert_eq!(ranges.of(two).collect::<Vec<_>>(), [(10, None)]);
    }
}
