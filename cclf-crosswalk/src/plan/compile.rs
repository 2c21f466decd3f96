//! From facts to the tree.

use cms::{Release, r4};
use hashbrown::HashMap;

use super::access::RecordAccess;
use super::building::{Building, Counts, End, finish, form, insert, key_bit, signature};
use super::program::{AltProgram, Program, Source};
use super::programs::Programs;
use super::tree::{Action, Keep, KeyBit, Keys, Node, Reg, ResourcePlan, Slot};
use crate::facts::crosswalk::{Crosswalk, RecordFact, lineage_columns};
use crate::facts::fact::{self as facts, Expr, FactKind, Leaf, Path, Root};
use crate::facts::numbers;
use crate::facts::resolve::{KeyMatch, Model, Pick, Resolved, ResolvedSelect, Start, resolve};
use crate::layout::load_error::LoadError;
use crate::layout::resource::{JsonType, List, Resource};
use crate::layout::table::{ColumnType, Per};

#[derive(Debug, Default)]
struct Frame {
    root: Building,
    registers: usize,
    entry_registers: [usize; List::COUNT],
    counts: Counts,
    /// Registers shared by facts that ask for the same thing.
    known: HashMap<(Option<List>, String, FactKind, Keep), Slot>,
    /// Per list: keys and the register that holds their bits.
    list_keys: HashMap<List, (Slot, Vec<KeyMatch>)>,
}

pub(crate) struct Compiler {
    crosswalk: &'static Crosswalk,
    model: Model,
    frames: [Frame; 3],
}

const fn frame_of(resource: Resource) -> usize {
    match resource {
        Resource::ExplanationOfBenefit => 0,
        Resource::Patient => 1,
        Resource::Coverage => 2,
    }
}

/// What can be looked up for a kind of rows, made of a path.
pub(super) trait FromPath: Clone {
    fn from_path(
        compiler: &mut Compiler,
        path: &Path,
        start: Start,
        column_type: ColumnType,
    ) -> Result<Self, LoadError>;

    /// The n-th of all values of some paths, from 0.
    fn nth(
        _: &mut Compiler,
        _: &[Path],
        _: usize,
        _: Start,
        _: ColumnType,
    ) -> Result<Self, LoadError> {
        Err(LoadError::new("nth() means nothing on rows of this kind"))
    }
}

impl Compiler {
    pub(crate) fn new(crosswalk: &'static Crosswalk) -> Self {
        let model = Model::of(crosswalk.api());
        Self { crosswalk, model, frames: Default::default() }
    }

    /// Holds a path against the model.
    pub(super) fn resolve(&self, path: &Path, start: Start) -> Result<Resolved, LoadError> {
        resolve(self.model, path, start)
    }

    /// Whether records of this version have such a fact.
    pub(crate) fn has_fact(&self, resource: Resource, name: &str) -> bool {
        self.record_fact(resource, name).is_ok()
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
    pub(crate) fn fact(
        &mut self,
        resource: Resource,
        name: &str,
    ) -> Result<Program<RecordAccess>, LoadError> {
        let fact = self.record_fact(resource, name)?;
        let FactKind::Value(column_type) = fact.kind else {
            return Err(LoadError::new(format!("the fact `{name}` has no value")));
        };
        self.program(&fact.expr, Start::Record(resource), column_type)
    }

    /// The program of a lineage column, as a fact of the record; `None` where the column has no source.
    pub(crate) fn lineage(
        &mut self,
        resource: Resource,
        name: &str,
    ) -> Result<Option<Program<RecordAccess>>, LoadError> {
        let column = self.crosswalk.lineage().iter().find(|column| column.name == name);
        let Some((column, expr)) = column.and_then(|own| Some((own, own.expr.as_ref()?))) else {
            return Ok(None);
        };
        self.program(expr, Start::Record(resource), column.column_type).map(Some)
    }

    /// The same; without such a fact the program that gives none.
    pub(crate) fn fact_if_any(
        &mut self,
        resource: Resource,
        name: &str,
    ) -> Result<Program<RecordAccess>, LoadError> {
        if self.has_fact(resource, name) {
            self.fact(resource, name)
        } else {
            Ok(Program { alternatives: Vec::new() })
        }
    }

    /// The entry register of a record fact about a kept list, where there is such a fact.
    pub(crate) fn register_if_any(
        &mut self,
        resource: Resource,
        name: &str,
    ) -> Result<Option<Reg>, LoadError> {
        self.has_fact(resource, name).then(|| self.register(resource, name)).transpose()
    }

    /// The entry register of a record fact about a kept list.
    pub(crate) fn register(&mut self, resource: Resource, name: &str) -> Result<Reg, LoadError> {
        let fact = self.record_fact(resource, name)?;
        let path = fact
            .expr
            .paths()
            .next()
            .ok_or_else(|| LoadError::new(format!("the fact `{name}` has no path")))?;
        let mut resolved = self.resolve(path, Start::Record(resource))?;
        resolved.pick = Pick::Own;
        let list = resolved
            .list
            .ok_or_else(|| LoadError::new(format!("the fact `{name}` is of no list")))?;
        let slot = self.slot(&resolved, fact.kind, Keep::First);
        if fact.required {
            let member = resolved.steps.last().map_or("", |step| step.name);
            let node = self.list_node(resource, list);
            node.required.push((slot.reg, member.into()));
        }
        Ok(slot.reg)
    }

    /// Keeps the entries that have rows, whether or not a column says something of them.
    pub(crate) fn keep_rows(&mut self) {
        for def in self.crosswalk.tables().iter().filter(|def| def.has_rows) {
            if let Some(list) = def.per.list() {
                self.list_node(Resource::ExplanationOfBenefit, list);
            }
        }
    }

    /// The columns of the tables with rows of a kind, and their lineage columns.
    pub(crate) fn programs<A: FromPath>(
        &mut self,
        kinds: &[Per],
    ) -> Result<Programs<A>, LoadError> {
        let crosswalk = self.crosswalk;
        let mut tables = Vec::new();
        let mut lineage: Vec<Option<Program<A>>> = vec![None; crosswalk.lineage().len()];
        for def in crosswalk.tables().iter().filter(|def| kinds.contains(&def.per)) {
            let rows = Start::Rows(def.per);
            let columns = def.columns.iter().map(|column| {
                let expr = column.expr.as_ref();
                expr.map(|expr| self.program(expr, rows, column.column_type)).transpose()
            });
            tables.push((def.table, columns.collect::<Result<Vec<_>, _>>()?));
            for (place, column) in lineage_columns(crosswalk, def) {
                if let (None, Some(expr)) = (&lineage[place], &column.expr) {
                    lineage[place] = Some(self.program(expr, rows, column.column_type)?);
                }
            }
        }
        Ok(Programs { tables, lineage })
    }

    /// How an expression is evaluated; its registers are made on the way.
    fn program<A: FromPath>(
        &mut self,
        expr: &Expr,
        start: Start,
        column_type: ColumnType,
    ) -> Result<Program<A>, LoadError> {
        let read_as = column_type.read_as();
        let mut alternatives = Vec::new();
        for alternative in &expr.alternatives {
            let source = match &alternative.source {
                facts::Source::Literal(text) => match column_type {
                    ColumnType::Decimal { precision, scale } => Source::Number(
                        numbers::decimal(text, precision, scale)
                            .map_err(|_| LoadError::new("the literal is no such amount"))?,
                    ),
                    _ => Source::Literal(text.clone()),
                },
                facts::Source::Paths(paths) if let Some(place) = in_turn(paths) => {
                    Source::Accesses(vec![A::nth(self, paths, place, start, read_as)?])
                }
                facts::Source::Paths(paths) => {
                    let accesses =
                        paths.iter().map(|path| A::from_path(self, path, start, read_as));
                    Source::Accesses(accesses.collect::<Result<_, _>>()?)
                }
            };
            alternatives.push(AltProgram {
                claim_types: alternative.claim_types,
                source,
                conversions: alternative.conversions.clone(),
            });
        }
        Ok(Program { alternatives })
    }

    /// The bit that an entry of a kept list has set when it carries `key`.
    pub(super) fn list_key_bit(&mut self, list: List, key: &str) -> Result<KeyBit, LoadError> {
        if list == List::Information {
            return self.information_bit(key);
        }
        let frame = &mut self.frames[frame_of(Resource::ExplanationOfBenefit)];
        if !frame.list_keys.contains_key(&list) {
            let reg = frame.entry_registers[list as usize];
            frame.entry_registers[list as usize] += 1;
            frame.list_keys.insert(list, (Slot { list: Some(list), reg }, Vec::new()));
        }
        let Some((slot, keys)) = frame.list_keys.get_mut(&list) else {
            return Err(LoadError::new("no keys"));
        };
        let key = KeyMatch::Is(key.to_owned().into());
        let number = keys.iter().position(|own| *own == key).unwrap_or_else(|| {
            keys.push(key);
            keys.len() - 1
        });
        if number >= Keys::MOST {
            return Err(LoadError::new("too many keys for one list"));
        }
        Ok(KeyBit { reg: slot.reg, bit: 1 << number })
    }

    /// The bit that supporting information of a category has set.
    fn information_bit(&mut self, category: &str) -> Result<KeyBit, LoadError> {
        let eob = Resource::ExplanationOfBenefit;
        let list = List::Information;
        let paths = Path::parse_each(&format!("{}[{category}].sequence", list.member()))?;
        let resolved = self.resolve(&paths[0], Start::Record(eob))?;
        let select = resolved.steps.into_iter().next().and_then(|step| step.select);
        let Some(ResolvedSelect::Key { member, key }) = select else {
            return Err(LoadError::new(format!("`{category}` is no category")));
        };
        self.list_node(eob, list);
        let Frame { root, entry_registers, counts, .. } = &mut self.frames[frame_of(eob)];
        let node = root.members.entry(list.member()).or_default();
        let (slot, number) = key_bit(node, &member, &key, counts, || {
            let reg = entry_registers[list as usize];
            entry_registers[list as usize] += 1;
            Slot { list: Some(list), reg }
        });
        Ok(KeyBit { reg: slot.reg, bit: 1u64.unbounded_shl(number) })
    }

    fn list_node(&mut self, resource: Resource, list: List) -> &mut Building {
        let node = self.frames[frame_of(resource)].root.members.entry(list.member()).or_default();
        node.many = true;
        node.kept = Some(list);
        let def = self.model.schema.child(resource.name(), list.member());
        node.type_name = match list {
            List::Contained => "Organization",
            _ => def.map_or("", fhir_model::schema::step),
        };
        node
    }

    /// The register of what a resolved path names, made on first use.
    pub(super) fn slot(&mut self, resolved: &Resolved, kind: FactKind, keep: Keep) -> Slot {
        self.slot_of(std::slice::from_ref(resolved), kind, keep)
    }

    /// The register, the first of those in turn, that several resolved paths of one list share.
    pub(super) fn slot_of(&mut self, all: &[Resolved], kind: FactKind, keep: Keep) -> Slot {
        let signature = signature(all.iter().flat_map(|resolved| &resolved.steps));
        let Some(first) = all.first() else { return Slot { list: None, reg: 0 } };
        let known = (first.list, signature, kind, keep);
        let frame = &mut self.frames[frame_of(first.resource)];
        if let Some(slot) = frame.known.get(&known) {
            return *slot;
        }
        let counter = match first.list {
            Some(list) => &mut frame.entry_registers[list as usize],
            None => &mut frame.registers,
        };
        let slot = Slot { list: first.list, reg: *counter };
        *counter += if keep == Keep::InTurn { Keep::IN_TURN } else { 1 };
        frame.known.insert(known, slot);
        for resolved in all {
            self.keep_in(slot, resolved, kind, keep);
        }
        slot
    }

    /// Has the walk keep in a register what a resolved path names.
    fn keep_in(&mut self, slot: Slot, resolved: &Resolved, kind: FactKind, keep: Keep) {
        let frame_index = frame_of(resolved.resource);
        if let Some(list) = resolved.list {
            self.list_node(resolved.resource, list);
        }
        let frame = &mut self.frames[frame_index];
        let counts = &mut frame.counts;
        let node = match resolved.list {
            Some(list) => {
                // Present: list_node was called above.
                frame.root.members.entry(list.member()).or_default()
            }
            None => &mut frame.root,
        };
        let end = End::Fact(slot, kind, form(kind, resolved.is_code(), keep));
        insert(node, &resolved.steps, &end, counts);
    }

    /// The three resource plans.
    pub(crate) fn finish(mut self) -> Result<[ResourcePlan; 3], LoadError> {
        // Entry keys: the roles and types that facts ask for.
        let list_keys = std::mem::take(&mut self.frames[0].list_keys);
        for (list, (slot, keys)) in list_keys {
            let bits = (0..).map(|number| 1 << number);
            let end = End::Keys(slot, Keys::new(keys.iter().zip(bits)));
            let eob = Resource::ExplanationOfBenefit;
            let fact = self.record_fact(eob, &format!("{}.keys", list.member()))?;
            for path in fact.expr.paths() {
                let resolved = self.resolve(path, Start::Record(eob))?;
                let frame = &mut self.frames[0];
                let node = frame.root.members.entry(list.member()).or_default();
                insert(node, &resolved.steps, &end, &mut frame.counts);
            }
        }
        for resource in Resource::ALL {
            let frame = &mut self.frames[frame_of(resource)];
            frame.root.type_name = resource.name();
            let meta = frame.root.members.entry("meta").or_default();
            meta.type_name = "Meta";
            let profile = meta.members.entry("profile").or_default();
            profile.many = true;
            profile.json = Some(JsonType::String);
            profile.actions.push(Action::ForeignProfile);
            let kind = frame.root.members.entry("resourceType").or_default();
            kind.json = Some(JsonType::String);
        }
        let [eob, patient, coverage] = self.frames;
        let (model, guesses) = (self.model, &mut 0);
        // What R4 knows and STU3 does not is no mark among records of R4.
        let is_stu3 = model.api.release() == Release::Stu3;
        let marks = |marks: &'static [r4::Mark]| if is_stu3 { marks } else { &[] };
        Ok([
            finish_frame(model, eob, guesses, marks(&r4::CLAIM))?,
            finish_frame(model, patient, guesses, &[])?,
            finish_frame(model, coverage, guesses, marks(&r4::COVERAGE))?,
        ])
    }
}

/// The place of the values that paths ask for, from 0, where they ask for the n-th of all.
fn in_turn(paths: &[Path]) -> Option<usize> {
    match paths.first() {
        Some(Path { leaf: Leaf::Nth(place), root, .. })
            if !matches!(root, Root::Information(_)) =>
        {
            Some(place - 1)
        }
        _ => None,
    }
}

fn finish_frame(
    model: Model,
    mut frame: Frame,
    guesses: &mut usize,
    foreign: &'static [r4::Mark],
) -> Result<ResourcePlan, LoadError> {
    let Node::Object(root) = finish(&mut frame.root, model.schema, guesses)? else {
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
