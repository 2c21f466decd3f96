//! The same for records of R4: methods of the same names, with the same answers, whether version 2 or version 3 wrote the
//! record. Where the versions differ in what they tell, the method says so.

mod claim;
mod codes;
mod item;
mod people;
mod team;

use crate::r4::datatypes::{CodeableConcept, Coding};
use crate::vocabulary::{Name, Same, Term, same_in_v3};

/// A name that is asked for, as versions 2 and 3 write it.
#[derive(Clone, Copy)]
struct Asked<'n> {
    uri: &'n str,
    same: Option<&'static Same>,
}

impl<'n> Asked<'n> {
    fn of(name: &'n impl Name) -> Option<Self> {
        let uri = name.to_uri()?;
        Some(Self { uri, same: same_in_v3(uri) })
    }

    /// Whether the concept is the category of this name.
    fn is_category(self, concept: &CodeableConcept<'_>) -> bool {
        let same = self.same.map(|same| same.name.token());
        concept.coding.iter().any(|coding| {
            let is = |(system, code): (Option<&str>, &str)| {
                coding.code.as_deref() == Some(code)
                    && system.is_none_or(|system| coding.system.as_deref() == Some(system))
            };
            is(token(self.uri)) || same.is_some_and(is)
        })
    }

    /// The code that stands for the name in a concept: of the variable's own system in version 2; in version 3 of the
    /// system that the name has there, else the first.
    fn code_in<'t>(self, concept: &'t CodeableConcept<'_>) -> Option<&'t str> {
        if let Some(code) = concept.code_in(self.uri) {
            return Some(code);
        }
        let others = || concept.code_by(self.uri).or_else(|| concept.code());
        match self.same.and_then(|same| same.code) {
            Some(system) if is_digit_of_bill(system) => concept.code_in(system).map(last),
            Some(system) => concept.code_in(system).or_else(others),
            None => others(),
        }
    }
}

/// System and code of `system|code`; else the whole as a code of any system.
fn token(uri: &str) -> (Option<&str>, &str) {
    match uri.split_once('|') {
        Some((system, code)) => (Some(system), code),
        None => (None, uri),
    }
}

/// The digits of the type of bill come one by one, each with those before it.
fn is_digit_of_bill(system: &Term) -> bool {
    system.short.starts_with("CLM-BILL-")
}

fn last(code: &str) -> &str {
    code.char_indices().next_back().map_or(code, |(start, _)| &code[start..])
}

/// Whether a coding says that there is no code.
fn is_absent(coding: &Coding<'_>) -> bool {
    coding.system.as_deref().is_some_and(|system| system.ends_with("/data-absent-reason"))
}

/// The first code of these systems.
fn code_of<'t>(concept: &'t CodeableConcept<'_>, systems: &[&str]) -> Option<&'t str> {
    codes_of(concept, systems).next()
}

/// The codes of these systems, in order.
fn codes_of<'t>(
    concept: &'t CodeableConcept<'_>,
    systems: &[&str],
) -> impl Iterator<Item = &'t str> {
    let own = |coding: &&Coding<'_>| {
        coding.system.as_deref().is_some_and(|system| systems.contains(&system))
    };
    concept.coding.iter().filter(own).filter_map(|coding| coding.code.as_deref())
}
