//! Small exports, with a manifest of their time, and what was deleted after them.

use serde_json::{Value, json};

use super::records::lines;
use super::{Work, joined};

/// Three weeks.
pub(crate) const FIRST: &str = "2024-03-01T06:00:00Z";
pub(crate) const SECOND: &str = "2024-03-08T06:00:00Z";
pub(crate) const THIRD: &str = "2024-03-15T06:00:00Z";

/// Writes an export with a manifest of this time: files by name, with their records.
pub(crate) fn export(work: &Work, folder: &str, time: &str, records: &[(&str, &[Value])]) {
    for (name, records) in records {
        work.write(&format!("{folder}/{name}.ndjson"), joined(lines(records)));
    }
    let manifest = json!({"transactionTime": time, "request": "https://x/api", "output": []});
    work.write(&format!("{folder}/bcda-export.json"), manifest.to_string());
}

/// Says in an export that resources were deleted.
pub(crate) fn delete(work: &Work, folder: &str, names: &[&str]) {
    let request = |name: &&str| json!({"request": {"method": "DELETE", "url": name}});
    let entries: Vec<Value> = names.iter().map(request).collect();
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries});
    work.write_lines(&format!("{folder}/deleted/one.ndjson"), [bundle.to_string()]);
}

/// The record as it was last changed at a time.
pub(crate) fn updated(mut record: Value, time: &str) -> Value {
    record["meta"]["lastUpdated"] = time.into();
    record
}
