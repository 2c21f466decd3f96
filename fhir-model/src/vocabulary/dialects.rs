//! The names by which each version of the API is spoken of: those of version 1, and what versions 2 and 3 have besides.

use std::collections::HashMap;
use std::sync::LazyLock;

use cms::Api;

use super::{Term, Variable, term_of_row};

/// Rows of `short,kind,value,uri,label`.
const V2: &str = include_str!("v2.csv");
const V3: &str = include_str!("v3.csv");
/// What version 3 calls the variables of versions 1 and 2: `variable,name,code`.
const SAME: &str = include_str!("same.csv");

/// The terms of one table.
struct Dialect {
    terms: Vec<Term>,
    /// Places in `terms`.
    by_short: HashMap<&'static str, usize>,
    by_uri: HashMap<&'static str, usize>,
}

impl Dialect {
    fn of(table: &'static str) -> Self {
        let terms: Vec<Term> = table.lines().skip(1).filter_map(term_of_row).collect();
        let places = |key: fn(&Term) -> &'static str| {
            terms.iter().enumerate().map(|(place, term)| (key(term), place)).collect()
        };
        Self { by_short: places(|term| term.short), by_uri: places(|term| term.uri), terms }
    }

    fn term(&self, short: &str) -> Option<&Term> {
        self.by_short.get(short).map(|place| &self.terms[*place])
    }

    fn by_uri(&self, uri: &str) -> Option<&Term> {
        self.by_uri.get(uri).map(|place| &self.terms[*place])
    }
}

static DIALECT_V2: LazyLock<Dialect> = LazyLock::new(|| Dialect::of(V2));
static DIALECT_V3: LazyLock<Dialect> = LazyLock::new(|| Dialect::of(V3));

/// The terms that a version has of its own: none for version 1, whose are [`terms`](super::terms); version 2 has those of
/// version 1 besides.
pub fn terms_in(api: Api) -> &'static [Term] {
    match api {
        Api::V1 => super::terms(),
        Api::V2 => &DIALECT_V2.terms,
        Api::V3 => &DIALECT_V3.terms,
    }
}

/// The term with this short name in a version.
pub fn term_in(api: Api, short: &str) -> Option<&'static Term> {
    match api {
        Api::V1 => super::term(short),
        Api::V2 => DIALECT_V2.term(short).or_else(|| super::term(short)),
        Api::V3 => DIALECT_V3.term(short),
    }
}

/// The term with this URI, or `system|code`, in a version.
pub fn by_uri_in(api: Api, uri: &str) -> Option<&'static Term> {
    match api {
        Api::V1 => super::by_uri(uri),
        Api::V2 => DIALECT_V2.by_uri(uri).or_else(|| super::by_uri(uri)),
        Api::V3 => DIALECT_V3.by_uri(uri),
    }
}

/// What a short name stands for in records of this version: a URI, or `system|code` for a code that only its system
/// makes clear. Version 2 keeps the names of version 1 and adds to them; version 3 has names of its own.
///
/// ```
/// use cms::Api;
/// use fhir_model::vocabulary::uri_in;
///
/// assert_eq!(uri_in(Api::V1, "us-npi"), uri_in(Api::V3, "us-npi"));
/// let bill = "http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBSupportingInfoType|typeofbill";
/// assert_eq!(uri_in(Api::V3, "typeofbill"), Some(bill));
/// ```
pub fn uri_in(api: Api, short: &str) -> Option<&'static str> {
    term_in(api, short).map(|term| term.uri)
}

/// How version 3 says what a variable says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Same {
    /// The category, extension or system that stands for the variable.
    pub name: &'static Term,
    /// The system of the code, where the category alone does not tell: of the type of bill, whose codes are the bill's
    /// digits up to the one that is meant, and of codes that are given by two systems.
    pub code: Option<&'static Term>,
}

static SAME_BY_URI: LazyLock<HashMap<&'static str, Same>> = LazyLock::new(|| {
    let row = |line: &'static str| {
        let mut cells = line.split(',');
        let (variable, name, code) = (cells.next()?, cells.next()?, cells.next()?);
        let uri = uri_in(Api::V2, variable)?;
        Some((uri, Same { name: term_in(Api::V3, name)?, code: term_in(Api::V3, code) }))
    };
    SAME.lines().skip(1).filter_map(row).collect()
});

/// How version 3 says what the variable with this URI says; `None` where it does not say it, or otherwise.
pub fn same_in_v3(uri: &str) -> Option<&'static Same> {
    SAME_BY_URI.get(uri)
}

impl Variable {
    /// The term of version 3 that means the same.
    ///
    /// ```
    /// use fhir_model::Variable;
    /// let paid = Variable::LineNchPmtAmt.in_v3().unwrap();
    /// assert_eq!(paid.short, "CLM_LINE_CVRD_PD_AMT");
    /// assert_eq!(paid.token().1, "CLM_LINE_CVRD_PD_AMT");
    /// assert!(Variable::BetosCd.in_v3().is_none()); // version 3 does not tell it
    /// ```
    pub fn in_v3(self) -> Option<&'static Term> {
        same_in_v3(self.uri()).map(|same| same.name)
    }

    /// The variables that a term of version 3 stands for: some stand for one on some claims and for another on others.
    ///
    /// ```
    /// use cms::Api;
    /// use fhir_model::{Variable, vocabulary};
    /// let contractor = vocabulary::term_in(Api::V3, "CLM_CNTRCTR_NUM").unwrap();
    /// let variables: Vec<Variable> = Variable::of_v3(contractor).collect();
    /// assert_eq!(variables, [Variable::CarrNum, Variable::FiNum]);
    /// ```
    pub fn of_v3(term: &Term) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |variable| variable.in_v3() == Some(term))
    }
}

impl Term {
    /// System and code of a code that is named by both; of other terms nothing and the whole URI.
    pub fn token(&self) -> (Option<&'static str>, &'static str) {
        match self.uri.split_once('|') {
            Some((system, code)) => (Some(system), code),
            None => (None, self.uri),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_its_five_cells_and_a_name_of_its_own() {
        for (table, dialect) in [(V2, &*DIALECT_V2), (V3, &*DIALECT_V3)] {
            let rows: Vec<&str> = table.lines().skip(1).collect();
            for row in &rows {
                assert!(row.split(',').count() >= 5 && row.split(',').all(|cell| !cell.is_empty()));
                assert!(term_of_row(row).is_some(), "{row}");
            }
            assert_eq!((dialect.by_short.len(), dialect.by_uri.len()), (rows.len(), rows.len()));
        }
        // What version 2 says anew it says otherwise.
        for term in terms_in(Api::V2) {
            assert_ne!(crate::vocabulary::term(term.short), Some(term), "{}", term.short);
        }
    }

    #[test]
    fn every_variable_that_version_3_has_leads_to_a_term() {
        for row in SAME.lines().skip(1) {
            let cells: Vec<&str> = row.split(',').collect();
            let [variable, name, code] = cells[..] else { panic!("{row}") };
            let same = uri_in(Api::V2, variable).and_then(same_in_v3);
            let same = same.unwrap_or_else(|| panic!("{row}"));
            assert_eq!(same.name.short, name);
            assert_eq!(same.code.map_or("", |term| term.short), code);
        }
        assert_eq!(SAME_BY_URI.len(), SAME.lines().count() - 1);
    }

    #[test]
    fn the_same_is_of_one_kind() {
        use crate::vocabulary::ValueKind;
        for variable in Variable::ALL {
            let Some(same) = variable.in_v3() else { continue };
            let (one, other) = (variable.term().value, same.value);
            // Version 1 writes this amount as a quantity.
            if variable != &Variable::DmercLineScrnSvgsAmt {
                let money = |kind| kind == ValueKind::Money;
                assert_eq!(money(one), money(other), "{variable}");
            }
        }
    }
}
