//! Short names for the URIs of Blue Button records: variables, code systems, identifier systems.
//!
//! The table is `src/vocabulary.csv`, one row per term; a new term is a new row there and nothing else.
//! A variable's short name is its name in the CMS chronic conditions warehouse, in lower case; the same
//! URI is an extension's `url`, a coding's `system` or a category's `code`, by place.
//!
//! ```
//! use fhir_model::vocabulary::{self, TermKind, ValueKind};
//!
//! let uri = vocabulary::uri("line_nch_pmt_amt").unwrap();
//! assert_eq!(uri, "https://bluebutton.cms.gov/resources/variables/line_nch_pmt_amt");
//! let term = vocabulary::by_uri(uri).unwrap();
//! assert_eq!((term.kind, term.value), (TermKind::Variable, ValueKind::Money));
//! assert_eq!(vocabulary::uri("us-npi"), Some("http://hl7.org/fhir/sid/us-npi"));
//! ```

use std::sync::LazyLock;

/// The start of most URIs.
pub const BLUE_BUTTON: &str = "https://bluebutton.cms.gov/resources/";

const TABLE: &str = include_str!("vocabulary.csv");

/// One row of the vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// The name used in paths and code: `line_nch_pmt_amt`, `us-npi`.
    pub short: &'static str,
    /// What the URI names.
    pub kind: TermKind,
    /// What stands beside the URI in a record.
    pub value: ValueKind,
    /// The URI as records have it: no trailing slash.
    pub uri: &'static str,
    /// A few words for people.
    pub label: &'static str,
}

/// What a URI names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TermKind {
    /// A variable of the chronic conditions warehouse.
    Variable,
    /// A system of codes.
    CodeSystem,
    /// A system of identifiers.
    Identifier,
    /// An extension defined outside Blue Button.
    Extension,
}

/// What stands beside a URI in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueKind {
    /// An amount: `valueMoney`, or `amount` of an adjudication.
    Money,
    /// A code with its system: `valueCoding`, `coding`, `code` of an information, `reason` of an adjudication.
    Coding,
    /// A bare code: `valueCode`.
    Code,
    /// A value that names something: `valueIdentifier`, `identifier`.
    Identifier,
    /// A number with or without unit: `valueQuantity`.
    Quantity,
    /// A whole number: `usedUnsignedInt`.
    Count,
    /// A date: `valueDate`, `timingDate`.
    Date,
    /// Two dates: `timingPeriod`.
    Period,
    /// A contained resource: `valueReference`.
    Reference,
}

struct Vocabulary {
    terms: Vec<Term>,
    /// Places in `terms`, sorted by short name.
    by_short: Vec<usize>,
    /// Open addressing over the URIs: place in `terms` plus one, zero for empty.
    slots: Vec<u16>,
}

static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(|| {
    let terms: Vec<Term> = TABLE.lines().skip(1).filter_map(term_of_row).collect();
    let mut by_short: Vec<usize> = (0..terms.len()).collect();
    by_short.sort_by_key(|place| terms[*place].short);
    // At most a quarter full: the chains stay short.
    let mut slots = vec![0; (terms.len() * 4).next_power_of_two()];
    for (place, term) in terms.iter().enumerate() {
        let mut slot = hash(term.uri) & (slots.len() - 1);
        while slots[slot] != 0 {
            slot = (slot + 1) & (slots.len() - 1);
        }
        slots[slot] = u16::try_from(place + 1).unwrap_or_default();
    }
    Vocabulary { terms, by_short, slots }
});

/// `None` only for a malformed row, which the tests exclude.
fn term_of_row(row: &'static str) -> Option<Term> {
    let mut cells = row.splitn(5, ',');
    let short = cells.next()?;
    let kind = match cells.next()? {
        "variable" => TermKind::Variable,
        "codesystem" => TermKind::CodeSystem,
        "identifier" => TermKind::Identifier,
        "extension" => TermKind::Extension,
        _ => return None,
    };
    let value = match cells.next()? {
        "Money" => ValueKind::Money,
        "Coding" => ValueKind::Coding,
        "Code" => ValueKind::Code,
        "Identifier" => ValueKind::Identifier,
        "Quantity" => ValueKind::Quantity,
        "Count" => ValueKind::Count,
        "Date" => ValueKind::Date,
        "Period" => ValueKind::Period,
        "Reference" => ValueKind::Reference,
        _ => return None,
    };
    Some(Term { short, kind, value, uri: cells.next()?, label: cells.next()? })
}

/// A cheap hash: the start of the URI is the same for most, so length and last bytes decide.
fn hash(uri: &str) -> usize {
    let bytes = uri.as_bytes();
    let tail = &bytes[bytes.len().saturating_sub(16)..];
    let mut hash = bytes.len();
    for byte in tail {
        hash = (hash ^ usize::from(*byte)).wrapping_mul(0x0100_0193);
    }
    hash ^ hash >> 15
}

/// All terms, in the order of the table.
pub fn terms() -> &'static [Term] {
    &VOCABULARY.terms
}

/// The term with this short name.
pub fn term(short: &str) -> Option<&'static Term> {
    let vocabulary = &*VOCABULARY;
    let place =
        vocabulary.by_short.binary_search_by(|place| vocabulary.terms[*place].short.cmp(short));
    place.ok().map(|place| &vocabulary.terms[vocabulary.by_short[place]])
}

/// The URI that a short name stands for.
pub fn uri(short: &str) -> Option<&'static str> {
    term(short).map(|term| term.uri)
}

/// The term with this URI.
pub fn by_uri(uri: &str) -> Option<&'static Term> {
    let vocabulary = &*VOCABULARY;
    let mut slot = hash(uri) & (vocabulary.slots.len() - 1);
    loop {
        let place = usize::from(vocabulary.slots[slot]).checked_sub(1)?;
        let term = &vocabulary.terms[place];
        if term.uri == uri {
            return Some(term);
        }
        slot = (slot + 1) & (vocabulary.slots.len() - 1);
    }
}

/// The term and the month of a URI that ends in its month, as `.../ptdcntrct03/2018-3`: year and month.
///
/// ```
/// use fhir_model::vocabulary;
/// let uri = "https://bluebutton.cms.gov/resources/variables/ptdcntrct03/2018-3";
/// let (term, year, month) = vocabulary::by_monthly_uri(uri).unwrap();
/// assert_eq!((term.short, year, month), ("ptdcntrct03", 2018, 3));
/// ```
pub fn by_monthly_uri(uri: &str) -> Option<(&'static Term, u16, u8)> {
    let (stem, date) = uri.rsplit_once('/')?;
    let (year, month) = date.split_once('-')?;
    let (year, month) = (year.parse().ok()?, month.parse().ok()?);
    Some((by_uri(stem)?, year, month))
}

/// A short name or a URI as a URI; `None` for a short name that is not in the table.
pub(crate) fn resolve(name: &str) -> Option<&str> {
    if name.contains(':') { Some(name) } else { uri(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_a_term_found_by_both_its_names() {
        assert_eq!(terms().len(), TABLE.lines().count() - 1);
        assert!(terms().len() > 300);
        for row in terms() {
            assert_eq!(term(row.short), Some(row));
            assert_eq!(by_uri(row.uri), Some(row), "two rows for {}", row.uri);
            assert!(!row.uri.ends_with('/') && !row.label.is_empty(), "{}", row.short);
            if row.kind == TermKind::Variable {
                assert_eq!(row.uri, format!("{BLUE_BUTTON}variables/{}", row.short));
            }
        }
        assert!(by_uri("").is_none());
        assert!(by_uri("https://bluebutton.cms.gov/resources/variables/").is_none());
        assert!(uri("line_nch_pmt_am").is_none());
    }

    #[test]
    fn numbered_families_are_whole() {
        for (stem, last) in [("clm_poa_ind_sw", 25), ("clm_e_poa_ind_sw", 12)] {
            for number in 1..=last {
                assert!(uri(&format!("{stem}{number}")).is_some());
            }
        }
        for stem in [
            "dual_",
            "buyin",
            "ptc_cntrct_id_",
            "ptc_pbp_id_",
            "ptc_plan_type_cd_",
            "hmo_ind_",
            "ptdcntrct",
            "ptdpbpid",
            "sgmtid",
            "cstshr",
            "rdsind",
        ] {
            for month in 1..=12 {
                assert!(uri(&format!("{stem}{month:02}")).is_some());
            }
        }
    }

    #[test]
    fn the_hash_spreads() {
        let slots = VOCABULARY.slots.len();
        let mut counts = vec![0; slots];
        for term in terms() {
            counts[hash(term.uri) & (slots - 1)] += 1;
        }
        assert!(*counts.iter().max().unwrap() <= 4, "{:?}", counts.iter().max());
    }
}
