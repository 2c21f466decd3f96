//! Where two results agree, as far as it may be shown around.
//!
//! A reconciliation counts claims and rows, not people, and what differs between two results is of few people where they
//! agree best. So its figures are told in whole percent, and of tables with so many claims that half a percent of them are
//! 11: what is hidden may be 11 or more. The exact figures are in the report of `bcda reconcile`.

use maud::{Markup, html};
use profile::Profile;
use profile::disclosure::is_small;
use results::{Both, ClaimsReport, Reconciliation, Side, TableReport};

use crate::frame::{number, scrolled, section as framed};

/// Claims, or rows, that both sides have at least where shares of them are told.
const FEWEST: u64 = 2_200;
/// Columns that differ most, of which so many are told.
const MOST_COLUMNS: usize = 40;

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
    framed(
        "agreement",
        "Agreement",
        &html! {
            p.verdict.good[is_within] { (verdict) }
            p {
                "Left is " (between.sides.left.source) ", right is " (between.sides.right.source) "; what follows below the agreement \
                 is in the right one. Shares are in whole percent, of tables with " (FEWEST) " or more on both sides, so that nothing \
                 follows about few people; bcda reconcile --report has the exact figures."
            }
            @if !between.are_numbers_shared {
                p { "The two number claims differently: claim numbers are not compared." }
            }
            h3 { "Matched claims" }
            (scrolled("Matched claims, in percent", &html! {
                thead {
                    tr {
                        th scope="col" { "table" }
                        th.n scope="col" { "of left, %" }
                        th.n scope="col" { "of right, %" }
                        th.n scope="col" { "ambiguous, of left, %" }
                        th.n scope="col" { "ambiguous, of right, %" }
                        th scope="col" { "why claims are on one side only" }
                    }
                }
                tbody {
                    @for own in claims { (claims_row(own)) }
                }
            }))
            h3 { "Columns that differ" }
            (columns(between, found))
        },
    )
}

/// In whole percent; none where it may not be told.
fn percent(part: u64, all: u64) -> Option<u64> {
    (all >= FEWEST).then(|| (part * 200 + all) / (all * 2))
}

fn told(percent: Option<u64>) -> Markup {
    number(percent.map(|percent| percent.to_string()))
}

fn claims_row(own: &ClaimsReport) -> Markup {
    let Both { left, right } = own.all;
    let is_told = left >= FEWEST && right >= FEWEST;
    let of = |part: u64, all: u64| percent(part, all).filter(|_| is_told);
    let of_side = |side: Side| if side == Side::Left { left } else { right };
    let reasons = own
        .by_reason
        .iter()
        .filter(|own| of(own.claims, of_side(own.side)).is_some_and(|own| own > 0));
    let reasons: Vec<String> = reasons
        .map(|own| {
            let share = of(own.claims, of_side(own.side)).unwrap_or_default();
            format!("{}: {} ({share} %)", own.side.name(), own.reason.name().replace('_', " "))
        })
        .collect();
    html! {
        tr {
            th scope="row" { (own.table) }
            (told(of(own.matched, left)))
            (told(of(own.matched, right)))
            (told(of(own.ambiguous.left, left)))
            (told(of(own.ambiguous.right, right)))
            td.why { (reasons.join("; ")) }
        }
    }
}

fn columns(between: &Reconciliation, found: &Profile) -> Markup {
    let tables = between.tables.iter().filter(|own| !found.left_out.contains(&own.table));
    let mut differ: Vec<(u64, &TableReport, &str)> = tables
        .filter(|table| table.matched >= FEWEST)
        .flat_map(|table| {
            table.columns.iter().filter_map(move |column| {
                let apart = column.different + column.only.left + column.only.right;
                let share = percent(apart, table.matched)?;
                (share > 0).then_some((share, table, column.column.as_str()))
            })
        })
        .collect();
    differ.sort_by_key(|(share, ..)| std::cmp::Reverse(*share));
    let more = differ.len().saturating_sub(MOST_COLUMNS);
    differ.truncate(MOST_COLUMNS);
    html! {
        @if differ.is_empty() {
            p { "No column differs in half a percent of the matched rows." }
        } @else {
            (scrolled("Columns that differ, in percent of matched rows", &html! {
                thead {
                    tr {
                        th scope="col" { "table" }
                        th scope="col" { "column" }
                        th.n scope="col" { "of matched rows, %" }
                        td.bar aria-hidden="true" {}
                    }
                }
                tbody {
                    @for (share, table, column) in &differ {
                        tr {
                            th scope="row" { (table.table) }
                            td { (column) }
                            td.n { (share) }
                            td.bar aria-hidden="true" { span style=(format!("width:{share}%")) {} }
                        }
                    }
                }
            }))
            @if more > 0 { p { (more) " more columns differ." } }
        }
    }
}
