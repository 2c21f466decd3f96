//! Layouts against CMS's tables of places.

use std::collections::BTreeMap;
use std::fs;

use cclf_crosswalk::Table;
use cclf_files::Layout;

use crate::common::{columns, shared, tables};

/// The rows of a CSV file, by the names in its heading.
fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

#[test]
fn places_are_those_of_the_layout() {
    let Some(path) = shared("reference/cclf_layout.csv") else { return };
    let text = fs::read_to_string(path).unwrap();
    let mut checked = 0;
    for row in rows(&text).iter().filter(|row| !row["file"].starts_with("CCLF0")) {
        let table: Table = row["file"].parse().unwrap();
        let layout = Layout::current(table).unwrap();
        let index = row["position"].parse::<usize>().unwrap() - 1;
        let place = layout.places()[index];
        let name = (table, &row["field_name"]);
        assert_eq!(place.name, row["field_name"], "{name:?}");
        assert_eq!(place.column, index, "{name:?}");
        assert_eq!((place.start + 1).to_string(), row["start"], "{name:?}");
        assert_eq!(place.end().to_string(), row["end"], "{name:?}");
        checked += 1;
    }
    assert_eq!(checked, tables().map(|table| columns(table).len()).sum::<usize>());
}

#[test]
fn the_layout_file_is_a_layout_of_ones_own() {
    let Some(path) = shared("reference/cclf_layout.csv") else { return };
    let layouts = Layout::from_csv(&fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(layouts.len(), 11);
    for layout in layouts {
        let current = Layout::current(layout.table()).unwrap();
        assert_eq!(layout.places(), current.places());
        assert_eq!(layout.record_length(), current.record_length());
        assert_eq!(*layout.versions(), 0..=u8::MAX);
    }
}

#[test]
fn layouts_of_each_length_are_those_of_their_versions() {
    let Some(path) = shared("reference/cclf_layout_versions.csv") else { return };
    let rows = rows(&fs::read_to_string(path).unwrap());
    let mut versions: BTreeMap<(String, usize), Vec<u8>> = BTreeMap::new();
    let mut checked = 0;
    for row in rows.iter().filter(|row| !row["file"].starts_with("CCLF0")) {
        let table: Table = row["file"].parse().unwrap();
        let (first, last) = (row["first_version"].parse::<u8>(), row["last_version"].parse());
        let (Ok(first), Ok(last), Ok(length)) = (first, last, row["record_length"].parse()) else {
            continue;
        };
        if last < 25 {
            // The lengths of three tables did not change then; the others are refused.
            let known = Layout::of_length(table, length).is_ok();
            assert_eq!(known, [94, 92, 227].contains(&length), "{table} of {length}");
            continue;
        }
        let layout = Layout::of_length(table, length).unwrap();
        versions.entry((row["file"].clone(), length)).or_default().extend(first.max(25)..=last);
        if row["column"] == "*" {
            continue;
        }
        let place = layout.places().iter().find(|place| place.name == row["column"]).unwrap();
        assert_eq!((place.start + 1).to_string(), row["start"], "{table} {}", place.name);
        assert_eq!(place.end().to_string(), row["end"], "{table} {}", place.name);
        checked += 1;
    }
    assert!(checked > 500, "{checked}");
    for ((table, length), mut versions) in versions {
        versions.sort_unstable();
        versions.dedup();
        let layout = Layout::of_length(table.parse().unwrap(), length).unwrap();
        let own: Vec<_> = layout.versions().clone().collect();
        assert_eq!(own, versions, "{table} of {length}");
    }
}
