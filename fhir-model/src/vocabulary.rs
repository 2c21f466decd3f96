//! The URIs of Blue Button records by name: variables, code systems, identifier systems.
//!
//! The table is `src/vocabulary.csv`, one row per term. Each row is a [`Term`] and a variant of one of the enums
//! [`Variable`], [`CodeSystem`], [`IdentifierSystem`] and [`StandardExtension`], which are generated from it.
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
//!
//! // The same as an enum, for code: the compiler knows the names.
//! use vocabulary::Variable;
//! assert_eq!(Variable::LineNchPmtAmt.uri(), uri);
//! assert_eq!(Variable::LineNchPmtAmt.term().label, "Line NCH Medicare payment amount");
//! assert_eq!(Variable::from_uri(uri), Some(Variable::LineNchPmtAmt));
//! ```

mod dialects;
mod known;
#[rustfmt::skip]
mod names;

use std::sync::LazyLock;

pub use dialects::{Same, by_uri_in, same_in_v3, term_in, terms_in, uri_in};
pub(crate) use known::host_of;
pub use known::{is_known, is_known_host};
pub use names::{CodeSystem, IdentifierSystem, StandardExtension, Variable};

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
    place_of_short(short).map(|place| &VOCABULARY.terms[place])
}

fn place_of_short(short: &str) -> Option<usize> {
    let vocabulary = &*VOCABULARY;
    let place =
        vocabulary.by_short.binary_search_by(|place| vocabulary.terms[*place].short.cmp(short));
    place.ok().map(|place| vocabulary.by_short[place])
}

/// The URI that a short name stands for.
pub fn uri(short: &str) -> Option<&'static str> {
    term(short).map(|term| term.uri)
}

/// The terms whose short names begin with a stem, as those of twelve months do, in the order of their names.
///
/// ```
/// use fhir_model::vocabulary;
/// assert_eq!(vocabulary::family("buyin").map(|term| term.short).nth(1), Some("buyin02"));
/// ```
pub fn family(stem: &str) -> impl Iterator<Item = &'static Term> {
    let Vocabulary { terms, by_short, .. } = &*VOCABULARY;
    let first = by_short.partition_point(|place| terms[*place].short < stem);
    let from_there = by_short[first..].iter().map(|place| &terms[*place]);
    from_there.take_while(move |term| term.short.starts_with(stem))
}

/// The term with this URI.
pub fn by_uri(uri: &str) -> Option<&'static Term> {
    place_of_uri(uri).map(|place| &VOCABULARY.terms[place])
}

fn place_of_uri(uri: &str) -> Option<usize> {
    let vocabulary = &*VOCABULARY;
    let mut slot = hash(uri) & (vocabulary.slots.len() - 1);
    loop {
        let place = usize::from(vocabulary.slots[slot]).checked_sub(1)?;
        if vocabulary.terms[place].uri == uri {
            return Some(place);
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

/// Whatever names a term: a variant of the vocabulary's enums, a [`Term`], a short name, a whole URI.
///
/// All accessors that ask for a variable, system or category take one.
pub trait Name {
    /// The URI; `None` for a short name that the table does not have.
    fn to_uri(&self) -> Option<&str>;
}

/// A text with a colon is a URI, also one that the table does not know; others are short names, of version 1 or else of
/// version 2 or 3.
impl Name for str {
    fn to_uri(&self) -> Option<&str> {
        if self.contains("://") || self.starts_with("urn:") {
            return Some(self);
        }
        let later = || uri_in(cms::Api::V2, self).or_else(|| uri_in(cms::Api::V3, self));
        uri(self).or_else(later).or_else(|| self.contains(':').then_some(self))
    }
}

impl Name for String {
    fn to_uri(&self) -> Option<&str> {
        self.as_str().to_uri()
    }
}

impl Name for Term {
    fn to_uri(&self) -> Option<&str> {
        Some(self.uri)
    }
}

impl<N: Name + ?Sized> Name for &N {
    fn to_uri(&self) -> Option<&str> {
        (**self).to_uri()
    }
}

/// An enum of terms, each with its row of the table.
macro_rules! name_enum {
    ($(#[$about:meta])* $name:ident { $($(#[$label:meta])* $variant:ident = $row:literal,)* }) => {
        $(#[$about])*
        #[non_exhaustive]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum $name {
            $($(#[$label])* $variant = $row,)*
        }

        impl $name {
            /// All of them, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The row of the table: URI, label, kind of value.
            pub fn term(self) -> &'static super::Term {
                &super::terms()[self as usize]
            }

            /// The name used in paths and tables: `line_nch_pmt_amt`, `us-npi`.
            pub fn short(self) -> &'static str {
                self.term().short
            }

            /// The URI as records have it.
            pub fn uri(self) -> &'static str {
                self.term().uri
            }

            /// The one with this URI.
            pub fn from_uri(uri: &str) -> Option<Self> {
                Self::at(super::place_of_uri(uri)?)
            }

            /// The one with this short name.
            pub fn from_short(short: &str) -> Option<Self> {
                Self::at(super::place_of_short(short)?)
            }

            fn at(place: usize) -> Option<Self> {
                let found = Self::ALL.binary_search_by_key(&place, |name| *name as usize);
                found.ok().map(|index| Self::ALL[index])
            }
        }

        impl super::Name for $name {
            fn to_uri(&self) -> Option<&str> {
                Some(self.uri())
            }
        }

        /// Shows the short name.
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.short())
            }
        }
    };
}
use name_enum;

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
    fn every_row_is_a_variant_of_the_enum_of_its_kind() {
        let variables = Variable::ALL.iter().map(|name| (name.term(), TermKind::Variable));
        let systems = CodeSystem::ALL.iter().map(|name| (name.term(), TermKind::CodeSystem));
        let identifiers =
            IdentifierSystem::ALL.iter().map(|name| (name.term(), TermKind::Identifier));
        let others = StandardExtension::ALL.iter().map(|name| (name.term(), TermKind::Extension));
        let mut seen = Vec::new();
        for (term, kind) in variables.chain(systems).chain(identifiers).chain(others) {
            assert_eq!(term.kind, kind, "{}", term.short);
            seen.push(term.short);
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), terms().len());
        for name in Variable::ALL {
            assert_eq!(Variable::from_short(name.short()), Some(*name));
            assert_eq!(Variable::from_uri(name.uri()), Some(*name));
            assert_eq!(name.to_string(), name.short());
        }
        assert_eq!(Variable::from_short("us-npi"), None);
        assert_eq!(IdentifierSystem::from_short("us-npi"), Some(IdentifierSystem::UsNpi));
    }

    #[test]
    fn a_name_is_an_enum_a_short_name_or_a_uri() {
        let uri = "http://hl7.org/fhir/sid/us-npi";
        assert_eq!(IdentifierSystem::UsNpi.to_uri(), Some(uri));
        assert_eq!("us-npi".to_uri(), Some(uri));
        assert_eq!(uri.to_uri(), Some(uri));
        assert_eq!("us-npi".to_owned().to_uri(), Some(uri));
        assert_eq!(term("us-npi").unwrap().to_uri(), Some(uri));
        assert_eq!("urn:unknown".to_uri(), Some("urn:unknown"));
        assert_eq!("unknown".to_uri(), None);
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
