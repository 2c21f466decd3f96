//! What a reconciliation found, for people.

use results::{Both, ClaimsReport, Reconciliation, Side, Sum};

use crate::show::{figures, grouped};

/// Columns that differ most, of which so many are shown.
const MOST_COLUMNS: usize = 15;

/// Cents as dollars.
fn dollars(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let cents = cents.unsigned_abs();
    format!("{sign}{}.{:02}", grouped(cents / 100), cents % 100)
}

/// Words that are written with `_` in the report.
fn words(name: &str) -> String {
    name.replace('_', " ")
}

pub(super) fn summary(found: &Reconciliation, is_within: bool) -> String {
    let mut parts = vec![claims(found), money(found)];
    parts.extend(reasons(found));
    parts.extend(columns(found));
    parts.extend(kinds(found));
    let people = &found.people;
    let (left, right) = (&found.sides.left, &found.sides.right);
    parts.push(format!(
        "left is {}, right is {}; people: {} on both sides, {} only left, {} only right",
        left.source,
        right.source,
        grouped(people.matched),
        grouped(people.only.left),
        grouped(people.only.right)
    ));
    for (name, side) in [("left", left), ("right", right)] {
        let unresolved = side.resolved.unresolved();
        if unresolved > 0 {
            parts.push(format!(
                "{name}: {} rows cannot be resolved, and cancellations among them are not compared; bcda cclf current lists \
                 them",
                grouped(unresolved)
            ));
        }
    }
    if !found.are_numbers_shared {
        parts.push("the two number claims differently: claim numbers are not compared".to_owned());
    }
    parts.push(if is_within {
        "within the tolerance".to_owned()
    } else {
        "beyond the tolerance".to_owned()
    });
    parts.join("\n")
}

fn claims(found: &Reconciliation) -> String {
    let head = [
        "claims",
        "left",
        "right",
        "matched",
        "only left",
        "only right",
        "ambiguous",
        "matched by",
    ];
    let mut grid = figures(&head, 1..=6);
    let by = |claims: &ClaimsReport| {
        let rungs = claims.by_rung.iter().filter(|rung| rung.claims > 0);
        let rungs: Vec<String> = rungs
            .map(|rung| format!("{} {}", words(rung.rung.name()), grouped(rung.claims)))
            .collect();
        rungs.join("\n")
    };
    for claims in &found.claims {
        grid.add_row([
            claims.table.to_owned(),
            grouped(claims.all.left),
            grouped(claims.all.right),
            grouped(claims.matched),
            grouped(claims.only.left),
            grouped(claims.only.right),
            grouped(claims.ambiguous.left + claims.ambiguous.right),
            by(claims),
        ]);
    }
    grid.to_string()
}

fn money(found: &Reconciliation) -> String {
    let mut grid = figures(
        &["amounts", "type", "left", "right", "right less left", "matched ones apart"],
        2..=5,
    );
    for months in found
        .sums
        .chunk_by(|one, next| one.table == next.table && one.claim_type == next.claim_type)
    {
        let sum =
            |of: fn(&Both<Sum>) -> i64| -> i64 { months.iter().map(|month| of(&month.all)).sum() };
        let (left, right) = (sum(|all| all.left.cents), sum(|all| all.right.cents));
        let apart: u64 = months.iter().map(|month| month.apart_cents).sum();
        let Some(first) = months.first() else { continue };
        grid.add_row([
            first.table.to_owned(),
            first.claim_type.clone().unwrap_or_default(),
            dollars(left),
            dollars(right),
            dollars(right - left),
            dollars(i64::try_from(apart).unwrap_or(i64::MAX)),
        ]);
    }
    grid.to_string()
}

fn reasons(found: &Reconciliation) -> Option<String> {
    let mut grid = figures(&["claims on one side only", "side", "claims", "amount"], 2..=3);
    let mut is_any = false;
    for claims in &found.claims {
        for own in claims.by_reason.iter().filter(|own| own.claims > 0) {
            is_any = true;
            grid.add_row([
                format!("{}: {}", claims.table, words(own.reason.name())),
                own.side.name().to_owned(),
                grouped(own.claims),
                dollars(own.cents),
            ]);
        }
    }
    is_any.then(|| grid.to_string())
}

fn columns(found: &Reconciliation) -> Option<String> {
    let mut different = Vec::new();
    for table in &found.tables {
        for column in &table.columns {
            let apart = column.only.left + column.only.right + column.different;
            if apart > 0 {
                different.push((apart, table.table, column));
            }
        }
    }
    different.sort_by_key(|(apart, ..)| std::cmp::Reverse(*apart));
    let mut grid = figures(&["column", "equal", "only left", "only right", "different"], 1..=4);
    for (_, table, column) in different.iter().take(MOST_COLUMNS) {
        grid.add_row([
            format!("{table}.{}", column.column),
            grouped(column.equal),
            grouped(column.only[Side::Left]),
            grouped(column.only[Side::Right]),
            grouped(column.different),
        ]);
    }
    let more = different.len().saturating_sub(MOST_COLUMNS);
    let more = if more > 0 { format!("\n{more} more columns differ") } else { String::new() };
    (!different.is_empty()).then(|| format!("{grid}{more}"))
}

fn kinds(found: &Reconciliation) -> Option<String> {
    let mut grid = figures(&["most frequent differences", "rows"], 1..=1);
    for own in &found.kinds {
        grid.add_row([
            format!("{}.{}: {}", own.table, own.column, words(own.kind.name())),
            grouped(own.rows),
        ]);
    }
    (!found.kinds.is_empty()).then(|| grid.to_string())
}
