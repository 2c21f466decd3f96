//! Hiding is no way out: how many of the cells that may be shown are.

use std::collections::BTreeSet;

use super::{is_hidden, profiled, texts};
use crate::common::Work;

/// Of the months and claim types, each by itself, with 11 people or more: how many there are, and how many are shown as a cell
/// of their own. Claims without a date are of no month.
fn shown(work: &Work) -> (usize, usize) {
    let cells = |options: &str| {
        let found = profiled(work, options);
        let columns: Vec<String> =
            texts(&found["months"]["columns"]).into_iter().map(str::to_owned).collect();
        let rows = found["months"]["rows"].as_array().unwrap().clone();
        let cells = rows.into_iter().flat_map(move |row| {
            let name = row["name"].as_str().unwrap().to_owned();
            let cells = row["cells"].as_array().unwrap().clone();
            columns
                .clone()
                .into_iter()
                .zip(cells)
                .map(move |(column, cell)| ((name.clone(), column), cell))
        });
        cells.collect::<Vec<_>>()
    };
    let of_many: BTreeSet<(String, String)> = cells("--show-small-cells")
        .into_iter()
        .filter(|((row, _), cell)| row != "no date" && cell["people"].as_u64().unwrap() > 10)
        .map(|(key, _)| key)
        .collect();
    let own = cells("").into_iter().filter(|(key, cell)| of_many.contains(key) && !is_hidden(cell));
    (of_many.len(), own.count())
}

#[test]
fn nine_of_ten_cells_of_eleven_people_are_shown() {
    // 2,000 people, and 10,000 in ci/profile long.
    let people = std::env::var("BCDA_TEST_PROFILE_PEOPLE").unwrap_or_else(|_| "2000".to_owned());
    let work = Work::new();
    work.synth("export", &format!("--beneficiaries {people} --seed 1"));
    work.bcda("convert --quiet export --out tables").exits(0);
    let (all, shown) = shown(&work);
    assert!(all >= 250 && shown * 10 >= all * 9, "{shown} of {all}");
}
