//! The manifest: what the export server answers when the job is done, and two members of our own.

use crate::defect::RecordType;
use crate::json::Json;
use crate::options::Options;
use crate::summary::Summary;
use crate::weeks::{self, Scope, Window};
use std::collections::BTreeMap;

/// What the files of deletions have.
const BUNDLE: &str = "Bundle";

/// The manifest's text. `transactionTime` to `JobID` are the server's members in its order; `files` tells what
/// stands beside the manifest; `synthetic` tells how it was made.
pub(crate) fn text(options: &Options, summary: &Summary) -> String {
    let mut json = Json::default();
    json.open();
    let transaction_time = weeks::transaction_time(options.window.map_or(1, |window| window.until));
    json.code("transactionTime", &transaction_time);
    let (endpoint, since) = match options.window {
        Some(Window { after, scope, .. }) => (
            if scope == Scope::Patient { "Patient" } else { "Group/all" },
            if after > 0 {
                format!("&_since={}", weeks::transaction_time(after))
            } else {
                String::new()
            },
        ),
        None => ("Group/all", String::new()),
    };
    json.code(
        "request",
        &format!(
            "https://sandbox.bcda.example/api/{}/{endpoint}/$export?_type=ExplanationOfBenefit,Patient,Coverage{since}",
            options.api
        ),
    );
    json.key("requiresAccessToken");
    json.raw("true");
    json.list_key("output");
    for file in &summary.files {
        if let Some(record_type) = file.record_type {
            list(&mut json, record_type.name(), &file.name);
        }
    }
    json.raw("\n]");
    if summary.files.iter().any(|file| file.record_type.is_none()) {
        json.list_key("deleted");
        for file in &summary.files {
            if file.record_type.is_none() {
                list(&mut json, BUNDLE, file.name.rsplit('/').next().unwrap_or(&file.name));
            }
        }
        json.raw("\n]");
    }
    json.raw(",\"error\":[],\"JobID\":1");
    json.list_key("files");
    for file in &summary.files {
        line(&mut json);
        json.code("name", &file.name);
        json.code("type", file.record_type.map_or(BUNDLE, RecordType::name));
        count(&mut json, "records", file.records);
        count(&mut json, "bytes", file.bytes);
        count(&mut json, "content_bytes", file.content_bytes);
        json.close();
    }
    json.raw("\n],\n");
    json.raw("\"synthetic\":{");
    json.code("generator", concat!("bcda-synth ", env!("CARGO_PKG_VERSION")));
    count(&mut json, "seed", options.seed);
    count(&mut json, "beneficiaries", options.beneficiaries);
    count(&mut json, "bad_per_million", u64::from(options.bad_per_million));
    counts(&mut json, "records", &summary.records);
    counts(&mut json, "claims", &summary.claims);
    counts(&mut json, "second_versions", &summary.second_versions);
    count(&mut json, "claims_without_patient", summary.claims_without_patient);
    if options.partially_adjudicated_per_million > 0 {
        count(&mut json, "partially_adjudicated", summary.partially_adjudicated);
        count(&mut json, "prior_authorizations", summary.prior_authorizations);
    }
    if let Some(window) = options.window {
        json.open_key("weeks");
        count(&mut json, "after", window.after.into());
        count(&mut json, "until", window.until.into());
        json.close();
        counts(&mut json, "events", &summary.events);
    }
    counts(&mut json, "bad", &summary.bad);
    json.raw("}}\n");
    String::from_utf8(json.bytes).unwrap_or_default()
}

/// A file of the server's list.
fn list(json: &mut Json, kind: &str, name: &str) {
    line(json);
    json.code("type", kind);
    json.code("url", &format!("https://sandbox.bcda.example/data/1/{name}"));
    json.close();
}

/// An object on a line of its own.
fn line(json: &mut Json) {
    if json.bytes.last() == Some(&b'}') {
        json.raw(",");
    }
    json.raw("\n");
    json.open();
}

fn count(json: &mut Json, name: &str, number: u64) {
    json.key(name);
    json.unsigned(number);
}

fn counts(json: &mut Json, name: &str, counts: &BTreeMap<&'static str, u64>) {
    json.open_key(name);
    for (name, &number) in counts {
        count(json, name, number);
    }
    json.close();
}
