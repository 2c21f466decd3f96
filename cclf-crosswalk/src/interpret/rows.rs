//! Rows: where each root of a path starts, what each function gives, and so what each column holds.

use fhir_model::{Node, vocabulary};

use super::check::Read;
use super::people::{Enrolled, Person, mbi_current};
use super::value::{Day, age, cell, convert, is_null_code, is_tildes, text, whole};
use super::walk::{Spot, by_sequence, entries, follow, has_key, sequence};
use crate::facts::crosswalk::Crosswalk;
use crate::facts::fact::{CoverageChoice, Expr, Function, Leaf, Path, Root, Source};
use crate::layout::table::{ColumnType, Per, Table};
use cms::{ClaimType, MedicarePart as Part};

/// One row that is being made, and all that its columns may ask for.
#[derive(Clone)]
pub(super) struct Row<'r> {
    pub(super) crosswalk: &'r Crosswalk,
    pub(super) per: Per,
    /// The claim or the Patient; nothing on rows of the summary.
    pub(super) record: Option<Node<'r>>,
    pub(super) claim_type: Option<ClaimType>,
    /// The row's own item, procedure or diagnosis.
    pub(super) own: Option<Spot<'r>>,
    /// The Patient that a claim refers to.
    pub(super) patient: Option<Node<'r>>,
    /// The Coverages of a Patient.
    pub(super) coverages: &'r [Enrolled<'r>],
    pub(super) hospice: Option<(i64, Option<i64>)>,
    pub(super) historic_mbi: Option<&'r str>,
    pub(super) file_name: &'r str,
    pub(super) file_date: Option<i32>,
    pub(super) summary: Option<(Table, usize)>,
}

impl<'r> Row<'r> {
    /// A row of a claim, before it is of one of its entries and of somebody.
    pub(super) fn of_record(crosswalk: &'r Crosswalk, record: &'r Read<'r>) -> Self {
        Self {
            crosswalk,
            per: Per::Claim,
            record: Some(record.node()),
            claim_type: record.claim_type,
            own: None,
            patient: None,
            coverages: &[],
            hospice: None,
            historic_mbi: None,
            file_name: record.file_name,
            file_date: record.file_date,
            summary: None,
        }
    }

    /// A row of a Patient; its hospice range or historic MBI comes on top.
    pub(super) fn of_person(crosswalk: &'r Crosswalk, per: Per, person: &'r Person<'r>) -> Self {
        Self {
            crosswalk,
            per,
            record: Some(person.node),
            claim_type: None,
            own: None,
            patient: None,
            coverages: &person.coverages,
            hospice: None,
            historic_mbi: None,
            file_name: person.file_name,
            file_date: person.file_date,
            summary: None,
        }
    }

    /// The cell of a column: the first alternative that is not null.
    pub(super) fn cell(&self, expr: &Expr, column: ColumnType) -> Option<String> {
        expr.alternatives.iter().find_map(|alternative| {
            if let Some(types) = alternative.claim_types
                && !self.claim_type.is_some_and(|own| types.contains(own))
            {
                return None;
            }
            let found = match &alternative.source {
                Source::Literal(literal) => Some(literal.clone()),
                Source::Paths(paths) => paths.iter().find_map(|path| match &path.leaf {
                    Leaf::Function(function) => self.function(function, path),
                    // Leaves that do not fit have rejected the record before.
                    _ => self
                        .spots(path)
                        .into_iter()
                        .filter_map(|spot| cell(spot.node, column).ok().flatten())
                        .find(|found| !is_null_code(&path.steps, found)),
                }),
            };
            convert(self.crosswalk, &alternative.conversions, found)
        })
    }

    /// All places that a path reaches from this row.
    fn spots(&self, path: &Path) -> Vec<Spot<'r>> {
        follow(self.starts(&path.root), &path.steps)
    }

    fn starts(&self, root: &Root) -> Vec<Spot<'r>> {
        let whole = |node| Spot { node, place: 1 };
        let record = self.record.into_iter();
        match root {
            Root::Record => record.map(whole).collect(),
            Root::Item if self.per == Per::Item => self.own.into_iter().collect(),
            Root::Item => record.flat_map(|claim| entries(claim, "item")).collect(),
            Root::Entry => self.own.into_iter().collect(),
            Root::Rendering => self.linked_care_team("primary").into_iter().take(1).collect(),
            Root::LinkedCareTeam(role) => self.linked_care_team(role),
            Root::LinkedDiagnosis => self.linked_diagnosis().into_iter().collect(),
            Root::Principal => self.principal().into_iter().collect(),
            Root::Attending => record.filter_map(attending).collect(),
            Root::Patient => self.patient.into_iter().map(whole).collect(),
            Root::Coverage(CoverageChoice::Part(part)) => {
                let own = self.coverages.iter().find(|coverage| coverage.part == *part);
                own.into_iter().map(|coverage| whole(coverage.node)).collect()
            }
            // Which one depends on the months that are asked for: see `newest`. This reading knows STU3 alone, which
            // has none of the others.
            Root::Coverage(CoverageChoice::Newest | CoverageChoice::Dual)
            | Root::SoleDiagnosis
            | Root::LastDiagnosis(_)
            | Root::LeadingDiagnosis(_)
            | Root::Provider
            | Root::Information(_) => Vec::new(),
        }
    }

    fn of_list(&self, list: &str) -> Vec<Spot<'r>> {
        self.record.map(|record| entries(record, list)).unwrap_or_default()
    }

    /// Care team entries of a role that the row's item links to, in the order of the care team.
    fn linked_care_team(&self, role: &str) -> Vec<Spot<'r>> {
        let links = self.own.map(|item| links(item.node)).unwrap_or_default();
        let mut team = self.of_list("careTeam");
        team.retain(|entry| {
            has_key(entry.node, "careTeam", role)
                && sequence(entry.node).is_some_and(|number| links.contains(&number))
        });
        team
    }

    /// The diagnosis whose sequence is the item's first link.
    fn linked_diagnosis(&self) -> Option<Spot<'r>> {
        let mut links = entries(self.own?.node, "diagnosisLinkId").into_iter();
        let first = links.find_map(|link| whole(link.node))?;
        self.of_list("diagnosis").into_iter().find(|entry| sequence(entry.node) == Some(first))
    }

    /// The last entry typed principal; none: the admitting one on inpatient and SNF claims.
    fn principal(&self) -> Option<Spot<'r>> {
        let typed = |role: &str| {
            let mut entries = self.of_list("diagnosis");
            entries.retain(|entry| has_key(entry.node, "diagnosis", role));
            entries
        };
        let merged = matches!(self.claim_type, Some(ClaimType::Inpatient | ClaimType::Snf));
        let admitting = || if merged { typed("admitting").into_iter().next() } else { None };
        typed("principal").into_iter().next_back().or_else(admitting)
    }

    fn function(&self, function: &Function, path: &Path) -> Option<String> {
        let written = |days: i64| Day::from_1970(days).written();
        match function {
            Function::Place => self.spots(path).first().map(|spot| spot.place.to_string()),
            Function::MbiCurrent => mbi_current(self.spots(path).first()?.node).map(str::to_owned),
            Function::Rank(_) | Function::MbiBegin | Function::MbiEnd => None,
            Function::MbiHistoric => self.historic_mbi.map(str::to_owned),
            Function::LatestMonth(stem) => {
                let of = match path.root {
                    Root::Coverage(CoverageChoice::Newest) => self.newest(stem)?,
                    _ => self.spots(path).first()?.node,
                };
                latest_month(of, stem)
            }
            Function::Age => self.age(),
            Function::HospiceBegin => self.hospice.map(|(start, _)| written(start)),
            Function::HospiceEnd => self.hospice.and_then(|(_, end)| end).map(written),
            Function::FileName => Some(self.file_name.to_owned()),
            Function::FileDate => self.file_date.map(|days| written(i64::from(days))),
            Function::SummaryFile => self.summary.map(|(table, _)| table.name().to_owned()),
            Function::SummaryTitle => {
                self.summary.map(|(table, _)| self.crosswalk.table(table).title.clone())
            }
            Function::SummaryRows => self.summary.map(|(_, rows)| rows.to_string()),
            Function::SummaryLength => self.summary.map(|(table, _)| {
                let columns = &self.crosswalk.table(table).columns;
                columns.iter().map(|column| column.width).sum::<usize>().to_string()
            }),
        }
    }

    /// Whole years from birth to FILE_DATE, or to the death date if earlier.
    fn age(&self) -> Option<String> {
        let day = |member: &str| {
            let leaf = self.record?.child(member)?;
            Day::parse(&cell(leaf, ColumnType::Date).ok()??)
        };
        let until = Day::from_1970(i64::from(self.file_date?));
        let until = day("deceasedDateTime").map_or(until, |death| death.min(until));
        age(day("birthDate")?, until).map(|years| years.to_string())
    }

    /// Of the Coverages with any of these months the one with the greatest reference year; of equal ones
    /// the first part.
    fn newest(&self, stem: &str) -> Option<Node<'r>> {
        let mut newest: Option<(Option<i64>, Node<'r>)> = None;
        for part in Part::ALL {
            let Some(coverage) = self.coverages.iter().find(|coverage| coverage.part == part)
            else {
                continue;
            };
            if months(coverage.node, stem).iter().all(Option::is_none) {
                continue;
            }
            let year = first_text(coverage.node, "rfrnc_yr", &["valueDate"]);
            let year = year.and_then(|year| year.parse().ok());
            if newest.is_none_or(|(greatest, _)| year > greatest) {
                newest = Some((year, coverage.node));
            }
        }
        newest.map(|(_, node)| node)
    }
}

/// The first text behind an extension of this name.
fn first_text<'t>(of: Node<'t>, extension: &str, members: &[&str]) -> Option<&'t str> {
    entries(of, "extension")
        .into_iter()
        .filter(|spot| has_key(spot.node, "extension", extension))
        .find_map(|spot| {
            let leaf = members.iter().try_fold(spot.node, |node, name| node.child(name));
            leaf.and_then(text).filter(|found| !is_tildes(found))
        })
}

/// The codes of twelve monthly extensions.
fn months<'t>(of: Node<'t>, stem: &str) -> Vec<Option<&'t str>> {
    (1..=12)
        .map(|month| format!("{stem}{month:02}"))
        .map(|name| {
            debug_assert!(vocabulary::uri(&name).is_some(), "{name}");
            first_text(of, &name, &["valueCoding", "code"])
        })
        .collect()
}

/// The code of the last month that says something.
fn latest_month(of: Node<'_>, stem: &str) -> Option<String> {
    let mut codes = months(of, stem).into_iter().flatten();
    codes.rfind(|code| *code != "**" && *code != "XX").map(str::to_owned)
}

/// The sequences that an item links to.
fn links(item: Node<'_>) -> Vec<i64> {
    entries(item, "careTeamLinkId").into_iter().filter_map(|link| whole(link.node)).collect()
}

/// The primary that no item links to; if items link to every primary, any of them; of several the lowest sequence.
fn attending(claim: Node<'_>) -> Option<Spot<'_>> {
    let linked: Vec<i64> =
        entries(claim, "item").into_iter().flat_map(|item| links(item.node)).collect();
    let mut primaries = entries(claim, "careTeam");
    primaries.retain(|entry| has_key(entry.node, "careTeam", "primary"));
    by_sequence(&mut primaries);
    let is_linked =
        |entry: &Spot<'_>| sequence(entry.node).is_some_and(|number| linked.contains(&number));
    let free = primaries.iter().find(|entry| !is_linked(entry));
    free.or_else(|| primaries.first()).copied()
}
