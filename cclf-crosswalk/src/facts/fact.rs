//! One fact of the crosswalk: which column, where in the resource, of what type.
//!
//! The path grammar, closed and without code:
//!
//! ```text
//! where       = alternative *( " | " alternative )          the first that is not null
//! alternative = [ types ": " ] source *( " > " conversion ) types: HHA or OUTPATIENT,HOSPICE
//! source      = path | 'text' | function()
//! path        = [ root "." ] name [ select ] *( "." name [ select ] ) [ "." function() ]
//! root        = item                 the row's own line; on rows that are not lines: every item
//!             | entry                the row's own procedure or diagnosis
//!             | @rendering           the primary careTeam entry that the item links to
//!             | @careTeam[role]      the careTeam entries of that role that the item links to; on rows that are
//!                                    no lines all of that role, by sequence
//!             | @diagnosis           the diagnosis that the item's first link names
//!             | @sole                the same, where all diagnoses of the claim are one code
//!             | @last[type]          the last diagnosis of that type
//!             | @leading[type]       the first diagnosis, when it is of that type
//!             | @principal @attending   the entries that the rules choose
//!             | @provider            the contained resource that provider.reference names
//!             | @info[category]      the supportingInfo entries that the item names; on rows that are no lines
//!                                    those that no item names
//!             | @patient @coverage[a|b|c|d|dual|newest]     joined resources
//! select      = [key]                the list's own key: url, system, category, role, type, resourceType
//!             | [key*]               a prefix of it
//!             | [-]                  those without a key
//!             | [n] | [#n]           by place from 0 | by sequence
//!             | [a,b*,-]             the first of these by which there is a value, wherever it stands
//! function    = nth(n)               the n-th value, from 1, of all that there are
//!             | last()               the last value
//!             | joined()             all values, one after another
//!             | prefer(TEXT)         that value where it is among them, else the first
//!             | rank(type)           the entry's place among those of that type, from 1
//!             | place() and others that stand alone: see Function
//! conversion  = map(NAME) | const(TEXT) | except(TEXT) | pad(n) | slice(from[,to]) | ending(n) | undot()
//!             | fips() | usps() | zip5() | zip4()
//! ```
//!
//! Several results: the first that is not null is taken. `careTeam[role]` is one entry, that of the lowest
//! sequence.

use cms::{ClaimType, ClaimTypes, MedicarePart};

use crate::layout::load_error::LoadError;
use crate::layout::table::ColumnType;

/// Where a value is, and what is done to it: the first alternative that is not null.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expr {
    /// Tried in order.
    pub alternatives: Vec<Alternative>,
}

/// One way to find a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternative {
    /// Claim types it holds for; `None` for all.
    pub claim_types: Option<ClaimTypes>,
    /// Where the value comes from.
    pub source: Source,
    /// What is done to it, in order.
    pub conversions: Vec<Conversion>,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A constant of the layout.
    Literal(String),
    /// Places in a resource: the first that has a value.
    Paths(Vec<Path>),
}

/// A place in a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// Where the walk starts.
    pub root: Root,
    /// Member by member.
    pub steps: Vec<Step>,
    /// What is taken at the end.
    pub leaf: Leaf,
}

/// Where a path starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// The record itself.
    Record,
    /// The row's own item; on rows that are not lines every item in order.
    Item,
    /// The row's own diagnosis or procedure entry.
    Entry,
    /// The first careTeam entry with role primary that the row's item links to.
    Rendering,
    /// Every careTeam entry of this role that the row's item links to; on rows that are no lines every one of this
    /// role, by sequence.
    LinkedCareTeam(String),
    /// The diagnosis whose sequence is the row's item's first diagnosisLinkId.
    LinkedDiagnosis,
    /// The diagnosis chosen as principal.
    Principal,
    /// The careTeam entry chosen as attending.
    Attending,
    /// The diagnosis that the row's item's first link names, where all diagnoses of the claim are one code.
    SoleDiagnosis,
    /// The last diagnosis of this type.
    LastDiagnosis(String),
    /// The first diagnosis of the claim, when it is of this type.
    LeadingDiagnosis(String),
    /// The contained resource that `provider.reference` names.
    Provider,
    /// The supportingInfo entries of this category (any, without one) that the row's item names; on rows that are no
    /// lines those that no item names.
    Information(Option<String>),
    /// The Patient that the claim refers to.
    Patient,
    /// A Coverage of the same beneficiary.
    Coverage(CoverageChoice),
}

/// Which Coverage of a beneficiary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoverageChoice {
    /// The one of this part.
    Part(MedicarePart),
    /// The one that says how a beneficiary of Medicare is entitled to Medicaid.
    Dual,
    /// Among those with the asked for months the one with the greatest reference year; ties: A before D.
    Newest,
}

/// One member of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The FHIR element name.
    pub name: String,
    /// Which entries of it.
    pub select: Option<Select>,
}

/// Which entries of a list, or whether a single object counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Select {
    /// Those whose key is this short name (or code, for roles, types and resource types).
    Key(String),
    /// Those whose key starts with this.
    Prefix(String),
    /// Those without a key: a coding that names no system.
    Unkeyed,
    /// The one at this place, from 0.
    Place(usize),
    /// The one with this sequence.
    Sequence(i64),
}

/// What is taken at the end of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// The value of the last member.
    Value,
    /// The n-th of its values, from 1.
    Nth(usize),
    /// The last of its values.
    Last,
    /// All of its values, one after another.
    Joined,
    /// This value where it is one of them, else the first.
    Prefer(String),
    /// A named function of the place reached.
    Function(Function),
}

/// Named code: what the grammar cannot say. Each follows a rule of the crosswalk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Function {
    /// The entry's place in its list, from 1.
    Place,
    /// The entry's place among those of this type, from 1; none when it is of another.
    Rank(String),
    /// The MBI in force.
    MbiCurrent,
    /// The row's historic MBI.
    MbiHistoric,
    /// From when the row's historic MBI was in force.
    MbiBegin,
    /// Until when it was.
    MbiEnd,
    /// The last of twelve monthly extensions with a usable code; the stem is the variable without its month.
    LatestMonth(String),
    /// Whole years from birth to FILE_DATE or death.
    Age,
    /// Begin of the row's hospice range.
    HospiceBegin,
    /// End of the row's hospice range.
    HospiceEnd,
    /// FILE_NAME of the row's source.
    FileName,
    /// FILE_DATE of the row's source.
    FileDate,
    /// Name of the summarised table.
    SummaryFile,
    /// Long name of the summarised table.
    SummaryTitle,
    /// Rows of the summarised table.
    SummaryRows,
    /// Fixed-width record length of the summarised table.
    SummaryLength,
}

/// What is done to a text value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conversion {
    /// Looked up in a map of `maps.csv`.
    Map(String),
    /// Replaced by this text when present.
    Const(String),
    /// Null when it is this text.
    Except(String),
    /// Left-padded with zeros to this many characters.
    Pad(usize),
    /// Characters from (1-based) to (inclusive; to the end when absent).
    Slice(usize, Option<usize>),
    /// The last so many characters.
    Ending(usize),
    /// Without dots.
    Undot,
    /// SSA state code or USPS letters to FIPS digits.
    Fips,
    /// SSA state code or USPS letters to USPS letters.
    Usps,
    /// The first five digits.
    Zip5,
    /// Digits six to nine, when there are nine.
    Zip4,
}

/// What a record fact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FactKind {
    /// A value of this type.
    Value(ColumnType),
    /// A list of sequence numbers.
    Links,
    /// Whether the element is there.
    Present,
    /// Which of the keys that facts ask for an entry carries.
    Keys,
}

impl Expr {
    /// Parses the `where` column of a fact.
    pub(crate) fn parse(text: &str) -> Result<Self, LoadError> {
        let alternatives =
            text.split(" | ").map(Alternative::parse).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { alternatives })
    }

    /// Every path of the expression.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.alternatives.iter().flat_map(|alternative| match &alternative.source {
            Source::Paths(paths) => paths.as_slice(),
            Source::Literal(_) => &[],
        })
    }
}

impl Alternative {
    fn parse(text: &str) -> Result<Self, LoadError> {
        let (claim_types, text) = match text.split_once(": ") {
            Some((types, rest)) => {
                let types = types
                    .split(',')
                    .map(|code| {
                        ClaimType::from_code(code.trim())
                            .ok_or_else(|| LoadError::new(format!("unknown claim type `{code}`")))
                    })
                    .collect::<Result<ClaimTypes, _>>()?;
                (Some(types), rest)
            }
            None => (None, text),
        };
        let mut pieces = text.split(" > ").map(str::trim);
        let source = pieces.next().unwrap_or_default();
        let source = match source.strip_prefix('\'').and_then(|literal| literal.strip_suffix('\''))
        {
            Some(literal) => Source::Literal(literal.to_owned()),
            None => Source::Paths(Path::parse_each(source)?),
        };
        let conversions = pieces.map(Conversion::parse).collect::<Result<_, _>>()?;
        Ok(Self { claim_types, source, conversions })
    }
}

/// `name(argument)` as its two pieces.
fn call(text: &str) -> Option<(&str, &str)> {
    text.strip_suffix(')')?.split_once('(')
}

impl Conversion {
    fn parse(text: &str) -> Result<Self, LoadError> {
        let fault = || LoadError::new(format!("unknown conversion `{text}`"));
        let (name, argument) = call(text).ok_or_else(fault)?;
        let number = |digits: &str| digits.trim().parse::<usize>().map_err(|_| fault());
        Ok(match (name, argument) {
            ("map", name) if !name.is_empty() => Self::Map(name.to_owned()),
            ("const", value) if !value.is_empty() => Self::Const(value.to_owned()),
            ("except", value) if !value.is_empty() => Self::Except(value.to_owned()),
            ("ending", count) => Self::Ending(number(count)?),
            ("undot", "") => Self::Undot,
            ("pad", width) => Self::Pad(number(width)?),
            ("slice", range) => match range.split_once(',') {
                Some((from, to)) => Self::Slice(number(from)?, Some(number(to)?)),
                None => Self::Slice(number(range)?, None),
            },
            ("fips", "") => Self::Fips,
            ("usps", "") => Self::Usps,
            ("zip5", "") => Self::Zip5,
            ("zip4", "") => Self::Zip4,
            _ => return Err(fault()),
        })
    }
}

impl Function {
    fn parse(text: &str) -> Result<Self, LoadError> {
        Ok(match call(text) {
            Some(("place", "")) => Self::Place,
            Some(("rank", key)) if !key.is_empty() => Self::Rank(key.to_owned()),
            Some(("mbi_current", "")) => Self::MbiCurrent,
            Some(("mbi_historic", "")) => Self::MbiHistoric,
            Some(("mbi_begin", "")) => Self::MbiBegin,
            Some(("mbi_end", "")) => Self::MbiEnd,
            Some(("latest_month", stem)) if !stem.is_empty() => Self::LatestMonth(stem.to_owned()),
            Some(("age", "")) => Self::Age,
            Some(("hospice_begin", "")) => Self::HospiceBegin,
            Some(("hospice_end", "")) => Self::HospiceEnd,
            Some(("file_name", "")) => Self::FileName,
            Some(("file_date", "")) => Self::FileDate,
            Some(("summary_file", "")) => Self::SummaryFile,
            Some(("summary_title", "")) => Self::SummaryTitle,
            Some(("summary_rows", "")) => Self::SummaryRows,
            Some(("summary_length", "")) => Self::SummaryLength,
            _ => return Err(LoadError::new(format!("unknown function `{text}`"))),
        })
    }
}

impl Leaf {
    /// What a call at the end of a path asks for.
    fn parse(text: &str) -> Result<Self, LoadError> {
        Ok(match call(text) {
            Some(("nth", number)) => match number.parse() {
                Ok(number @ 1..) => Self::Nth(number),
                _ => return Err(LoadError::new(format!("`{text}` has a bad number"))),
            },
            Some(("last", "")) => Self::Last,
            Some(("joined", "")) => Self::Joined,
            Some(("prefer", value)) if !value.is_empty() => Self::Prefer(value.to_owned()),
            _ => Self::Function(Function::parse(text)?),
        })
    }
}

impl Path {
    /// The paths that a text stands for: one for each key of a list of keys.
    pub(crate) fn parse_each(text: &str) -> Result<Vec<Self>, LoadError> {
        let listed = text.match_indices('[').find_map(|(at, _)| {
            let keys = text[at + 1..].split(']').next()?;
            keys.contains(',').then_some((at + 1, keys))
        });
        let Some((at, keys)) = listed else { return Ok(vec![Self::parse(text)?]) };
        let (before, after) = (&text[..at], &text[at + keys.len()..]);
        let each = keys.split(',').map(|key| Self::parse_each(&format!("{before}{key}{after}")));
        Ok(each.collect::<Result<Vec<_>, _>>()?.concat())
    }

    fn parse(text: &str) -> Result<Self, LoadError> {
        let mut pieces: Vec<&str> = text.split('.').collect();
        let root = match pieces.first().copied() {
            Some("item") => Root::Item,
            Some("entry") => Root::Entry,
            Some("@rendering") => Root::Rendering,
            Some("@diagnosis") => Root::LinkedDiagnosis,
            Some("@principal") => Root::Principal,
            Some("@attending") => Root::Attending,
            Some("@sole") => Root::SoleDiagnosis,
            Some("@provider") => Root::Provider,
            Some("@patient") => Root::Patient,
            Some(other) if other.starts_with('@') => match selected(&other[1..])? {
                ("careTeam", Some(Select::Key(role))) => Root::LinkedCareTeam(role),
                ("last", Some(Select::Key(kind))) => Root::LastDiagnosis(kind),
                ("leading", Some(Select::Key(kind))) => Root::LeadingDiagnosis(kind),
                ("info", Some(Select::Key(category))) => Root::Information(Some(category)),
                ("info", None) => Root::Information(None),
                ("coverage", Some(Select::Key(part))) if part == "newest" => {
                    Root::Coverage(CoverageChoice::Newest)
                }
                ("coverage", Some(Select::Key(part))) if part == "dual" => {
                    Root::Coverage(CoverageChoice::Dual)
                }
                ("coverage", Some(Select::Key(part))) => Root::Coverage(CoverageChoice::Part(
                    MedicarePart::from_letter(&part).ok_or_else(|| {
                        LoadError::new(format!("unknown part of Medicare `{part}`"))
                    })?,
                )),
                _ => return Err(LoadError::new(format!("unknown root `{other}`"))),
            },
            _ => Root::Record,
        };
        if root != Root::Record {
            pieces.remove(0);
        }
        let leaf = match pieces.last() {
            Some(last) if last.ends_with(')') => {
                let leaf = Leaf::parse(last)?;
                pieces.pop();
                leaf
            }
            _ => Leaf::Value,
        };
        let steps = pieces
            .into_iter()
            .map(|piece| {
                let (name, select) = selected(piece)?;
                if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                    return Err(LoadError::new(format!("`{piece}` is no element name")));
                }
                Ok(Step { name: name.to_owned(), select })
            })
            .collect::<Result<Vec<_>, _>>()?;
        if steps.is_empty() && !matches!(leaf, Leaf::Function(_)) {
            return Err(LoadError::new(format!("`{text}` names no element")));
        }
        Ok(Self { root, steps, leaf })
    }
}

/// `name[select]` as its two pieces.
fn selected(text: &str) -> Result<(&str, Option<Select>), LoadError> {
    let Some((name, select)) = text.split_once('[') else { return Ok((text, None)) };
    let fault = || LoadError::new(format!("`{text}` has a bad selector"));
    let select = select.strip_suffix(']').ok_or_else(fault)?;
    let select = if let Some(sequence) = select.strip_prefix('#') {
        Select::Sequence(sequence.parse().map_err(|_| fault())?)
    } else if select == "-" {
        Select::Unkeyed
    } else if let Ok(place) = select.parse() {
        Select::Place(place)
    } else if let Some(prefix) = select.strip_suffix('*') {
        Select::Prefix(prefix.to_owned())
    } else if select.is_empty() || select.contains('[') {
        return Err(fault());
    } else {
        Select::Key(select.to_owned())
    };
    Ok((name, Some(select)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guarded_chain_with_conversions() {
        let expr = Expr::parse("HHA,SNF: item.quantity.value > pad(4) > slice(1,2) | 'U'").unwrap();
        assert_eq!(expr.alternatives.len(), 2);
        let first = &expr.alternatives[0];
        assert!(first.claim_types.unwrap().contains(ClaimType::Hha));
        assert!(!first.claim_types.unwrap().contains(ClaimType::Pde));
        assert_eq!(first.conversions, [Conversion::Pad(4), Conversion::Slice(1, Some(2))]);
        assert_eq!(expr.alternatives[1].source, Source::Literal("U".into()));
    }

    #[test]
    fn roots_selectors_and_functions() {
        let path = |text| Path::parse(text).unwrap();
        assert_eq!(path("item[0].servicedDate").root, Root::Record);
        assert_eq!(path("item.servicedDate").root, Root::Item);
        assert_eq!(path("@careTeam[other].provider").root, Root::LinkedCareTeam("other".into()));
        assert_eq!(path("diagnosis[#12].sequence").steps[0].select, Some(Select::Sequence(12)));
        assert_eq!(
            path("@coverage[newest].latest_month(dual_)").leaf,
            Leaf::Function(Function::LatestMonth("dual_".into()))
        );
        assert_eq!(
            path("entry.extension[clm_poa_ind_sw*].valueCoding.code").steps[0].select,
            Some(Select::Prefix("clm_poa_ind_sw".into()))
        );
    }

    #[test]
    fn nonsense_is_refused() {
        for text in
            ["", "a..b", "a[", "a[]", "a.b()", "@x.y", "@coverage[e].id", "a > pad(x)", "X: a"]
        {
            assert!(Expr::parse(text).is_err(), "{text}");
        }
    }
}
