//! What `bcda demo` shows of the tables: sums that fit one screen.

use std::collections::BTreeMap;
use std::path::Path;

use cclf_crosswalk::arrow::array::AsArray;
use cclf_crosswalk::arrow::datatypes::{Date32Type, Decimal128Type};
use cclf_crosswalk::civil_from_days;
use comfy_table::presets::NOTHING;
use convert::Cancel;
use convert::building::StoredTable;

use crate::show::{figures, grouped};

/// Rows of each list that are shown: three lists fit 24 lines.
const ROWS: usize = 3;

/// Rows that are read at once.
const READ_AT_ONCE: usize = 65_536;

/// Whence an amount comes that Medicare paid: the table, its file, the amount and the day of the service.
const PAID: [(&str, &str, &str, &str); 3] = [
    ("CCLF1, institutions", "cclf1.parquet", "CLM_PMT_AMT", "CLM_FROM_DT"),
    ("CCLF5, physicians", "cclf5.parquet", "CLM_LINE_CVRD_PD_AMT", "CLM_LINE_FROM_DT"),
    ("CCLF6, equipment", "cclf6.parquet", "CLM_LINE_CVRD_PD_AMT", "CLM_LINE_FROM_DT"),
];

/// Rows and what they come to, in cents.
#[derive(Debug, Default, Clone, Copy)]
struct Sum {
    rows: u64,
    cents: i128,
}

impl Sum {
    fn add(&mut self, cents: i128) {
        self.rows += 1;
        self.cents += cents;
    }
}

/// Three tables of sums, each with why it matters.
pub(super) fn text(folder: &Path) -> Result<String, convert::Error> {
    let mut tables = [(Sum::default(), Sum::default()); PAID.len()];
    let (mut people, mut years) = (BTreeMap::new(), BTreeMap::new());
    for ((_, file, amount, day), (done, open)) in PAID.iter().zip(&mut tables) {
        let path = folder.join(file);
        let stored = StoredTable::open(&path, &path.display().to_string())?;
        let names = ["BENE_MBI_ID", "BCDA_FINAL", amount, day];
        let columns = names.map(|name| stored.place_of(name));
        let columns = columns.into_iter().collect::<Result<Vec<_>, _>>()?;
        stored.each_batch::<convert::Error>(&columns, READ_AT_ONCE, &Cancel::new(), |batch| {
            let persons = batch.column(0).as_string::<i32>().iter();
            let finals = batch.column(1).as_boolean().iter();
            let cents = batch.column(2).as_primitive::<Decimal128Type>().iter();
            let days = batch.column(3).as_primitive::<Date32Type>().iter();
            for (((person, is_final), cents), day) in persons.zip(finals).zip(cents).zip(days) {
                let cents = cents.unwrap_or(0);
                // Other states of a claim would be counted beside it.
                if is_final != Some(true) {
                    open.add(cents);
                    continue;
                }
                done.add(cents);
                let person = person.unwrap_or_default().to_owned();
                people.entry(person).or_insert_with(Sum::default).add(cents);
                // What has no day is in no year.
                if let Some(day) = day {
                    let year = civil_from_days(day).0.to_string();
                    years.entry(year).or_insert_with(Sum::default).add(cents);
                }
            }
            Ok(())
        })?;
    }
    let mut all = Sum::default();
    let mut by_table = Vec::new();
    for ((table, ..), (done, open)) in PAID.iter().zip(tables) {
        all.rows += done.rows;
        all.cents += done.cents;
        by_table.push(vec![
            (*table).to_owned(),
            grouped(done.rows),
            dollars(done.cents),
            dollars(open.cents),
        ]);
    }
    let mut dearest: Vec<_> = people.into_iter().collect();
    dearest.sort_by_key(|(_, sum)| std::cmp::Reverse(sum.cents));
    let years: Vec<_> = years.into_iter().rev().collect();
    Ok([
        list(
            "What Medicare paid",
            "A total is of final claims alone (BCDA_FINAL): others would count money twice.",
            &["table", "final rows", "paid", "not final"],
            by_table,
        ),
        list(
            "Who it was paid for",
            "A few people make most of the cost: whoever manages care begins with them.",
            &["beneficiary", "final rows", "paid", "of all"],
            top(dearest, all.cents),
        ),
        list(
            "When the care was given",
            "A benchmark compares years: this is the trend that it is held against.",
            &["year", "final rows", "paid", "of all"],
            top(years, all.cents),
        ),
    ]
    .join("\n"))
}

/// The first sums, and which share of all each is.
fn top(sums: Vec<(String, Sum)>, all: i128) -> Vec<Vec<String>> {
    let row = |(key, sum): (String, Sum)| {
        let share = (sum.cents * 100).checked_div(all).unwrap_or(0);
        vec![key, grouped(sum.rows), dollars(sum.cents), format!("{share} %")]
    };
    sums.into_iter().take(ROWS).map(row).collect()
}

fn list(title: &str, why: &str, header: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = figures(header, 1..=header.len() - 1);
    table.load_style(NOTHING);
    for row in rows {
        table.add_row(row);
    }
    format!("{title}. {why}\n{}\n", table.trim_fmt())
}

fn dollars(cents: i128) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let cents = cents.unsigned_abs();
    let whole = u64::try_from(cents / 100).unwrap_or(u64::MAX);
    format!("{sign}${}.{:02}", grouped(whole), cents % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_shown_to_the_cent() {
        let shown = [0, 5, -50, 123_456_789].map(dollars);
        assert_eq!(shown, ["$0.00", "$0.05", "-$0.50", "$1,234,567.89"]);
    }
}
