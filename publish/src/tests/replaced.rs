//! What somebody else does between our last look and the exchange.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;

use super::work;
use crate::ErrorKind;
use crate::existing::Existing;
use crate::folder::{Folder, Gate};
use crate::replace::{Replacement, publish};

#[test]
fn a_file_put_there_before_the_exchange_is_given_back() {
    for existing in
        [Existing::Empty, Existing::Ours { files: vec!["a".into()], folders: Vec::new() }]
    {
        let work = work();
        let (out, partial) = (work.path().join("out"), work.path().join("out.partial-1-2"));
        fs::create_dir(&out).unwrap();
        fs::create_dir(&partial).unwrap();
        fs::write(out.join("notes.txt"), "mine").unwrap();
        fs::write(partial.join("a"), "new").unwrap();
        let parent = Folder::open(work.path(), Gate::default()).unwrap();
        let result = publish(&Replacement {
            parent: &parent,
            partial: &parent.open_child("out.partial-1-2").unwrap(),
            partial_name: OsStr::new("out.partial-1-2"),
            backup_name: OsStr::new("out.partial-1-2-old"),
            out: &out,
            out_name: OsStr::new("out"),
            manifest_name: "m",
            new_files: &["a".into()],
            ours: &BTreeSet::from(["a".into(), "m".into()]),
            existing,
            keeping: None,
        });
        let failure = result.err().unwrap();
        assert_eq!(*failure.error.kind(), ErrorKind::ForeignFiles { count: 1 });
        assert_eq!(failure.error.path(), out);
        assert!(!failure.keep);
        assert_eq!(fs::read(out.join("notes.txt")).unwrap(), b"mine");
        assert!(partial.join("a").exists());
    }
}

#[test]
fn something_put_where_nothing_was_is_not_replaced() {
    let work = work();
    let out = work.path().join("out");
    let parent = Folder::open(work.path(), Gate::default()).unwrap();
    let partial = parent.make_child("out.partial-1-2").unwrap().unwrap();
    let attempt = || {
        let result = publish(&Replacement {
            parent: &parent,
            partial: &partial,
            partial_name: OsStr::new("out.partial-1-2"),
            backup_name: OsStr::new("out.partial-1-2-old"),
            out: &out,
            out_name: OsStr::new("out"),
            manifest_name: "m",
            new_files: &[],
            ours: &BTreeSet::new(),
            existing: Existing::Absent,
            keeping: None,
        });
        result.err().map(|failure| failure.error.kind().clone())
    };
    fs::write(&out, "mine").unwrap();
    assert_eq!(attempt(), Some(ErrorKind::OutputExists));
    fs::remove_file(&out).unwrap();
    std::os::unix::fs::symlink("elsewhere", &out).unwrap();
    assert_eq!(attempt(), Some(ErrorKind::OutputExists));
    fs::remove_file(&out).unwrap();
    fs::create_dir_all(out.join("mine")).unwrap();
    assert_eq!(attempt(), Some(ErrorKind::OutputExists));
    assert!(out.join("mine").exists());
}

#[test]
#[cfg(target_os = "linux")]
fn a_mount_point_is_seen() {
    let root = Folder::open("/".as_ref(), Gate::default()).unwrap();
    assert!(root.is_mount_point(&root.open_child("proc").unwrap()).unwrap());
    let work = work();
    let parent = Folder::open(work.path(), Gate::default()).unwrap();
    let child = parent.make_child("out").unwrap().unwrap();
    assert!(!parent.is_mount_point(&child).unwrap());
}
