//! Tables of figures, with bars in them.

use maud::{Markup, html};
use profile::{Cross, Figure, Line, Lines, Profile};

use crate::frame::{Head, bar, number, section, table};
use crate::words::{Kind, length, share};

/// Where a column begins with what is not told, its bar would hide all others.
const UNTOLD: [&str; 4] = ["no DRG", "no code", "not told", "no date"];

/// How much claims cost, and how many lines they have.
pub(crate) fn claims(found: &Profile) -> Markup {
    if found.amounts.is_none() && found.lines.is_none() {
        return html! {};
    }
    section(
        "claims",
        "One claim",
        &html! {
            @if let Some(amounts) = &found.amounts {
                h3 { "Claims by dollars paid for each" }
                (cross_table("Claims by dollars paid for each", amounts, Kind::Count, true))
            }
            @if let Some(lines) = &found.lines {
                h3 { "Claims of CCLF5 and CCLF6 by lines" }
                (cross_table("Claims of CCLF5 and CCLF6 by lines", lines, Kind::Count, true))
            }
        },
    )
}

/// What was paid, by categories.
pub(crate) fn categories(found: &Profile) -> Markup {
    let types = found.months.as_ref().map(by_type);
    if types.is_none() && found.categories.is_empty() {
        return html! {};
    }
    section(
        "spend",
        "Paid by category",
        &html! {
            div.pair {
                @if let Some(types) = &types {
                    div {
                        h3 { "Claim type" }
                        (lines_table("Paid by claim type", types, ("claims", Some("paid, dollars"))))
                    }
                }
                @for own in &found.categories {
                    @let of_lines = own.of != "CCLF1";
                    div {
                        h3 { (capital(&own.by)) " (" (own.of) ")" }
                        (lines_table(
                            &format!("Paid by {} of {}", own.by, own.of),
                            own,
                            (if of_lines { "lines" } else { "claims" }, Some("paid, dollars")),
                        ))
                    }
                }
            }
        },
    )
}

/// The totals of the claim types.
fn by_type(months: &Cross) -> Lines {
    let line =
        |(name, figure): (&String, &Figure)| Line { name: name.clone(), figure: figure.clone() };
    Lines {
        by: "claim type".to_owned(),
        of: "",
        lines: months.columns.iter().zip(&months.totals).map(line).collect(),
        total: months.total.clone(),
    }
}

/// People of CCLF8.
pub(crate) fn people(found: &Profile) -> Markup {
    if found.people.is_empty() {
        return html! {};
    }
    section(
        "people",
        "Beneficiaries",
        &html! {
            div.pair {
                @for own in &found.people {
                    div {
                        h3 { (capital(&own.by)) }
                        (lines_table(&format!("People by {}", own.by), own, ("people", None)))
                    }
                }
            }
        },
    )
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// A figure in a cell of a table.
fn cell(kind: Kind, figure: &Figure) -> Markup {
    number(kind.exact(figure))
}

/// A table that is cut one way: counts, and amounts with their shares where there are such. Where there are amounts and no
/// months, the largest come first.
pub(crate) fn lines_table(
    caption: &str,
    own: &Lines,
    (count, cents): (&str, Option<&str>),
) -> Markup {
    let kind = if cents.is_some() { Kind::Dollars } else { Kind::Count };
    let mut lines: Vec<&Line> = own.lines.iter().collect();
    let is_sorted = cents.is_some() && own.by != "month";
    if is_sorted {
        lines.sort_by_key(|line| std::cmp::Reverse(kind.value(&line.figure)));
    }
    let is_told = |line: &Line| !UNTOLD.iter().any(|name| line.name == *name);
    let told = lines.iter().filter(|line| is_told(line));
    let most = told.filter_map(|line| kind.value(&line.figure)).max().unwrap_or(0);
    let all = kind.value(&own.total).and_then(|all| u64::try_from(all).ok());
    let share_of = |figure: &Figure| {
        let part = u64::try_from(kind.value(figure)?).ok()?;
        Some(share(part, all.filter(|all| *all >= part)?))
    };
    let shows_people = own.total.people.is_some();
    let mut heads = vec![Head::Text(&own.by), Head::Number(count)];
    heads.extend(cents.map(Head::Number));
    heads.push(Head::Number("share, %"));
    heads.extend(shows_people.then_some(Head::Number("people")));
    heads.push(Head::Bar);
    let figures = |figure: &Figure, share: Option<String>| {
        html! {
            (cell(Kind::Count, figure))
            @if cents.is_some() { (cell(Kind::Dollars, figure)) }
            td.n { (share.unwrap_or_default()) }
            @if shows_people { (people_cell(figure)) }
        }
    };
    let rows = html! {
        @for line in &lines {
            tr {
                th scope="row" { (line.name) }
                (figures(&line.figure, share_of(&line.figure)))
                (bar(kind.value(&line.figure).filter(|_| is_told(line)).map_or(0.0, |own| length(own, most))))
            }
        }
    };
    let total = html! {
        th scope="row" { "total" }
        (figures(&own.total, None))
        (bar(0.0))
    };
    table(caption, &heads, &rows, Some(&total))
}

fn people_cell(figure: &Figure) -> Markup {
    html! { td.n { (figure.people.map_or_else(String::new, |count| profile::grouped(count.into()))) } }
}

/// A table that is cut two ways.
pub(crate) fn cross_table(caption: &str, own: &Cross, kind: Kind, has_bars: bool) -> Markup {
    let most = own.rows.iter().filter_map(|row| kind.value(&row.total)).max().unwrap_or(0);
    let mut heads = vec![Head::Text(own.by), Head::Number("total")];
    heads.extend(has_bars.then_some(Head::Bar));
    heads.extend(own.columns.iter().map(|column| Head::Number(column)));
    let figures = |total: &Figure, width: f64, cells: &[Figure]| {
        html! {
            (cell(kind, total))
            @if has_bars { (bar(width)) }
            @for figure in cells { (cell(kind, figure)) }
        }
    };
    let rows = html! {
        @for row in &own.rows {
            tr {
                th scope="row" {
                    (row.name)
                    @if row.incomplete { " " small { "still to come" } }
                }
                (figures(&row.total, kind.value(&row.total).map_or(0.0, |own| length(own, most)), &row.cells))
            }
        }
    };
    let total = html! {
        th scope="row" { "total" }
        (figures(&own.total, 0.0, &own.totals))
    };
    table(caption, &heads, &rows, Some(&total))
}
