//! Reading a line, and the verdict on it: what every fact of its resource reaches must fit.

use std::collections::{BTreeMap, BTreeSet};

use fhir_model::{ErrorKind, IntoOwned, Node, Object, Value};

use super::value::{cell, is_null_code, is_tildes, text};
use super::walk::{Spot, entries, follow, key_members};
use crate::error::ErrorClass;
use crate::facts::crosswalk::Crosswalk;
use crate::facts::fact::{Expr, FactKind, Leaf, Path, Root, Select, Source};
use crate::layout::resource::Resource;
use crate::layout::table::{ColumnType, Per};
use cms::{ClaimType, Release};

/// A record that fits the crosswalk.
pub(super) struct Read<'a> {
    resource: fhir_model::Resource<'a>,
    pub(super) kind: Resource,
    pub(super) claim_type: Option<ClaimType>,
    pub(super) file_name: &'a str,
    pub(super) file_date: Option<i32>,
}

impl Read<'_> {
    pub(super) fn node(&self) -> Node<'_> {
        self.resource.node()
    }
}

/// What a line is.
pub(super) enum Line<'a> {
    Record(Read<'a>),
    /// A resource that no table wants.
    Other,
    /// FHIR R4.
    Foreign,
}

/// One fact about a resource: where it is, and as what it is read.
struct Fact<'c> {
    per: Per,
    path: &'c Path,
    /// `None` where only presence counts.
    column: Option<ColumnType>,
}

/// The facts of every resource.
pub(super) struct Facts<'c> {
    crosswalk: &'c Crosswalk,
    of: Vec<(Resource, Fact<'c>)>,
}

impl<'c> Facts<'c> {
    pub(super) fn new(crosswalk: &'c Crosswalk) -> Self {
        let mut facts = Self { crosswalk, of: Vec::new() };
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
        for path in expr.paths().filter(|path| path.leaf == Leaf::Value) {
            let resource = match path.root {
                Root::Patient => Resource::Patient,
                Root::Coverage(_) => Resource::Coverage,
                _ => own,
            };
            self.of.push((resource, Fact { per, path, column }));
        }
    }

    fn of(&self, resource: Resource) -> impl Iterator<Item = &Fact<'c>> {
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
            let is_known = |kind| cms::resource_types(Release::Stu3).any(|known| known == kind);
            return match kind {
                "Bundle" => Err(ErrorClass::Bundle),
                kind if is_known(kind) => Ok(Line::Other),
                _ => Err(ErrorClass::ResourceType),
            };
        };
        if is_foreign(&object, kind) {
            return Ok(Line::Foreign);
        }
        let resource = self.typed(line, object, kind)?;
        let claim_type = self.check(resource.node(), kind)?;
        Ok(Line::Record(Read { resource, kind, claim_type, file_name, file_date }))
    }

    /// The typed record. The model is strict about every element, the crosswalk only about what it reads:
    /// other elements of a wrong type are taken out and the rest is read again. A null among objects is an
    /// entry with nothing in it. Two values of one choice only JSON can hold: then the JSON is walked, and judged as
    /// if it had one of them.
    fn typed<'a>(
        &self,
        line: &'a [u8],
        mut object: Object<'_>,
        kind: Resource,
    ) -> Result<fhir_model::Resource<'a>, ErrorClass> {
        let mut fault = match fhir_model::from_slice(line) {
            Ok(resource) => return Ok(resource),
            Err(fault) => fault,
        };
        let read = self.members_read(kind);
        let lengths = self.lengths_read(kind);
        let mut both_values = None;
        loop {
            let at = fault.path();
            match fault.kind() {
                ErrorKind::TwoValues => {
                    let whole = both_values.get_or_insert_with(|| object.clone().into_owned());
                    if !remove(&mut object, &at) {
                        return Ok(fhir_model::Resource::Other(whole.clone()));
                    }
                }
                ErrorKind::Type { .. } => {
                    let mended = without_null(&mut object, &at)
                        || without_unread_entries(&mut object, &at, &lengths)
                        || remove(&mut object, &sibling(&at))
                        || outermost_unread(&at, &read)
                            .is_some_and(|member| remove(&mut object, &member));
                    if !mended {
                        return Err(ErrorClass::WrongType);
                    }
                }
                other => return Err(class(other)),
            }
            let text = Node::Object(&object).to_json();
            match (fhir_model::from_slice(text.as_bytes()), &both_values) {
                (Ok(_), Some(whole)) => return Ok(fhir_model::Resource::Other(whole.clone())),
                (Ok(resource), None) => return Ok(resource.into_owned()),
                (Err(next), _) => fault = next,
            }
        }
    }

    /// Every member that a fact goes through or ends in, or is told apart by, as `item.quantity.value`.
    fn members_read(&self, kind: Resource) -> BTreeSet<String> {
        // The profile tells FHIR R4.
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
            if at == "careTeam" || at == "diagnosis" {
                let members = key_members(&at).0;
                note(&at, members);
                note(&at, &[members[0], "coding", "system"]);
            }
            for step in &fact.path.steps {
                at = note(&at, &[&step.name]);
                if matches!(step.select, Some(Select::Key(_) | Select::Prefix(_) | Select::Unkeyed))
                {
                    note(&at, key_members(&step.name).0);
                }
            }
        }
        read
    }

    /// How many entries of each list the facts read, where all of them name places: `address` is read to its first.
    fn lengths_read(&self, kind: Resource) -> BTreeMap<String, usize> {
        let mut lengths = BTreeMap::new();
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

    /// Converts every leaf that a fact reaches, and looks for what must be there.
    fn check(&self, record: Node<'_>, kind: Resource) -> Result<Option<ClaimType>, ErrorClass> {
        for fact in self.of(kind) {
            let starts = match start_list(&fact.path.root, fact.per) {
                Some(list) => entries(record, list),
                None => vec![Spot { node: record, place: 1 }],
            };
            if let Some(column) = fact.column {
                for spot in follow(starts, &fact.path.steps) {
                    cell(spot.node, column)?;
                }
            }
        }
        for fact in self.crosswalk.record_facts() {
            if fact.resource == kind && fact.required {
                self.required(record, &fact.expr)?;
            }
        }
        if kind != Resource::ExplanationOfBenefit {
            return Ok(None);
        }
        let codings = record.child("type").map(|of| entries(of, "coding")).unwrap_or_default();
        let code = codings
            .into_iter()
            .filter(|coding| super::walk::has_key(coding.node, "coding", "eob-type"))
            .filter_map(|coding| coding.node.child("code").and_then(text))
            .find(|code| !is_tildes(code))
            .ok_or(ErrorClass::Missing)?;
        ClaimType::from_code(code).map(Some).ok_or(ErrorClass::ClaimType)
    }

    /// A required fact of a list must be in each of its entries.
    fn required(&self, record: Node<'_>, expr: &Expr) -> Result<(), ErrorClass> {
        let found = |start: Node<'_>| {
            expr.alternatives.iter().any(|alternative| {
                let Source::Paths(paths) = &alternative.source else { return true };
                let value = paths.iter().find_map(|path| {
                    let starts = vec![Spot { node: start, place: 1 }];
                    follow(starts, &path.steps)
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

/// The marks of FHIR R4.
fn is_foreign(object: &Object<'_>, kind: Resource) -> bool {
    let is_list = |name: &str| matches!(object.get(name), Some(Value::List(_)));
    let marked = match kind {
        Resource::ExplanationOfBenefit => {
            is_list("insurance")
                || ["supportingInfo", "insurer", "outcome", "use"]
                    .iter()
                    .any(|name| object.get(name).is_some())
        }
        Resource::Coverage => is_list("payor") || is_list("class"),
        Resource::Patient => false,
    };
    let profiles = Node::Object(object).child("meta").map(|meta| entries(meta, "profile"));
    marked
        || profiles.unwrap_or_default().into_iter().any(|profile| {
            let profile = profile.node.as_text().unwrap_or_default().to_ascii_lowercase();
            profile.contains("carin") || profile.contains("c4bb")
        })
}

fn class(kind: ErrorKind) -> ErrorClass {
    use json_walk::ErrorKind as Json;
    match kind {
        ErrorKind::TooDeep => ErrorClass::Depth,
        ErrorKind::DuplicateMember => ErrorClass::DuplicateMember,
        ErrorKind::Type { .. } | ErrorKind::TwoValues => ErrorClass::WrongType,
        ErrorKind::Syntax(Json::InvalidUtf8) => ErrorClass::Utf8,
        ErrorKind::Syntax(
            Json::ControlCharacter | Json::BadEscape | Json::LoneSurrogate | Json::NulCharacter,
        ) => ErrorClass::Text,
        _ => ErrorClass::Syntax,
    }
}

/// The outermost member on a path such as `item[3].detail[0].sequence` that nothing is read of: `item[3].detail`.
fn outermost_unread(path: &str, read: &BTreeSet<String>) -> Option<String> {
    let pieces: Vec<&str> = path.split('.').collect();
    let names: Vec<&str> =
        pieces.iter().map(|piece| piece.split('[').next().unwrap_or_default()).collect();
    let last = (0..names.len()).find(|last| !read.contains(&names[..=*last].join(".")))?;
    Some([&pieces[..last], &names[last..=last]].concat().join("."))
}

/// The member beside a primitive, `_status` of `status`: nothing is read of it.
fn sibling(path: &str) -> String {
    let (of, name) = path.rsplit_once('.').map_or(("", path), |(of, name)| (of, name));
    let name = name.trim_start_matches('_').split('[').next().unwrap_or_default();
    if of.is_empty() { format!("_{name}") } else { format!("{of}._{name}") }
}

/// The value that the members and indexes of a path lead to.
fn value_at<'v, 'a>(object: &'v mut Object<'a>, path: &str) -> Option<&'v mut Value<'a>> {
    let (head, rest) = path.split_once('.').map_or((path, None), |(head, rest)| (head, Some(rest)));
    let mut names = head.split('[');
    let name = names.next()?;
    let mut value = &mut object.members.iter_mut().find(|(own, _)| own == name)?.1;
    for index in names {
        let Value::List(list) = value else { return None };
        value = list.get_mut(index.trim_end_matches(']').parse::<usize>().ok()?)?;
    }
    match (rest, value) {
        (None, value) => Some(value),
        (Some(rest), Value::Object(inner)) => value_at(inner, rest),
        _ => None,
    }
}

/// Cuts a list behind the last entry that is read, if the path leads behind it; whether it was cut.
fn without_unread_entries(
    object: &mut Object<'_>,
    path: &str,
    lengths: &BTreeMap<String, usize>,
) -> bool {
    // The way to the list: in the record, and by names alone.
    let (mut at, mut names) = (String::new(), String::new());
    for part in path.split('.') {
        let (name, index) = part.split_once('[').unwrap_or((part, ""));
        if !at.is_empty() {
            at.push('.');
            names.push('.');
        }
        names.push_str(name);
        let index = index.trim_end_matches(']').parse::<usize>();
        if let (Ok(index), Some(length)) = (index, lengths.get(&names))
            && index >= *length
            && let Some(Value::List(list)) = value_at(object, &format!("{at}{name}"))
        {
            list.truncate(*length);
            return true;
        }
        at.push_str(part);
    }
    false
}

/// Puts an empty object where a null stands in a list, and takes out a null member; whether there was one.
fn without_null(object: &mut Object<'_>, path: &str) -> bool {
    match value_at(object, path) {
        Some(value @ Value::Null) if path.ends_with(']') => {
            *value = Value::Object(Object::default());
            true
        }
        Some(Value::Null) => remove(object, path),
        _ => false,
    }
}

/// Takes out the member at `item[3].detail`; whether it was there.
fn remove(object: &mut Object<'_>, path: &str) -> bool {
    let (inside, name) = path.rsplit_once('.').map_or((None, path), |(of, name)| (Some(of), name));
    let object = match inside {
        None => object,
        Some(inside) => match value_at(object, inside) {
            Some(Value::Object(inner)) => inner,
            _ => return false,
        },
    };
    let before = object.members.len();
    object.members.retain(|(own, _)| own != name);
    object.members.len() < before
}
