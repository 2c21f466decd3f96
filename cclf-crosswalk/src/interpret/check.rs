//! Reading a line, and the verdict on it: what every fact of its resource reaches must fit.

use std::collections::{BTreeMap, BTreeSet};

use fhir_model::{Node, Value};

use super::rows::fact;
use super::typed::{Members, Read, class, typed};
use super::value::{cell, is_null_code};
use super::version::{Shape, shape};
use super::walk::{Spot, entries, follow, key_concept, key_members, token};
use crate::error::ErrorClass;
use crate::facts::crosswalk::Crosswalk;
use crate::facts::fact::{Expr, FactKind, Function, Leaf, Path, Root, Select, Source, Step};
use crate::layout::resource::{List, Resource};
use crate::layout::table::{ColumnType, Per};
use cms::{Api, ClaimType};

/// What a line is.
pub(super) enum Line<'a> {
    Record(Read<'a>),
    /// A resource that no table wants, or a claim that is none of the tables.
    Other,
    /// Of another version of the API.
    Foreign,
}

/// One fact about a resource: where it is, and as what it is read.
struct Fact {
    per: Per,
    path: Path,
    /// Its steps; of lists that rows and links need one by one every entry counts, whichever is asked for.
    steps: Vec<Step>,
    /// `None` where only presence counts.
    column: Option<ColumnType>,
}

/// The facts of every resource.
pub(super) struct Facts<'c> {
    crosswalk: &'c Crosswalk,
    /// Whether claims that are not adjudicated to the end are claims.
    partially_adjudicated: bool,
    of: Vec<(Resource, Fact)>,
    /// The lists of whose entries some fact wants those of a role or of a type.
    keyed: BTreeSet<&'static str>,
}

impl<'c> Facts<'c> {
    pub(super) fn new(crosswalk: &'c Crosswalk, partially_adjudicated: bool) -> Self {
        let mut facts =
            Self { crosswalk, partially_adjudicated, of: Vec::new(), keyed: BTreeSet::new() };
        let types = crosswalk.tables().iter().flat_map(|def| &def.diagnosis_types);
        facts.keyed.extend(types.map(|_| "diagnosis"));
        for def in crosswalk.tables() {
            let own = match def.per {
                Per::Claim | Per::Item | Per::Procedure | Per::Diagnosis => {
                    Resource::ExplanationOfBenefit
                }
                Per::Patient | Per::Mbi => Resource::Patient,
                // Its facts are about the run.
                Per::Summary => continue,
            };
            for column in &def.columns {
                if let Some(expr) = &column.expr {
                    facts.add(own, def.per, expr, Some(column.column_type));
                }
            }
        }
        for fact in crosswalk.record_facts() {
            let column = match fact.kind {
                FactKind::Value(column) => Some(column),
                FactKind::Links => Some(ColumnType::Int64),
                FactKind::Present => None,
                // The keys of lists are looked up by those who choose by them.
                FactKind::Keys => continue,
            };
            facts.add(fact.resource, Per::Claim, &fact.expr, column);
        }
        for column in crosswalk.lineage().iter().filter(|column| column.claims_only) {
            let own = Resource::ExplanationOfBenefit;
            if let Some(expr) = &column.expr {
                facts.add(own, Per::Claim, expr, Some(column.column_type));
            }
        }
        facts
    }

    fn add(&mut self, own: Resource, per: Per, expr: &'c Expr, column: Option<ColumnType>) {
        self.keyed.extend(expr.paths().filter_map(keyed_list));
        for path in expr.paths().flat_map(read_of) {
            let resource = match path.root {
                Root::Patient => Resource::Patient,
                Root::Coverage(_) => Resource::Coverage,
                _ => own,
            };
            let mut steps = path.steps.clone();
            if let (Root::Record, Some(first)) = (&path.root, steps.first_mut())
                && own == Resource::ExplanationOfBenefit
                && List::of(own, &first.name).is_some()
            {
                first.select = None;
            }
            self.of.push((resource, Fact { per, path, steps, column }));
        }
    }

    fn of(&self, resource: Resource) -> impl Iterator<Item = &Fact> {
        self.of.iter().filter(move |(own, _)| *own == resource).map(|(_, fact)| fact)
    }

    /// Reads a line and judges it.
    ///
    /// # Errors
    /// The class of a fault. Where a record has several, faults of values come before what is missing.
    pub(super) fn read<'a>(
        &self,
        line: &'a [u8],
        file_name: &'a str,
        file_date: Option<i32>,
    ) -> Result<Line<'a>, ErrorClass> {
        let value: Value<'_> =
            fhir_model::from_slice_as(line).map_err(|fault| class(fault.kind()))?;
        let Value::Object(object) = value else { return Err(ErrorClass::WrongType) };
        let kind = match object.get("resourceType") {
            Some(Value::Text(name)) => &**name,
            None => return Err(ErrorClass::ResourceType),
            Some(_) => return Err(ErrorClass::WrongType),
        };
        let Some(kind) = Resource::from_name(kind) else {
            let release = self.api().release();
            let is_known = |kind| cms::resource_types(release).any(|known| known == kind);
            return match kind {
                "Bundle" => Err(ErrorClass::Bundle),
                kind if is_known(kind) => Ok(Line::Other),
                _ => Err(ErrorClass::ResourceType),
            };
        };
        match shape(&object, kind) {
            Shape::Of(api) if api != self.api() => return Ok(Line::Foreign),
            Shape::R4 if kind == Resource::ExplanationOfBenefit => {
                return Err(ErrorClass::ClaimType);
            }
            _ => {}
        }
        let members =
            || Members { names: self.members_read(kind), lengths: self.lengths_read(kind) };
        let resource = typed(self.api().release(), line, object, members)?;
        let record = resource.node();
        self.check(record, kind)?;
        let mut claim_type = None;
        if kind == Resource::ExplanationOfBenefit {
            if self.is_no_claim(record) {
                return Ok(Line::Other);
            }
            self.check_required(record, kind, false)?;
            let code = fact(self.crosswalk, kind, record, "eob_type");
            claim_type = code.as_deref().and_then(ClaimType::from_code);
            if claim_type.is_none() {
                return Err(ErrorClass::ClaimType);
            }
        } else if !self.is_hollow(record, kind) {
            self.check_required(record, kind, false)?;
        }
        Ok(Line::Record(Read { resource, kind, claim_type, file_name, file_date }))
    }

    fn api(&self) -> Api {
        self.crosswalk.api()
    }

    /// Whether it is a request for leave, or a claim of a shared system that nobody asked for.
    fn is_no_claim(&self, record: Node<'_>) -> bool {
        let told = |name| fact(self.crosswalk, Resource::ExplanationOfBenefit, record, name);
        if self.api() != Api::V3 {
            return false;
        }
        let has_type = told("eob_type").is_some_and(|code| ClaimType::from_code(&code).is_some());
        let is_shared = told("system").as_deref() == Some("SharedSystem")
            || told("marked").is_some_and(|code| code.len() == 4);
        told("intent").as_deref() == Some("preauthorization")
            || (is_shared && !(self.partially_adjudicated && has_type))
    }

    /// Whether it is a Coverage that was asked for and not found.
    fn is_hollow(&self, record: Node<'_>, kind: Resource) -> bool {
        let mut facts = ["beneficiary", "part", "status"].into_iter();
        self.api() == Api::V3
            && kind == Resource::Coverage
            && facts.all(|name| fact(self.crosswalk, kind, record, name).is_none())
    }

    /// Every member that a fact goes through or ends in, or is told apart by, as `item.quantity.value`.
    fn members_read(&self, kind: Resource) -> BTreeSet<String> {
        // The profile tells versions apart.
        let mut read = BTreeSet::from(["meta.profile".to_owned()]);
        let mut note = |start: &str, names: &[&str]| {
            let mut path = start.to_owned();
            for name in names {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(name);
                read.insert(path.clone());
            }
            path
        };
        for fact in self.of(kind) {
            let mut at = match start_list(&fact.path.root, fact.per) {
                Some(list) => note("", &[list]),
                None => String::new(),
            };
            if self.keyed.contains(&*at) {
                for member in ["code", "system"] {
                    let concept = key_concept(&at);
                    note(&at, &[concept, "coding", member]);
                }
            }
            if let Root::Information(_) = fact.path.root {
                note(&at, &["sequence"]);
            }
            for step in &fact.path.steps {
                at = note(&at, &[&step.name]);
                match &step.select {
                    Some(Select::Key(key)) if token(self.api(), key).is_some() => {
                        for member in ["code", "system"] {
                            note(&at, &[key_concept(&step.name), "coding", member]);
                        }
                    }
                    Some(Select::Key(_) | Select::Prefix(_) | Select::Unkeyed) => {
                        note(&at, key_members(&step.name));
                    }
                    _ => {}
                }
            }
        }
        for list in self.lists_of_rows(kind) {
            note("", &[list]);
        }
        let by_category = |fact: &Fact| matches!(fact.path.root, Root::Information(Some(_)));
        if self.of(kind).any(by_category) {
            for member in ["code", "system"] {
                note("", &["supportingInfo", "category", "coding", member]);
            }
        }
        read
    }

    /// The lists whose entries have rows.
    fn lists_of_rows(&self, kind: Resource) -> impl Iterator<Item = &'static str> + '_ {
        let tables = self.crosswalk.tables().iter().filter(|def| def.has_rows);
        let lists = tables.filter_map(|def| Some(def.per.list()?.member()));
        lists.filter(move |_| kind == Resource::ExplanationOfBenefit)
    }

    /// How many entries of each list the facts read, where all of them name places: `address` is read to its first.
    fn lengths_read(&self, kind: Resource) -> BTreeMap<String, usize> {
        let of_rows = self.lists_of_rows(kind).map(|list| (list.to_owned(), usize::MAX));
        let mut lengths: BTreeMap<String, usize> = of_rows.collect();
        for fact in self.of(kind) {
            let mut path = start_list(&fact.path.root, fact.per).unwrap_or_default().to_owned();
            lengths.insert(path.clone(), usize::MAX);
            for step in &fact.path.steps {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(&step.name);
                let length = match step.select {
                    Some(Select::Place(place)) => place + 1,
                    _ => usize::MAX,
                };
                let known = lengths.entry(path.clone()).or_default();
                *known = length.max(*known);
            }
        }
        lengths
    }

    /// Converts every leaf that a fact reaches, and looks for what must be in each entry of a list.
    fn check(&self, record: Node<'_>, kind: Resource) -> Result<(), ErrorClass> {
        for fact in self.of(kind) {
            let starts = match start_list(&fact.path.root, fact.per) {
                Some(list) => entries(record, list),
                None => vec![Spot { node: record, place: 1 }],
            };
            if let Some(column) = fact.column {
                for spot in follow(self.api(), starts, &fact.steps) {
                    cell(spot.node, column)?;
                }
            }
        }
        self.check_required(record, kind, true)
    }

    /// Looks for what must be there, in each item or in the record.
    fn check_required(
        &self,
        record: Node<'_>,
        kind: Resource,
        of_items: bool,
    ) -> Result<(), ErrorClass> {
        for fact in self.crosswalk.record_facts() {
            let is_of_items = fact.expr.paths().any(|path| path.root == Root::Item);
            if fact.resource == kind && fact.required && is_of_items == of_items {
                self.required(record, &fact.expr)?;
            }
        }
        Ok(())
    }

    /// A required fact of a list must be in each of its entries.
    fn required(&self, record: Node<'_>, expr: &Expr) -> Result<(), ErrorClass> {
        let found = |start: Node<'_>| {
            expr.alternatives.iter().any(|alternative| {
                let Source::Paths(paths) = &alternative.source else { return true };
                let value = paths.iter().find_map(|path| {
                    let starts = vec![Spot { node: start, place: 1 }];
                    follow(self.api(), starts, &path.steps)
                        .into_iter()
                        .filter_map(|spot| cell(spot.node, ColumnType::Text).ok().flatten())
                        .find(|found| !is_null_code(&path.steps, found))
                });
                super::value::convert(self.crosswalk, &alternative.conversions, value).is_some()
            })
        };
        let of_items = expr.paths().any(|path| path.root == Root::Item);
        let fits = if of_items {
            entries(record, "item").into_iter().all(|item| found(item.node))
        } else {
            found(record)
        };
        if fits { Ok(()) } else { Err(ErrorClass::Missing) }
    }
}

/// The list of whose entries a path wants those of a role or of a type.
fn keyed_list(path: &Path) -> Option<&'static str> {
    match (&path.root, &path.leaf) {
        (Root::Rendering | Root::LinkedCareTeam(_) | Root::Attending, _) => Some("careTeam"),
        (Root::LastDiagnosis(_) | Root::LeadingDiagnosis(_) | Root::Principal, _)
        | (_, Leaf::Function(Function::Rank(_))) => Some("diagnosis"),
        (Root::Record, _) => {
            let first =
                path.steps.first().filter(|step| matches!(step.select, Some(Select::Key(_))))?;
            ["careTeam", "diagnosis"].into_iter().find(|list| *list == first.name)
        }
        _ => None,
    }
}

/// What a path has read: itself, or what its function looks at.
fn read_of(path: &Path) -> Vec<Path> {
    let Leaf::Function(function) = &path.leaf else { return vec![path.clone()] };
    let Function::LatestMonth(stem) = function else { return Vec::new() };
    let month = |month| Path::parse_each(&format!("extension[{stem}{month:02}].valueCoding.code"));
    let months = (1..=12).filter_map(|number| month(number).ok()).flatten();
    months.map(|month| Path { root: path.root.clone(), ..month }).collect()
}

/// The list at whose entries a fact starts, when all of them are looked at.
fn start_list(root: &Root, per: Per) -> Option<&'static str> {
    match root {
        Root::Record | Root::Patient | Root::Coverage(_) => None,
        Root::Item => Some("item"),
        Root::Entry if per == Per::Procedure => Some("procedure"),
        Root::Entry
        | Root::LinkedDiagnosis
        | Root::SoleDiagnosis
        | Root::LastDiagnosis(_)
        | Root::LeadingDiagnosis(_)
        | Root::Principal => Some("diagnosis"),
        Root::Provider => Some("contained"),
        Root::Information(_) => Some("supportingInfo"),
        Root::Rendering | Root::LinkedCareTeam(_) | Root::Attending => Some("careTeam"),
    }
}
