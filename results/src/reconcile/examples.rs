//! Differing pairs and unmatched claims, with their values, for the person who asks: the only place where values go.

use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use cclf_crosswalk::Table;
use cclf_crosswalk::arrow::array::RecordBatch;
use convert::Error;
use hashbrown::HashMap;
use publish::{Stage, StageOptions, StagedFile};
use serde::Serialize;

use super::cells::shown;
use super::column::Column;
use super::compare::Example;
use super::digest::Digest;
use super::kind::Cells;
use super::reason::Reason;
use super::shape::Shape;
use super::side::Side;
use super::tally::Wanted;

/// The file that ends a folder of examples.
pub const EXAMPLES_MANIFEST: &str = "examples-manifest.json";

const CLAIMS: &str = "claims.csv";
const UNMATCHED: &str = "unmatched.csv";

#[derive(Serialize)]
struct Manifest {
    schema_version: u32,
    version: &'static str,
    files: [&'static str; 2],
}

/// A folder of examples while it is written.
pub(super) struct Examples {
    stage: Stage,
    claims: StagedFile,
}

fn write(file: &mut StagedFile, fields: &[&str]) -> Result<(), Error> {
    let mut line = String::new();
    for field in fields {
        if !line.is_empty() {
            line.push(',');
        }
        line.push('"');
        line.push_str(&field.replace('"', "\"\""));
        line.push('"');
    }
    line.push('\n');
    file.write_all(line.as_bytes())
        .map_err(|error| Error::failed(format!("write of examples failed: {error}")))
}

impl Examples {
    /// Begins a folder.
    ///
    /// # Errors
    /// Something is there, or nothing can be written there.
    pub(super) fn begin(folder: &Path) -> Result<Self, Error> {
        let manifest_name = EXAMPLES_MANIFEST.to_owned();
        let options = StageOptions { overwrite: false, manifest_name, keep_previous: 0 };
        let stage =
            Stage::open(folder, &options, |_| Ok(None)).map_err(|error| match error.kind() {
                publish::ErrorKind::OutputExists => Error::usage(format!(
                    "{}: something is there already; examples go into a new folder",
                    folder.display()
                )),
                _ => error.into(),
            })?;
        let mut claims = stage.create(CLAIMS)?;
        let header =
            ["table", "column", "kind", "left_id", "right_id", "line", "left_value", "right_value"];
        write(&mut claims, &header)?;
        Ok(Self { stage, claims })
    }

    /// Adds the differing pairs of a table, kind by kind.
    ///
    /// # Errors
    /// They cannot be written.
    pub(super) fn add(&mut self, shape: &Shape, mut examples: Vec<Example>) -> Result<(), Error> {
        examples.sort_by_key(|example| (example.column, example.kind));
        for example in examples {
            let column = shape.columns[example.column].name.as_str();
            let (ids, values) = (&example.ids, &example.values);
            let fields = [shape.table.name(), column, example.kind.name(), &ids.left, &ids.right];
            let values = [example.line.as_str(), &values.left, &values.right];
            write(&mut self.claims, &[&fields[..], &values[..]].concat())?;
        }
        Ok(())
    }

    /// Adds unmatched claims, and publishes all.
    ///
    /// # Errors
    /// They cannot be written.
    pub(super) fn publish(self, unmatched: Unmatched) -> Result<(), Error> {
        self.claims.finish()?;
        let mut file = self.stage.create(UNMATCHED)?;
        let header = [
            "table",
            "side",
            "reason",
            "CUR_CLM_UNIQ_ID",
            "BENE_MBI_ID",
            "CLM_TYPE_CD",
            "from",
            "amount",
        ];
        write(&mut file, &header)?;
        for ((table, side, reason, _), fields) in unmatched.rows() {
            let own = [table.name(), side.name(), reason.name()];
            let fields = fields.iter().map(String::as_str).collect::<Vec<_>>();
            write(&mut file, &[&own[..], &fields[..]].concat())?;
        }
        file.finish()?;
        let manifest = Manifest {
            schema_version: super::report::SCHEMA_VERSION,
            version: env!("CARGO_PKG_VERSION"),
            files: [CLAIMS, UNMATCHED],
        };
        // Nothing was there before, so nothing is left over.
        let _ = self.stage.commit(&serde_json::to_vec_pretty(&manifest).unwrap_or_default())?;
        Ok(())
    }
}

type Order = (Table, Side, Reason, Digest);

/// Claims that are to be shown, and what is found of them when their rows are read.
#[derive(Debug, Default)]
pub(super) struct Unmatched {
    wanted: HashMap<Digest, Wanted>,
    found: Mutex<HashMap<Digest, [String; 4]>>,
}

impl Unmatched {
    /// Of these claims.
    pub(super) fn of(wanted: impl Iterator<Item = (Digest, Wanted)>) -> Self {
        Self { wanted: wanted.collect(), found: Mutex::default() }
    }

    /// Looks at a row of an unmatched claim.
    pub(super) fn see(&self, digest: &Digest, batch: &RecordBatch, row: usize) {
        if !self.wanted.contains_key(digest) {
            return;
        }
        let text = |name: &str| {
            let column = batch.column_by_name(name).map(Column::of);
            column.and_then(|column| column.code(row).map(str::to_owned)).unwrap_or_default()
        };
        let days = ["CLM_FROM_DT", "CLM_LINE_FROM_DT"]
            .iter()
            .find_map(|name| Column::of(batch.column_by_name(name)?).day(row));
        let day = days.map_or(String::new(), |day| shown(Cells::Day, &day.to_le_bytes()));
        let fields = [text("CUR_CLM_UNIQ_ID"), text("BENE_MBI_ID"), text("CLM_TYPE_CD"), day];
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        // Of the rows of a claim the least, whichever thread comes first.
        let own = found.entry(*digest).or_insert_with(|| fields.clone());
        if fields < *own {
            *own = fields;
        }
    }

    fn rows(self) -> Vec<(Order, [String; 5])> {
        let mut found = self.found.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut rows: Vec<_> = self
            .wanted
            .into_iter()
            .filter_map(|(digest, wanted)| {
                let [number, mbi, claim_type, day] = found.remove(&digest)?;
                let amount = shown(Cells::Amount, &i128::from(wanted.cents).to_le_bytes());
                let order = (wanted.table, wanted.side, wanted.reason, digest);
                Some((order, [number, mbi, claim_type, day, amount]))
            })
            .collect();
        rows.sort();
        rows
    }
}
