//! What all passes do with a block of lines besides their own.

use std::ops::ControlFlow;

use cclf_crosswalk::{Guess, Guesser};

use crate::error::Error;
use crate::input::instead::Instead;
use crate::input::sources::{Source, foreign};
use crate::options::Options;
use crate::pass::rejects::RejectLog;
use crate::pass::tally::{Fatal, Reject, Tally};

/// Keeps the error and ends the reading.
pub(crate) fn or_stop(taken: Result<(), Error>, stopped: &mut Option<Error>) -> ControlFlow<()> {
    match taken {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            *stopped = Some(error);
            ControlFlow::Break(())
        }
    }
}

/// Counts for whoever watches.
pub(crate) fn count(options: &Options, tally: &Tally) {
    use std::sync::atomic::Ordering::Relaxed;
    options.progress.records.fetch_add(tally.read(), Relaxed);
    options.progress.rejects.fetch_add(tally.rejected(), Relaxed);
}

/// Keeps the rejects of a block; `tally` is what came before it. Of the block that begins a stream `begins` is the
/// number of its records.
pub(crate) fn keep_rejects(
    block: &[Reject],
    begins: Option<u64>,
    sources: &[Source],
    tally: &Tally,
    rejects: &mut RejectLog,
    options: &Options,
) -> Result<(), Error> {
    for (earlier, reject) in (0..).zip(block) {
        if reject.ordinal == 1
            && begins.is_some_and(|judged| begins_other_json(&block[earlier..], judged))
        {
            return Err(Instead::ONE_JSON_TEXT.error(&sources[reject.source].file));
        }
        let earlier = earlier as u64;
        let rejected = tally.rejected() + earlier + 1;
        let read = tally.read() + reject.ordinal;
        rejects.push(reject, sources, rejected, read, options)?;
    }
    Ok(())
}

/// Whether the first of the rejects is the beginning of a JSON text over several lines or of an array. Files are
/// looked at before they are read; a stream that is read once tells it here.
fn begins_other_json(rejects: &[Reject], judged: u64) -> bool {
    let line = |reject: Option<&Reject>| reject.and_then(|reject| reject.line.clone());
    let Some(mut beginning) = line(rejects.first()) else { return false };
    beginning.push(b'\n');
    match rejects.get(1).filter(|reject| reject.ordinal == 2) {
        Some(second) => beginning.extend(line(Some(second)).unwrap_or_default()),
        // The next record is good.
        None if judged > 1 => beginning.push(b'{'),
        None => {}
    }
    Guesser::default().guess(&beginning) == Guess::NotNdjson
}

/// The error of a whole file.
pub(crate) fn fatal_error(fatal: Fatal, sources: &[Source]) -> Error {
    match fatal {
        Fatal::Foreign { source, number } => {
            let file = &sources[source].file;
            match file.lines_before() {
                Ok(before) => foreign(file, before + number),
                Err(error) => error.into(),
            }
        }
    }
}
