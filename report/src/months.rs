//! Claims and amounts by month: a chart for each claim type, and tables.

use maud::{Markup, html};
use profile::{Cross, Figure, Lines, Profile, months_of};

use crate::chart::{Bar, bars};
use crate::cuts::{cross_table, lines_table};
use crate::frame::section as framed;
use crate::words::{HIDDEN, Kind};

pub(crate) fn section(found: &Profile) -> Markup {
    let Some(months) = &found.months else { return html! {} };
    framed(
        "months",
        "Months",
        &html! {
            p {
                "The month is that of CLM_THRU_DT. Pale bars are months of which claims are still to come. A wide bar is several \
                 months together, at their mean. Gray is hidden, or together with claims without a date. Each chart has its own scale."
            }
            (half("Paid by month, in dollars", "paid", Kind::Dollars, months))
            (half("Claims by month", "claims", Kind::Count, months))
        },
    )
}

fn half(title: &str, what: &str, kind: Kind, months: &Cross) -> Markup {
    let all = months.rows.iter().map(|row| (row.name.as_str(), row.incomplete, &row.total));
    let all = panel("all types", what, kind, all);
    let by_type = months.columns.iter().enumerate().map(|(at, name)| {
        let rows = months.rows.iter();
        let rows = rows.map(|row| (row.name.as_str(), row.incomplete, &row.cells[at]));
        panel(name, what, kind, rows)
    });
    html! {
        h3 { (title) }
        div.charts {
            @if months.columns.len() > 1 { (all) }
            @for own in by_type { (own) }
        }
        (cross_table(title, months, kind, false))
    }
}

pub(crate) fn part_d(found: &Profile) -> Markup {
    let Some(part_d) = &found.part_d else { return html! {} };
    let rows = || part_d.lines.iter().map(|line| (line.name.as_str(), false, &line.figure));
    framed(
        "part-d",
        "Part D by month",
        &html! {
            p {
                "The month is that of CLM_LINE_FROM_DT. What patients paid is no part of what was paid."
            }
            div.charts {
                (panel("events", "events", Kind::Count, rows()))
                (panel("paid by patients", "dollars", Kind::Dollars, rows()))
            }
            (part_d_table(part_d))
        },
    )
}

fn part_d_table(part_d: &Lines) -> Markup {
    lines_table("Part D events by month", part_d, ("events", Some("paid by patients, dollars")))
}

/// A chart with its name; words where nothing is to be drawn.
fn panel<'r>(
    name: &str,
    what: &str,
    kind: Kind,
    rows: impl Iterator<Item = (&'r str, bool, &'r Figure)>,
) -> Markup {
    let rows: Vec<_> = rows.collect();
    let own = rows.iter().filter_map(|(name, incomplete, figure)| {
        let (months, is_alone) = months_of(name)?;
        let wide = f64::from((months.end - months.start).max(1));
        // What is together with claims without a date is of no known height.
        #[allow(clippy::cast_precision_loss, reason = "a height on a screen")]
        let value = kind.value(figure).filter(|_| is_alone).map(|value| value as f64 / wide);
        Some(Bar { months, value, is_still_to_come: *incomplete })
    });
    let own: Vec<Bar> = own.collect();
    let most = rows
        .iter()
        .filter(|(name, ..)| {
            months_of(name).is_some_and(|(own, is_alone)| is_alone && own.len() == 1)
        })
        .filter_map(|(name, _, figure)| Some((kind.value(figure)?, *name, *figure)))
        .max_by_key(|(value, ..)| *value);
    let about = most.map_or_else(
        || format!("{name}, {what} by month. The table has all of them."),
        |(_, month, figure)| {
            let figure = kind.exact(figure).unwrap_or_else(|| HIDDEN.to_owned());
            format!("{name}, {what} by month. The most of one month are {figure}, in {month}. The table has all of them.")
        },
    );
    html! {
        figure {
            figcaption { (name) }
            @match bars(&about, kind, &own) {
                Some(svg) => (svg),
                None => p.none { "No month can be shown." },
            }
        }
    }
}
