//! What files seem to hold, by their beginnings, and whether they are NDJSON at all. A guess that is wrong costs a second
//! reading of the claims, and nothing else.

use std::ops::Range;

use cclf_crosswalk::{Guess, Guesser, is_enough};
use ndjson_io::{Purpose, Sniffer, SourceFile};

use crate::error::Error;
use crate::input::instead::Instead;
use crate::options::Reading;
use crate::out::shared::shared;

/// How much of a file is looked at to guess what it holds: a few times the longest usual record.
pub(crate) const SNIFF_BYTES: usize = 256 << 10;

/// Fewer files than this are looked at sooner than a thread has started.
const FILES_WORTH_A_THREAD: usize = 64;

/// Files behind the one being looked at whose beginnings may come already, if they are not on this machine.
const PREPARED_FILES: usize = 16;

/// Of a series of more files than this one in so many is looked at, and the last. To look at a small file costs half
/// as much as to read it.
const SAMPLED: usize = 64;

/// Guesses what each file holds. Files of a series, `claims-00001.ndjson` and so on, are taken to hold the like, if those
/// do that are looked at.
///
/// # Errors
/// The first in the order of the files that are looked at: one is no NDJSON, or cannot be read.
pub(crate) fn guess_all(files: &[SourceFile], reading: &Reading) -> Result<Vec<Guess>, Error> {
    let series = series(files);
    let mut guesses = vec![None; files.len()];
    let sampled = series.iter().flat_map(|series| {
        let step = if series.len() > SAMPLED { SAMPLED } else { 1 };
        let last = series.end - 1;
        series.clone().filter(move |number| (number - series.start) % step == 0 || *number == last)
    });
    look_at(files, &sampled.collect::<Vec<_>>(), reading, &mut guesses)?;
    let mut unlike = Vec::new();
    for series in series {
        let first = guesses[series.start];
        if guesses[series.clone()].iter().flatten().all(|guess| Some(*guess) == first) {
            guesses[series].fill(first);
        } else {
            unlike.extend(series.filter(|number| guesses[*number].is_none()));
        }
    }
    look_at(files, &unlike, reading, &mut guesses)?;
    // The run wants to know of each how large it is and how old: this asks for it where that takes least time.
    let share = files.len().div_ceil(reading.threads()).max(FILES_WORTH_A_THREAD);
    let bytes = |share: &[SourceFile]| share.iter().filter_map(SourceFile::len).sum::<u64>();
    shared(files.chunks(share).collect(), reading.threads() - 1, bytes);
    Ok(guesses.into_iter().map(|guess| guess.unwrap_or(Guess::Claims)).collect())
}

/// Runs of files in one folder whose paths are the same but for their digits.
fn series(files: &[SourceFile]) -> Vec<Range<usize>> {
    fn path(file: &SourceFile) -> &[u8] {
        file.path().as_os_str().as_encoded_bytes()
    }
    let are_alike = |one: &SourceFile, other: &SourceFile| {
        let (one, other) = (path(one), path(other));
        let is_same = |(one, other): (&u8, &u8)| one == other || both_digits(*one, *other);
        one.len() == other.len() && !one.is_empty() && one.iter().zip(other).all(is_same)
    };
    let mut start = 0;
    let runs = files.chunk_by(are_alike).map(|run| {
        start += run.len();
        start - run.len()..start
    });
    runs.collect()
}

fn both_digits(one: u8, other: u8) -> bool {
    one.is_ascii_digit() && other.is_ascii_digit()
}

/// Looks at the files with these numbers, on several threads with a share of them each.
fn look_at(
    files: &[SourceFile],
    numbers: &[usize],
    reading: &Reading,
    guesses: &mut [Option<Guess>],
) -> Result<(), Error> {
    let share = numbers.len().div_ceil(reading.threads()).max(FILES_WORTH_A_THREAD);
    let shares = numbers.chunks(share).collect();
    let seen = shared(shares, reading.threads(), |share| look_at_each(files, share, reading));
    for (numbers, seen) in numbers.chunks(share).zip(seen) {
        for (number, guess) in numbers.iter().zip(seen?) {
            guesses[*number] = Some(guess);
        }
    }
    Ok(())
}

fn look_at_each(
    files: &[SourceFile],
    numbers: &[usize],
    reading: &Reading,
) -> Result<Vec<Guess>, Error> {
    let (mut sniffer, mut guesser) = (Sniffer::default(), Guesser::default());
    let guess = |(place, number): (usize, &usize)| {
        for next in numbers.iter().skip(place + 1).take(PREPARED_FILES) {
            files[*next].prepare(Purpose::Look);
        }
        if reading.cancel.is_cancelled() {
            return Err(Error::cancelled());
        }
        let file = &files[*number];
        if file.is_stream() {
            return Ok(Guess::Claims);
        }
        match guesser.guess(sniffer.beginning(file, SNIFF_BYTES, is_enough)?) {
            Guess::NotNdjson => Err(Instead::ONE_JSON_TEXT.error(file)),
            guess => Ok(guess),
        }
    };
    numbers.iter().enumerate().map(guess).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLAIM: &str = "{\"resourceType\":\"ExplanationOfBenefit\"}\n";
    const PATIENT: &str = "{\"resourceType\":\"Patient\"}\n";

    /// What is guessed of files of these names in one folder, in this order; those without text are not there.
    fn guessed(files: &[(String, Option<&str>)]) -> Result<Vec<Guess>, Error> {
        let work = tempfile::tempdir().unwrap();
        let sources: Vec<SourceFile> = files
            .iter()
            .map(|(name, text)| {
                let path = work.path().join(name);
                std::fs::write(&path, text.unwrap_or_default()).unwrap();
                let source = SourceFile::from_path(&path).unwrap();
                if text.is_none() {
                    std::fs::remove_file(path).unwrap();
                }
                source
            })
            .collect();
        guess_all(&sources, &Reading::new(Vec::new()))
    }

    /// The files of a long series: those that are looked at, and others.
    fn long(
        looked_at: Option<&'static str>,
        others: Option<&'static str>,
    ) -> Vec<(String, Option<&'static str>)> {
        let text = |number| if number % SAMPLED == 0 || number == 200 { looked_at } else { others };
        (0..=200).map(|number| (format!("part-{number:03}.ndjson"), text(number))).collect()
    }

    #[test]
    fn of_a_long_series_a_sample_is_looked_at() {
        let mut files = long(Some(PATIENT), None);
        files.push(("part-x.ndjson".to_owned(), Some(CLAIM)));
        let guesses = guessed(&files).unwrap();
        assert_eq!(guesses[..201], [Guess::People; 201]);
        assert_eq!(guesses[201..], [Guess::Claims]);
        guessed(&long(None, Some(PATIENT))).unwrap_err();
    }

    #[test]
    fn all_of_a_series_whose_files_differ_are_looked_at() {
        let mut files = long(Some(CLAIM), Some(PATIENT));
        files[200].1 = Some(PATIENT);
        let guesses = guessed(&files).unwrap();
        let is_claims = |number| [0, 64, 128, 192].contains(&number);
        for (number, guess) in guesses.into_iter().enumerate() {
            let expected = if is_claims(number) { Guess::Claims } else { Guess::People };
            assert_eq!(guess, expected, "{number}");
        }
    }

    #[test]
    fn short_series_and_names_that_differ_in_more_are_looked_at_one_by_one() {
        let name = |number: u8| format!("{}{number:02}.ndjson", char::from(b'a' + number));
        let files: Vec<_> = (0..20)
            .map(|number| (name(number), Some([CLAIM, PATIENT][usize::from(number % 2)])))
            .collect();
        let guesses = guessed(&files).unwrap();
        assert_eq!(guesses.iter().filter(|guess| **guess == Guess::People).count(), 10);
        let mut short = long(Some(CLAIM), Some(CLAIM))[..SAMPLED].to_vec();
        short[1].1 = None;
        guessed(&short).unwrap_err();
    }
}
