//! Whether the folder can be written, and who else can read what is in it.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::{Access, access};

use super::finding::Findings;
use super::found::Found;

const CHECK: &str = "permissions";
/// The permission bits of group and others.
const OTHERS: u32 = 0o077;

pub(super) fn look(found: &Found, findings: &mut Findings) {
    let folder = found.word(&found.folder);
    if let Some(fault) = found.fault {
        let to_do = match fault {
            "is not there" => format!("make it: mkdir -p -m 700 {folder}"),
            "is no folder" => "name the folder of exports or tables".to_owned(),
            _ => "look with ls -ld who may, and become that user".to_owned(),
        };
        return findings.fail(CHECK, format!("{folder} {fault}"), to_do);
    }
    // A file without a name: nobody else sees it, and nothing of it stays.
    let may = access(&found.folder, Access::WRITE_OK | Access::EXEC_OK).is_ok();
    if !may || tempfile::tempfile_in(&found.folder).is_err() {
        let to_do =
            "run as its owner, or have the owner let you write: exports and tables are made there";
        findings.fail(CHECK, format!("{folder} cannot be written"), to_do);
    } else {
        findings.ok(CHECK, format!("{folder} can be written"));
    }
    let exports = found.exports.iter().map(|export| export.folder.as_path());
    let tables = found.tables.iter().map(|tables| tables.folder.as_path());
    let mut open: Vec<&Path> = exports.chain(tables).chain([found.folder.as_path()]).collect();
    open.retain(|folder| is_open(folder));
    open.sort_unstable();
    open.dedup();
    let Some(first) = open.first() else { return };
    let more = match open.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} folders more"),
    };
    findings.warning(
        CHECK,
        format!("others can look into {}{more}", found.word(first)),
        format!("let nobody else: chmod -R go= {folder}"),
    );
}

fn is_open(folder: &Path) -> bool {
    folder.metadata().is_ok_and(|found| found.permissions().mode() & OTHERS != 0)
}
