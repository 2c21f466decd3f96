//! Files that are not on this machine, as this crate sees them: bytes in memory stand for them.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use ndjson_io::{
    Elsewhere, Error, ErrorKind, Line, Purpose, ReadOptions, Remote, RemoteFault, RemoteFile,
    Sniffer, SourceFile, discover_among, read_records,
};

/// Gives bytes, then fails if it is told to. Remembers what it was asked for.
struct Memory {
    bytes: Vec<u8>,
    fault: Option<RemoteFault>,
    asked: Mutex<Vec<(bool, Purpose)>>,
}

impl Remote for Memory {
    fn open(&self, purpose: Purpose) -> Box<dyn Read + Send> {
        self.asked.lock().unwrap().push((true, purpose));
        let bytes = io::Cursor::new(self.bytes.clone());
        match self.fault.clone() {
            Some(fault) => Box::new(bytes.chain(Broken(fault))),
            None => Box::new(bytes),
        }
    }

    fn prepare(&self, purpose: Purpose) {
        self.asked.lock().unwrap().push((false, purpose));
    }
}

struct Broken(RemoteFault);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other(self.0.clone()))
    }
}

fn file(relative: &str, bytes: &[u8], fault: Option<RemoteFault>) -> (RemoteFile, Arc<Memory>) {
    let memory = Arc::new(Memory { bytes: bytes.to_vec(), fault, asked: Mutex::default() });
    let file = RemoteFile {
        location: PathBuf::from(format!("mem://bucket/{relative}")),
        relative: relative.to_owned(),
        len: bytes.len() as u64,
        modified: None,
        remote: Arc::<Memory>::clone(&memory),
    };
    (file, memory)
}

fn lines(files: &[SourceFile]) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    let text = |line: Line<'_>| Ok::<_, std::convert::Infallible>(line.bytes.to_vec());
    read_records(files, &ReadOptions::default(), text, |record| {
        if let Ok(bytes) = record.value {
            found.push(String::from_utf8(bytes).unwrap());
        }
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

#[test]
fn a_folder_elsewhere_has_the_files_of_one_here() {
    let names = [
        "b.ndjson",
        "a.ndjson.gz",
        "sub/c.jsonl",
        "d.txt",
        ".e.ndjson",
        "rejects/f.ndjson",
        "out.partial-1-2/g.ndjson",
        "sub/.h/i.ndjson",
        "log.ndjson",
        "sub/deleted/k.ndjson",
        "error/m/n.ndjson",
        "SUB.NDJSON.GZ",
    ];
    let here = tempfile::tempdir().unwrap();
    let mut there = Vec::new();
    for name in names {
        let path = here.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "{}\n").unwrap();
        there.push(file(name, b"{}\n", None).0);
    }
    let here_named = [here.path().display().to_string()];
    let never = AtomicBool::new(false);
    let local = discover_among(&here_named, &[], &never, |_| Ok::<_, Error>(None)).unwrap();
    let found = discover_among(&["mem".to_owned()], &[], &never, |_| {
        Ok::<_, Error>(Some(Elsewhere::Folder(std::mem::take(&mut there))))
    })
    .unwrap();
    assert_eq!(found.left_aside.len(), 5);
    assert_eq!(local.left_aside.len(), 5);
    let (found, local) = (found.sources, local.sources);
    let names =
        |files: &[SourceFile]| files.iter().map(|file| file.name().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&found), names(&local));
    assert_eq!(names(&found), ["SUB.NDJSON", "a.ndjson", "b.ndjson", "sub/c.jsonl"]);
    assert!(found.iter().all(|file| file.is_remote() && !file.is_stream()));
    let none = discover_among(&["mem".to_owned()], &[], &AtomicBool::new(false), |_| {
        Ok::<_, Error>(Some(Elsewhere::Folder(vec![file("d.txt", b"", None).0])))
    });
    assert_eq!(none.unwrap_err().kind(), ErrorKind::NoMatchInFolder);
}

#[test]
fn it_is_looked_at_and_read_as_often_as_wanted() {
    let (one, memory) = file("a.ndjson", b"one\ntwo\n", None);
    let (two, next) = file("b.ndjson", b"three\n", None);
    let files = [SourceFile::from_remote(one), SourceFile::from_remote(two)];
    let mut sniffer = Sniffer::default();
    assert_eq!(sniffer.beginning(&files[0], 3, |_| false).unwrap(), b"one");
    for _ in 0..2 {
        assert_eq!(lines(&files).unwrap(), ["one", "two", "three"]);
    }
    let read = (true, Purpose::Read);
    assert_eq!(*memory.asked.lock().unwrap(), [(true, Purpose::Look), read, read]);
    // The next one was told to come while the first was read.
    let ahead = (false, Purpose::Read);
    assert_eq!(*next.asked.lock().unwrap(), [ahead, read, ahead, read]);
}

#[test]
fn faults_are_told_as_what_they_are() {
    for (fault, kind, said) in [
        (RemoteFault::Replaced, ErrorKind::Replaced, "replaced by another one"),
        (RemoteFault::Cancelled, ErrorKind::Cancelled, "cancelled"),
        (RemoteFault::Failed("no answer".to_owned()), ErrorKind::Remote, "no answer"),
    ] {
        let (mut file, _) = file("a.ndjson", b"one\ntwo\n", Some(fault));
        file.len = 100;
        let error = lines(&[SourceFile::from_remote(file)]).unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(error.to_string().contains(said), "{error}");
    }
    let (mut short, _) = file("a.ndjson", b"one\n", None);
    short.len = 100;
    let error = lines(&[SourceFile::from_remote(short)]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Shrunk { expected_bytes: 100, found_bytes: 4 });
}
