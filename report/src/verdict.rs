//! Whether the tables are good, and how much is in them.

use maud::{Markup, html};
use profile::{Profile, grouped};

use crate::frame::section as framed;
use crate::words::Kind;

pub(crate) fn section(found: &Profile) -> Markup {
    let is_good = found.verdict.complete && found.unusual.is_empty();
    framed(
        "verdict",
        "Verdict",
        &html! {
            p.verdict.good[is_good] { (found.verdict_line()) }
            @if !found.unusual.is_empty() {
                h3 { "Unusual" }
                ul {
                    @for own in &found.unusual { li { (own) "." } }
                }
            }
            @if !found.left_out.is_empty() {
                p {
                    "Left out, because their claims are of 1 to 10 people: " (found.left_out.join(", ")) "."
                }
            }
            (headlines(found))
        },
    )
}

/// The figures that everybody looks for first.
fn headlines(found: &Profile) -> Markup {
    let total = found.months.as_ref().map(|months| &months.total);
    let people = found.people.iter().filter_map(|own| own.total.count).max();
    let months = found.months.as_ref().and_then(|months| {
        let rows = months.rows.iter().map(|row| row.name.as_str());
        first_and_last(rows).map(|(first, last)| format!("{first} to {last}"))
    });
    #[allow(clippy::cast_precision_loss, reason = "a headline")]
    let short = |cents: i128| Kind::Dollars.short(cents as f64);
    html! {
        dl.headlines {
            @if let Some(count) = people {
                div { dt { "beneficiaries" } dd { (grouped(count.into())) } }
            }
            @if let Some(count) = total.and_then(|total| total.count) {
                div { dt { "final claims" } dd { (grouped(count.into())) } }
            }
            @if let Some(cents) = total.and_then(|total| total.cents) {
                div { dt { "paid" } dd { (short(cents)) } }
            }
            @if let Some(months) = months {
                div { dt { "months" } dd { (months) } }
            }
            div { dt { "source" } dd { (found.source) } }
        }
    }
}

/// The first and the last month of rows, of which some are several months: `2020-01 … 2020-03`, `no date + 2020-12`.
fn first_and_last<'n>(rows: impl Iterator<Item = &'n str>) -> Option<(&'n str, &'n str)> {
    let is_month = |word: &&str| word.len() == 7 && word.as_bytes().get(4) == Some(&b'-');
    let mut months: Vec<&str> = rows.flat_map(|name| name.split(' ').filter(is_month)).collect();
    months.sort_unstable();
    Some((months.first()?, months.last()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_of_all_rows_count() {
        let rows = ["no date + 2020-11 … 2020-12", "2019-03", "2019-04 … 2020-10"];
        assert_eq!(first_and_last(rows.into_iter()), Some(("2019-03", "2020-12")));
        assert_eq!(first_and_last(["no date"].into_iter()), None);
    }
}
