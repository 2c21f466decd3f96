//! What is in tables: every figure once more from the rows, what follows from those that are shown, and nothing of a person in
//! any of it.

mod program;
mod recomputed;
mod rows;
mod share;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::common::Work;
use crate::common::records::{claim, claim_with_items, lines};

fn profiled(work: &Work, options: &str) -> Value {
    let ran = work.bcda(&format!("profile tables --json {options}")).exits(0);
    serde_json::from_str(ran.text()).unwrap()
}

fn converted(api: &str) -> Work {
    let work = Work::new();
    work.synth("export", &format!("--beneficiaries 40 --seed 3 --api {api}"));
    work.bcda("convert --quiet export --out tables").exits(0);
    work.bcda("convert --quiet export --out csv --format csv").exits(0);
    work
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|own| own.as_str().unwrap()).collect()
}

/// The categories that a name stands for: some of an order from one to another, and others.
fn members(name: &str, order: &[String]) -> Vec<String> {
    let place = |name: &str| order.iter().position(|own| own == name).unwrap();
    let part = |part: &str| match part.split_once(" … ") {
        Some((first, last)) => order[place(first)..=place(last)].to_vec(),
        None => vec![part.to_owned()],
    };
    name.split(" + ").flat_map(part).collect()
}

/// Whether a cell is hidden; a hidden one says nothing else.
fn is_hidden(cell: &Value) -> bool {
    let hidden = cell["hidden"] == true;
    assert_eq!(hidden, cell.get("count").is_none());
    assert!(!hidden || cell.as_object().unwrap().len() == 1, "{cell}");
    hidden
}

#[test]
fn small_cells_are_hidden_and_nobody_is_named() {
    let work = converted("v3");
    let all = profiled(&work, "--show-small-cells");
    let found = profiled(&work, "");
    assert!(found["shows_small_cells"] == false && all["shows_small_cells"] == true);
    let people: BTreeMap<(&str, &str), u64> = {
        let columns = all["months"]["columns"].as_array().unwrap();
        let rows = all["months"]["rows"].as_array().unwrap().iter();
        let cells = rows.flat_map(|row| {
            let name = row["name"].as_str().unwrap();
            let cells = columns.iter().zip(row["cells"].as_array().unwrap());
            cells.map(move |(column, cell)| {
                ((name, column.as_str().unwrap()), cell["people"].as_u64().unwrap())
            })
        });
        cells.collect()
    };
    let mut hidden = 0;
    // Of so few people not even the totals of some tables can be shown.
    let tables = ["months", "amounts", "lines"].into_iter().filter(|name| !found[*name].is_null());
    for name in tables {
        let columns = found[name]["columns"].as_array().unwrap();
        for row in found[name]["rows"].as_array().unwrap() {
            assert!(!is_hidden(&row["total"]));
            for (column, cell) in columns.iter().zip(row["cells"].as_array().unwrap()) {
                assert!(cell.get("people").is_none());
                hidden += u32::from(is_hidden(cell));
                let key = (row["name"].as_str().unwrap(), column.as_str().unwrap());
                let is_small =
                    name == "months" && people.get(&key).is_some_and(|own| (1..11).contains(own));
                assert!(!is_small || is_hidden(cell), "{key:?}");
            }
        }
    }
    assert!(hidden > 0);
    for own in found["people"].as_array().unwrap() {
        for line in own["lines"].as_array().unwrap() {
            assert!(line["count"].as_u64().unwrap() > 10, "{line}");
        }
    }
    // No text or number that names a person, a claim or a provider is in any of it.
    let mut named = BTreeSet::new();
    for (table, columns) in [
        ("cclf1", ["BENE_MBI_ID", "CUR_CLM_UNIQ_ID", "BCDA_EOB_ID", "FAC_PRVDR_NPI_NUM"]),
        ("cclf5", ["BENE_MBI_ID", "CUR_CLM_UNIQ_ID", "BCDA_EOB_ID", "RNDRG_PRVDR_NPI_NUM"]),
        ("cclf8", ["BENE_MBI_ID", "BENE_LAST_NAME", "BENE_DOB", "BENE_ZIP_CD"]),
    ] {
        let csv = work.csv(&format!("csv/{table}.csv"));
        let own = columns.iter().flat_map(|column| csv.column(column));
        named.extend(own.filter(|text| text.len() > 4).map(str::to_owned));
    }
    assert!(named.len() > 500, "{}", named.len());
    for options in ["", "--json", "--show-small-cells", "--show-small-cells --json"] {
        let ran = work.bcda(&format!("profile tables {options}")).exits(0);
        let words: BTreeSet<&str> =
            ran.text().split(|one: char| !one.is_alphanumeric() && !"-_".contains(one)).collect();
        let found: Vec<&str> = words.into_iter().filter(|word| named.contains(*word)).collect();
        assert!(found.is_empty(), "{options}: {found:?}");
        assert!(ran.stderr.is_empty());
    }
}

#[test]
fn lines_fit_the_width() {
    let work = converted("v1");
    for width in [40, 80, 132] {
        let mut command = work.command(&["profile", "tables"]);
        let shown = command.env("COLUMNS", width.to_string()).output().unwrap().stdout;
        let shown = String::from_utf8(shown).unwrap();
        let longest = shown.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(longest <= width && longest > width / 2, "{longest} of {width}");
        assert!(shown.contains("Paid by month") && shown.contains('█'));
    }
    work.bcda("profile csv").exits(2);
    work.bcda("profile nothing").exits(2);
    let help = work.bcda("profile --help").exits(0);
    assert!(help.text().contains("1 to 10 people"));
}

#[test]
fn a_claim_that_an_export_has_twice_counts_twice_wherever_it_stands() {
    let [one, other] = ["1", "2"].map(|id| claim_with_items("CARRIER", id, "p", 3));
    let stay = claim("INPATIENT", "3", "p");
    for order in [[&one, &one, &other, &stay, &stay], [&one, &stay, &other, &one, &stay]] {
        let work = Work::new();
        work.write_lines("export/claims.ndjson", lines(&order.map(Clone::clone)));
        work.bcda("convert --quiet export --out tables").exits(0);
        let found = profiled(&work, "--show-small-cells");
        assert_eq!(found["months"]["total"]["count"], 5);
        let rows = found["lines"]["rows"].as_array().unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!((&rows[0]["name"], &rows[0]["total"]["count"]), (&"3 to 5".into(), &3.into()));
    }
}
