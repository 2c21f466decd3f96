use super::*;

#[test]
fn compression_extension_is_not_part_of_the_name() {
    for (path, name) in [
        ("a.ndjson", "a.ndjson"),
        ("a.ndjson.gz", "a.ndjson"),
        ("d/a.jsonl.zst", "d/a.jsonl"),
        ("a.gz.gz", "a.gz"),
        ("A.NDJSON.GZ", "A.NDJSON"),
        ("a.Zst", "a"),
        ("é", "é"),
        ("gz", "gz"),
        (".gz", ".gz"),
        ("d/.zst", "d/.zst"),
    ] {
        assert_eq!(strip_compression_extension(path), name);
    }
}

#[test]
fn from_path_tells_missing_from_folder() {
    let dir = tempfile::tempdir().unwrap();
    let missing = SourceFile::from_path(dir.path().join("no")).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::InputMissing);
    let folder = SourceFile::from_path(dir.path()).unwrap_err();
    assert_eq!(folder.kind(), ErrorKind::NotAFile);
    assert!(folder.is_usage());
}

#[test]
fn file_has_size_time_and_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("Patient.ndjson.gz");
    std::fs::write(&path, "{}\n").unwrap();
    let source = SourceFile::from_path(&path).unwrap();
    assert_eq!(source.name(), "Patient.ndjson");
    assert_eq!((source.len(), source.is_empty(), source.is_stream()), (Some(3), false, false));
    assert!(source.modified().is_some());
    assert_eq!(SourceFile::with_name(&path, "stdin").unwrap().name(), "stdin");
}

#[test]
fn all_readings_are_of_one_file_and_size() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    std::fs::write(&path, "12345").unwrap();
    let source = SourceFile::from_path(&path).unwrap();
    // Looking binds nothing, and the size is that of the first reading, not of the discovery.
    assert!(source.open().is_ok());
    std::fs::write(&path, "1234567").unwrap();
    let size = |source: &SourceFile| match source.clone().open_to_read() {
        Ok(Opened::File(file)) => Ok(file.size_at_open),
        Ok(Opened::Stream(_) | Opened::Remote { .. }) => panic!("it is a file"),
        Err(error) => Err(error.kind()),
    };
    assert_eq!(size(&source), Ok(7));
    assert_eq!(size(&source), Ok(7));
    std::fs::write(&path, "123456789").unwrap();
    assert_eq!(size(&source), Err(ErrorKind::Changed));
    std::fs::write(&path, "7654321").unwrap();
    assert_eq!(size(&source), Err(ErrorKind::Changed), "of the same size");
    assert_eq!(size(&source.part(0..4)), Ok(7), "parts are of the first size");
    std::fs::write(&path, "123").unwrap();
    assert_eq!(size(&source), Err(ErrorKind::Shrunk { expected_bytes: 7, found_bytes: 3 }));
    std::fs::write(dir.path().join("b"), "1234567").unwrap();
    std::fs::rename(dir.path().join("b"), &path).unwrap();
    assert_eq!(size(&source), Err(ErrorKind::Replaced));
    assert_eq!(size(&SourceFile::from_path(&path).unwrap()), Ok(7));
}

#[test]
fn a_stream_opens_once() {
    let stream = SourceFile::from_reader("s", io::empty());
    assert!(stream.is_stream() && stream.clone().open().is_ok());
    assert_eq!(stream.open().err().unwrap().kind(), ErrorKind::AlreadyRead);
}
