//! Every figure of a profile is that of the rows, with small cells and without.

use std::collections::BTreeSet;

use serde_json::Value;

use super::rows::{AGES, AMOUNTS, Cells, Facts, LINES, Rows, Sum, Sums};
use super::{is_hidden, members, profiled, texts};
use crate::common::{TABLES, Work};

/// Figures that were looked at, and those of them that are hidden.
#[derive(Default)]
struct Seen {
    figures: usize,
    hidden: usize,
}

/// A figure is what the rows come to, or hidden; where small cells are hidden, none of 1 to 10 people is shown.
fn same(figure: &Value, own: &Sum, has_amount: bool, shows_small: bool, at: &str) -> bool {
    let hidden = is_hidden(figure);
    assert!(!hidden || !shows_small, "{at} is hidden");
    if hidden {
        return true;
    }
    assert_eq!(figure["count"], own.count, "{at}");
    let cents = figure.get("cents").map(|cents| i128::from(cents.as_i64().unwrap()));
    assert_eq!(cents, has_amount.then_some(own.cents), "{at}");
    let people = figure.get("people").map(|people| people.as_u64().unwrap());
    assert_eq!(people, shows_small.then_some(own.people.len() as u64), "{at}");
    assert!(shows_small || !own.is_small(), "{at}: {} people are shown", own.people.len());
    false
}

/// All categories stand in exactly one of the names.
fn each_once(names: &[&str], order: &[String]) {
    let mut all: Vec<String> = names.iter().flat_map(|name| members(name, order)).collect();
    let mut order = order.to_vec();
    all.sort_unstable();
    order.sort_unstable();
    assert_eq!(all, order);
}

impl Seen {
    fn figure(&mut self, figure: &Value, own: &Sum, has_amount: bool, small: bool, at: &str) {
        self.figures += 1;
        self.hidden += usize::from(same(figure, own, has_amount, small, at));
    }

    fn cross(&mut self, cross: &Value, own: &Cells, order: &[String], amount: bool, small: bool) {
        if own.is_empty() || cross.is_null() {
            assert!(cross.is_null() && (own.is_empty() || !small));
            return;
        }
        let columns = texts(&cross["columns"]);
        let rows = cross["rows"].as_array().unwrap();
        let names: Vec<&str> = rows.iter().map(|row| row["name"].as_str().unwrap()).collect();
        let present: BTreeSet<&String> = own.keys().map(|(row, _)| row).collect();
        let order: Vec<String> =
            order.iter().filter(|name| present.contains(name)).cloned().collect();
        assert_eq!(order.len(), present.len(), "{present:?}");
        each_once(&names, &order);
        let types: BTreeSet<String> = own.keys().map(|(_, of_type)| of_type.clone()).collect();
        let types: Vec<String> = types.into_iter().collect();
        each_once(&columns, &types);
        let sum = |rows: &[String], columns: &[String]| {
            let is_of = |key: &(String, String)| rows.contains(&key.0) && columns.contains(&key.1);
            Sum::of(own.iter().filter(|(key, _)| is_of(key)).map(|(_, own)| own))
        };
        for row in rows {
            let name = row["name"].as_str().unwrap();
            let of_row = members(name, &order);
            for (column, cell) in columns.iter().zip(row["cells"].as_array().unwrap()) {
                let own = sum(&of_row, &members(column, &types));
                self.figure(cell, &own, amount, small, &format!("{name}, {column}"));
            }
            self.figure(&row["total"], &sum(&of_row, &types), amount, small, name);
            assert!(!is_hidden(&row["total"]));
        }
        for (column, total) in columns.iter().zip(cross["totals"].as_array().unwrap()) {
            self.figure(total, &sum(&order, &members(column, &types)), amount, small, column);
            assert!(!is_hidden(total));
        }
        self.figure(&cross["total"], &sum(&order, &types), amount, small, "all of it");
    }

    fn lines(&mut self, lines: &Value, own: &Sums, order: &[String], amount: bool, small: bool) {
        let all = lines["lines"].as_array().unwrap();
        let names: Vec<&str> = all.iter().map(|line| line["name"].as_str().unwrap()).collect();
        let order: Vec<String> = if order.is_empty() {
            own.keys().cloned().collect()
        } else {
            order.iter().filter(|name| own.contains_key(*name)).cloned().collect()
        };
        each_once(&names, &order);
        assert_eq!(order.len(), own.len());
        for line in all {
            let name = line["name"].as_str().unwrap();
            let members = members(name, &order);
            let mut figure = line.clone();
            figure.as_object_mut().unwrap().remove("name");
            let sum = Sum::of(members.iter().map(|name| &own[name]));
            self.figure(&figure, &sum, amount, small, name);
        }
        self.figure(&lines["total"], &Sum::of(own.values()), amount, small, "all of it");
    }
}

/// The names of bands, in their order.
pub(super) fn owned<N>(order: &[(&str, N)]) -> Vec<String> {
    order.iter().map(|(name, _)| (*name).to_owned()).collect()
}

/// Months in their order, after claims without a date.
pub(super) fn months_of<'k>(keys: impl Iterator<Item = &'k String>) -> Vec<String> {
    let months: BTreeSet<&String> = keys.filter(|name| *name != "no date").collect();
    ["no date".to_owned()].into_iter().chain(months.into_iter().cloned()).collect()
}

fn all_of_it(work: &Work, shows_small: bool) -> Seen {
    let found = profiled(work, if shows_small { "--show-small-cells" } else { "" });
    let left_out = texts(&found["left_out"]);
    let facts = Facts::read(work, &left_out);
    let few = facts.tables.iter().filter(|(_, own)| own.is_small() && !shows_small);
    assert_eq!(left_out, few.map(|(name, _)| name.as_str()).collect::<Vec<_>>());
    let mut seen = Seen::default();
    let months = months_of(facts.months.keys().map(|(row, _)| row));
    let small = shows_small;
    // Claims without a date need not be there.
    let has_none = facts.months.keys().all(|(row, _)| row != "no date");
    let months = &months[usize::from(has_none)..];
    seen.cross(&found["months"], &facts.months, months, true, small);
    seen.cross(&found["amounts"], &facts.amounts, &owned(&AMOUNTS), false, small);
    seen.cross(&found["lines"], &facts.lines, &owned(&LINES), false, small);
    let mut shown = BTreeSet::new();
    for own in found["categories"].as_array().unwrap() {
        let (by, of) = (own["by"].as_str().unwrap(), own["of"].as_str().unwrap());
        let sums = facts.categories.iter().find(|((own, table), _)| (*own, *table) == (by, of));
        seen.lines(own, sums.unwrap().1, &[], true, small);
        assert!(shown.insert((by, of)));
    }
    assert_eq!(shown, facts.categories.keys().copied().collect());
    if found["part_d"].is_null() {
        assert!(facts.part_d.is_empty() || left_out.contains(&"CCLF7"));
    } else {
        let months = months_of(facts.part_d.keys());
        seen.lines(&found["part_d"], &facts.part_d, &months, true, small);
    }
    let mut shown = BTreeSet::new();
    for own in found["people"].as_array().unwrap() {
        let by = own["by"].as_str().unwrap();
        let order = if by == "age" { owned(&AGES) } else { Vec::new() };
        seen.lines(own, &facts.people[by], &order, false, small);
        assert!(shown.insert(by));
    }
    let is_shown = |own: &&Sums| small || !Sum::of(own.values()).is_small();
    let wanted = facts.people.iter().filter(|(_, own)| is_shown(own)).map(|(by, _)| *by);
    assert_eq!(shown, wanted.collect());
    fill(work, &found, &mut seen);
    seen
}

fn fill(work: &Work, found: &Value, seen: &mut Seen) {
    let shows_small = found["shows_small_cells"] == true;
    let tables = found["fill"].as_array().unwrap();
    let wanted = TABLES[1..].iter().map(|table| table.to_uppercase());
    let names = tables.iter().map(|table| table["table"].as_str().unwrap());
    assert!(names.eq(wanted));
    for table in tables {
        let name = table["table"].as_str().unwrap();
        let rows = Rows::read(work, &name.to_lowercase());
        let person = if name == "CCLF9" { "CRNT_NUM" } else { "BENE_MBI_ID" };
        let people = rows.column(person);
        let finals = rows.has("BCDA_FINAL").then(|| rows.column("BCDA_FINAL"));
        let is_final = |row: &usize| finals.as_ref().is_none_or(|own| own[*row] == Some("true"));
        let counted: Vec<usize> = (0..people.len()).filter(is_final).collect();
        let persons = |is_of: &dyn Fn(usize) -> bool| {
            let own = counted.iter().filter(|row| is_of(**row));
            own.map(|row| people[*row].unwrap_or("")).collect::<BTreeSet<_>>().len() as u64
        };
        let of_people = name == "CCLF8";
        let all = if of_people { persons(&|_| true) } else { counted.len() as u64 };
        let is_few = (1..11).contains(&persons(&|_| true));
        seen.figures += 1;
        if table["rows"].is_null() {
            assert!(!shows_small && (is_few || all < 12), "{name}");
            seen.hidden += 1;
        } else {
            assert_eq!(table["rows"], all, "{name}");
            assert!(shows_small || !is_few);
        }
        let columns = table["columns"].as_array().unwrap();
        for shown in columns {
            let column = shown["column"].as_str().unwrap();
            let cells = rows.column(column);
            let with = persons(&|row| cells[row].is_some());
            let filled = if of_people {
                with
            } else {
                counted.iter().filter(|row| cells[**row].is_some()).count() as u64
            };
            let without = if of_people { all - with } else { persons(&|row| cells[row].is_none()) };
            let is_few = (1..11).contains(&with) || (1..11).contains(&without);
            seen.figures += 1;
            if shown["filled"].is_null() {
                let is_mixed = filled > 0 && (filled < all || is_few);
                assert!(!shows_small && (is_mixed || table["rows"].is_null()), "{name}.{column}");
                seen.hidden += 1;
            } else {
                assert_eq!(shown["filled"], filled, "{name}.{column}");
                assert!(shows_small || !is_few, "{name}.{column}");
            }
        }
    }
    let hic = tables[0]["columns"].as_array().unwrap();
    let hic = hic.iter().find(|column| column["column"] == "BENE_HIC_NUM").unwrap();
    assert!(hic["no_source"].as_str().is_some_and(|why| !why.is_empty()));
}

#[test]
fn every_figure_is_that_of_the_rows() {
    for (api, people) in [("v1", 40), ("v3", 40), ("v2", 8), ("v3", 300)] {
        let work = Work::new();
        work.synth("export", &format!("--beneficiaries {people} --seed 3 --api {api}"));
        work.bcda("convert --quiet export --out tables").exits(0);
        let all = all_of_it(&work, true);
        assert!(all.figures > 700 && all.hidden == 0, "{api}, {people}: {}", all.figures);
        let found = all_of_it(&work, false);
        assert!(found.hidden > 0 && found.hidden < found.figures, "{api}, {people}");
    }
}
