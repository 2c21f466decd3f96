//! What an export brought, for people.

use std::collections::BTreeMap;
use std::path::Path;

use bulk_client::{ItemType, Report};
use indicatif::DecimalBytes;

use crate::failure::spelled;
use crate::log::one_line;
use crate::show::{figures, grid, grouped};

/// The tables at the end of a run, and what else is to be said.
pub(crate) fn summary(report: &Report, out: &Path) -> String {
    let mut by_type: BTreeMap<(&str, &str), [u64; 3]> = BTreeMap::new();
    for file in &report.files {
        let counts = by_type.entry((file.item_type.name(), &file.resource_type)).or_default();
        for (count, more) in counts.iter_mut().zip([1, file.records, file.bytes]) {
            *count += more;
        }
    }
    let mut files = figures(&["type", "files", "records", "bytes"], 1..=3);
    for ((list, name), counts) in by_type {
        let name = if list == ItemType::Output.name() {
            name.to_owned()
        } else {
            format!("{name} ({list})")
        };
        let [of_files, records, bytes] = counts.map(grouped);
        files.add_row([name, of_files, records, bytes]);
    }
    for name in &report.types_without_file {
        files.add_row([name.as_str(), "0", "0", "0"]);
    }
    let mut text = files.to_string();
    if report.issues.iter().next().is_some() {
        let mut issues = grid(&["issues of the server", "class", "count"]);
        for (severity, class, count) in report.issues.iter() {
            issues.add_row([severity.name(), class, &grouped(count)]);
        }
        text = format!("{text}\n{issues}");
    }
    for remark in report.remarks() {
        text = format!("{text}\n{}", remark.text.spelled(spelled));
    }
    format!(
        "{text}\n{} in {:.1} s, {} already there, transactionTime {}, in {}",
        DecimalBytes(report.bytes()),
        report.took.as_secs_f64(),
        report.already_there,
        report.transaction_time,
        one_line(out)
    )
}
