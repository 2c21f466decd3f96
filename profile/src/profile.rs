//! The profile: everything read, then everything shown.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

use cclf_crosswalk::Table;
use convert::building::shared;
use convert::{Cancel, Error};
use results::{Finished, Source};
use serde::Serialize;

use crate::claims::{Claims, Shape};
use crate::columns::{TableFill, shown as shown_fill};
use crate::disclosure::{FEWEST, is_small};
use crate::fill::{Fill, of_row_group};
use crate::names;
use crate::people::People;
use crate::persons;
use crate::run::Run;
use crate::shown::{Cross, Lines, Order, Rule, lines};
use crate::tables::{Measure, banded, months, months_of_part_d, newest_month, types};
use crate::unusual::{self, Unusual};
use crate::verdict::Verdict;

/// How a profile is made.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether cells of 1 to 10 people are shown, too: for those alone who may see the tables themselves.
    pub show_small_cells: bool,
    /// How many threads work at once.
    pub threads: usize,
    /// Where the tables come from, if neither a manifest nor their lineage tells it.
    pub source: Option<Source>,
}

impl Default for Options {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { show_small_cells: false, threads, source: None }
    }
}

/// What is in the tables of a result.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Profile {
    /// Whether cells of 1 to 10 people are shown.
    pub shows_small_cells: bool,
    /// Whether the manifest says that the data are made up, so that nobody is behind them.
    pub synthetic: bool,
    /// Where the tables come from: `v1`, `v2`, `v3` or `cclf`.
    pub source: &'static str,
    /// Whether the result is whole.
    pub verdict: Verdict,
    /// What should be looked at.
    pub unusual: Vec<Unusual>,
    /// What became of the input.
    pub run: Run,
    /// Tables of claims that are left out of everything, because all their final claims are of 1 to 10 people.
    pub left_out: Vec<&'static str>,
    /// Final claims, and what was paid for them, by month of CLM_THRU_DT and claim type.
    pub months: Option<Cross>,
    /// Final claims by what was paid for each, in dollars, and claim type.
    pub amounts: Option<Cross>,
    /// Final claims of CCLF5 and CCLF6 by their lines, and claim type.
    pub lines: Option<Cross>,
    /// Final rows, and what was paid for them, by categories.
    pub categories: Vec<Lines>,
    /// Final events of Part D, and what patients paid, by month: no part of what was paid.
    pub part_d: Option<Lines>,
    /// People of CCLF8.
    pub people: Vec<Lines>,
    /// How much of each column is filled.
    pub fill: Vec<TableFill>,
}

/// The tables of claims with what was paid, and how each is cut.
const SHAPES: [Shape; 4] = [
    Shape {
        table: Table::Cclf1,
        amount: cclf_crosswalk::PAID[0].1,
        date: "CLM_THRU_DT",
        line: None,
        cuts: &[("DGNS_DRG_CD", names::drg)],
    },
    Shape {
        table: Table::Cclf5,
        amount: cclf_crosswalk::PAID[1].1,
        date: "CLM_THRU_DT",
        line: Some("CLM_LINE_NUM"),
        cuts: &[("CLM_POS_CD", names::place), ("CLM_LINE_HCPCS_CD", names::procedure)],
    },
    Shape {
        table: Table::Cclf6,
        amount: cclf_crosswalk::PAID[2].1,
        date: "CLM_THRU_DT",
        line: Some("CLM_LINE_NUM"),
        cuts: &[("CLM_LINE_HCPCS_CD", names::procedure)],
    },
    Shape {
        table: cclf_crosswalk::PART_D_PATIENTS.0,
        amount: cclf_crosswalk::PART_D_PATIENTS.1,
        date: "CLM_LINE_FROM_DT",
        line: None,
        cuts: &[],
    },
];

/// What a cut is called.
fn called(column: &str) -> &'static str {
    match column {
        "DGNS_DRG_CD" => "DRG",
        "CLM_POS_CD" => "place of service",
        _ => "procedure",
    }
}

/// A part of the work that one thread does.
enum Job<'a> {
    Claims(&'a Shape),
    Fill(Table, usize, usize),
}

impl Profile {
    /// Of a finished result in Parquet, whole and with lineage.
    ///
    /// # Errors
    /// It is no such result, or holds the history of CMS's files; a table cannot be read, or the run was asked to end.
    pub fn of(tables: &Path, options: &Options, cancel: &Cancel) -> Result<Self, Error> {
        let finished = Finished::open(tables, options.source)?;
        if finished.is_history() {
            return Err(Error::usage(format!(
                "{}: these are CMS's files as they came, a history; make the final claims of it first, with bcda cclf current",
                tables.display()
            )));
        }
        let people = People::default();
        let of_people = persons::read(&finished, &people, cancel)?;
        let fills: BTreeMap<Table, Mutex<Fill>> =
            finished.tables().map(|(table, _)| (table, Mutex::default())).collect();
        // The longest first, so that no thread waits for one at the end.
        let mut jobs: Vec<Job<'_>> = [1, 0, 3, 2].map(|at: usize| Job::Claims(&SHAPES[at])).into();
        for (table, stored) in finished.tables() {
            let row_groups = stored.row_groups().enumerate();
            jobs.extend(row_groups.map(|(number, rows)| Job::Fill(table, number, rows)));
        }
        let done = shared(jobs, options.threads.saturating_sub(1), |job| match job {
            Job::Claims(shape) => Claims::read(&finished, shape, &people, cancel).map(Some),
            Job::Fill(table, row_group, rows) => {
                let stored = (table, finished.table(table));
                of_row_group(stored, (row_group, rows), &people, &fills[&table], cancel)?;
                Ok(None)
            }
        });
        let done = done.into_iter().collect::<Result<Vec<_>, _>>()?;
        let claims: Vec<Claims> = done.into_iter().flatten().collect();
        let [part_b, part_a, part_d, equipment] =
            claims.try_into().map_err(|_| Error::unbuilt())?;
        let rule = Rule { shows_small: options.show_small_cells, has_amount: true };
        let paid = [part_a, part_b, equipment];
        let mut profile = shown(&finished, paid, &part_d, &of_people, &fills, rule);
        profile.run = Run::of(&finished, tables)?;
        profile.unusual = unusual::months(profile.months.as_ref());
        let less = unusual::since_last_run(&finished, &mut profile.fill, rule.shows_small);
        profile.unusual.extend(less);
        profile.unusual.extend(unusual::vocabulary(&profile.run));
        Ok(profile)
    }

    /// In one line: whether it is complete, why not, and how much is unusual.
    pub fn verdict_line(&self) -> String {
        format!("{}{}", self.verdict.line(self.source), unusual::line(&self.unusual))
    }

    /// All of it as JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

fn shown(
    finished: &Finished,
    paid: [Claims; 3],
    part_d: &Claims,
    of_people: &[crate::claims::Cut; 4],
    fills: &BTreeMap<Table, Mutex<Fill>>,
    rule: Rule,
) -> Profile {
    let is_left_out = |claims: &Claims| !rule.shows_small && is_small(claims.all().people.len());
    let mut left_out = Vec::new();
    let mut shapes: Vec<(&Shape, Claims)> = Vec::new();
    for (shape, claims) in SHAPES.iter().zip(paid) {
        if is_left_out(&claims) {
            left_out.push(shape.table.name());
        } else {
            shapes.push((shape, claims));
        }
    }
    if is_left_out(part_d) {
        left_out.push(Table::Cclf7.name());
    }
    let newest = newest_month(finished, shapes.iter().map(|(_, claims)| claims).chain([part_d]));
    let types = types(&shapes, rule);
    let count_only = Rule { has_amount: false, ..rule };
    let mut categories = Vec::new();
    for (shape, claims) in &shapes {
        for ((column, _), cut) in shape.cuts.iter().zip(&claims.cuts) {
            categories.extend(lines((called(column), shape.table.name()), cut, Order::None, rule));
        }
    }
    let of_lines = shapes.iter().filter(|(shape, _)| shape.table != Table::Cclf1);
    Profile {
        shows_small_cells: rule.shows_small,
        synthetic: finished.is_synthetic(),
        source: finished.source().name(),
        verdict: Verdict::of(finished),
        unusual: Vec::new(),
        run: Run::default(),
        left_out,
        months: months(&shapes, &types, newest, rule),
        amounts: banded(Measure::Paid, shapes.iter(), &types, count_only),
        lines: banded(Measure::Lines, of_lines, &types, count_only),
        categories,
        part_d: months_of_part_d(part_d, rule),
        people: persons::CUTS
            .iter()
            .zip(of_people)
            .filter_map(|((by, _), cut)| {
                let order = if *by == "age" { Order::Given(FEWEST) } else { Order::None };
                lines((by, Table::Cclf8.name()), cut, order, count_only)
            })
            .collect(),
        fill: shown_fill(finished, fills, rule.shows_small),
    }
}
