//! Paths held against the model: every name an element, every key in the vocabulary, every end a leaf of the right kind.

use std::borrow::Cow;

use cms::Api;
use fhir_model::schema::{self, ElementDef, Schema};
use fhir_model::vocabulary;

use crate::facts::fact::{FactKind, Function, Leaf, Path, Root, Select, Step};
use crate::layout::load_error::LoadError;
use crate::layout::resource::{JsonType, List, Resource};
use crate::layout::table::{ColumnType, Per};

/// Where a path starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// At a row of this kind.
    Rows(Per),
    /// At a record, whatever rows are made of it.
    Record(Resource),
}

impl Start {
    /// The resource that it is in; the summary is in none.
    fn resource(self) -> Option<Resource> {
        match self {
            Self::Record(resource) => Some(resource),
            Self::Rows(Per::Claim | Per::Item | Per::Procedure | Per::Diagnosis) => {
                Some(Resource::ExplanationOfBenefit)
            }
            Self::Rows(Per::Patient | Per::Mbi) => Some(Resource::Patient),
            Self::Rows(Per::Summary) => None,
        }
    }

    pub(crate) fn is_per_item(self) -> bool {
        self == Self::Rows(Per::Item)
    }

    fn misplaced(self) -> LoadError {
        LoadError::new(match self {
            Self::Rows(per) => format!("this root means nothing on rows per {}", per.name()),
            Self::Record(resource) => format!("this root means nothing on a {}", resource.name()),
        })
    }
}

/// Where the path's entries come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pick {
    /// No list is kept apart.
    Record,
    /// The row's own entry; on rows of another kind all entries in order.
    Own,
    /// Every entry of the list in order, or the one at a place.
    Entries(Option<Select>),
    /// Chosen by a link or a rule.
    Linked,
}

/// What paths of a version of the API are held against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Model {
    pub(crate) api: Api,
    pub(crate) schema: &'static Schema,
}

impl Model {
    pub(crate) fn of(api: Api) -> Self {
        Self { api, schema: schema::of(api.release()) }
    }

    fn child(self, parent: &str, name: &str) -> Result<&'static ElementDef, LoadError> {
        let child = self.schema.child(parent, name);
        child.ok_or_else(|| LoadError::new(format!("{parent} has no element `{name}`")))
    }
}

/// A path that holds together.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    pub(crate) resource: Resource,
    pub(crate) list: Option<List>,
    pub(crate) pick: Pick,
    /// Steps below the resource, or below the kept list.
    pub(crate) steps: Vec<ResolvedStep>,
}

#[derive(Clone, Debug)]
pub(crate) struct ResolvedStep {
    pub(crate) name: &'static str,
    /// A key selects by a member path below the element; keys are as they stand in the JSON.
    pub(crate) select: Option<ResolvedSelect>,
    pub(crate) def: &'static ElementDef,
}

#[derive(Clone, Debug)]
pub(crate) enum ResolvedSelect {
    Key { member: Vec<ResolvedStep>, key: KeyMatch },
    Place(usize),
}

/// Which entries a key selects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyMatch {
    Is(Cow<'static, str>),
    Begins(&'static str),
    /// A code whose system is told where it is selected.
    Code(&'static str),
    /// Those without a key.
    Absent,
}

impl Resolved {
    /// Whether the leaf is a code, of which nothing but `~` is null: also where STU3 has a string for it.
    pub(crate) fn is_code(&self) -> bool {
        const IN_STRINGS: [&str; 3] = ["disposition", "state", "postalCode"];
        self.steps.last().is_some_and(|step| {
            step.def.types.first() == Some(&"code") || IN_STRINGS.contains(&step.def.name)
        })
    }

    pub(crate) fn check_kind(&self, kind: FactKind) -> Result<(), LoadError> {
        let def = self.steps.last().map(|step| step.def);
        let Some(def) = def else { return Err(LoadError::new("the path ends at a list entry")) };
        let fhir = def.types.first().copied().unwrap_or_default();
        let json = json_type(def);
        let fits = match kind {
            FactKind::Links => json == Some(JsonType::Number) && def.many,
            FactKind::Present => json.is_none(),
            FactKind::Keys => fhir == "code",
            FactKind::Value(ColumnType::Text) => {
                matches!(json, Some(JsonType::String | JsonType::Number))
            }
            FactKind::Value(ColumnType::Date) => matches!(fhir, "date" | "dateTime" | "instant"),
            FactKind::Value(ColumnType::Timestamp) => matches!(fhir, "dateTime" | "instant"),
            FactKind::Value(_) => json == Some(JsonType::Number),
        };
        if fits { Ok(()) } else { Err(LoadError::new(format!("the path ends in {fhir}"))) }
    }
}

/// How JSON writes an element; `None` when it is an object.
pub(crate) fn json_type(def: &ElementDef) -> Option<JsonType> {
    if !def.is_primitive() {
        return None;
    }
    Some(match def.types.first().copied()? {
        "decimal" | "integer" | "positiveInt" | "unsignedInt" => JsonType::Number,
        "boolean" => JsonType::Boolean,
        _ => JsonType::String,
    })
}

/// What tells the entries of an element apart: a URI at the end of a member path, or a code in one of the codings there.
enum KeyPlace {
    /// The key is in the vocabulary.
    Uri(&'static [&'static str]),
    /// The key is the text itself.
    Text(&'static [&'static str]),
    /// The codings: system and code in one of them.
    Codings(&'static [&'static str]),
}

/// Where the key of an element is; `is_token`: the key is a code together with its system.
fn key_place(def: &ElementDef, is_token: bool) -> Option<KeyPlace> {
    let fhir = def.types.first().copied()?;
    Some(match (fhir, def.name, is_token) {
        ("Extension", _, false) => KeyPlace::Uri(&["url"]),
        ("Coding" | "Identifier", _, false) => KeyPlace::Uri(&["system"]),
        ("Resource", _, false) => KeyPlace::Text(&["resourceType"]),
        (_, "adjudication" | "information" | "supportingInfo" | "total", false) => {
            KeyPlace::Uri(&["category", "coding", "code"])
        }
        (_, "financial", false) => KeyPlace::Uri(&["type", "coding", "code"]),
        (_, "adjudication" | "supportingInfo" | "total", true) => {
            KeyPlace::Codings(&["category", "coding"])
        }
        ("Identifier", _, true) | (_, "class", true) => KeyPlace::Codings(&["type", "coding"]),
        (_, "related", true) => KeyPlace::Codings(&["relationship", "coding"]),
        _ => return None,
    })
}

/// Holds a path against the model.
pub(crate) fn resolve(model: Model, path: &Path, start: Start) -> Result<Resolved, LoadError> {
    use Resource::{Coverage, ExplanationOfBenefit, Patient};
    let misplaced = || start.misplaced();
    let own = start.resource().ok_or_else(misplaced)?;
    let claim_only = |list| {
        if own == ExplanationOfBenefit { Ok(list) } else { Err(misplaced()) }
    };
    let line_only = |list| if start.is_per_item() { Ok(list) } else { Err(misplaced()) };
    let (resource, list, pick) = match &path.root {
        Root::Record => match path.steps.first().and_then(|step| List::of(own, &step.name)) {
            Some(list) => (own, Some(list), Pick::Entries(path.steps[0].select.clone())),
            None => (own, None, Pick::Record),
        },
        Root::Item => (own, Some(claim_only(List::Item)?), Pick::Own),
        Root::Entry => match start {
            Start::Rows(Per::Procedure) => (own, Some(List::Procedure), Pick::Own),
            Start::Rows(Per::Diagnosis) => (own, Some(List::Diagnosis), Pick::Own),
            _ => return Err(misplaced()),
        },
        Root::Rendering => (own, Some(line_only(List::CareTeam)?), Pick::Linked),
        Root::LinkedDiagnosis | Root::SoleDiagnosis => {
            (own, Some(line_only(List::Diagnosis)?), Pick::Linked)
        }
        Root::Principal | Root::LastDiagnosis(_) | Root::LeadingDiagnosis(_) => {
            (own, Some(claim_only(List::Diagnosis)?), Pick::Linked)
        }
        Root::Provider => (own, Some(claim_only(List::Contained)?), Pick::Linked),
        Root::Information(_) => (own, Some(claim_only(List::Information)?), Pick::Linked),
        Root::LinkedCareTeam(_) | Root::Attending => {
            (own, Some(claim_only(List::CareTeam)?), Pick::Linked)
        }
        Root::Patient => {
            claim_only(List::Item)?;
            (Patient, None, Pick::Linked)
        }
        Root::Coverage(_) => {
            if own != Patient {
                return Err(misplaced());
            }
            (Coverage, None, Pick::Linked)
        }
    };
    check_function(path, start, list)?;
    let skip = usize::from(matches!(pick, Pick::Entries(_)));
    let mut parent = match list {
        // A provider is one, or a Practitioner, whose identifiers are alike.
        Some(List::Contained) => "Organization",
        Some(list) => schema::step(model.child(resource.name(), list.member())?),
        None => resource.name(),
    };
    let mut steps = Vec::new();
    // A key on the kept list of a Patient selects within each entry.
    if let Pick::Entries(Some(select @ (Select::Key(_) | Select::Prefix(_) | Select::Unkeyed))) =
        &pick
        && list == Some(List::Identifier)
    {
        let def = model.child(resource.name(), "identifier")?;
        let select = Some(resolve_select(model, def, select)?);
        steps.push(ResolvedStep { name: "", select, def });
    }
    for step in &path.steps[skip..] {
        let def = model.child(parent, &step.name)?;
        let select = match &step.select {
            Some(select) => Some(resolve_select(model, def, select)?),
            None => None,
        };
        parent = next_parent(model, def, step)?;
        steps.push(ResolvedStep { name: def.name, select, def });
    }
    Ok(Resolved { resource, list, pick, steps })
}

fn next_parent(
    model: Model,
    def: &'static ElementDef,
    step: &Step,
) -> Result<&'static str, LoadError> {
    match (&step.select, def.types.first().copied()) {
        (Some(Select::Key(resource_type)), Some("Resource")) => model
            .schema
            .type_def(resource_type)
            .map(|def| def.name)
            .ok_or_else(|| LoadError::new(format!("no resource `{resource_type}`"))),
        _ => Ok(schema::step(def)),
    }
}

fn resolve_select(
    model: Model,
    def: &'static ElementDef,
    select: &Select,
) -> Result<ResolvedSelect, LoadError> {
    let unknown = |key: &str| LoadError::new(format!("`{key}` is not in the vocabulary"));
    let without_key = || LoadError::new(format!("{} has no key of its own", def.name));
    let term = |key: &str| vocabulary::uri_in(model.api, key);
    let key = match select {
        Select::Place(place) if def.many => return Ok(ResolvedSelect::Place(*place)),
        Select::Place(_) => return Err(LoadError::new(format!("{} is no list", def.name))),
        Select::Sequence(_) => {
            return Err(LoadError::new(format!("{} has no sequence", def.name)));
        }
        Select::Key(key) => {
            if let Some((system, code)) = term(key).and_then(|uri| uri.split_once('|')) {
                let Some(KeyPlace::Codings(path)) = key_place(def, true) else {
                    return Err(without_key());
                };
                let member = coding_steps(model, def, path, system)?;
                return Ok(ResolvedSelect::Key { member, key: KeyMatch::Code(code) });
            }
            match key_place(def, false).ok_or_else(without_key)? {
                KeyPlace::Text(_) => KeyMatch::Is(key.clone().into()),
                _ => KeyMatch::Is(term(key).ok_or_else(|| unknown(key))?.into()),
            }
        }
        Select::Prefix(stem) => KeyMatch::Begins(family(stem).ok_or_else(|| unknown(stem))?),
        Select::Unkeyed => KeyMatch::Absent,
    };
    let path = match key_place(def, false).ok_or_else(without_key)? {
        KeyPlace::Uri(path) | KeyPlace::Text(path) | KeyPlace::Codings(path) => path,
    };
    Ok(ResolvedSelect::Key { member: plain_steps(model, def, path)?, key })
}

/// Member by member below an element.
fn plain_steps(
    model: Model,
    def: &'static ElementDef,
    path: &[&str],
) -> Result<Vec<ResolvedStep>, LoadError> {
    let is_resource = def.types.first() == Some(&"Resource");
    let mut parent = if is_resource { "Resource" } else { schema::step(def) };
    let mut steps = Vec::new();
    for name in path {
        let def = model.child(parent, name)?;
        parent = schema::step(def);
        steps.push(ResolvedStep { name: def.name, select: None, def });
    }
    Ok(steps)
}

/// To the codes of one system among the codings at a path.
fn coding_steps(
    model: Model,
    def: &'static ElementDef,
    path: &[&str],
    system: &'static str,
) -> Result<Vec<ResolvedStep>, LoadError> {
    let mut steps = plain_steps(model, def, path)?;
    if let Some(coding) = steps.last_mut() {
        let key = KeyMatch::Is(system.into());
        let member = plain_steps(model, coding.def, &["system"])?;
        let code = plain_steps(model, coding.def, &["code"])?;
        coding.select = Some(ResolvedSelect::Key { member, key });
        steps.extend(code);
    }
    Ok(steps)
}

/// What the URIs of a family of terms begin with: that of any of them, without what its short name has beyond the stem.
fn family(stem: &str) -> Option<&'static str> {
    vocabulary::family(stem).find_map(|term| {
        let rest = term.short.strip_prefix(stem)?;
        term.uri.strip_suffix(rest)
    })
}

/// The function of a path of the summary, whose rows have nothing else.
pub(crate) fn summary_function(path: &Path) -> Result<&Function, LoadError> {
    let start = Start::Rows(Per::Summary);
    check_function(path, start, None)?;
    match &path.leaf {
        Leaf::Function(function) => Ok(function),
        _ => Err(start.misplaced()),
    }
}

fn check_function(path: &Path, start: Start, list: Option<List>) -> Result<(), LoadError> {
    let Leaf::Function(function) = &path.leaf else { return Ok(()) };
    let steps = path.steps.len() - usize::from(list.is_some() && path.root == Root::Record);
    let own = path.root == Root::Record;
    let is = |per| start == Start::Rows(per);
    let fits = steps == 0
        && match function {
            Function::Place => list.is_some(),
            Function::Rank(_) => path.root == Root::Entry,
            Function::MbiCurrent => {
                path.root == Root::Patient || (own && (is(Per::Patient) || is(Per::Mbi)))
            }
            Function::MbiHistoric | Function::MbiBegin | Function::MbiEnd => own && is(Per::Mbi),
            Function::LatestMonth(_) => {
                is(Per::Patient) && matches!(path.root, Root::Record | Root::Coverage(_))
            }
            Function::Age | Function::HospiceBegin | Function::HospiceEnd => {
                own && is(Per::Patient)
            }
            Function::FileName | Function::FileDate => own,
            Function::SummaryFile
            | Function::SummaryTitle
            | Function::SummaryRows
            | Function::SummaryLength => own && is(Per::Summary),
        };
    if fits { Ok(()) } else { Err(LoadError::new("the function means nothing here")) }
}
