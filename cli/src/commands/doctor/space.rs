//! Free space, against what the last export and the tables take.

use indicatif::DecimalBytes;

use super::finding::{Findings, Status};
use super::found::Found;

const CHECK: &str = "space";
/// So many times the last export and the tables is enough: the new ones, the old ones that stay until then, and spools.
const ENOUGH: u64 = 3;

pub(super) fn look(found: &Found, findings: &mut Findings) {
    if let Some(fault) = found.fault {
        return findings.skip(&[CHECK], &format!("{} {fault}", found.word(&found.folder)));
    }
    let Ok(system) = rustix::fs::statvfs(&found.folder) else {
        let to_do = "look with df whether there is room";
        return findings.note(CHECK, "the file system does not say how much is free", to_do);
    };
    let free = system.f_bavail.saturating_mul(system.f_frsize);
    let files = found.newest_export().and_then(|export| export.journal.as_ref().ok());
    let export = files.map_or(0, |journal| journal.files.iter().map(|file| file.bytes).sum());
    let tables = found.newest_tables().and_then(|tables| tables.about.as_ref().ok());
    let tables = tables.map_or(0, |about| about.bytes);
    let taken = u64::saturating_add(export, tables);
    let free_text = DecimalBytes(free);
    let compared = format!(
        "{free_text} are free, and the last export and its tables take {}",
        DecimalBytes(taken)
    );
    match judge(free, taken) {
        Status::Ok => findings.ok(CHECK, compared),
        Status::Note => {
            let to_do = "have room for three times what an export and its tables take";
            findings.note(
                CHECK,
                format!("{free_text} are free, and there is no export yet to compare with"),
                to_do,
            );
        }
        status => {
            let to_do = "make room: three times that is enough for the next ones, which come before the old ones go";
            findings.add(status, CHECK, compared, to_do);
        }
    }
}

/// Whether so many bytes are enough where so many are taken.
fn judge(free: u64, taken: u64) -> Status {
    match taken {
        0 => Status::Note,
        _ if free < taken => Status::Fail,
        _ if free < taken.saturating_mul(ENOUGH) => Status::Warning,
        _ => Status::Ok,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_times_is_enough_and_less_than_once_is_none() {
        for (free, taken, status) in [
            (0, 0, Status::Note),
            (u64::MAX, 0, Status::Note),
            (0, 1, Status::Fail),
            (999, 1_000, Status::Fail),
            (1_000, 1_000, Status::Warning),
            (2_999, 1_000, Status::Warning),
            (3_000, 1_000, Status::Ok),
            (u64::MAX - 1, u64::MAX, Status::Fail),
            (u64::MAX, u64::MAX, Status::Ok),
        ] {
            assert_eq!(judge(free, taken), status, "{free} {taken}");
        }
    }
}
