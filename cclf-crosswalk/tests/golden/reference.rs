//! The reference that the crosswalk was made from. It is not part of the project: where it is missing,
//! the tests that need it say so and pass.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use cclf_crosswalk::{Api, ClaimType, Table};

/// The reference's folder.
pub(crate) struct Shared(PathBuf);

/// Where the reference is; `None`, and a line that says so, when it is not there.
#[expect(clippy::print_stdout, reason = "a test that does nothing must say so")]
pub(crate) fn shared() -> Option<Shared> {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared"));
    if path.is_dir() {
        return Some(Shared(path.to_owned()));
    }
    println!("skipped: no ../shared");
    None
}

/// One line of a CSV table with a header.
pub(crate) type Fields = HashMap<String, String>;

/// A row of `stu3_crosswalk.csv`, or of `r4_crosswalk.csv`.
#[derive(Clone)]
pub(crate) struct Row {
    /// The file of the layout: a table, or `CCLF0-HEADER`.
    pub(crate) file: String,
    /// CMS's name of the column.
    pub(crate) column: String,
    /// The variable of the Chronic Conditions Warehouse (CCW) that the value comes from.
    pub(crate) variable: String,
    /// The claim types it is filled on; resources that it is joined from are left out.
    pub(crate) claim_types: Vec<ClaimType>,
    /// mapped, derived or unmapped-in-bcda.
    pub(crate) status: String,
    /// The Arrow type that the layout gives the column.
    pub(crate) arrow_type: String,
}

/// A column of `cclf_layout.csv`.
pub(crate) struct LayoutColumn {
    pub(crate) file: String,
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) length: usize,
    pub(crate) format: String,
    pub(crate) arrow_type: String,
}

/// Parses a CSV table; `delimiter` `|` tables have no quotes, and a bar at the end of a line that ends
/// no column.
pub(crate) fn parse(text: &str, delimiter: u8) -> Vec<Fields> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .quoting(delimiter != b'|')
        .flexible(true)
        .from_reader(text.as_bytes());
    let header = reader.headers().expect("a header").clone();
    reader
        .records()
        .map(|record| {
            let record = record.expect("a readable row");
            header.iter().zip(&record).map(|(name, value)| (name.into(), value.into())).collect()
        })
        .collect()
}

impl Shared {
    /// The text of a file.
    pub(crate) fn text(&self, path: &str) -> String {
        fs::read_to_string(self.0.join(path)).unwrap_or_else(|fault| panic!("{path}: {fault}"))
    }

    /// The lines of an NDJSON file under `data`.
    pub(crate) fn lines(&self, path: &str) -> Vec<String> {
        self.text(&format!("data/{path}")).lines().map(str::to_owned).collect()
    }

    /// The source rows of one kind, `bcarrier`.
    pub(crate) fn rif(&self, kind: &str) -> Vec<Fields> {
        let mut rows = parse(&self.text(&format!("data/rif/sample-a-{kind}.txt")), b'|');
        // The server trims codes.
        let values = rows.iter_mut().flat_map(|row| row.values_mut());
        values.for_each(|value| *value = value.trim().to_owned());
        rows
    }

    /// The layout, in its order.
    pub(crate) fn layout(&self) -> Vec<LayoutColumn> {
        let number = |text: &str| text.parse().expect("a number");
        parse(&self.text("reference/cclf_layout.csv"), b',')
            .into_iter()
            .map(|row| LayoutColumn {
                file: row["file"].clone(),
                name: row["field_name"].clone(),
                label: row["label"].clone(),
                start: number(&row["start"]),
                end: number(&row["end"]),
                length: number(&row["length"]),
                format: row["format"].clone(),
                arrow_type: row["arrow_type"].clone(),
            })
            .collect()
    }

    /// The crosswalk of the reference for v1, in its order.
    pub(crate) fn crosswalk(&self) -> Vec<Row> {
        self.rows("reference/stu3_crosswalk.csv", None)
    }

    /// The crosswalk of the reference for v2 or v3, in its order.
    pub(crate) fn crosswalk_of(&self, api: Api) -> Vec<Row> {
        self.rows("reference/r4_crosswalk.csv", Some(api.name()))
    }

    /// The rows of a crosswalk, those of `version` if it has several.
    fn rows(&self, path: &str, version: Option<&str>) -> Vec<Row> {
        let types: HashMap<(String, String), String> = self
            .layout()
            .into_iter()
            .map(|column| ((column.file, column.name), column.arrow_type))
            .collect();
        parse(&self.text(path), b',')
            .into_iter()
            .filter(|row| {
                version.is_none_or(|version| ["both", version].contains(&row["version"].as_str()))
            })
            .map(|row| Row {
                file: row["file"].clone(),
                column: row["field_name"].clone(),
                variable: row["ccw_variable"].clone(),
                claim_types: row["claim_types"]
                    .split_whitespace()
                    .filter_map(|name| ClaimType::from_code(&name.to_ascii_uppercase()))
                    .collect(),
                status: row["status"].clone(),
                arrow_type: types[&(row["file"].clone(), row["field_name"].clone())].clone(),
            })
            .collect()
    }

    /// USPS letters and FIPS digits of every code that a state may come as.
    pub(crate) fn states(&self) -> States {
        let mut states = HashMap::new();
        for row in parse(&self.text("reference/ssa_state_codes.csv"), b',') {
            let area = (row["usps"].clone(), row["fips"].clone());
            if !area.0.is_empty() {
                states.insert(area.0.clone(), area.clone());
                states.insert(row["ssa_code"].clone(), area);
            }
        }
        States(states)
    }

    /// All SSA codes of the reference.
    pub(crate) fn ssa_codes(&self) -> Vec<String> {
        let rows = parse(&self.text("reference/ssa_state_codes.csv"), b',');
        rows.into_iter().map(|row| row["ssa_code"].clone()).collect()
    }
}

/// The state codes of the reference.
pub(crate) struct States(HashMap<String, (String, String)>);

impl States {
    pub(crate) fn usps(&self, code: &str) -> Option<String> {
        self.0.get(code).map(|(usps, _)| usps.clone())
    }

    pub(crate) fn fips(&self, code: &str) -> Option<String> {
        self.0.get(code).map(|(_, fips)| fips.clone())
    }
}

impl Row {
    /// The table; `None` for the heading of CCLF0.
    pub(crate) fn table(&self) -> Option<Table> {
        self.file.parse().ok()
    }

    /// Whether BCDA has a value for it.
    pub(crate) fn has_source(&self) -> bool {
        match self.status.as_str() {
            "mapped" | "derived" => true,
            "unmapped-in-bcda" => false,
            other => panic!("unknown status `{other}`"),
        }
    }
}
