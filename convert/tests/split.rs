//! A scan cut into parts gives each row, reject and count once, however it is cut; and nothing of files that changed.

use std::fs;
use std::path::Path;

use cclf_crosswalk::arrow::array::RecordBatch;
use cclf_crosswalk::arrow::compute::concat_batches;
use cclf_crosswalk::{Columns, Crosswalk, Table};
use convert::{
    Cancel, Counts, Error, MaxRejects, OnBadRecord, Part, People, RejectPlace, ScanOptions,
    ScanReport, scan, split,
};
use synth::ClaimType;

const CLAIM_TABLES: [Table; 4] = [Table::Cclf1, Table::Cclf5, Table::Cclf7, Table::CclfB];

fn options(input: &Path, table: Table) -> ScanOptions {
    let mut options = ScanOptions::new(vec![input.to_str().unwrap().to_owned()], table);
    options.reading.file_date = Some(19_000);
    options.reading.max_rejects = MaxRejects::PerMillion(1_000_000);
    options
}

fn read(options: ScanOptions) -> Result<(RecordBatch, ScanReport), Error> {
    let mut scan = scan(options)?;
    let batches = scan.by_ref().collect::<Result<Vec<_>, _>>()?;
    Ok((concat_batches(&scan.schema(), &batches).unwrap(), scan.report().unwrap().clone()))
}

fn read_part(part: &Part, mut options: ScanOptions) -> Result<(RecordBatch, ScanReport), Error> {
    // As they travel.
    let json = serde_json::to_string(part).unwrap();
    options.part = Some(serde_json::from_str(&json).unwrap());
    options.reading.inputs = Vec::new();
    read(options)
}

/// An export with bad records, lines that end otherwise, many small files and compressed ones.
fn write_export(folder: &Path) {
    let mut people = String::new();
    let mut claims = "\u{feff}".to_owned();
    for seed in 0..12 {
        people += &(synth::patient(seed) + "\n");
        for (number, claim_type) in ClaimType::ALL.into_iter().enumerate() {
            claims += &synth::eob(seed, claim_type);
            claims += ["\n", "\r\n", "\n\n \n"][number % 3];
        }
        claims += "{\"resourceType\":\"ExplanationOfBenefit\"}\n";
        if seed % 4 == 0 {
            people += "{\"resourceType\":\"Nothing\"}\n";
            // A file of people that holds a claim, too.
            people += &(synth::eob(seed + 100, ClaimType::Carrier) + "\n");
        }
    }
    fs::write(folder.join("claims.ndjson"), claims.trim_end()).unwrap();
    fs::write(folder.join("people.ndjson"), people).unwrap();
    for number in 0..9_u64 {
        let line = synth::eob(number + 20, ClaimType::ALL[usize::try_from(number % 8).unwrap()]);
        if number % 2 == 0 {
            let packed = zstd::stream::encode_all(line.as_bytes(), 1).unwrap();
            fs::write(folder.join(format!("small-{number}.ndjson.zst")), packed).unwrap();
        } else {
            fs::write(folder.join(format!("small-{number}.ndjson")), line).unwrap();
        }
    }
    fs::write(folder.join("empty.ndjson"), "").unwrap();
}

fn add(sum: &mut Counts, counts: Counts) {
    sum.read += counts.read;
    sum.with_rows += counts.with_rows;
    sum.joined += counts.joined;
    sum.without_rows += counts.without_rows;
    sum.skipped_by_type += counts.skipped_by_type;
    sum.rejected += counts.rejected;
}

fn in_order(mut rejects: Vec<RejectPlace>) -> Vec<RejectPlace> {
    rejects.sort_by(|a, b| (&a.source, a.byte_offset).cmp(&(&b.source, b.byte_offset)));
    rejects
}

#[test]
fn parts_give_what_the_whole_gives() {
    let work = tempfile::tempdir().unwrap();
    let export = work.path().join("export");
    fs::create_dir(&export).unwrap();
    write_export(&export);
    let index = work.path().join("index");
    for people in [People::InFilesOfTheirs, People::Anywhere] {
        for table in CLAIM_TABLES {
            let asked = || ScanOptions { people, ..options(&export, table) };
            let (whole, report) = read(asked()).unwrap();
            let mut most_parts = 0;
            for part_bytes in [u64::MAX, 1 << 20, 30_000, 1_777] {
                let split = split(&asked(), part_bytes, Some(&index)).unwrap();
                most_parts = most_parts.max(split.parts.len());
                let (mut batches, mut sum) = (Vec::new(), split.people.run.records);
                let mut rejects = split.people.rejects.clone();
                for part in split.parts {
                    let (rows, part) = read_part(&part, asked()).unwrap();
                    batches.push(rows);
                    add(&mut sum, part.run.records);
                    rejects.extend(part.rejects);
                }
                // The files are in the same order, and so are the parts of each.
                let rows = concat_batches(&whole.schema(), &batches).unwrap();
                assert!(rows == whole, "{table:?}, {people:?}, parts of {part_bytes} bytes");
                assert_eq!(sum, report.run.records);
                assert_eq!(in_order(rejects), in_order(report.rejects.clone()));
            }
            assert!(most_parts > 50 && report.run.records.rejected > 12, "{most_parts}");
        }
    }
}

#[cfg(unix)]
#[test]
fn the_index_is_made_once_and_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let work = tempfile::tempdir().unwrap();
    let export = work.path().join("export");
    fs::create_dir(&export).unwrap();
    write_export(&export);
    let index = work.path().join("index");
    let asked = || options(&export, Table::Cclf5);
    let first = split(&asked(), 30_000, Some(&index)).unwrap();
    let metadata = fs::metadata(&index).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    let again = split(&asked(), 30_000, Some(&index)).unwrap();
    assert_eq!(again.parts, first.parts);
    // The seconds, too, are those of the first reading, but for the last digit of a number in JSON.
    assert_eq!(again.people.run.records, first.people.run.records);
    assert_eq!(again.people.rejects, first.people.rejects);
    let inode = |path: &Path| std::os::unix::fs::MetadataExt::ino(&fs::metadata(path).unwrap());
    let made = inode(&index);
    // Another table of the same files has the same, other files have not.
    split(&options(&export, Table::Cclf7), 30_000, Some(&index)).unwrap();
    assert_eq!(inode(&index), made);
    fs::write(export.join("more.ndjson"), synth::patient(50)).unwrap();
    let other = split(&asked(), 30_000, Some(&index)).unwrap();
    assert_eq!(other.people.run.records.joined, first.people.run.records.joined + 1);
    let error = read_part(&first.parts[0], asked()).unwrap_err();
    assert!(error.to_string().contains("begin the reading again"), "{error}");
    read_part(&other.parts[0], asked()).unwrap();

    // Damage anywhere is seen; the next reading makes it anew.
    let whole = fs::read(&index).unwrap();
    for at in [0, 9, 20, 60, whole.len() / 2, whole.len() - 1] {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        fs::write(&index, damaged).unwrap();
        // Another process would not have it in memory.
        let moved = work.path().join(format!("damaged-{at}"));
        fs::rename(&index, &moved).unwrap();
        let mut part = other.parts[0].clone();
        part.index.as_mut().unwrap().0.clone_from(&moved);
        let error = read_part(&part, asked()).unwrap_err().to_string();
        assert!(error.contains("damaged"), "{error}");
        fs::rename(&moved, &index).unwrap();
        split(&asked(), 30_000, Some(&index)).unwrap();
        read_part(&other.parts[0], asked()).unwrap();
    }
    let mut part = other.parts[0].clone();
    part.index.as_mut().unwrap().0 = work.path().join("nowhere");
    let error = read_part(&part, asked()).unwrap_err().to_string();
    assert!(error.contains("every executor must see it"), "{error}");
}

#[test]
fn a_bad_record_of_a_part_is_named_by_its_line_in_the_file() {
    let work = tempfile::tempdir().unwrap();
    let mut claims = (0..40).map(|seed| synth::eob(seed, ClaimType::Carrier)).collect::<Vec<_>>();
    claims[31] = "{\"resourceType\":\"ExplanationOfBenefit\"}".to_owned();
    fs::write(work.path().join("claims.ndjson"), claims.join("\n")).unwrap();
    let mut asked = options(work.path(), Table::Cclf5);
    asked.reading.on_bad_record = OnBadRecord::Fail;
    let split = split(&asked, 20_000, Some(&work.path().join("index"))).unwrap();
    assert!(split.parts.len() > 5);
    let own = || {
        let mut own = asked.clone();
        own.reading.cancel = Cancel::new();
        own
    };
    let read = |part: &Part| read_part(part, own()).err();
    let errors: Vec<Error> = split.parts.iter().filter_map(read).collect();
    let [error] = errors.as_slice() else { panic!("{} errors, as {}", errors.len(), errors[0]) };
    let (place, before) = (error.record().unwrap(), claims[..31].join("\n").len() + 1);
    assert_eq!((place.line, place.byte_offset), (32, before as u64));
    assert!(error.to_string().contains("claims.ndjson, line 32 "), "{error}");
}

#[test]
fn a_part_of_a_file_that_changed_is_refused() {
    let work = tempfile::tempdir().unwrap();
    let file = work.path().join("claims.ndjson");
    let claims: String = (0..20).map(|seed| synth::eob(seed, ClaimType::Carrier) + "\n").collect();
    fs::write(&file, &claims).unwrap();
    let asked = || options(work.path(), Table::Cclf5);
    let split_now = || split(&asked(), 20_000, Some(&work.path().join("index"))).unwrap().parts;
    let parts = split_now();
    fs::write(&file, claims.clone() + &claims).unwrap();
    let error = read_part(&parts[1], asked()).unwrap_err().to_string();
    assert!(error.starts_with("claims.ndjson: the file changed after"), "{error}");
    // Patients among claims that were to be read in one go.
    fs::write(&file, claims + &synth::patient(1)).unwrap();
    let errors = split_now().into_iter().filter_map(|part| read_part(&part, asked()).err());
    let errors: Vec<String> = errors.map(|error| error.to_string()).collect();
    assert_eq!(errors.len(), 1);
    assert!(errors[0].contains("people=\"anywhere\""), "{}", errors[0]);
}

#[test]
fn people_that_changed_end_the_parts_as_claims_do() {
    let work = tempfile::tempdir().unwrap();
    let (export, apart) = (work.path().join("export"), work.path().join("apart.ndjson"));
    fs::create_dir(&export).unwrap();
    let claims: String = (0..20).map(|seed| synth::eob(seed, ClaimType::Carrier) + "\n").collect();
    fs::write(export.join("claims.ndjson"), claims).unwrap();
    let patients: String = (0..20).map(|seed| synth::patient(seed) + "\n").collect();
    // In the input, in files beside it, and for columns that have nobody's MBI.
    for (people, joined) in
        [(export.join("people.ndjson"), true), (export.join("people.ndjson"), false), (apart, true)]
    {
        fs::write(&people, &patients).unwrap();
        let asked = || {
            let mut asked = options(&export, Table::Cclf5);
            if !joined {
                let names = ["CUR_CLM_UNIQ_ID".to_owned()];
                let only = Columns::only(Crosswalk::stu3(), &[Table::Cclf5], false, &names);
                asked.columns = only.unwrap();
            }
            if !people.starts_with(&export) {
                asked.reading.patients = vec![people.to_str().unwrap().to_owned()];
            }
            asked
        };
        let index = work.path().join("index");
        let parts = split(&asked(), 20_000, Some(&index)).unwrap().parts;
        assert!(parts.len() > 1);
        assert!(parts.iter().all(|part| read_part(part, asked()).is_ok()));
        fs::write(&people, patients.clone() + &synth::patient(21)).unwrap();
        let name = people.file_name().unwrap().to_str().unwrap();
        let ended = parts.iter().filter_map(|part| read_part(part, asked()).err());
        let ended: Vec<String> = ended.map(|error| error.to_string()).collect();
        // Nothing of people is in the other parts where no claim is joined.
        assert_eq!(ended.len(), if joined { parts.len() } else { 1 });
        for error in &ended {
            assert!(error.starts_with(&format!("{name}: the file changed after")), "{error}");
        }
        // Planned again, it is read.
        let parts = split(&asked(), 20_000, Some(&index)).unwrap().parts;
        assert!(parts.iter().all(|part| read_part(part, asked()).is_ok()));
        fs::remove_file(&people).unwrap();
        assert!(parts.iter().any(|part| read_part(part, asked()).is_err()));
    }
}
