//! A claim that was read: its facts, and the values of its rows.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::layout::resource::List;
use crate::layout::table::Per;
use crate::plan::access::{ClaimAccess as Access, Register, Wanted};
use crate::plan::links;
use crate::plan::program::Row;
use crate::plan::registers::{RecordView, Val};
use crate::plan::tree::{KeyBit, Reg};
use crate::plan::value::Value;
use crate::plan::{Plan, Record};
use cms::ClaimType;
use json_walk::Walker;

/// Where rows come from: the source file of the records that are being read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lineage {
    /// FILE_NAME.
    pub file_name: String,
    /// FILE_DATE in days since 1970-01-01, when it is known.
    pub file_date: Option<i32>,
}

/// A claim or Part D event.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'r> {
    record: Record<'r>,
    claim_type: ClaimType,
}

/// The row of a claim that is being made.
pub(crate) struct ClaimRow<'r> {
    pub(crate) claim: Claim<'r>,
    pub(crate) item: Option<usize>,
    pub(crate) entry: Option<(List, usize)>,
    pub(crate) mbi: Option<&'r str>,
    pub(crate) lineage: &'r Lineage,
}

impl<'r> Claim<'r> {
    /// The claim that a record of an ExplanationOfBenefit is.
    pub(crate) fn new(record: Record<'r>) -> Option<Self> {
        let code = record.fact(&record.plan.claim.eob_type).text()?;
        let claim_type = ClaimType::from_code(&code)?;
        drop(code);
        Some(Self { record, claim_type })
    }

    /// Its type.
    pub fn claim_type(&self) -> ClaimType {
        self.claim_type
    }

    /// Dates that name only a year or a month, and so became null.
    pub fn partial_dates(&self) -> u64 {
        self.record.partial_dates()
    }

    /// The resource id.
    pub fn id(&self) -> Option<Cow<'_, str>> {
        self.record.fact(&self.plan().claim.id).text()
    }

    /// The id of the Patient that the claim refers to.
    pub fn patient(&self) -> Option<Cow<'_, str>> {
        match self.record.fact(&self.plan().claim.patient).text()? {
            Cow::Borrowed(reference) => cms::id_in(reference, "Patient").map(Cow::Borrowed),
            Cow::Owned(reference) => {
                cms::id_in(&reference, "Patient").map(|id| Cow::Owned(id.to_owned()))
            }
        }
    }

    /// The number of its claim group: that of a claim and of those that replace it. `None` in version 3, which has none.
    pub fn group(&self) -> Option<Cow<'_, str>> {
        self.record.fact(&self.plan().claim.claim_group).text()
    }

    /// When the server last loaded it, in microseconds since 1970-01-01T00:00:00Z.
    pub fn last_updated(&self) -> Option<i64> {
        match self.record.fact(&self.plan().claim.last_updated) {
            Value::Timestamp(micros) => Some(micros),
            _ => None,
        }
    }

    /// Its status, as it is written.
    pub fn status(&self) -> Option<Cow<'_, str>> {
        self.record.fact(&self.plan().claim.status).text()
    }

    /// Whether its status is active.
    pub fn is_active(&self) -> bool {
        self.status().as_deref() == Some("active")
    }

    /// Whether it is final, which is what BCDA_FINAL says: totals count final claims only. `None` where the claim does
    /// not tell.
    pub fn is_final(&self) -> Option<bool> {
        let told = self.record.fact(self.plan().claim.is_final.as_ref()?).text()?;
        Some(told == "true")
    }

    /// A walker at the beginning of its text, for whoever looks at more of it than the tables do.
    pub fn walker(&self) -> Option<Walker<'r, 'r>> {
        self.record.walker()
    }

    pub(crate) fn record(&self) -> &Record<'r> {
        &self.record
    }

    /// Start and end of a final hospice claim's hospitalization, in days since 1970-01-01.
    pub fn hospice_stay(&self) -> Option<(i32, Option<i32>)> {
        if self.claim_type != ClaimType::Hospice || self.is_final() != Some(true) {
            return None;
        }
        let day = |program| match self.record.fact(program) {
            Value::Date(days) => Some(days),
            _ => None,
        };
        Some((day(&self.plan().claim.hospice_start)?, day(&self.plan().claim.hospice_end)))
    }

    pub(crate) fn plan(&self) -> &'r Plan {
        self.record.plan
    }

    pub(crate) fn view(&self) -> RecordView<'r> {
        self.record.view
    }

    /// How many rows the claim gives a table, before entries without a row are left out.
    pub(crate) fn candidates(&self, per: Per) -> usize {
        match per {
            Per::Claim => 1,
            Per::Item => self.view().count(List::Item),
            Per::Procedure => self.view().count(List::Procedure),
            Per::Diagnosis => self.view().count(List::Diagnosis),
            Per::Patient | Per::Mbi | Per::Summary => 0,
        }
    }

    /// Rows that the claim has in the tables of its type, whichever were asked for.
    pub(crate) fn rows(&self) -> u64 {
        let rows: usize = self
            .plan()
            .crosswalk()
            .tables()
            .iter()
            .filter(|def| {
                def.has_rows && def.switches.is_empty() && def.claim_types.contains(self.claim_type)
            })
            .map(|def| self.candidates(def.per))
            .sum();
        rows as u64
    }

    /// The row that candidate `index` is; none for a diagnosis entry that holds only a DRG.
    pub(crate) fn row<'s>(
        &self,
        per: Per,
        index: usize,
        mbi: Option<&'s str>,
        lineage: &'s Lineage,
    ) -> Option<ClaimRow<'s>>
    where
        'r: 's,
    {
        let mut row = ClaimRow { claim: *self, item: None, entry: None, mbi, lineage };
        match per {
            Per::Item => row.item = Some(index),
            Per::Procedure => row.entry = Some((List::Procedure, index)),
            Per::Diagnosis => {
                let coded = self.plan().claim.links.diagnosis_coded;
                let entry = self.view().entry(List::Diagnosis, index);
                let typed = self.plan().diagnosis_rows.is_none_or(|types| has(entry, types));
                if entry[coded] == Val::Null || !typed {
                    return None;
                }
                row.entry = Some((List::Diagnosis, index));
            }
            _ => {}
        }
        Some(row)
    }

    fn entries(&self, list: List) -> impl Iterator<Item = (usize, &'r [Val])> + Clone + use<'r> {
        let view = self.view();
        (0..view.count(list)).map(move |index| (index, view.entry(list, index)))
    }

    /// The care team entries of a role.
    fn of_role(&self, role: KeyBit) -> impl Iterator<Item = &'r [Val]> + Clone + use<'r> {
        self.entries(List::CareTeam)
            .filter(move |(_, entry)| has(entry, role))
            .map(|(_, entry)| entry)
    }

    fn sequence(&self, entry: &[Val]) -> i64 {
        match entry[self.plan().claim.links.care_team_sequence] {
            Val::Int(sequence) => sequence,
            _ => i64::MAX,
        }
    }

    /// The sequence numbers in a register of links of an item.
    fn links(&self, item: usize, reg: Reg) -> &'r [i64] {
        let view = self.view();
        match view.entry(List::Item, item)[reg] {
            Val::Links { start, end } => &view.store.links[start as usize..end as usize],
            _ => &[],
        }
    }

    /// The first care team entry of a role that the item links to; with a register, the first that has it.
    fn linked(&self, item: usize, role: KeyBit, reg: Option<Reg>) -> Option<&'r [Val]> {
        let regs = &self.plan().claim.links;
        let links = self.links(item, regs.item_care_team);
        // Where an item names nobody, who serves it may have its number.
        let number = regs.item_number.map(|reg| self.view().entry(List::Item, item)[reg]);
        let number = if let Some(Val::Int(number)) = number { Some(number) } else { None };
        let links = if links.is_empty() { number.as_slice() } else { links };
        let asked =
            |entry: &[Val]| has(entry, role) && reg.is_none_or(|reg| entry[reg] != Val::Null);
        let view = self.view();
        if view.count(List::CareTeam) <= links::SCAN_LIMIT {
            let mut entries = self.entries(List::CareTeam).map(|(_, entry)| entry);
            return entries.find(|entry| asked(entry) && links.contains(&self.sequence(entry)));
        }
        let entries = self.entries(List::CareTeam).filter(|(_, entry)| asked(entry));
        let entries = entries.map(|(place, entry)| (self.sequence(entry), place));
        let place = view.store.by_sequence.care_team((role, reg), links, entries)?;
        Some(view.entry(List::CareTeam, place))
    }

    fn principal(&self, principal: KeyBit, admitting: KeyBit) -> Option<(usize, &'r [Val])> {
        let is = |key| move |(_, entry): &(usize, &'r [Val])| has(entry, key);
        let diagnoses = self.entries(List::Diagnosis);
        cms::principal(Some(self.claim_type), diagnoses, is(principal), is(admitting))
    }

    fn attending(&self, primary: KeyBit) -> Option<&'r [Val]> {
        // All links are those of items to the care team. Most claims have few: a set would take longer.
        let links = &self.view().store.links[..];
        let many: Option<HashSet<i64>> =
            (links.len() > links::SCAN_LIMIT).then(|| links.iter().copied().collect());
        let is_linked = |sequence: i64| match &many {
            Some(many) => many.contains(&sequence),
            None => links.contains(&sequence),
        };
        let reg = self.plan().claim.links.care_team_sequence;
        let by_sequence = self.of_role(primary).map(|entry| match entry[reg] {
            Val::Int(sequence) => (Some(sequence), entry),
            _ => (None, entry),
        });
        cms::attending(by_sequence, is_linked)
    }

    /// Supporting information of a category that has a value: that which an item names; without an item that which no
    /// item names. By sequence.
    fn information(
        &self,
        item: Option<usize>,
        category: KeyBit,
        reg: Reg,
    ) -> Vec<(i64, &'r [Val])> {
        let regs = &self.plan().claim.links;
        let (Some(links), Some(number)) = (regs.item_information, regs.information_sequence) else {
            return Vec::new();
        };
        let entries = self.entries(List::Information).map(|(_, entry)| entry);
        let mut found: Vec<(i64, &[Val])> = entries
            .filter(|entry| has(entry, category) && entry[reg] != Val::Null)
            .map(|entry| match entry[number] {
                Val::Int(number) => (number, entry),
                _ => (i64::MAX, entry),
            })
            .collect();
        if found.is_empty() {
            return found;
        }
        if let Some(item) = item {
            let named = self.links(item, links);
            found.retain(|(number, _)| named.contains(number));
        } else {
            let items = 0..self.view().count(List::Item);
            let named: HashSet<i64> =
                items.flat_map(|item| self.links(item, links)).copied().collect();
            found.retain(|(number, _)| !named.contains(number));
        }
        found.sort_by_key(|(number, _)| *number);
        found
    }

    /// The contained resource that provider.reference names.
    fn provider(&self) -> Option<&'r [Val]> {
        let id = self.plan().claim.links.contained_id?;
        let reference = self.record.fact(&self.plan().claim.provider).text()?;
        let wanted = reference.strip_prefix('#')?;
        let view = self.view();
        let mut contained = self.entries(List::Contained).map(|(_, entry)| entry);
        contained.find(|entry| match entry[id] {
            Val::Text { start, end, scratch } => view.text(start, end, scratch) == wanted,
            _ => false,
        })
    }

    /// Whether all diagnoses of the claim have one value in a register.
    fn is_sole_diagnosis(&self, reg: Reg) -> bool {
        let view = self.view();
        let mut values = self.entries(List::Diagnosis).map(|(_, entry)| view.value(entry[reg]));
        let Some(first) = values.next() else { return false };
        values.all(|value| value == first)
    }

    fn diagnosis_by_sequence(&self, wanted: i64) -> Option<(usize, &'r [Val])> {
        let reg = self.plan().claim.links.diagnosis_sequence;
        let view = self.view();
        if view.count(List::Diagnosis) <= links::SCAN_LIMIT {
            return self.entries(List::Diagnosis).find(|(_, entry)| entry[reg] == Val::Int(wanted));
        }
        let entries = self.entries(List::Diagnosis).filter_map(|(place, entry)| match entry[reg] {
            Val::Int(sequence) => Some((sequence, place)),
            _ => None,
        });
        let place = view.store.by_sequence.diagnosis(wanted, entries)?;
        Some((place, view.entry(List::Diagnosis, place)))
    }
}

fn has(entry: &[Val], key: KeyBit) -> bool {
    matches!(entry[key.reg], Val::Bits(bits) if bits & key.bit != 0)
}

impl<'r> Row<'r> for ClaimRow<'r> {
    type Access = Access;

    fn claim_type(&self) -> Option<ClaimType> {
        Some(self.claim.claim_type)
    }

    fn register(&self, register: Register) -> Option<(Val, RecordView<'r>)> {
        let view = self.claim.view();
        let val = match (register, self.item, self.entry) {
            (Register::Record(reg), ..) => view.store.record[reg],
            (Register::Own(reg), Some(item), _) => view.entry(List::Item, item)[reg],
            (Register::Own(reg), _, Some((list, index))) => view.entry(list, index)[reg],
            (Register::Own(_), None, None) => Val::Null,
        };
        Some((val, view))
    }

    fn value(&self, access: &Access) -> Value<'r> {
        let view = self.claim.view();
        let place = |index: usize| Value::Int(i64::try_from(index + 1).unwrap_or(i64::MAX));
        let of = |entry: Option<&'r [Val]>, reg: Reg| {
            entry.map_or(Value::Null, |entry| view.value(entry[reg]))
        };
        let first = |mut entries: &mut dyn Iterator<Item = &'r [Val]>, reg: Reg| {
            let found = Iterator::find(&mut entries, |entry| entry[reg] != Val::Null);
            found.map_or(Value::Null, |entry| view.value(entry[reg]))
        };
        let entry_or_place =
            |found: Option<(usize, &'r [Val])>, reg: Option<Reg>| match (found, reg) {
                (Some((_, entry)), Some(reg)) => view.value(entry[reg]),
                (Some((index, _)), None) => place(index),
                (None, _) => Value::Null,
            };
        match access {
            Access::Record(reg) => view.value(view.store.record[*reg]),
            Access::Own { reg } => {
                let entry = match (self.item, self.entry) {
                    (Some(item), _) => Some(view.entry(List::Item, item)),
                    (_, Some((list, index))) => Some(view.entry(list, index)),
                    _ => None,
                };
                of(entry, *reg)
            }
            Access::First { list, reg } => {
                first(&mut self.claim.entries(*list).map(|(_, entry)| entry), *reg)
            }
            Access::At { list, place, reg } => {
                let there = *place < view.count(*list);
                of(there.then(|| view.entry(*list, *place)), *reg)
            }
            Access::CareTeam { role, reg } => {
                let claim = &self.claim;
                of(claim.of_role(*role).min_by_key(|entry| claim.sequence(entry)), *reg)
            }
            Access::CareTeamWith { role, reg } => {
                let claim = &self.claim;
                let all = claim.of_role(*role).filter(|entry| entry[*reg] != Val::Null);
                of(all.min_by_key(|entry| claim.sequence(entry)), *reg)
            }
            Access::Provider { reg } => of(self.claim.provider(), *reg),
            Access::Information { category, reg, wanted } => {
                let found = self.claim.information(self.item, *category, *reg);
                let entry = match wanted {
                    Wanted::Nth(place) => found.get(*place),
                    Wanted::Prefer(text) => {
                        let is_it = |entry: &&(i64, &[Val])| match view.value(entry.1[*reg]) {
                            Value::Text(own) => own == *text,
                            _ => false,
                        };
                        found.iter().find(is_it).or_else(|| found.first())
                    }
                };
                of(entry.map(|(_, entry)| *entry), *reg)
            }
            Access::LastDiagnosis { kind, reg } => {
                let typed = self.claim.entries(List::Diagnosis);
                entry_or_place(typed.filter(|(_, entry)| has(entry, *kind)).last(), *reg)
            }
            Access::LeadingDiagnosis { kind, reg } => {
                let first = self.claim.entries(List::Diagnosis).next();
                entry_or_place(first.filter(|(_, entry)| has(entry, *kind)), *reg)
            }
            Access::PlaceOf { kind } => {
                let mut typed = self.claim.entries(List::Diagnosis);
                entry_or_place(typed.find(|(_, entry)| has(entry, *kind)), None)
            }
            Access::OwnRank { kind } => match self.entry {
                Some((List::Diagnosis, own)) if has(view.entry(List::Diagnosis, own), *kind) => {
                    let before = self.claim.entries(List::Diagnosis).take(own);
                    place(before.filter(|(_, entry)| has(entry, *kind)).count())
                }
                _ => Value::Null,
            },
            Access::Diagnosis { role, reg } => {
                let entry =
                    self.claim.entries(List::Diagnosis).find(|(_, entry)| has(entry, *role));
                of(entry.map(|(_, entry)| entry), *reg)
            }
            Access::BySequence { sequence, reg } => {
                entry_or_place(self.claim.diagnosis_by_sequence(*sequence), *reg)
            }
            Access::Rendering { primary, reg } => {
                of(self.item.and_then(|item| self.claim.linked(item, *primary, None)), *reg)
            }
            Access::LinkedCareTeam { role, reg } => {
                of(self.item.and_then(|item| self.claim.linked(item, *role, Some(*reg))), *reg)
            }
            Access::SoleDiagnosis { reg } if !self.claim.is_sole_diagnosis(*reg) => Value::Null,
            Access::LinkedDiagnosis { reg } | Access::SoleDiagnosis { reg } => {
                let link = self.item.map(|item| {
                    view.entry(List::Item, item)[self.claim.plan().claim.links.item_diagnosis]
                });
                match link {
                    Some(Val::Int(sequence)) => {
                        let entry = self.claim.diagnosis_by_sequence(sequence);
                        of(entry.map(|(_, entry)| entry), *reg)
                    }
                    _ => Value::Null,
                }
            }
            Access::Principal { principal, admitting, reg } => {
                entry_or_place(self.claim.principal(*principal, *admitting), *reg)
            }
            Access::Attending { primary, reg } => of(self.claim.attending(*primary), *reg),
            Access::OwnPlace => self.entry.map_or(Value::Null, |(_, index)| place(index)),
            Access::PatientMbi => Value::borrowed(self.mbi),
            Access::FileName => Value::Text(Cow::Borrowed(&self.lineage.file_name)),
            Access::FileDate => self.lineage.file_date.map_or(Value::Null, Value::Date),
        }
    }
}
