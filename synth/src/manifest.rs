//! The manifest: what the export server answers when the job is done, and two members of our own.

use crate::export::{Options, Summary};
use crate::json::Json;
use std::collections::BTreeMap;

/// Two weeks after the last day of the data.
pub(crate) const TRANSACTION_TIME: &str = "2024-02-29T06:30:15.25Z";

/// The manifest's text. `transactionTime` to `JobID` are the server's members in its order; `files` tells what
/// stands beside the manifest; `synthetic` tells how it was made.
pub(crate) fn text(options: &Options, summary: &Summary) -> String {
    let mut json = Json::default();
    json.open();
    json.code("transactionTime", TRANSACTION_TIME);
    json.code(
        "request",
        &format!(
            "https://sandbox.bcda.example/api/{}/Group/all/$export?_type=ExplanationOfBenefit,Patient,Coverage",
            options.api
        ),
    );
    json.key("requiresAccessToken");
    json.raw("true");
    json.list_key("output");
    for file in &summary.files {
        line(&mut json);
        json.code("type", file.record_type.name());
        json.code("url", &format!("https://sandbox.bcda.example/data/1/{}", file.name));
        json.close();
    }
    json.raw("\n],\"error\":[],\"JobID\":1");
    json.list_key("files");
    for file in &summary.files {
        line(&mut json);
        json.code("name", &file.name);
        json.code("type", file.record_type.name());
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
    counts(&mut json, "bad", &summary.bad);
    json.raw("}}\n");
    String::from_utf8(json.bytes).unwrap_or_default()
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
