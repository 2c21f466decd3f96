//! What `bcda demo` shows of the tables: sums that fit one screen.

use std::collections::BTreeMap;
use std::path::Path;

use comfy_table::presets::NOTHING;

use crate::failure::Failure;
use crate::show::{figures, grouped};

/// Rows of each list that are shown: three lists fit 24 lines.
const ROWS: usize = 3;

/// Whence an amount comes that Medicare paid: the table, its file, the amount and the day of the service.
const PAID: [(&str, &str, &str, &str); 3] = [
    ("CCLF1, institutions", "cclf1.csv", "CLM_PMT_AMT", "CLM_FROM_DT"),
    ("CCLF5, physicians", "cclf5.csv", "CLM_LINE_CVRD_PD_AMT", "CLM_LINE_FROM_DT"),
    ("CCLF6, equipment", "cclf6.csv", "CLM_LINE_CVRD_PD_AMT", "CLM_LINE_FROM_DT"),
];

/// Rows and what they come to, in cents.
#[derive(Debug, Default, Clone, Copy)]
struct Sum {
    rows: u64,
    cents: i64,
}

impl Sum {
    fn add(&mut self, cents: i64) {
        self.rows += 1;
        self.cents += cents;
    }
}

/// Three tables of sums, each with why it matters.
pub(super) fn text(folder: &Path) -> Result<String, Failure> {
    let mut tables = [(Sum::default(), Sum::default()); PAID.len()];
    let (mut people, mut years) = (BTreeMap::new(), BTreeMap::new());
    for ((_, file, amount, day), (done, open)) in PAID.iter().zip(&mut tables) {
        let path = folder.join(file);
        let failed = |error: &dyn std::fmt::Display| {
            Failure::new(1, format!("{} cannot be read: {error}", path.display()))
        };
        let mut reader = csv::Reader::from_path(&path).map_err(|error| failed(&error))?;
        let names = reader.headers().map_err(|error| failed(&error))?.clone();
        for row in reader.records() {
            let row = row.map_err(|error| failed(&error))?;
            let cell = |name: &str| {
                let place = names.iter().position(|known| known == name);
                place.and_then(|place| row.get(place)).unwrap_or_default()
            };
            let cents = cents(cell(amount)).ok_or_else(|| failed(&format!("{amount} is odd")))?;
            // Other states of a claim would be counted beside it.
            if cell("BCDA_FINAL") != "true" {
                open.add(cents);
                continue;
            }
            done.add(cents);
            let person = cell("BENE_MBI_ID").to_owned();
            people.entry(person).or_insert_with(Sum::default).add(cents);
            // What has no day is in no year.
            if let Some(year) = cell(day).get(..4) {
                years.entry(year.to_owned()).or_insert_with(Sum::default).add(cents);
            }
        }
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
fn top(sums: Vec<(String, Sum)>, all: i64) -> Vec<Vec<String>> {
    let row = |(key, sum): (String, Sum)| {
        let share = (i128::from(sum.cents) * 100).checked_div(all.into()).unwrap_or(0);
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

/// Cents of an amount as the tables have it; none is no money.
fn cents(text: &str) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, part) = digits.split_once('.')?;
    if part.len() != 2 || whole.is_empty() {
        return None;
    }
    let cents: u64 = format!("{whole}{part}").parse().ok()?;
    i64::try_from(cents).ok().map(|cents| sign * cents)
}

fn dollars(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let cents = cents.unsigned_abs();
    format!("{sign}${}.{:02}", grouped(cents / 100), cents % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_and_shown_to_the_cent() {
        for (text, shown) in
            [("", "$0.00"), ("0.05", "$0.05"), ("-0.50", "-$0.50"), ("1234567.89", "$1,234,567.89")]
        {
            assert_eq!(cents(text).map(dollars).as_deref(), Some(shown), "{text}");
        }
        for text in ["1", "1.5", "1.234", ".50", "x.00", "--1.00"] {
            assert_eq!(cents(text), None, "{text}");
        }
    }
}
