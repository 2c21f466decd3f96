//! Rows: where each root of a path starts, what each function gives, and so what each column holds.

use fhir_model::{Node, vocabulary};

use super::person::{Mbi, Person};
use super::typed::Read;
use super::value::{Day, age, cell, convert, is_null_code, is_tildes, literal_cell, text, whole};
use super::walk::{Spot, by_sequence, entries, follow, follow_any, has_key, sequence};
use crate::facts::crosswalk::Crosswalk;
use crate::facts::fact::{
    CoverageChoice, Expr, FactKind, Function, Leaf, Path, Root, Source, Step,
};
use crate::layout::resource::Resource;
use crate::layout::table::{ColumnType, Per, Table};
use cms::{Api, ClaimType};

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
    /// Whose row it is, or whom a claim refers to.
    pub(super) person: Option<&'r Person<'r>>,
    pub(super) hospice: Option<(i64, Option<i64>)>,
    pub(super) historic: Option<&'r Mbi<'r>>,
    pub(super) file_name: &'r str,
    pub(super) file_date: Option<i32>,
    pub(super) summary: Option<(Table, usize)>,
}

/// The value of a fact about a record; `None` where this version of the API does not have the fact, too.
pub(super) fn fact(
    crosswalk: &Crosswalk,
    resource: Resource,
    record: Node<'_>,
    name: &str,
) -> Option<String> {
    let mut facts = crosswalk.record_facts().iter();
    let fact = facts.find(|fact| fact.resource == resource && fact.name == name)?;
    let FactKind::Value(column) = fact.kind else { return None };
    Row { record: Some(record), ..Row::empty(crosswalk, Per::Claim) }.cell(&fact.expr, column)
}

/// Whether this version of the API has a fact.
pub(super) fn has_fact(crosswalk: &Crosswalk, resource: Resource, name: &str) -> bool {
    let mut facts = crosswalk.record_facts().iter();
    facts.any(|fact| fact.resource == resource && fact.name == name)
}

impl<'r> Row<'r> {
    /// A row of nothing.
    pub(super) fn empty(crosswalk: &'r Crosswalk, per: Per) -> Self {
        Self {
            crosswalk,
            per,
            record: None,
            claim_type: None,
            own: None,
            person: None,
            hospice: None,
            historic: None,
            file_name: "",
            file_date: None,
            summary: None,
        }
    }

    /// A row of a claim, before it is of one of its entries and of somebody.
    pub(super) fn of_record(crosswalk: &'r Crosswalk, record: &'r Read<'r>) -> Self {
        Self {
            record: Some(record.node()),
            claim_type: record.claim_type,
            file_name: record.file_name,
            file_date: record.file_date,
            ..Self::empty(crosswalk, Per::Claim)
        }
    }

    /// A row of a Patient; its hospice range or historic MBI comes on top.
    pub(super) fn of_person(crosswalk: &'r Crosswalk, per: Per, person: &'r Person<'r>) -> Self {
        Self {
            record: Some(person.node),
            person: Some(person),
            file_name: person.file_name,
            file_date: person.file_date,
            ..Self::empty(crosswalk, per)
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
                Source::Literal(literal) => literal_cell(literal, column),
                Source::Paths(paths) => match &paths[..] {
                    [Path { leaf: Leaf::Nth(number), root, .. }, ..]
                        if !matches!(root, Root::Information(_)) =>
                    {
                        let steps: Vec<&[Step]> =
                            paths.iter().map(|path| &path.steps[..]).collect();
                        let spots = follow_any(self.api(), self.starts(root), &steps);
                        values(&spots, &paths[0], column).into_iter().nth(number - 1)
                    }
                    _ => paths.iter().find_map(|path| self.found(path, column)),
                },
            };
            convert(self.crosswalk, &alternative.conversions, found)
        })
    }

    /// What a path gives.
    fn found(&self, path: &Path, column: ColumnType) -> Option<String> {
        if let Leaf::Function(function) = &path.leaf {
            return self.function(function, path);
        }
        let all = if let Root::Information(_) = path.root {
            // Each entry says one thing.
            let starts = self.starts(&path.root).into_iter();
            let own = |start| follow(self.api(), vec![start], &path.steps);
            starts
                .filter_map(|start| values(&own(start), path, column).into_iter().next())
                .collect()
        } else {
            values(&self.spots(path), path, column)
        };
        match &path.leaf {
            Leaf::Last => all.into_iter().next_back(),
            Leaf::Joined => (!all.is_empty()).then(|| all.concat()),
            Leaf::Nth(number) => all.into_iter().nth(number - 1),
            Leaf::Prefer(wanted) if all.contains(wanted) => Some(wanted.clone()),
            _ => all.into_iter().next(),
        }
    }

    fn api(&self) -> Api {
        self.crosswalk.api()
    }

    /// All places that a path reaches from this row.
    fn spots(&self, path: &Path) -> Vec<Spot<'r>> {
        let starts = match path.root {
            Root::SoleDiagnosis => self.sole_diagnosis(path),
            _ => self.starts(&path.root),
        };
        follow(self.api(), starts, &path.steps)
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
            Root::Attending => record.filter_map(|claim| self.attending(claim)).collect(),
            Root::Patient => self.person.map(|person| whole(person.node)).into_iter().collect(),
            Root::Coverage(CoverageChoice::Part(part)) => {
                let letter = part.name().trim_start_matches("Part ").to_owned();
                self.coverage(&letter).map(whole).into_iter().collect()
            }
            Root::Coverage(CoverageChoice::Dual) => {
                self.coverage("dual").map(whole).into_iter().collect()
            }
            // Which one depends on what is asked for: see `newest` and `sole_diagnosis`.
            Root::Coverage(CoverageChoice::Newest) | Root::SoleDiagnosis => Vec::new(),
            Root::LastDiagnosis(kind) => {
                self.typed(kind).into_iter().next_back().into_iter().collect()
            }
            Root::LeadingDiagnosis(kind) => {
                let first = self.of_list("diagnosis").into_iter().next();
                first.filter(|entry| self.is_typed(entry, kind)).into_iter().collect()
            }
            Root::Provider => self.provider().into_iter().collect(),
            Root::Information(category) => self.information(category.as_deref()),
        }
    }

    fn coverage(&self, part: &str) -> Option<Node<'r>> {
        let mut coverages = self.person?.coverages.iter();
        coverages.find(|coverage| coverage.part == part).map(|coverage| coverage.node)
    }

    fn of_list(&self, list: &str) -> Vec<Spot<'r>> {
        self.record.map(|record| entries(record, list)).unwrap_or_default()
    }

    fn is_typed(&self, diagnosis: &Spot<'_>, kind: &str) -> bool {
        has_key(self.api(), diagnosis.node, "diagnosis", kind)
    }

    /// The diagnoses of a type.
    fn typed(&self, kind: &str) -> Vec<Spot<'r>> {
        let mut diagnoses = self.of_list("diagnosis");
        diagnoses.retain(|entry| self.is_typed(entry, kind));
        diagnoses
    }

    /// The sequences that an item names in this member: by its name in STU3, and in R4.
    fn links(&self, item: Node<'_>, stu3: &str, r4: &str) -> Vec<i64> {
        let member = if self.api() == Api::V1 { stu3 } else { r4 };
        entries(item, member).into_iter().filter_map(|link| whole(link.node)).collect()
    }

    fn care_team_links(&self, item: Node<'_>) -> Vec<i64> {
        self.links(item, "careTeamLinkId", "careTeamSequence")
    }

    /// Care team entries of a role that the row's item links to, in the order of the care team. In version 3, where items
    /// link to none, those that have the number of the item. On rows that are no lines all of the role, by sequence.
    fn linked_care_team(&self, role: &str) -> Vec<Spot<'r>> {
        let mut team = self.of_list("careTeam");
        team.retain(|entry| has_key(self.api(), entry.node, "careTeam", role));
        if self.per != Per::Item {
            by_sequence(&mut team);
            return team;
        }
        let mut links = self.own.map(|item| self.care_team_links(item.node)).unwrap_or_default();
        if links.is_empty() && self.api() == Api::V3 {
            links.extend(self.own.and_then(|item| sequence(item.node)));
        }
        team.retain(|entry| sequence(entry.node).is_some_and(|number| links.contains(&number)));
        team
    }

    /// The diagnosis whose sequence is the item's first link.
    fn linked_diagnosis(&self) -> Option<Spot<'r>> {
        let links = self.links(self.own?.node, "diagnosisLinkId", "diagnosisSequence");
        let first = links.first()?;
        self.of_list("diagnosis").into_iter().find(|entry| sequence(entry.node) == Some(*first))
    }

    /// The same, where all diagnoses of the claim say the same.
    fn sole_diagnosis(&self, path: &Path) -> Vec<Spot<'r>> {
        let said = |entry: Spot<'r>| {
            let spots = follow(self.api(), vec![entry], &path.steps);
            values(&spots, path, ColumnType::Text).into_iter().next()
        };
        let mut all: Vec<Option<String>> =
            self.of_list("diagnosis").into_iter().map(said).collect();
        all.dedup();
        if all.len() == 1 { self.linked_diagnosis().into_iter().collect() } else { Vec::new() }
    }

    /// The last entry typed principal; none: the admitting one on inpatient and SNF claims.
    fn principal(&self) -> Option<Spot<'r>> {
        let merged = matches!(self.claim_type, Some(ClaimType::Inpatient | ClaimType::Snf));
        let admitting = || if merged { self.typed("admitting").into_iter().next() } else { None };
        self.typed("principal").into_iter().next_back().or_else(admitting)
    }

    /// The primary that no item links to; if items link to every primary, any of them; of several the lowest sequence.
    fn attending(&self, claim: Node<'r>) -> Option<Spot<'r>> {
        let items = entries(claim, "item").into_iter();
        let linked: Vec<i64> = items.flat_map(|item| self.care_team_links(item.node)).collect();
        let mut primaries = entries(claim, "careTeam");
        primaries.retain(|entry| has_key(self.api(), entry.node, "careTeam", "primary"));
        by_sequence(&mut primaries);
        let is_linked =
            |entry: &Spot<'_>| sequence(entry.node).is_some_and(|number| linked.contains(&number));
        let free = primaries.iter().find(|entry| !is_linked(entry));
        free.or_else(|| primaries.first()).copied()
    }

    /// The contained resource that `provider.reference` names.
    fn provider(&self) -> Option<Spot<'r>> {
        let reference = self.record?.child("provider")?.child("reference").and_then(text)?;
        let id = reference.strip_prefix('#')?;
        let mut contained = self.of_list("contained").into_iter();
        contained.find(|entry| entry.node.child("id").and_then(text) == Some(id))
    }

    /// Supporting information of a category that the row's item names; on rows that are no lines that which no item
    /// names. By sequence.
    fn information(&self, category: Option<&str>) -> Vec<Spot<'r>> {
        let named = |item: Spot<'_>| self.links(item.node, "", "informationSequence");
        let is_line = self.per == Per::Item;
        let items = if is_line { self.own.into_iter().collect() } else { self.of_list("item") };
        let named: Vec<i64> = items.into_iter().flat_map(named).collect();
        let mut found = self.of_list("supportingInfo");
        found.retain(|entry| {
            let is_of = |category| has_key(self.api(), entry.node, "supportingInfo", category);
            let is_named = sequence(entry.node).is_some_and(|number| named.contains(&number));
            category.is_none_or(is_of) && is_named == is_line
        });
        by_sequence(&mut found);
        found
    }

    fn function(&self, function: &Function, path: &Path) -> Option<String> {
        let written = |days: i64| Day::from_1970(days).written();
        match function {
            Function::Place => self.spots(path).first().map(|spot| spot.place.to_string()),
            Function::Rank(kind) => {
                let own = self.own?;
                let typed = self.typed(kind).into_iter();
                let places: Vec<usize> = typed.map(|entry| entry.place).collect();
                let rank = places.iter().position(|place| *place == own.place)?;
                Some((rank + 1).to_string())
            }
            Function::MbiCurrent => self.person?.mbi.clone(),
            Function::MbiHistoric => self.historic.map(|mbi| mbi.value.to_owned()),
            Function::MbiBegin => self.historic?.begin.clone(),
            Function::MbiEnd => self.historic?.end.clone(),
            Function::LatestMonth(stem) => {
                let of = match path.root {
                    Root::Coverage(CoverageChoice::Newest) => self.newest(stem)?,
                    _ => self.spots(path).first()?.node,
                };
                self.latest_month(of, stem)
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
        for part in ["A", "B", "C", "D"] {
            let Some(coverage) = self.coverage(part) else { continue };
            if self.months(coverage, stem).iter().all(Option::is_none) {
                continue;
            }
            let year = self.first_text(coverage, "rfrnc_yr", &["valueDate"]);
            let year = year.and_then(|year| year.parse().ok());
            if newest.is_none_or(|(greatest, _)| year > greatest) {
                newest = Some((year, coverage));
            }
        }
        newest.map(|(_, node)| node)
    }

    /// The first text behind an extension of this name.
    fn first_text<'t>(&self, of: Node<'t>, name: &str, members: &[&str]) -> Option<&'t str> {
        entries(of, "extension")
            .into_iter()
            .filter(|spot| has_key(self.api(), spot.node, "extension", name))
            .find_map(|spot| {
                let leaf = members.iter().try_fold(spot.node, |node, name| node.child(name));
                leaf.and_then(text).filter(|found| !is_tildes(found))
            })
    }

    /// The codes of twelve monthly extensions.
    fn months<'t>(&self, of: Node<'t>, stem: &str) -> Vec<Option<&'t str>> {
        (1..=12)
            .map(|month| format!("{stem}{month:02}"))
            .map(|name| {
                debug_assert!(vocabulary::uri_in(self.api(), &name).is_some(), "{name}");
                self.first_text(of, &name, &["valueCoding", "code"])
            })
            .collect()
    }

    /// The code of the last month that says something.
    fn latest_month(&self, of: Node<'_>, stem: &str) -> Option<String> {
        let mut codes = self.months(of, stem).into_iter().flatten();
        codes.rfind(|code| *code != "**" && *code != "XX").map(str::to_owned)
    }
}

/// What the ends of a path say, without nulls. Leaves that do not fit have rejected the record before.
fn values(spots: &[Spot<'_>], path: &Path, column: ColumnType) -> Vec<String> {
    let all = spots.iter().filter_map(|spot| cell(spot.node, column).ok().flatten());
    all.filter(|found| !is_null_code(&path.steps, found)).collect()
}
