//! Where two results agree, as far as it may be shown around.
//!
//! What differs between two results is of few people where they agree best. So shares of claims are told in whole percent, and
//! only where the claims that are not matched are of nobody or of 11 people or more; of columns nothing but the name. The exact
//! figures are in the report of `bcda reconcile`.

use maud::{Markup, html};
use profile::Profile;
use profile::disclosure::{FEWEST_OF_SHARES, is_small, percent};
use results::{Both, ClaimsReport, Reconciliation, Side};

use crate::frame::{Head, number, section as framed, table};

pub(crate) fn section(between: &Reconciliation, is_within: bool, found: &Profile) -> Markup {
    let verdict = if is_within { "Within the tolerance." } else { "Beyond the tolerance." };
    // Of a few people nothing is told, however many claims they have.
    let people = &between.people.all;
    if is_small(people.left) || is_small(people.right) {
        return framed(
            "agreement",
            "Agreement",
            &html! {
                p.verdict.good[is_within] { (verdict) }
                p { "The two are of 1 to 10 people: bcda reconcile --report has the figures." }
            },
        );
    }
    let is_told = |table: &str| !found.left_out.contains(&table);
    let claims: Vec<&ClaimsReport> =
        between.claims.iter().filter(|own| is_told(own.table)).collect();
    let rows = html! {
        @for own in claims { (claims_row(own)) }
    };
    let heads = [
        Head::Text("table"),
        Head::Number("of left, %"),
        Head::Number("of right, %"),
        Head::Text("why claims are on one side only"),
    ];
    let fewest = profile::grouped(FEWEST_OF_SHARES.into());
    framed(
        "agreement",
        "Agreement",
        &html! {
            p.verdict.good[is_within] { (verdict) }
            p {
                "Left is " (between.sides.left.source) ", right is " (between.sides.right.source) "; what follows below the agreement \
                 is in the right one. Shares are in whole percent, of tables with " (fewest) " claims or more on both sides, where \
                 11 people or more, or none, have claims that are not matched; bcda reconcile --report has the exact figures."
            }
            @if !between.are_numbers_shared {
                p { "The two number claims differently: claim numbers are not compared." }
            }
            h3 { "Matched claims" }
            (table("Matched claims, in percent", &heads, &rows, None))
            h3 { "Columns that differ" }
            (columns(between, found))
        },
    )
}

fn told(percent: Option<u64>) -> Markup {
    number(percent.map(|percent| percent.to_string()))
}

/// Shares are told where the claims that are not matched are of nobody, or of 11 people or more.
fn claims_row(own: &ClaimsReport) -> Markup {
    let Both { left, right } = own.all;
    let is_told = left >= FEWEST_OF_SHARES && right >= FEWEST_OF_SHARES;
    let of = |part: u64, all: u64, people: u64| {
        (is_told && !is_small(people)).then(|| percent(part, all))
    };
    let of_side = |side: Side| if side == Side::Left { left } else { right };
    let reasons = own.by_reason.iter().filter_map(|own| {
        let share = of(own.claims, of_side(own.side), own.people).filter(|share| *share > 0)?;
        let reason = own.reason.name().replace('_', " ");
        Some(format!("{}: {reason} ({share} %)", own.side.name()))
    });
    let reasons: Vec<String> = reasons.collect();
    let people = own.unmatched_people;
    html! {
        tr {
            th scope="row" { (own.table) }
            (told(of(own.matched, left, people.left)))
            (told(of(own.matched, right, people.right)))
            td.why { (reasons.join("; ")) }
        }
    }
}

/// Columns by name: how often they differ counts rows, whose people nobody has counted.
fn columns(between: &Reconciliation, found: &Profile) -> Markup {
    let tables = between.tables.iter().filter(|own| !found.left_out.contains(&own.table));
    let differ = tables.filter(|table| table.matched >= FEWEST_OF_SHARES).filter_map(|table| {
        let own = table.columns.iter().filter(|column| {
            let apart = column.different + column.only.left + column.only.right;
            percent(apart, table.matched) > 0
        });
        let names: Vec<&str> = own.map(|column| column.column.as_str()).collect();
        (!names.is_empty()).then(|| (table.table, names.join(", ")))
    });
    let differ: Vec<(&str, String)> = differ.collect();
    let rows = html! {
        @for (table, names) in &differ {
            tr {
                th scope="row" { (table) }
                td { (names) }
            }
        }
    };
    html! {
        @if differ.is_empty() {
            p { "No column differs in half a percent of the matched rows." }
        } @else {
            (table(
                "Columns that differ in half a percent of matched rows, or more",
                &[Head::Text("table"), Head::Text("columns")],
                &rows,
                None,
            ))
        }
    }
}
