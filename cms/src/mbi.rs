//! Which of a person's Medicare beneficiary identifiers (MBIs) is the current one.

use std::collections::HashSet;

/// The MBIs of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mbis<'t> {
    /// The one marked current, the first of several; none marked current: the first without a mark.
    pub current: Option<&'t str>,
    /// All others, be they marked historic, current too, or not at all: each once, in the order of the record.
    pub historic: Vec<&'t str>,
    /// How many have a mark of currency that is neither `current` nor `historic`, and so counts as none.
    pub unknown_marks: u64,
}

/// A mark that counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Current,
    Historic,
}

impl<'t> Mbis<'t> {
    /// Tells MBIs apart by their marks of currency, in the order of the record.
    pub fn choose<'m>(mbis: impl IntoIterator<Item = (&'t str, Option<&'m str>)>) -> Self {
        let mut unknown_marks = 0;
        let mut marked = Vec::new();
        for (mbi, mark) in mbis {
            let known = match mark {
                Some("current") => Some(Mark::Current),
                Some("historic") => Some(Mark::Historic),
                Some(_) => {
                    unknown_marks += 1;
                    None
                }
                None => None,
            };
            marked.push((mbi, known));
        }
        let first = |mark| marked.iter().find(|(_, own)| *own == mark).map(|(mbi, _)| *mbi);
        let current = first(Some(Mark::Current)).or_else(|| first(None));
        let others = marked.iter().map(|(mbi, _)| *mbi).filter(|mbi| Some(*mbi) != current);
        let mut seen = HashSet::new();
        let historic = others.filter(|mbi| seen.insert(*mbi)).collect();
        Self { current, historic, unknown_marks }
    }
}

/// An MBI with the days on which it was in force, counted from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DatedMbi<'t> {
    /// The identifier.
    pub mbi: &'t str,
    /// Its first day, where it is known.
    pub begin: Option<i32>,
    /// Its last day; none while it is in force.
    pub end: Option<i32>,
}

impl<'t> DatedMbi<'t> {
    /// The current one, which has no end: of several that which began last, of those the first. And those that ended,
    /// by value, each value once, with the period that ended last.
    pub fn choose(mbis: &[Self]) -> (Option<&'t str>, Vec<Self>) {
        let current = mbis.iter().filter(|one| one.end.is_none()).rev().max_by_key(|one| one.begin);
        let current = current.map(|one| one.mbi);
        let ended = mbis.iter().copied().filter(|one| one.end.is_some());
        let mut ended: Vec<Self> = ended.filter(|one| Some(one.mbi) != current).collect();
        ended.sort_by_key(|one| (one.mbi, std::cmp::Reverse(one.end)));
        ended.dedup_by_key(|one| one.mbi);
        (current, ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_mbi_without_an_end_is_current() {
        let dated = |mbi, begin, end| DatedMbi { mbi, begin, end };
        let all = [
            dated("B", Some(1), Some(5)),
            dated("A", Some(2), None),
            dated("D", None, None),
            dated("C", Some(2), None),
            dated("B", Some(6), Some(9)),
            dated("A", Some(0), Some(1)),
        ];
        assert_eq!(DatedMbi::choose(&all), (Some("A"), vec![all[4]]));
        assert_eq!(DatedMbi::choose(&all[..1]), (None, vec![all[0]]));
        assert_eq!(DatedMbi::choose(&[]), (None, vec![]));
    }

    fn choose(marked: &[(&'static str, &str)]) -> (Option<&'static str>, Vec<&'static str>, u64) {
        let marked = marked.iter().map(|(mbi, mark)| (*mbi, (!mark.is_empty()).then_some(*mark)));
        let Mbis { current, historic, unknown_marks } = Mbis::choose(marked);
        (current, historic, unknown_marks)
    }

    #[test]
    fn one_is_current_and_all_others_are_historic() {
        assert_eq!(choose(&[]), (None, vec![], 0));
        assert_eq!(choose(&[("2", "historic"), ("1", "current")]), (Some("1"), vec!["2"], 0));
        // Of two that are marked current the second is historic.
        let two = [("3", ""), ("1", "current"), ("2", "current"), ("3", "")];
        assert_eq!(choose(&two), (Some("1"), vec!["3", "2"], 0));
        assert_eq!(choose(&[("1", "historic"), ("1", "historic")]), (None, vec!["1"], 0));
        assert_eq!(choose(&[("1", ""), ("1", "historic")]), (Some("1"), vec![], 0));
    }

    #[test]
    fn an_unknown_mark_counts_as_none() {
        let marked = [("1", "former"), ("2", "historic"), ("3", "Current"), ("4", "")];
        assert_eq!(choose(&marked), (Some("1"), vec!["2", "3", "4"], 2));
        assert_eq!(choose(&[("1", "former"), ("2", "current")]), (Some("2"), vec!["1"], 1));
    }
}
