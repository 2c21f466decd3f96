//! Paths held against the model: every name an element, every key in the vocabulary, every end a leaf of the right kind.

use fhir_model::schema::{self, ElementDef};
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
    pub(crate) name: String,
    /// A key selects by this member path; keys are as they stand in the JSON.
    pub(crate) select: Option<ResolvedSelect>,
    pub(crate) def: &'static ElementDef,
}

#[derive(Clone, Debug)]
pub(crate) enum ResolvedSelect {
    Key { member: Vec<(String, &'static ElementDef)>, key: KeyMatch },
    Place(usize),
}

/// Which entries a key selects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyMatch {
    Is(String),
    Begins(String),
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

/// The member path by which entries of an element are told apart, and whether keys are vocabulary terms.
fn key_member(def: &ElementDef) -> Option<(&'static [&'static str], bool)> {
    const CATEGORY: &[&str] = &["category", "coding", "code"];
    Some(match (def.types.first().copied()?, def.name) {
        ("Extension", _) => (&["url"], true),
        ("Coding" | "Identifier", _) => (&["system"], true),
        ("Resource", _) => (&["resourceType"], false),
        (_, "adjudication" | "information") => (CATEGORY, true),
        _ => return None,
    })
}

/// The path to what tells the entries of a kept list apart: by system, as all codes that have one.
pub(crate) fn list_key(list: List) -> &'static str {
    match list {
        List::CareTeam => "careTeam.role.coding[claimcareteamrole,-].code",
        _ => "diagnosis.type.coding[diagnosis-type,-].code",
    }
}

/// Holds a path against the model.
pub(crate) fn resolve(path: &Path, start: Start) -> Result<Resolved, LoadError> {
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
        Root::Rendering | Root::LinkedCareTeam(_) => {
            (own, Some(line_only(List::CareTeam)?), Pick::Linked)
        }
        Root::LinkedDiagnosis => (own, Some(line_only(List::Diagnosis)?), Pick::Linked),
        Root::Principal => (own, Some(claim_only(List::Diagnosis)?), Pick::Linked),
        Root::Attending => (own, Some(claim_only(List::CareTeam)?), Pick::Linked),
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
        Some(list) => {
            let def = schema::child(resource.name(), list.member())
                .ok_or_else(|| LoadError::new(format!("no element {}", list.member())))?;
            schema::step(def)
        }
        None => resource.name(),
    };
    let mut steps = Vec::new();
    // A key on the kept list of a Patient selects within each entry.
    if let Pick::Entries(Some(select @ (Select::Key(_) | Select::Prefix(_) | Select::Unkeyed))) =
        &pick
        && list == Some(List::Identifier)
    {
        let def = schema::child(resource.name(), "identifier")
            .ok_or_else(|| LoadError::new("no element identifier"))?;
        let select = Some(resolve_select(def, select)?);
        steps.push(ResolvedStep { name: String::new(), select, def });
    }
    for step in &path.steps[skip..] {
        let def = schema::child(parent, &step.name)
            .ok_or_else(|| LoadError::new(format!("{parent} has no element `{}`", step.name)))?;
        let select = match &step.select {
            Some(select) => Some(resolve_select(def, select)?),
            None => None,
        };
        parent = next_parent(def, step)?;
        steps.push(ResolvedStep { name: step.name.clone(), select, def });
    }
    Ok(Resolved { resource, list, pick, steps })
}

fn next_parent(def: &'static ElementDef, step: &Step) -> Result<&'static str, LoadError> {
    match (&step.select, def.types.first().copied()) {
        (Some(Select::Key(resource_type)), Some("Resource")) => schema::type_def(resource_type)
            .map(|def| def.name)
            .ok_or_else(|| LoadError::new(format!("no resource `{resource_type}`"))),
        _ => Ok(schema::step(def)),
    }
}

fn resolve_select(def: &'static ElementDef, select: &Select) -> Result<ResolvedSelect, LoadError> {
    match select {
        Select::Place(place) if def.many => return Ok(ResolvedSelect::Place(*place)),
        Select::Place(_) => return Err(LoadError::new(format!("{} is no list", def.name))),
        Select::Sequence(_) => {
            return Err(LoadError::new(format!("{} has no sequence", def.name)));
        }
        Select::Key(_) | Select::Prefix(_) | Select::Unkeyed => {}
    }
    let (member, in_vocabulary) = key_member(def)
        .ok_or_else(|| LoadError::new(format!("{} has no key of its own", def.name)))?;
    let unknown = |key: &str| LoadError::new(format!("`{key}` is not in the vocabulary"));
    let key = match select {
        Select::Key(key) if !in_vocabulary => KeyMatch::Is(key.clone()),
        Select::Key(key) => {
            KeyMatch::Is(vocabulary::uri(key).ok_or_else(|| unknown(key))?.to_owned())
        }
        Select::Prefix(stem) => {
            KeyMatch::Begins(family(stem).ok_or_else(|| unknown(stem))?.to_owned())
        }
        _ => KeyMatch::Absent,
    };
    let mut at = if member == ["resourceType"] { "Resource" } else { schema::step(def) };
    let mut names = Vec::new();
    for name in member {
        let child = schema::child(at, name)
            .ok_or_else(|| LoadError::new(format!("{at} has no element `{name}`")))?;
        at = schema::step(child);
        names.push(((*name).to_owned(), child));
    }
    Ok(ResolvedSelect::Key { member: names, key })
}

/// What the URIs of a family of terms begin with: that of any of them, without what its short name has beyond the stem.
fn family(stem: &str) -> Option<&'static str> {
    vocabulary::terms().iter().find_map(|term| {
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
        Leaf::Value => Err(start.misplaced()),
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
            Function::MbiCurrent => {
                path.root == Root::Patient || (own && (is(Per::Patient) || is(Per::Mbi)))
            }
            Function::MbiHistoric => own && is(Per::Mbi),
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
