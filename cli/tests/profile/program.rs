//! Nothing that is hidden follows from all that a profile shows together: one linear program of all of its JSON says so.

#![allow(clippy::cast_precision_loss, reason = "the figures are far below 2^52")]

use std::collections::{BTreeMap, BTreeSet};

use microlp::{ComparisonOp, OptimizationDirection, Problem, SolveOutcome, Variable};
use serde_json::Value;

use super::recomputed::{months_of, owned};
use super::rows::{AGES, AMOUNTS, Cells, Facts, LINES, Sum};
use super::{is_hidden, members, profiled, texts};
use crate::common::Work;

/// A sum that is shown, or bounded.
type Constraint = (Vec<(usize, f64)>, ComparisonOp, f64);

/// What a reader knows: each unknown number has a least, and sums of them are shown. A number that is shown is no unknown.
#[derive(Default)]
struct Reader {
    least: Vec<f64>,
    constraints: Vec<Constraint>,
}

/// A part of a sum: a known number, or an unknown one.
#[derive(Clone, Copy)]
enum Part {
    Known(f64),
    Unknown(usize),
}

impl Reader {
    fn unknown(&mut self, least: f64) -> Part {
        self.least.push(least);
        Part::Unknown(self.least.len() - 1)
    }

    fn sum(&mut self, parts: impl IntoIterator<Item = (Part, f64)>, op: ComparisonOp, total: f64) {
        let (mut unknown, mut rest) = (Vec::new(), total);
        for (part, factor) in parts {
            match part {
                Part::Known(own) => rest -= own * factor,
                Part::Unknown(at) => unknown.push((at, factor)),
            }
        }
        if unknown.is_empty() {
            let holds = match op {
                ComparisonOp::Eq => rest.abs() < 0.5,
                ComparisonOp::Le => rest > -0.5,
                ComparisonOp::Ge => rest < 0.5,
            };
            assert!(holds, "figures that are shown contradict each other by {rest}");
        } else {
            self.constraints.push((unknown, op, rest));
        }
    }

    /// The most that an unknown number may be.
    fn most(&self, wanted: usize) -> f64 {
        let mut problem = Problem::new(OptimizationDirection::Maximize);
        let numbers: Vec<Variable> = (0..self.least.len())
            .map(|at| {
                problem.add_var(f64::from(u8::from(at == wanted)), (self.least[at], f64::INFINITY))
            })
            .collect();
        for (sum, op, total) in &self.constraints {
            let sum: Vec<_> = sum.iter().map(|(at, factor)| (numbers[*at], *factor)).collect();
            problem.add_constraint(&sum[..], *op, *total);
        }
        match problem.solve().unwrap() {
            SolveOutcome::Solution(solution) => solution.objective(),
            other @ SolveOutcome::Interrupted(_) => panic!("{other:?}"),
        }
    }
}

/// A table that is cut two ways, as it is shown, and what it truly is.
struct Grid<'f> {
    title: &'static str,
    rows: Vec<&'f str>,
    columns: Vec<&'f str>,
    /// Row by row.
    parts: Vec<Part>,
    truth: Vec<Sum>,
    totals: &'f [Value],
}

fn number(value: &Value) -> f64 {
    i32::try_from(value.as_i64().unwrap()).unwrap().into()
}

impl<'f> Grid<'f> {
    /// The cells of a table, and its totals.
    fn read(
        reader: &mut Reader,
        (title, cross): (&'static str, &'f Value),
        truth: &Cells,
        order: &[String],
    ) -> Self {
        let columns = texts(&cross["columns"]);
        let rows = cross["rows"].as_array().unwrap();
        let cells: Vec<&Value> =
            rows.iter().flat_map(|row| row["cells"].as_array().unwrap()).collect();
        // Where empty cells are shown, none that is hidden is empty.
        let least = f64::from(u8::from(!cells.iter().all(|cell| is_hidden(cell))));
        let part = |cell: &&Value| {
            if is_hidden(cell) {
                reader.unknown(least)
            } else {
                Part::Known(number(&cell["count"]))
            }
        };
        let parts: Vec<Part> = cells.iter().map(part).collect();
        let width = columns.len();
        let totals = cross["totals"].as_array().unwrap();
        for (at, row) in rows.iter().enumerate() {
            let own = parts[at * width..(at + 1) * width].iter().map(|part| (*part, 1.0));
            reader.sum(own, ComparisonOp::Eq, number(&row["total"]["count"]));
        }
        for (at, total) in totals.iter().enumerate() {
            let own = parts.iter().skip(at).step_by(width).map(|part| (*part, 1.0));
            reader.sum(own, ComparisonOp::Eq, number(&total["count"]));
        }
        let all = totals.iter().map(|total| (Part::Known(number(&total["count"])), 1.0));
        reader.sum(all, ComparisonOp::Eq, number(&cross["total"]["count"]));
        let names: Vec<&str> = rows.iter().map(|row| row["name"].as_str().unwrap()).collect();
        let sum = |row: &str, column: &str| {
            let (rows, types) = (members(row, order), members(column, &[]));
            let is_of = |key: &(String, String)| rows.contains(&key.0) && types.contains(&key.1);
            Sum::of(truth.iter().filter(|(key, _)| is_of(key)).map(|(_, own)| own))
        };
        let truth = names.iter().flat_map(|row| columns.iter().map(|column| sum(row, column)));
        let truth = truth.collect();
        Self { title, rows: names, columns, parts, truth, totals }
    }

    /// Each claim of a row has at least and at most so much of what its column has.
    fn bounded(
        &self,
        reader: &mut Reader,
        bands: &[(&str, i128)],
        (columns, total): (&[usize], f64),
        unit: f64,
    ) {
        let first = |name: &str| {
            let first = name.split(" … ").next().unwrap();
            let at = bands.iter().position(|(own, _)| *own == first).unwrap();
            at.checked_sub(1).map(|before| bands[before].1 + 1)
        };
        let last = |name: &str| {
            let last = name.split(" … ").last().unwrap();
            let most = bands.iter().find(|(own, _)| *own == last).unwrap().1;
            (most < i128::MAX).then_some(most)
        };
        for is_least in [true, false] {
            let mut parts = Vec::new();
            for (row, name) in self.rows.iter().enumerate() {
                let bound = if is_least { first(name) } else { last(name) };
                // A line at least, where the first band has no other beginning.
                let bound = bound.or((is_least && bands[0].1 == 1).then_some(1));
                let own =
                    columns.iter().map(|column| self.parts[row * self.columns.len() + column]);
                for part in own.filter(|part| !matches!(part, Part::Known(0.0))) {
                    parts.push(bound.map(|bound| (part, bound as f64 / unit)));
                }
            }
            // Without a bound for one row there is none for the sum.
            if let Some(parts) = parts.into_iter().collect::<Option<Vec<_>>>() {
                let op = if is_least { ComparisonOp::Le } else { ComparisonOp::Ge };
                reader.sum(parts, op, total / unit);
            }
        }
    }

    /// Sums of hidden cells that follow from the totals: of each row and column, of two of them together, and of all rows and
    /// columns that cells of 11 people or more and ways along them tie together.
    fn sums_that_follow(&self) -> usize {
        let (width, height) = (self.columns.len(), self.rows.len());
        let hidden: Vec<usize> = (0..self.parts.len())
            .filter(|at| matches!(self.parts[*at], Part::Unknown(_)) && self.truth[*at].count > 0)
            .collect();
        let small: Vec<bool> = self.truth.iter().map(Sum::is_small).collect();
        // From a row to the columns in which it has hidden cells; where these are not small, also back.
        let nodes = height + width;
        let mut reach = vec![vec![false; nodes]; nodes];
        for at in &hidden {
            let (row, column) = (at / width, height + at % width);
            reach[row][column] = true;
            reach[column][row] |= !small[*at];
        }
        for (node, from) in reach.iter_mut().enumerate() {
            from[node] = true;
        }
        for by in 0..nodes {
            let through = reach[by].clone();
            for from in &mut reach {
                if from[by] {
                    from.iter_mut().zip(&through).for_each(|(own, other)| *own |= *other);
                }
            }
        }
        // What leads to a node, and what does not come from it: nothing hidden leads into either.
        let mut closed: BTreeSet<Vec<bool>> = BTreeSet::new();
        for (node, comes) in reach.iter().enumerate() {
            closed.insert(reach.iter().map(|from| from[node]).collect());
            closed.insert(comes.iter().map(|reached| !reached).collect());
        }
        let closed: Vec<Vec<bool>> = closed.into_iter().collect();
        let mut seen = 0;
        for (at, one) in closed.iter().enumerate() {
            for other in &closed[at..] {
                for is_both in [true, false] {
                    let within = |node: usize| {
                        if is_both { one[node] && other[node] } else { one[node] || other[node] }
                    };
                    let leads_out =
                        |at: &&usize| within(**at / width) && !within(height + **at % width);
                    let out = hidden.iter().filter(leads_out);
                    if out.clone().any(|at| !small[*at]) {
                        // With these alone it is of 11 people or more.
                        seen += 1;
                        continue;
                    }
                    let sum = Sum::of(out.map(|at| &self.truth[*at]));
                    assert!(!sum.is_small(), "{}: {} people follow", self.title, sum.people.len());
                    seen += usize::from(sum.count > 0);
                }
            }
        }
        seen
    }
}

/// A column whose filled rows are hidden: they and the empty ones are unknown, and together all rows.
fn fill(reader: &mut Reader, found: &Value) -> BTreeMap<(String, String), (Part, Part)> {
    let mut parts = BTreeMap::new();
    for table in found["fill"].as_array().unwrap() {
        let Some(rows) = table["rows"].as_i64() else { continue };
        for column in table["columns"].as_array().unwrap() {
            let key = |name: &Value| name.as_str().unwrap().to_owned();
            let of = (key(&table["table"]), key(&column["column"]));
            let rows: f64 = i32::try_from(rows).unwrap().into();
            let both = if let Some(filled) = column["filled"].as_i64() {
                let filled: f64 = i32::try_from(filled).unwrap().into();
                (Part::Known(filled), Part::Known(rows - filled))
            } else {
                // A column that is filled or empty throughout is not hidden.
                let both = (reader.unknown(1.0), reader.unknown(1.0));
                reader.sum([(both.0, 1.0), (both.1, 1.0)], ComparisonOp::Eq, rows);
                both
            };
            parts.insert(of, both);
        }
    }
    parts
}

/// What of a column is empty stands among categories by this name; merged with others, it is some of them.
const EMPTY: [(&str, &str, &str, &str); 8] = [
    ("DRG", "CCLF1", "DGNS_DRG_CD", "no DRG"),
    ("place of service", "CCLF5", "CLM_POS_CD", "not told"),
    ("procedure", "CCLF5", "CLM_LINE_HCPCS_CD", "no code"),
    ("procedure", "CCLF6", "CLM_LINE_HCPCS_CD", "no code"),
    ("age", "CCLF8", "BENE_AGE", "not told"),
    ("sex", "CCLF8", "BENE_SEX_CD", "not told"),
    ("dual status", "CCLF8", "BENE_DUAL_STUS_CD", "not told"),
    ("Medicare status", "CCLF8", "BENE_MDCR_STUS_CD", "not told"),
];

/// Looks at a profile, and counts hidden cells and sums that were looked at.
fn nothing_follows(work: &Work) -> (usize, usize) {
    let found = profiled(work, "");
    let facts = Facts::read(work, &texts(&found["left_out"]));
    let mut reader = Reader::default();
    let months = months_of(facts.months.keys().map(|(row, _)| row));
    let of = [
        ("months", &facts.months, months),
        ("amounts", &facts.amounts, owned(&AMOUNTS)),
        ("lines", &facts.lines, owned(&LINES)),
    ];
    let grids: Vec<Grid<'_>> = of
        .iter()
        .filter(|(title, ..)| !found[*title].is_null())
        .map(|(title, truth, order)| {
            Grid::read(&mut reader, (*title, &found[*title]), truth, order)
        })
        .collect();
    let fill = fill(&mut reader, &found);
    let rows = |table: &str| {
        let tables = found["fill"].as_array().unwrap();
        let own = tables.iter().find(|own| own["table"] == table).unwrap();
        (!own["rows"].is_null()).then(|| number(&own["rows"]))
    };
    // Claims of a type are the same in all tables, and those of CCLF1 are its rows.
    let columns_of = |grid: &Grid<'_>, table: &str| -> Vec<usize> {
        let of_table = |column: &&str| {
            let types = facts.types.get(table);
            types.is_some_and(|own| members(column, &[]).iter().all(|name| own.contains(name)))
        };
        (0..grid.columns.len()).filter(|at| of_table(&grid.columns[*at])).collect()
    };
    for grid in &grids {
        let months = &grids[0];
        for (column, total) in grid.columns.iter().zip(grid.totals) {
            let at = months.columns.iter().position(|own| own == column).unwrap();
            assert_eq!(total["count"], months.totals[at]["count"]);
            if grid.title == "amounts" {
                // In hundreds of dollars, so that the numbers of the program are of one size.
                let paid = months.totals[at]["cents"].as_i64().unwrap() as f64;
                grid.bounded(&mut reader, &AMOUNTS, (&[at], paid), 10_000.0);
            }
        }
        if let Some(rows) = rows("CCLF1").filter(|_| grid.title != "lines") {
            let own = columns_of(grid, "CCLF1");
            let own =
                own.into_iter().map(|at| (Part::Known(number(&grid.totals[at]["count"])), 1.0));
            reader.sum(own, ComparisonOp::Eq, rows);
        }
        for table in ["CCLF5", "CCLF6"] {
            if let Some(rows) = rows(table).filter(|_| grid.title == "lines") {
                grid.bounded(&mut reader, &LINES, (&columns_of(grid, table), rows), 1.0);
            }
        }
        // Claims without a date are the empty cells of CCLF1's date.
        if grid.title == "months"
            && let Some(row) = grid.rows.iter().position(|name| *name == "no date")
            && let Some((_, empty)) = fill.get(&("CCLF1".to_owned(), "CLM_THRU_DT".to_owned()))
        {
            let own = columns_of(grid, "CCLF1").into_iter();
            let own = own.map(|at| (grid.parts[row * grid.columns.len() + at], 1.0));
            let empty = (*empty, -1.0);
            reader.sum(own.chain([empty]), ComparisonOp::Eq, 0.0);
        }
    }
    // Categories add up to the rows of their table, people to those of CCLF8; what is empty is a category.
    let lines =
        found["categories"].as_array().unwrap().iter().chain(found["people"].as_array().unwrap());
    for own in lines {
        let (by, of) = (own["by"].as_str().unwrap(), own["of"].as_str().unwrap());
        let all = own["lines"].as_array().unwrap();
        let sum = all.iter().map(|line| (Part::Known(number(&line["count"])), 1.0));
        reader.sum(sum, ComparisonOp::Eq, rows(of).unwrap());
        let (.., column, name) = EMPTY.iter().find(|own| (own.0, own.1) == (by, of)).unwrap();
        let (_, empty) = fill[&(of.to_owned(), (*column).to_owned())];
        for line in all {
            let count = number(&line["count"]);
            // Any of the members may be all of it.
            assert!(count > 10.0, "{by}: {line}");
            let members = members(line["name"].as_str().unwrap(), &owned(&AGES));
            if members == [*name] {
                reader.sum([(empty, 1.0)], ComparisonOp::Eq, count);
            } else if members.iter().any(|own| own == name) {
                reader.sum([(empty, 1.0)], ComparisonOp::Le, count);
            }
        }
    }
    let (mut cells, mut sums) = (0, 0);
    for grid in &grids {
        for (part, truth) in grid.parts.iter().zip(&grid.truth) {
            match part {
                // Of few people less than none is shown, and each that is merged may be all of it.
                Part::Known(count) => assert!(*count == 0.0 || *count > 10.0 && !truth.is_small()),
                Part::Unknown(at) if truth.is_small() => {
                    let most = reader.most(*at);
                    assert!(most > 10.9, "{}: {most} at most", grid.title);
                    // What it is is possible, so it is not known if more is possible, too.
                    assert!(most - truth.count as f64 > 0.5, "{}: a cell is known", grid.title);
                    cells += 1;
                }
                Part::Unknown(_) => {}
            }
        }
        sums += grid.sums_that_follow();
    }
    for (column, (filled, empty)) in &fill {
        let unknown = [filled, empty].map(|part| match part {
            Part::Known(_) => None,
            Part::Unknown(at) => Some(reader.most(*at)),
        });
        if let [Some(filled), Some(empty)] = unknown {
            // One of the two is of few people, nobody knows which.
            assert!(filled > 10.9 && empty > 10.9, "{column:?}: {filled}, {empty} at most");
            cells += 1;
        }
    }
    (cells, sums)
}

fn looked_at(people: u32, seed: u32, api: &str) -> (usize, usize) {
    let work = Work::new();
    work.synth("export", &format!("--beneficiaries {people} --seed {seed} --api {api}"));
    work.bcda("convert --quiet export --out tables").exits(0);
    nothing_follows(&work)
}

#[test]
fn nothing_that_is_hidden_follows_from_all_that_is_shown() {
    for (people, seed, api) in [(25, 5, "v1"), (60, 1, "v1"), (60, 2, "v3"), (300, 7, "v3")] {
        let (cells, sums) = looked_at(people, seed, api);
        assert!(cells > 5 && sums > 0, "{people}, {seed}: {cells} cells, {sums} sums");
    }
}

#[test]
fn nothing_follows_where_most_is_shown() {
    for (people, seed, api) in [(1_500, 1, "v1"), (3_000, 2, "v3")] {
        let (cells, sums) = looked_at(people, seed, api);
        assert!(cells > 50 && sums > 100, "{people}, {seed}: {cells} cells, {sums} sums");
    }
}
