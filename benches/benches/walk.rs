//! Throughput of the JSON walk on synthetic records, beside other parsers on the same bytes.
//!
//! What is compared is not the same work: `serde_json` passes over strings without looking at their
//! UTF-8, `simd-json` writes a tape of the whole text (and unescapes in place, so its figure holds a
//! copy of the text). Both let through texts that the walk refuses.

use std::fmt::Write;
use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use json_walk::{Cursor, Duplicates, Error, Kind, Limits, Members, check};
use synth::ClaimType;

/// Records of one shape: enough of them that the branch predictor cannot learn them by heart.
const RECORDS: u64 = 64;

/// Texts of one shape, checked one after another.
struct Texts {
    shape: &'static str,
    texts: Vec<Vec<u8>>,
}

impl Texts {
    fn claims(claim_type: ClaimType) -> Self {
        let shape = match claim_type {
            ClaimType::Carrier => "carrier",
            ClaimType::Dme => "dme",
            ClaimType::Hha => "hha",
            ClaimType::Hospice => "hospice",
            ClaimType::Inpatient => "inpatient",
            ClaimType::Outpatient => "outpatient",
            ClaimType::Pde => "pde",
            ClaimType::Snf => "snf",
        };
        let texts = (0..RECORDS).map(|seed| synth::eob(seed, claim_type).into_bytes()).collect();
        Self { shape, texts }
    }

    fn one(shape: &'static str, text: String) -> Self {
        Self { shape, texts: vec![text.into_bytes()] }
    }

    fn bytes(&self) -> u64 {
        self.texts.iter().map(|text| text.len() as u64).sum()
    }

    /// Shape and size, such as `carrier/64x8KiB`.
    fn name(&self) -> String {
        let count = self.texts.len();
        let mean = self.bytes() / count as u64;
        format!("{}/{count}x{}KiB", self.shape, mean.div_ceil(1024))
    }
}

/// The same claims in other dress: what real records hold little of.
fn shapes() -> Vec<Texts> {
    let claim = synth::eob(1, ClaimType::Carrier);
    let value: serde_json::Value = serde_json::from_str(&claim).expect("synthetic claims are JSON");
    let pretty = serde_json::to_string_pretty(&value).expect("it was JSON");
    let strings = vec!["The quick brown fox jumps over the lazy dog. ".repeat(20); 64];
    let accents = vec!["Größe, façade, señor, 診療 ".repeat(40); 64];
    let escapes = vec![r"a\u00e9b\n\ud83d\ude00c\\".repeat(40); 64];
    vec![
        Texts::one("pretty-printed", pretty),
        Texts::one("long-ascii-strings", format!("[\"{}\"]", strings.join("\",\""))),
        Texts::one("long-unicode-strings", format!("[\"{}\"]", accents.join("\",\""))),
        Texts::one("escapes", format!("[\"{}\"]", escapes.join("\",\""))),
        Texts::one("numbers", format!("[{}]", vec!["37.50,-1,0,123456.789e-3"; 2000].join(","))),
        Texts::one("depth-64", format!("[{}]", vec![deep(63); 500].join(","))),
    ]
}

fn deep(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

/// One object with this many different member names.
fn wide(members: usize) -> String {
    let mut text = String::from("{");
    for number in 0..members {
        let comma = if number == 0 { "" } else { "," };
        write!(text, "{comma}\"member{number}\":{number}").expect("strings do not fail");
    }
    text + "}"
}

/// Reads every value and every name: what a caller that skips nothing costs at least.
fn read(cursor: &mut Cursor<'_>, names: &mut usize) -> Result<(), Error> {
    match cursor.kind()? {
        Kind::Object => {
            let mut members = cursor.enter_object()?;
            while let Some(key) = cursor.next_key(&mut members)? {
                *names += key.unescape().len();
                read(cursor, names)?;
            }
        }
        Kind::Array => {
            let mut elements = cursor.enter_array()?;
            while cursor.next_element(&mut elements)? {
                read(cursor, names)?;
            }
        }
        Kind::String => *names += cursor.string()?.unescape().len(),
        Kind::Number => *names += cursor.number()?.text().len(),
        Kind::Boolean => *names += usize::from(cursor.boolean()?),
        Kind::Null => cursor.null()?,
    }
    Ok(())
}

fn read_whole(text: &[u8]) -> Result<usize, Error> {
    let mut cursor = Cursor::new(text, Limits::default())?;
    let mut names = 0;
    read(&mut cursor, &mut names)?;
    cursor.finish()?;
    Ok(names)
}

fn measure(
    criterion: &mut Criterion,
    group: &str,
    texts: &[Texts],
    mut work: impl FnMut(&[u8]) -> bool,
) {
    let mut group = criterion.benchmark_group(group);
    for texts in texts {
        group.throughput(Throughput::Bytes(texts.bytes()));
        group.bench_function(BenchmarkId::from_parameter(texts.name()), |bencher| {
            bencher.iter(|| {
                for text in &texts.texts {
                    assert!(work(black_box(text)), "a good text was refused");
                }
            });
        });
    }
}

fn walk(criterion: &mut Criterion) {
    let limits = Limits::default();
    let claims: Vec<Texts> = ClaimType::ALL.into_iter().map(Texts::claims).collect();
    let shapes = shapes();
    for texts in [&claims, &shapes] {
        measure(criterion, "walk/check", texts, |text| {
            check(text, limits, Duplicates::Allow).is_ok()
        });
        measure(criterion, "walk/check-names", texts, |text| {
            check(text, limits, Duplicates::Refuse).is_ok()
        });
        measure(criterion, "walk/read", texts, |text| black_box(read_whole(text)).is_ok());
    }
    measure(criterion, "serde-json/ignore", &claims, |text| {
        serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok()
    });
    let mut copy = Vec::new();
    let mut buffers = simd_json::Buffers::default();
    measure(criterion, "simd-json/tape", &claims, |text| {
        copy.clear();
        copy.extend_from_slice(text);
        simd_json::to_tape_with_buffers(&mut copy, &mut buffers).is_ok()
    });
    measure(criterion, "std/utf8", &claims, |text| black_box(std::str::from_utf8(text)).is_ok());
}

/// The cost of the duplicate check grows with the number of names, not with its square: all
/// throughputs are of one order (large tables leave the caches).
fn names(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("walk/names");
    for count in [10, 100, 1_000, 10_000, 100_000] {
        let text = wide(count);
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(BenchmarkId::from_parameter(format!("{count}-members")), |bencher| {
            bencher.iter(|| {
                check(black_box(text.as_bytes()), Limits::default(), Duplicates::Refuse).is_ok()
            });
        });
    }
    // One large object before many of 30 members: the large one's memory must not weigh on the others.
    let text = format!("[{},{}]", wide(100_000), vec![wide(30); 2_000].join(","));
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("100000-members-then-2000x30", |bencher| {
        let mut names = Members::default();
        bencher.iter(|| reused(black_box(text.as_bytes()), &mut names).is_ok());
    });
}

/// Checks a list of flat objects with one [`Members`] for all of them.
fn reused<'a>(text: &'a [u8], names: &mut Members<'a>) -> Result<(), Error> {
    let mut cursor = Cursor::new(text, Limits::default())?;
    let mut objects = cursor.enter_array()?;
    while cursor.next_element(&mut objects)? {
        names.clear();
        let mut members = cursor.enter_object()?;
        while let Some(key) = cursor.next_key(&mut members)? {
            names.insert(key)?;
            cursor.skip()?;
        }
    }
    cursor.finish()
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1200));
    targets = walk, names
}
criterion_main!(benches);
