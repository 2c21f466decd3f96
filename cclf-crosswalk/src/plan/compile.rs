//! From facts to the tree.

use std::collections::{BTreeMap, HashMap};

use super::lookup::Lookup;
use super::tree::{
    Action, Foreign, Form, Keyed, Keys, Leaf, ListNode, Move, Node, Object, Reg, ResourcePlan,
    Slot, Target, Temp,
};
use crate::facts::crosswalk::{Crosswalk, FactKind, RecordFact};
use crate::error::LoadError;
use crate::plan::program::{Access, AltProgram, Program};
use crate::facts::fact::{Expr, Function, Leaf as PathLeaf, Path, Root, Select, Source};
use crate::facts::resolve::{
    JsonType, KeyMatch, List, Pick, Resolved, ResolvedSelect, ResolvedStep, Resource, list_key,
    resolve,
};
use crate::layout::table::{ColumnType, Per};

/// A node while it is being built.
#[derive(Debug, Default)]
struct Building {
    many: bool,
    json: Option<JsonType>,
    members: BTreeMap<String, Building>,
    places: BTreeMap<usize, Building>,
    actions: Vec<Action>,
    present: Vec<Slot>,
    keyed: Option<BuildingKeyed>,
    /// What the model calls what it is, for the names of its members.
    type_name: &'static str,
    kept: Option<List>,
    required: Vec<(Reg, Box<str>)>,
}

#[derive(Debug)]
struct BuildingKeyed {
    number: usize,
    /// By number.
    keys: Vec<KeyMatch>,
    member: Vec<String>,
    captures: BTreeMap<Vec<String>, Temp>,
    moves: Vec<Vec<Move>>,
}

#[derive(Debug, Default)]
struct Frame {
    root: Building,
    registers: usize,
    entry_registers: [usize; 5],
    counts: Counts,
    /// Registers shared by facts that ask for the same thing.
    known: HashMap<(Option<List>, String, FactKindKey), Slot>,
    /// Per list: keys and the register that holds their bits.
    list_keys: HashMap<List, (Slot, Vec<KeyMatch>)>,
}

type FactKindKey = String;

/// What was numbered so far.
#[derive(Debug, Default)]
struct Counts {
    temps: usize,
    keyed: usize,
}

pub(crate) struct Compiler {
    crosswalk: &'static Crosswalk,
    frames: [Frame; 3],
}

const fn frame_of(resource: Resource) -> usize {
    match resource {
        Resource::ExplanationOfBenefit => 0,
        Resource::Patient => 1,
        Resource::Coverage => 2,
    }
}

impl Compiler {
    pub(crate) fn new(crosswalk: &'static Crosswalk) -> Self {
        Self { crosswalk, frames: Default::default() }
    }

    fn record_fact(
        &self,
        resource: Resource,
        name: &str,
    ) -> Result<&'static RecordFact, LoadError> {
        self.crosswalk
            .record_facts()
            .iter()
            .find(|fact| fact.resource == resource && fact.name == name)
            .ok_or_else(|| LoadError::new(format!("record.csv has no fact `{name}`")))
    }

    /// The program of a record fact with a value.
    pub(crate) fn fact(&mut self, resource: Resource, name: &str) -> Result<Program, LoadError> {
        let fact = self.record_fact(resource, name)?;
        let FactKind::Value(column_type) = fact.kind else {
            return Err(LoadError::new(format!("the fact `{name}` has no value")));
        };
        self.program(&fact.expr, resource.per(), column_type)
    }

    /// The entry register of a record fact about a kept list.
    pub(crate) fn register(&mut self, resource: Resource, name: &str) -> Result<Reg, LoadError> {
        let fact = self.record_fact(resource, name)?;
        let path = fact
            .expr
            .paths()
            .next()
            .ok_or_else(|| LoadError::new(format!("the fact `{name}` has no path")))?;
        let mut resolved = resolve(path, resource.per())?;
        resolved.pick = Pick::Own;
        let slot = self.slot(&resolved, fact.kind);
        if fact.required {
            let list = resolved
                .list
                .ok_or_else(|| LoadError::new(format!("the fact `{name}` is of no list")))?;
            let member = resolved.steps.last().map_or("", |step| &step.name);
            let node = self.list_node(resource, list);
            node.required.push((slot.reg, member.into()));
        }
        Ok(slot.reg)
    }

    /// How an expression is evaluated; its registers are made on the way.
    pub(crate) fn program(
        &mut self,
        expr: &Expr,
        per: Per,
        column_type: ColumnType,
    ) -> Result<Program, LoadError> {
        let mut alternatives = Vec::new();
        for alternative in &expr.alternatives {
            let accesses = match &alternative.source {
                Source::Literal(text) => vec![Access::Literal(text.clone())],
                Source::Paths(paths) => paths
                    .iter()
                    .map(|path| self.access(path, per, column_type))
                    .collect::<Result<_, _>>()?,
            };
            alternatives.push(AltProgram {
                claim_types: alternative.claim_types,
                accesses,
                conversions: alternative.conversions.clone(),
            });
        }
        Ok(Program { alternatives })
    }

    fn access(
        &mut self,
        path: &Path,
        per: Per,
        column_type: ColumnType,
    ) -> Result<Access, LoadError> {
        let resolved = resolve(path, per)?;
        if let PathLeaf::Function(function) = &path.leaf {
            return self.function(path, per, &resolved, function);
        }
        let slot = self.slot(&resolved, FactKind::Value(column_type));
        let reg = slot.reg;
        let Some(list) = resolved.list else {
            return Ok(match path.root {
                Root::Coverage(choice) => Access::Coverage { choice, reg },
                _ => Access::Record(reg),
            });
        };
        Ok(match (&path.root, resolved.pick) {
            (Root::Item, _) if per != Per::Item => Access::First { list, reg },
            (Root::Item | Root::Entry, _) => Access::Own { reg },
            (Root::Rendering, _) => {
                Access::Rendering { primary: self.list_key_bit(list, "primary")?, reg }
            }
            (Root::LinkedCareTeam(role), _) => {
                Access::LinkedCareTeam { role: self.list_key_bit(list, role)?, reg }
            }
            (Root::LinkedDiagnosis, _) => Access::LinkedDiagnosis { reg },
            (Root::Principal, _) => Access::Principal {
                principal: self.list_key_bit(list, "principal")?,
                admitting: self.list_key_bit(list, "admitting")?,
                reg: Some(reg),
            },
            (Root::Attending, _) => {
                Access::Attending { primary: self.list_key_bit(list, "primary")?, reg }
            }
            (_, Pick::Entries(Some(Select::Place(place)))) => Access::At { list, place, reg },
            (_, Pick::Entries(Some(Select::Sequence(sequence)))) => {
                Access::BySequence { sequence, reg: Some(reg) }
            }
            (_, Pick::Entries(Some(Select::Key(key)))) if list == List::CareTeam => {
                Access::CareTeam { role: self.list_key_bit(list, &key)?, reg }
            }
            (_, Pick::Entries(Some(Select::Key(key)))) if list == List::Diagnosis => {
                Access::Diagnosis { role: self.list_key_bit(list, &key)?, reg }
            }
            _ => Access::First { list, reg },
        })
    }

    fn function(
        &mut self,
        path: &Path,
        per: Per,
        resolved: &Resolved,
        function: &Function,
    ) -> Result<Access, LoadError> {
        Ok(match function {
            Function::Place => match &path.root {
                Root::Entry => Access::OwnPlace,
                Root::Principal => Access::Principal {
                    principal: self.list_key_bit(List::Diagnosis, "principal")?,
                    admitting: self.list_key_bit(List::Diagnosis, "admitting")?,
                    reg: None,
                },
                _ => match &resolved.pick {
                    Pick::Entries(Some(Select::Sequence(sequence))) => {
                        Access::BySequence { sequence: *sequence, reg: None }
                    }
                    _ => return Err(LoadError::new("place() means nothing here")),
                },
            },
            Function::LatestMonth(stem) => {
                let resource = resolved.resource;
                let mut months = [0; 12];
                for (month, reg) in (1..=12).zip(&mut months) {
                    let text = format!("extension[{stem}{month:02}].valueCoding.code");
                    let expr = Expr::parse(&text)?;
                    let path = expr.paths().next().ok_or_else(|| LoadError::new("no path"))?;
                    let resolved = resolve(path, resource.per())?;
                    resolved.check_kind(FactKind::Value(ColumnType::Text))?;
                    *reg = self.slot(&resolved, FactKind::Value(ColumnType::Text)).reg;
                }
                match path.root {
                    Root::Coverage(choice) => Access::CoverageMonths { choice, months },
                    _ => Access::Months(months),
                }
            }
            Function::MbiCurrent if path.root == Root::Patient => Access::PatientMbi,
            Function::MbiCurrent => Access::MbiCurrent,
            Function::MbiHistoric => Access::MbiHistoric,
            Function::Age => Access::Age,
            Function::HospiceBegin => Access::HospiceBegin,
            Function::HospiceEnd => Access::HospiceEnd,
            Function::FileName => Access::FileName,
            Function::FileDate => Access::FileDate,
            Function::SummaryFile
            | Function::SummaryTitle
            | Function::SummaryRows
            | Function::SummaryLength => {
                if per != Per::Summary {
                    return Err(LoadError::new("summary functions are for the summary"));
                }
                Access::Summary(function.clone())
            }
        })
    }

    /// The bit that an entry of a kept list has set when it carries `key`.
    fn list_key_bit(&mut self, list: List, key: &str) -> Result<KeyBit, LoadError> {
        let frame = &mut self.frames[frame_of(Resource::ExplanationOfBenefit)];
        if !frame.list_keys.contains_key(&list) {
            let reg = frame.entry_registers[list as usize];
            frame.entry_registers[list as usize] += 1;
            frame.list_keys.insert(list, (Slot { list: Some(list), reg }, Vec::new()));
        }
        let Some((slot, keys)) = frame.list_keys.get_mut(&list) else {
            return Err(LoadError::new("no keys"));
        };
        let key = KeyMatch::Is(key.to_owned());
        let number = keys.iter().position(|own| *own == key).unwrap_or_else(|| {
            keys.push(key);
            keys.len() - 1
        });
        if number >= Keys::MOST {
            return Err(LoadError::new("too many keys for one list"));
        }
        Ok(KeyBit { reg: slot.reg, bit: 1 << number })
    }

    fn list_node(&mut self, resource: Resource, list: List) -> &mut Building {
        let node = self.frames[frame_of(resource)]
            .root
            .members
            .entry(list.member().to_owned())
            .or_default();
        node.many = true;
        node.kept = Some(list);
        let def = fhir_model::schema::child(resource.name(), list.member());
        node.type_name = def.map_or("", fhir_model::schema::step);
        node
    }

    /// The register of what a resolved path names, made on first use.
    fn slot(&mut self, resolved: &Resolved, kind: FactKind) -> Slot {
        let frame_index = frame_of(resolved.resource);
        let signature: String = resolved.steps.iter().map(step_signature).collect();
        let known = (resolved.list, signature, format!("{kind:?}"));
        let frame = &mut self.frames[frame_index];
        if let Some(slot) = frame.known.get(&known) {
            return *slot;
        }
        let counter = match resolved.list {
            Some(list) => &mut frame.entry_registers[list as usize],
            None => &mut frame.registers,
        };
        let slot = Slot { list: resolved.list, reg: *counter };
        *counter += 1;
        frame.known.insert(known, slot);
        if let Some(list) = resolved.list {
            self.list_node(resolved.resource, list);
        }
        let frame = &mut self.frames[frame_index];
        let counts = &mut frame.counts;
        let node = match resolved.list {
            Some(list) => {
                // Present: list_node was called above.
                frame.root.members.entry(list.member().to_owned()).or_default()
            }
            None => &mut frame.root,
        };
        insert(node, &resolved.steps, &End::Fact(slot, kind, resolved.is_code()), counts);
        slot
    }

    /// The three resource plans.
    pub(crate) fn finish(mut self) -> Result<[ResourcePlan; 3], LoadError> {
        // Entry keys: the roles and types that facts ask for.
        let list_keys = std::mem::take(&mut self.frames[0].list_keys);
        for (list, (slot, keys)) in list_keys {
            let end = End::Keys(slot, Keys::new(&keys));
            for path in Path::parse_each(list_key(list))? {
                let resolved = resolve(&path, Per::Claim)?;
                let frame = &mut self.frames[0];
                let node = frame.root.members.entry(list.member().to_owned()).or_default();
                insert(node, &resolved.steps, &end, &mut frame.counts);
            }
        }
        for resource in Resource::ALL {
            let frame = &mut self.frames[frame_of(resource)];
            frame.root.type_name = resource.name();
            let meta = frame.root.members.entry("meta".to_owned()).or_default();
            meta.type_name = "Meta";
            let profile = meta.members.entry("profile".to_owned()).or_default();
            profile.many = true;
            profile.json = Some(JsonType::String);
            profile.actions.push(Action::ForeignProfile);
            let kind = frame.root.members.entry("resourceType".to_owned()).or_default();
            kind.json = Some(JsonType::String);
        }
        let [eob, patient, coverage] = self.frames;
        let foreign = |member, only_as_list| Foreign { member, only_as_list };
        let guesses = &mut 0;
        Ok([
            finish_frame(
                eob,
                guesses,
                vec![
                    foreign("supportingInfo", false),
                    foreign("insurer", false),
                    foreign("outcome", false),
                    foreign("use", false),
                    foreign("insurance", true),
                ],
            )?,
            finish_frame(patient, guesses, Vec::new())?,
            finish_frame(coverage, guesses, vec![foreign("payor", true), foreign("class", true)])?,
        ])
    }
}

/// A register of a kept list's entries, and the bit in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyBit {
    pub(crate) reg: Reg,
    pub(crate) bit: u64,
}

fn step_signature(step: &ResolvedStep) -> String {
    let select = match &step.select {
        None => String::new(),
        Some(ResolvedSelect::Place(place)) => format!("[{place}]"),
        Some(ResolvedSelect::Key { key, .. }) => format!("[{key:?}]"),
    };
    format!("{}{select}/", step.name)
}

/// What stands at the end of an inserted path.
#[derive(Clone)]
enum End {
    /// Whether it is a code, last.
    Fact(Slot, FactKind, bool),
    Capture(Temp),
    Keys(Slot, Keys),
}

fn insert(node: &mut Building, steps: &[ResolvedStep], end: &End, counts: &mut Counts) {
    let Some((step, rest)) = steps.split_first() else {
        match end {
            End::Fact(slot, FactKind::Value(column_type), code) => {
                let form = Form { column_type: *column_type, code: *code };
                node.actions.push(Action::Store(*slot, form));
            }
            End::Fact(slot, FactKind::Links, _) => node.actions.push(Action::Link(*slot)),
            End::Fact(slot, FactKind::Present, _) => node.present.push(*slot),
            End::Capture(temp) => node.actions.push(Action::Capture(*temp)),
            // What tells a list apart ends below a key: see `list_key`.
            End::Keys(..) => {}
        }
        return;
    };
    // A step without a name selects within the entries of the node itself.
    let mut child = if step.name.is_empty() {
        node
    } else {
        let child = node.members.entry(step.name.clone()).or_default();
        child.many = step.def.many;
        child.type_name = fhir_model::schema::step(step.def);
        child.json = crate::facts::resolve::Resolved {
            resource: Resource::Patient,
            list: None,
            pick: Pick::Record,
            steps: vec![step.clone()],
        }
        .json();
        child
    };
    match &step.select {
        None => {}
        Some(ResolvedSelect::Place(place)) => {
            let (json, type_name) = (child.json, child.type_name);
            child = child.places.entry(*place).or_default();
            (child.json, child.type_name, child.many) = (json, type_name, false);
        }
        Some(ResolvedSelect::Key { member, key }) => {
            let is_code =
                matches!(end, End::Fact(_, _, true) | End::Capture(Temp { code: true, .. }));
            let captured = capture(child, member, rest, is_code, counts);
            let Some(keyed) = &mut child.keyed else { return };
            let number = keyed.keys.iter().position(|own| own == key).unwrap_or_else(|| {
                keyed.keys.push(key.clone());
                keyed.moves.push(Vec::new());
                keyed.keys.len() - 1
            });
            let to = match end {
                End::Fact(slot, FactKind::Value(column_type), code) => {
                    Target::Register(*slot, Form { column_type: *column_type, code: *code })
                }
                End::Capture(temp) => Target::Capture(*temp),
                End::Keys(slot, keys) => Target::Keys(*slot, keys.clone()),
                // check_kind lets only values stand below a key.
                End::Fact(..) => return,
            };
            let trail = rest.iter().map(|step| step.name.as_str().into()).collect();
            keyed.moves[number].push(Move { from: captured, to, trail });
            return;
        }
    }
    insert(child, rest, end, counts);
}

/// The capture for `rest` below a keyed element, made on first use.
fn capture(
    element: &mut Building,
    member: &[(String, &'static fhir_model::schema::ElementDef)],
    rest: &[ResolvedStep],
    code: bool,
    counts: &mut Counts,
) -> Temp {
    if element.keyed.is_none() {
        element.keyed = Some(BuildingKeyed {
            number: counts.keyed,
            keys: Vec::new(),
            member: member.iter().map(|(name, _)| name.clone()).collect(),
            captures: BTreeMap::new(),
            moves: Vec::new(),
        });
        counts.keyed += 1;
        // Make the way to the key, so that its nodes know what they are.
        let mut node = &mut *element;
        for (name, def) in member {
            node = node.members.entry(name.clone()).or_default();
            node.many = def.many;
            node.type_name = fhir_model::schema::step(def);
        }
        node.json = Some(JsonType::String);
    }
    let signature: Vec<String> = rest.iter().map(step_signature).collect();
    let keyed = element.keyed.as_mut();
    if let Some(temp) = keyed.as_ref().and_then(|keyed| keyed.captures.get(&signature)) {
        return *temp;
    }
    let mut temp = Temp { at: counts.temps, keyed: 0, bit: 0, code };
    counts.temps += 1;
    if let Some(keyed) = keyed {
        temp.keyed = keyed.number;
        // Too many are refused when the tree is finished.
        temp.bit = 1u64.unbounded_shl(u32::try_from(keyed.captures.len()).unwrap_or(u32::MAX));
        keyed.captures.insert(signature, temp);
    }
    insert(element, rest, &End::Capture(temp), counts);
    temp
}

fn finish_frame(
    mut frame: Frame,
    guesses: &mut usize,
    foreign: Vec<Foreign>,
) -> Result<ResourcePlan, LoadError> {
    let Node::Object(root) = finish(&mut frame.root, guesses)? else {
        return Err(LoadError::new("the record is no object"));
    };
    Ok(ResourcePlan {
        root,
        registers: frame.registers,
        entry_registers: frame.entry_registers,
        temps: frame.counts.temps,
        keyed: frame.counts.keyed,
        guesses: *guesses,
        foreign,
    })
}

fn finish(node: &mut Building, guesses: &mut usize) -> Result<Node, LoadError> {
    if node.many {
        node.many = false;
        let places = std::mem::take(&mut node.places)
            .into_iter()
            .map(|(place, mut element)| Ok((place, finish(&mut element, guesses)?)))
            .collect::<Result<Vec<_>, LoadError>>()?;
        let kept = node.kept.take();
        let required = std::mem::take(&mut node.required);
        let wanted = kept.is_some()
            || !node.members.is_empty()
            || !node.actions.is_empty()
            || !node.present.is_empty();
        let element = if wanted { Some(finish(node, guesses)?) } else { None };
        if element.is_some() && !places.is_empty() {
            return Err(LoadError::new("a list is selected by place and as a whole"));
        }
        return Ok(Node::List(Box::new(ListNode { element, places, kept, required })));
    }
    if let Some(json) = node.json {
        return Ok(Node::Leaf(Leaf { json, actions: std::mem::take(&mut node.actions) }));
    }
    if let Some(keyed) = &node.keyed {
        if keyed.keys.len() > Keys::MOST || keyed.captures.len() > Keys::MOST {
            return Err(LoadError::new("too many keys or members for one element"));
        }
        let keys = Keys::new(&keyed.keys);
        let (number, member) = (keyed.number, keyed.member.clone());
        let mut leaf = &mut *node;
        for name in &member {
            leaf = leaf.members.entry(name.clone()).or_default();
        }
        leaf.actions.push(Action::Key { keyed: number, keys });
    }
    // Members that no fact wants are told apart too: that is cheaper than to compare them with each other.
    let unwanted = fhir_model::schema::type_def(node.type_name)
        .into_iter()
        .flat_map(|def| def.members.iter().map(|member| member.name))
        .filter(|name| !node.members.contains_key(*name));
    let names = node.members.keys().map(String::as_str).chain(unwanted);
    let names = Lookup::new(names.take(Object::MOST_MEMBERS).zip(0..));
    let first_guess = *guesses;
    *guesses += names.len() + 1;
    let mut children = Vec::new();
    for child in node.members.values_mut() {
        children.push(finish(child, guesses)?);
    }
    if children.len() > Object::MOST_MEMBERS {
        return Err(LoadError::new("too many members in one object"));
    }
    let keyed = node.keyed.take().map(|keyed| {
        let absent = keyed.keys.iter().position(|key| *key == KeyMatch::Absent);
        Keyed { number: keyed.number, moves: keyed.moves, absent: absent.map_or(0, |at| 1 << at) }
    });
    let present = std::mem::take(&mut node.present);
    Ok(Node::Object(Object { names, guesses: first_guess, children, present, keyed }))
}
