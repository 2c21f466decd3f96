//! What a run came to: one line for people, and a report for machines. Counts and amounts; nothing of a person or claim.

use std::fmt::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::claims::ClaimCounts;
use crate::error::Error;
use crate::export::Export;
use crate::paid::{Cents, Paid};
use crate::way::Way;

/// Version of the form of the report.
const SCHEMA_VERSION: u32 = 1;

/// An export that the run was about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportLine {
    /// The name of its folder.
    pub name: String,
    /// Its group.
    pub group: String,
    /// `full`, `claims` or `people`.
    pub kind: String,
    /// When it was made, as the server tells.
    pub transaction_time: Option<String>,
    /// Records of all its files.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Whether this run has fetched it, or a part of it.
    pub fetched: bool,
    /// Whether the server could not deliver all of it.
    pub lacks_records: bool,
}

impl ExportLine {
    /// Of an export.
    pub fn of(export: &Export, fetched: bool) -> Self {
        let (records, bytes) = export.size();
        Self {
            name: export.name(),
            group: export.group.clone(),
            kind: export.kind.name().to_owned(),
            transaction_time: export.journal.as_ref().and_then(|own| own.transaction_time.clone()),
            records,
            bytes,
            fetched,
            lacks_records: export.lacks_records(),
        }
    }
}

/// Two amounts, as decimal text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amounts {
    /// Before the run.
    pub before: String,
    /// After it.
    pub after: String,
}

impl Amounts {
    fn of(before: Cents, after: Cents) -> Self {
        Self { before: before.plain(), after: after.plain() }
    }
}

/// What was paid for the final claims of a type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeLine {
    /// CLM_TYPE_CD.
    pub claim_type: String,
    /// What it is called.
    pub name: String,
    /// What was paid.
    #[serde(flatten)]
    pub paid: Amounts,
}

/// Drug events before and after, and what patients paid for them: no part of what was paid.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartDLine {
    /// Final events before.
    pub events_before: u64,
    /// Final events after.
    pub events_after: u64,
    /// What patients paid.
    pub patients_paid: Amounts,
}

/// People of the tables and of the groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct People {
    /// In the tables now.
    pub people: u64,
    /// In the groups, and not in the tables before.
    pub come: u64,
    /// In the tables now, and in none of the groups.
    pub gone: u64,
    /// Taken out of the tables by this run, because they were in none of the groups.
    pub dropped: u64,
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Version of this form.
    pub schema_version: u32,
    /// Version of the tool.
    pub version: String,
    /// Version of the crosswalk.
    pub crosswalk_version: String,
    /// The version of the API.
    pub api: String,
    /// When the newest export was made.
    pub transaction_time: Option<String>,
    /// The exports that the run was about.
    pub exports: Vec<ExportLine>,
    /// Exports that were removed afterwards.
    pub pruned: u64,
    /// What was paid, in all.
    pub paid: Amounts,
    /// The same by claim type.
    pub paid_by_type: Vec<TypeLine>,
    /// Drug events.
    pub part_d: PartDLine,
    /// What changed of claims; none on the way over to another version, since their ids are others.
    pub claims: Option<ClaimCounts>,
    /// The way over to another version, if the run has gone it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way: Option<Way>,
    /// Who came and went; none where nobody can tell, because the people of a group did not come whole.
    pub people: Option<People>,
    /// Records that were rejected.
    pub rejected: u64,
    /// The exit code.
    pub exit_code: u8,
    /// The summary.
    pub line: String,
}

/// What has led to tables.
#[derive(Debug)]
pub(crate) enum Change<'c> {
    /// They are the first ones.
    First,
    /// An update of the result before.
    Update {
        /// That result.
        old: &'c Path,
        /// The folder of what the update has changed.
        changes: &'c Path,
    },
    /// The way over from another version; none where that had no tables.
    Way(Option<Way>),
}

impl Report {
    /// Of a run that has made tables, or brought them up to date: `before` is what was paid by then.
    ///
    /// # Errors
    /// A table cannot be read, or the run was asked to end.
    pub(crate) fn of(
        tables: &Path,
        change: Change<'_>,
        (applied, before): (&convert::Report, &Paid),
        people: Option<People>,
        cancel: &convert::Cancel,
    ) -> Result<Self, Error> {
        let after = Paid::of(tables, cancel)?;
        let (claims, way) = match change {
            Change::First => (Some(ClaimCounts::of(None, tables, cancel)?), None),
            Change::Update { old, changes } => {
                (Some(ClaimCounts::of(Some(old), changes, cancel)?), None)
            }
            Change::Way(way) => (None, way),
        };
        let types = before.by_type.keys().chain(after.by_type.keys());
        let types: std::collections::BTreeSet<&String> = types.collect();
        let amount = |paid: &Paid, code: &str| paid.by_type.get(code).copied().unwrap_or_default();
        let by_type = types.into_iter().map(|code| TypeLine {
            claim_type: code.clone(),
            name: cclf_crosswalk::claim_type_name(code).to_owned(),
            paid: Amounts::of(amount(before, code), amount(&after, code)),
        });
        let mut report = Self {
            schema_version: SCHEMA_VERSION,
            version: applied.version.clone(),
            crosswalk_version: applied.crosswalk_version.clone(),
            api: applied.api.clone(),
            transaction_time: applied.transaction_time.clone(),
            exports: Vec::new(),
            pruned: 0,
            paid: Amounts::of(before.total(), after.total()),
            paid_by_type: by_type.collect(),
            part_d: PartDLine {
                events_before: before.part_d.events,
                events_after: after.part_d.events,
                patients_paid: Amounts::of(before.part_d.patients, after.part_d.patients),
            },
            claims,
            way,
            people,
            rejected: applied.records.rejected,
            exit_code: 0,
            line: String::new(),
        };
        report.line = report.line_of(before, &after);
        Ok(report)
    }

    /// The one line of a run.
    fn line_of(&self, before: &Paid, after: &Paid) -> String {
        let (old, new) = (before.total(), after.total());
        let mut line = format!("paid {old} before, {new} now");
        let change = |of: &TypeLine| {
            let own = |paid: &Paid| paid.by_type.get(&of.claim_type).map_or(0, |own| own.0);
            own(after) - own(before)
        };
        let changes: Vec<String> = self
            .paid_by_type
            .iter()
            .filter(|of| change(of) != 0)
            .map(|of| format!("{} {} {}", of.name, of.claim_type, signed(change(of))))
            .collect();
        let total = signed(new.0 - old.0);
        if changes.is_empty() {
            line.push_str(", unchanged");
        } else {
            let _ = write!(line, " ({total}: {})", changes.join(", "));
        }
        if let Some(ClaimCounts { new, corrected, cancelled, deleted }) = self.claims {
            let _ = write!(
                line,
                "; claims: {new} new, {corrected} corrected, {cancelled} cancelled, {deleted} deleted"
            );
        }
        if let Some(Way { from, claims: [of_old, of_new], matched, reconciliation }) = &self.way {
            let to = &self.api;
            let _ = write!(
                line,
                "; final claims: {of_old} in {from}, {of_new} in {to}, {matched} of them matched ({reconciliation} has more)"
            );
        }
        let PartDLine { events_before, events_after, .. } = self.part_d;
        let _ = write!(
            line,
            "; Part D, not in paid: {events_before} events before, {events_after} now, paid by patients {} and {}",
            before.part_d.patients, after.part_d.patients
        );
        match self.people {
            None => line.push_str(
                "; people: who is gone cannot be told, since those of a group did not come whole",
            ),
            Some(People { people, come, gone, dropped }) => {
                let _ = write!(line, "; people: {people}, {come} come, {gone} gone");
                if dropped > 0 {
                    let _ = write!(line, ", {dropped} taken out");
                }
            }
        }
        line
    }

    /// The report as JSON.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

fn signed(cents: i128) -> String {
    if cents < 0 { Cents(cents).to_string() } else { format!("+{}", Cents(cents)) }
}
