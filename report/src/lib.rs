//! A page of HTML that shows what is in finished tables: one file that needs no network and runs no script.
//!
//! ```text
//! profile::Profile ──> verdict, months, cuts, columns, input ──> page
//!                      charts by plotters, HTML by maud
//! results::Reconciliation ──> agreement ──────────────────────────┘
//! ```
//!
//! All figures come from [`profile`], which has hidden what may not be shown; nothing is counted here. What a chart shows is
//! in a table beside it.
#![forbid(unsafe_code)]

mod agreement;
mod chart;
mod columns;
mod cuts;
mod frame;
mod input;
mod months;
mod verdict;
mod words;

use maud::{Markup, html};
use profile::Profile;
use results::Reconciliation;

pub use frame::is_page;

/// The page of tables.
pub fn page(found: &Profile) -> String {
    frame::page("What is in the tables", found, &sections(found))
}

/// The page of two results, `found` being what is in the right one; and whether they are as near to each other as was asked.
pub fn reconciled(between: &Reconciliation, is_within: bool, found: &Profile) -> String {
    let all = html! {
        (agreement::section(between, is_within, found))
        (sections(found))
    };
    frame::page("Where two results agree", found, &all)
}

fn sections(found: &Profile) -> Markup {
    html! {
        (verdict::section(found))
        (months::section(found))
        (cuts::claims(found))
        (cuts::categories(found))
        (months::part_d(found))
        (cuts::people(found))
        (columns::section(found))
        (input::section(found))
    }
}
