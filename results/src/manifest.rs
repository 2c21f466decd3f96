//! `tables-manifest.json` of a result, as far as other jobs need it: who made the tables, and when what they hold was
//! exported.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use cclf_crosswalk::Api;
use convert::building::MANIFEST_VERSION;
use convert::{
    CarriedReport, DriftReport, Error, ExportReport, InputReport, StageReport, TABLES_MANIFEST,
    TableReport,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where the rows of a result come from, in its manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MadeFrom {
    /// CMS's files: a history of originals, cancellations and adjustments.
    CclfHistory,
    /// CMS's files, of which the final claims are left.
    CclfFinal,
}

/// What is read of a manifest.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) schema_version: u32,
    /// Every file of the folder but this one.
    pub(crate) files: Vec<String>,
    #[serde(default)]
    pub(crate) tables: Vec<TableReport>,
    /// The version of the API; none where no export was read.
    #[serde(default)]
    pub(crate) api: Option<String>,
    #[serde(default)]
    pub(crate) made_from: Option<MadeFrom>,
    #[serde(default)]
    pub(crate) transaction_time: Option<String>,
    #[serde(default)]
    pub(crate) exports: Vec<ExportReport>,
    /// How a synthetic export was made; absent when the people may be real.
    #[serde(default)]
    pub(crate) synthetic: Option<Value>,
    /// Bad records or lines, by class.
    #[serde(default)]
    pub(crate) rejected_by_class: Option<BTreeMap<String, u64>>,
    /// Claims whose Patient was not in the input.
    #[serde(default)]
    pub(crate) claims_without_patient: Option<u64>,
    /// The files that were read.
    #[serde(default)]
    pub(crate) inputs: Vec<InputReport>,
    /// Files that were found and not read, by their ending.
    #[serde(default)]
    pub(crate) left_aside: BTreeMap<String, u64>,
    /// What became of the rows of an earlier result.
    #[serde(default)]
    pub(crate) carried: Option<CarriedReport>,
    /// What is not known of the records that were looked through.
    #[serde(default)]
    pub(crate) drift: Option<DriftReport>,
    /// The stages of the run.
    #[serde(default)]
    pub(crate) stages: Vec<StageReport>,
    /// Seconds that the run took.
    #[serde(default)]
    pub(crate) seconds: Option<f64>,
    /// The deliveries of CMS's files, as whoever read them tells.
    #[serde(default)]
    pub(crate) deliveries: Option<Value>,
}

impl Manifest {
    /// The manifest in a folder, which messages call so; none if there is no such file.
    ///
    /// # Errors
    /// There is one that cannot be read, or that this program does not know.
    pub(crate) fn read(folder: &Path, shown: &str) -> Result<Option<Self>, Error> {
        let text = match std::fs::read(folder.join(TABLES_MANIFEST)) {
            Ok(text) => text,
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                return Ok(None);
            }
            Err(error) => {
                let message = format!("{shown}: {TABLES_MANIFEST}: cannot read: {error}");
                return Err(Error::failed(message));
            }
        };
        let manifest: Self = serde_json::from_slice(&text).map_err(|_| {
            Error::usage(format!("{shown}: {TABLES_MANIFEST} is none of this program's"))
        })?;
        if manifest.schema_version != MANIFEST_VERSION {
            return Err(Error::usage(format!(
                "{shown}: {TABLES_MANIFEST} is of another version of this program; convert the exports again"
            )));
        }
        Ok(Some(manifest))
    }

    /// When the newest export was made.
    pub(crate) fn newest_time(&self) -> Option<jiff::Timestamp> {
        let times = self.exports.iter().filter_map(|export| export.transaction_time.as_ref());
        times.chain(&self.transaction_time).filter_map(|time| time.parse().ok()).max()
    }
}

/// What a result of this crate says of itself: its own report, and what every reader of manifests looks for.
#[derive(Serialize)]
pub(crate) struct Written<'r, R> {
    schema_version: u32,
    files: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    made_from: Option<MadeFrom>,
    #[serde(flatten)]
    earlier: Earlier<'r>,
    #[serde(flatten)]
    report: &'r R,
}

/// What is still so of the result that another was made of.
#[derive(Debug, Default, Serialize)]
struct Earlier<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    api: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_time: Option<&'r str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    exports: &'r [ExportReport],
    #[serde(skip_serializing_if = "Option::is_none")]
    synthetic: Option<&'r Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deliveries: Option<&'r Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected_by_class: Option<&'r BTreeMap<String, u64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claims_without_patient: Option<u64>,
}

impl<'r, R: Serialize> Written<'r, R> {
    /// Of a result with these files; the report has members `version`, `crosswalk_version` and `tables`. What comes from exports of BCDA is not made from files of
    /// CMS.
    pub(crate) fn new(
        made_from: impl Into<Option<MadeFrom>>,
        files: Vec<String>,
        report: &'r R,
    ) -> Self {
        Self {
            schema_version: MANIFEST_VERSION,
            files,
            made_from: made_from.into(),
            earlier: Earlier::default(),
            report,
        }
    }

    /// The same, made of a result with this manifest; `api` where its rows come from exports of BCDA.
    pub(crate) fn after(mut self, manifest: Option<&'r Manifest>, api: Option<Api>) -> Self {
        self.earlier = Earlier {
            api: api.map(Api::name),
            transaction_time: manifest.and_then(|manifest| manifest.transaction_time.as_deref()),
            exports: manifest.map_or(&[], |manifest| &manifest.exports),
            synthetic: manifest.and_then(|manifest| manifest.synthetic.as_ref()),
            deliveries: manifest.and_then(|manifest| manifest.deliveries.as_ref()),
            rejected_by_class: manifest.and_then(|manifest| manifest.rejected_by_class.as_ref()),
            claims_without_patient: manifest.and_then(|manifest| manifest.claims_without_patient),
        };
        self
    }

    /// The manifest's text.
    pub(crate) fn text(&self) -> Vec<u8> {
        let mut text = serde_json::to_vec_pretty(self).unwrap_or_default();
        text.push(b'\n');
        text
    }
}
