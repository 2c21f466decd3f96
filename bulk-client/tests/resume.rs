//! Downloads that break at random points, and what servers may answer to whoever goes on: whatever it is, the file is
//! the server's byte for byte in the end.
//!
//! The points are the same in every run. `BCDA_TEST_SEED=N` takes others.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::common::{Answer, Client, Request, Service, patients, usual};

const FILE: &str = "/data/1/a.ndjson";
/// Points at which a connection breaks.
const POINTS: usize = 40;

/// Small random numbers.
struct Random(AtomicU64);

impl Random {
    fn new() -> Self {
        let seed = std::env::var("BCDA_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
        Self(AtomicU64::new(seed.unwrap_or(20)))
    }

    fn below(&self, bound: usize) -> usize {
        // SplitMix64.
        let mut z = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::SeqCst);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % bound as u64).unwrap()
    }
}

/// What a server does with a question for the rest of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// It gives it.
    GoesOn,
    /// There is another version by now, which it gives whole, as If-Range asks.
    Changed,
    /// There is another version by now, of which it gives a part, though If-Range asks otherwise.
    ChangedPart,
    /// It does not know ranges.
    Ignores,
    /// It says that there is no such part.
    NoSuchPart,
}

/// Where a range begins.
fn start(request: &Request) -> Option<usize> {
    request.header("range").strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
}

fn part(body: &[u8], start: usize, etag: &str) -> Answer {
    let range = format!("bytes {start}-{}/{}", body.len() - 1, body.len());
    Answer::new("206 Partial Content")
        .with("ETag", etag)
        .with("Content-Range", range)
        .body(&body[start..])
}

/// A server whose first answer breaks after so many bytes. Also: where the questions for the rest began.
fn breaking(
    then: Then,
    first: &[u8],
    second: &[u8],
    broken: usize,
) -> (Service, Arc<Mutex<Vec<Option<usize>>>>) {
    let (first, second) = (first.to_vec(), second.to_vec());
    let (calls, asked) = (AtomicUsize::new(0), Arc::new(Mutex::new(Vec::new())));
    let noted = Arc::clone(&asked);
    let service = Service::start(move |request, _| {
        let usual = usual(request, &[("Patient", FILE)], &[]);
        if usual.is_some() {
            return usual;
        }
        let from = start(request);
        noted.lock().unwrap().push(from);
        let whole = |body: &[u8], etag: &str| Answer::ok(body).with("ETag", etag);
        Some(match (calls.fetch_add(1, Ordering::SeqCst), then, from) {
            (0, ..) => whole(&first, "\"1\"").cut_after(broken),
            (_, Then::GoesOn, Some(from)) => {
                assert_eq!(request.header("if-range"), "\"1\"");
                part(&first, from, "\"1\"")
            }
            (1, Then::ChangedPart, Some(from)) => {
                part(&second, from.min(second.len() - 1), "\"2\"")
            }
            (1, Then::NoSuchPart, Some(_)) => {
                let range = format!("bytes */{}", second.len());
                Answer::new("416 Range Not Satisfiable").with("Content-Range", range)
            }
            (_, Then::Ignores | Then::GoesOn, _) => whole(&first, "\"1\""),
            _ => whole(&second, "\"2\""),
        })
    });
    (service, asked)
}

#[test]
fn forty_random_points_with_every_answer_to_a_range() {
    let random = Random::new();
    let first = patients(150_000);
    // The same people in another order: no byte of it may be mixed with the first.
    let mut lines: Vec<&[u8]> = first.split_inclusive(|byte| *byte == b'\n').skip(9).collect();
    lines.reverse();
    let second = lines.concat();
    for _ in 0..POINTS {
        let broken = random.below(first.len());
        for then in
            [Then::GoesOn, Then::Changed, Then::ChangedPart, Then::Ignores, Then::NoSuchPart]
        {
            let (service, asked) = breaking(then, &first, &second, broken);
            let client = Client::new();
            client.export(&service).unwrap();
            let wanted = match then {
                Then::GoesOn | Then::Ignores => &first,
                _ => &second,
            };
            let what = format!("{then:?} after {broken}");
            assert!(client.read("Patient-0001.ndjson") == *wanted, "{what}");
            assert_eq!(client.names(), ["Patient-0001.ndjson", "bcda-export.json"], "{what}");
            // No byte is asked for that is there, and none is left out.
            let asked = asked.lock().unwrap().clone();
            let rest = if broken == 0 { None } else { Some(broken) };
            assert_eq!(asked[..2], [None, rest], "{what}");
            let again = matches!(then, Then::ChangedPart | Then::NoSuchPart) && rest.is_some();
            assert_eq!(asked.len(), 2 + usize::from(again), "{what}: {asked:?}");
        }
    }
}

#[test]
fn a_file_that_breaks_again_and_again_comes_in_pieces_without_gap_or_overlap() {
    let random = Random::new();
    let body = patients(6_000_000);
    let mut breaks: Vec<usize> = (0..POINTS).map(|_| random.below(body.len())).collect();
    breaks.sort_unstable();
    breaks.dedup();
    let (sent, points) = (body.clone(), breaks.clone());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    let service = Service::start(move |request, _| {
        let usual = usual(request, &[("Patient", FILE)], &[]);
        if usual.is_some() {
            return usual;
        }
        let from = start(request).unwrap_or(0);
        noted.lock().unwrap().push(from);
        let answer = match start(request) {
            None => Answer::ok(sent.clone()).with("ETag", "\"1\""),
            Some(from) => part(&sent, from, "\"1\""),
        };
        let next = points.iter().find(|point| **point > from);
        Some(match next {
            None => answer,
            Some(point) => answer.cut_after(point - from),
        })
    });
    let mut client = Client::new();
    client.settings.attempts = 50;
    client.export(&service).unwrap();
    assert!(client.read("Patient-0001.ndjson") == body);
    // Each question begins where the answer before it broke.
    breaks.retain(|point| *point > 0);
    let asked = asked.lock().unwrap().clone();
    assert_eq!(asked[0], 0);
    assert_eq!(asked[1..], breaks[..], "every piece once");
}
