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
    let dated = |row: &&profile::CrossRow| row.name.len() >= 7 && !row.name.starts_with("no date");
    let months = found.months.as_ref().map(|months| {
        let mut rows = months.rows.iter().filter(dated);
        let first = rows.next();
        let last = rows.next_back().or(first);
        let begin = first.map_or("", |row| row.name.get(..7).unwrap_or_default());
        let end =
            last.and_then(|row| row.name.len().checked_sub(7).and_then(|at| row.name.get(at..)));
        format!("{begin} to {}", end.unwrap_or_default())
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
