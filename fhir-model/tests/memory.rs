//! Memory of the whole process, and so a program of its own.

use fhir_model::from_slice;

#[test]
fn no_room_is_made_for_entries_that_are_none() {
    // Room for all that this list seems to have would be gigabytes.
    let zeros = ",0".repeat(8 << 20);
    let text = format!(r#"{{"item":[{{}}{zeros}],"resourceType":"ExplanationOfBenefit"}}"#);
    let fault = from_slice(text.as_bytes()).unwrap_err();
    assert!(fault.to_string().contains("item[1]"), "{fault}");
    // Of the whole process; only Linux tells it.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmPeak:"));
    let kib =
        peak.and_then(|peak| peak.trim().split(' ').next()).map_or(0, |kib| kib.parse().unwrap());
    assert!(kib < 3 << 20, "{kib} KiB");
}
