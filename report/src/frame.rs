//! What is around everything: the page, its sections, tables that scroll.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use profile::Profile;

use crate::words::HIDDEN;

const STYLE: &str = include_str!("page.css");

/// What the head of a page says of who made it: by it a page is known again.
const MADE_BY: &str = "bcda report";

/// Nothing but what is in the page may be loaded, and no script runs.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The sections, as the list at the top has them.
const SECTIONS: [(&str, &str); 9] = [
    ("agreement", "Agreement"),
    ("verdict", "Verdict"),
    ("months", "Months"),
    ("claims", "Claims"),
    ("spend", "Categories"),
    ("part-d", "Part D"),
    ("people", "Beneficiaries"),
    ("columns", "Columns"),
    ("input", "Input"),
];

/// Whether a file begins as a page of this crate does.
pub fn is_page(file: &[u8]) -> bool {
    let begin = &file[..file.len().min(512)];
    let begin = String::from_utf8_lossy(begin);
    begin.starts_with("<!DOCTYPE html>") && begin.contains(&format!("content=\"{MADE_BY}\""))
}

/// The page with this title.
pub(crate) fn page(title: &str, found: &Profile, sections: &Markup) -> String {
    let is_there = |(id, _): &&(&str, &str)| sections.0.contains(&format!("id=\"{id}\""));
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="generator" content=(MADE_BY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { "To the figures" }
                header {
                    h1 { (title) }
                    p.small { (disclosure(found)) }
                    nav aria-label="Sections" {
                        @for (id, name) in SECTIONS.iter().filter(is_there) {
                            a href={ "#" (id) } { (name) } " "
                        }
                    }
                }
                main id="main" { (sections) }
                footer {
                    p {
                        "Final claims only. Paid is CLM_PMT_AMT of CCLF1 and CLM_LINE_CVRD_PD_AMT of the lines of CCLF5 and CCLF6. \
                         Made by bcda " (env!("CARGO_PKG_VERSION")) "."
                    }
                }
            }
        }
    };
    page.into_string()
}

fn disclosure(found: &Profile) -> Markup {
    html! {
        @if found.synthetic { "The data are made up: nobody is behind these figures. " }
        @if found.shows_small_cells && found.synthetic {
            "Cells of 1 to 10 people are shown."
        } @else if found.shows_small_cells {
            strong { "Cells of 1 to 10 people are shown: this page is for internal use, and is not to be shared." }
        } @else {
            "Figures of 1 to 10 people are hidden, and others from which they would follow. Ages from 90 on are one band."
        }
    }
}

pub(crate) fn section(id: &str, title: &str, content: &Markup) -> Markup {
    let heading = format!("{id}-title");
    html! {
        section id=(id) aria-labelledby=(heading) {
            h2 id=(heading) { (title) }
            (content)
        }
    }
}

/// A figure in a cell of a table, or that it is hidden.
pub(crate) fn number(figure: Option<String>) -> Markup {
    figure.map_or_else(|| html! { td.n.hidden { (HIDDEN) } }, |text| html! { td.n { (text) } })
}

/// What stands above a column of a table.
pub(crate) enum Head<'t> {
    Text(&'t str),
    Number(&'t str),
    Bar,
}

/// A bar in a cell, so many percent of it long. It shows what stands beside it, so that nobody has to be told.
pub(crate) fn bar(percent: f64) -> Markup {
    html! {
        td.bar aria-hidden="true" {
            @if percent > 0.0 { span style=(format!("width:{percent:.1}%")) {} }
        }
    }
}

/// A table in a region that scrolls on a screen, by keyboard too, and is whole on paper. `total` is its last row, if it has one.
pub(crate) fn table(
    caption: &str,
    heads: &[Head<'_>],
    rows: &Markup,
    total: Option<&Markup>,
) -> Markup {
    html! {
        div.scrolled role="region" aria-label=(caption) tabindex="0" {
            table {
                caption { (caption) }
                thead {
                    tr {
                        @for head in heads {
                            @match head {
                                Head::Text(text) => th scope="col" { (text) },
                                Head::Number(text) => th.n scope="col" { (text) },
                                Head::Bar => (bar(0.0)),
                            }
                        }
                    }
                }
                tbody { (rows) }
                @if let Some(total) = total {
                    tfoot { tr { (total) } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_known_again() {
        assert!(!is_page(b"") && !is_page(b"<!DOCTYPE html><html><head><title>"));
        assert!(is_page(b"<!DOCTYPE html><html lang=\"en\"><head><meta name=\"generator\" content=\"bcda report\">"));
    }
}
