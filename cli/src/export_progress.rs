//! What an export shows while it runs: bars on a terminal, few lines elsewhere.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bulk_client::{Error, FileStart, Manifest, Observer, Report, Url, shown_url};
use indicatif::{DecimalBytes, MultiProgress, ProgressBar, ProgressStyle};

use crate::failure::spelled;
use crate::log::Log;

const JOB: &str = "{bar:20} {pos:>3} % {elapsed} {wide_msg}";
const FILE: &str =
    "{bar:20} {decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec} {wide_msg}";
const FILE_OF_UNKNOWN_SIZE: &str = "{spinner} {decimal_bytes} {decimal_bytes_per_sec} {wide_msg}";
const TOTAL: &str = "{bar:20} {pos}/{len} files {elapsed} {wide_msg}";

/// How often clocks are drawn.
const TICK: Duration = Duration::from_millis(200);

/// How often a download is told of where no bars are seen.
const LINE_EVERY: Duration = Duration::from_mins(1);

/// Tells a person what an export does.
pub(crate) struct Shown {
    log: Log,
    bars: Option<MultiProgress>,
    state: Mutex<State>,
    line_every: Duration,
}

#[derive(Default)]
struct State {
    job: Option<ProgressBar>,
    total: Option<ProgressBar>,
    files: HashMap<String, ProgressBar>,
    /// What was said of the job last.
    words: String,
    /// Files that are there, and that there are in all.
    done: usize,
    of: usize,
    /// Bytes of files that are under way.
    bytes: HashMap<String, u64>,
    /// When something was said of the download last.
    line: Option<Instant>,
}

impl Shown {
    pub(crate) fn new(log: Log) -> Self {
        let bars = log.shows_progress().then(MultiProgress::new);
        Self { log, bars, state: Mutex::default(), line_every: LINE_EVERY }
    }

    /// So many bytes of a file have come; gives what to say of the download, when it is time to say something.
    fn came(&self, name: &str, bytes: u64) -> Option<String> {
        let mut state = self.state();
        state.bytes.insert(name.to_owned(), bytes);
        if state.line.is_some_and(|line| line.elapsed() < self.line_every) {
            return None;
        }
        state.line = Some(Instant::now());
        let bytes = DecimalBytes(state.bytes.values().sum());
        Some(format!("{} of {} files are there, {bytes} of others", state.done, state.of))
    }

    fn bar(&self, length: Option<u64>, template: &str) -> Option<ProgressBar> {
        let bar = length.map_or_else(ProgressBar::no_length, ProgressBar::new);
        bar.set_style(style(template));
        Some(self.bars.as_ref()?.add(bar))
    }

    /// A bar whose clock runs while nothing happens.
    fn ticking(&self, length: u64, template: &str) -> Option<ProgressBar> {
        self.bar(Some(length), template).inspect(|bar| bar.enable_steady_tick(TICK))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn info(&self, message: &str) {
        match &self.bars {
            Some(bars) => bars.suspend(|| self.log.info(message)),
            None => self.log.info(message),
        }
    }

    /// Takes the bars away.
    pub(crate) fn clear(&self) {
        let mut state = self.state();
        let State { job, total, files, .. } = std::mem::take(&mut *state);
        for bar in job.into_iter().chain(total).chain(files.into_values()) {
            bar.finish_and_clear();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Observer for Shown {
    fn kicked_off(&self, _: &Url, job: Result<&Url, &Error>) {
        if let Ok(job) = job {
            self.info(&format!("job {}", shown_url(job)));
        }
    }

    fn job_progress(&self, percent: Option<u8>, words: &str, _: Option<Duration>) {
        let words = if words.is_empty() { "in progress" } else { words };
        let mut state = self.state();
        if state.job.is_none() {
            state.job = self.ticking(100, JOB);
        }
        if let Some(bar) = &state.job {
            if let Some(percent) = percent {
                bar.set_position(percent.into());
            }
            bar.set_message(words.to_owned());
        } else if state.words != words {
            words.clone_into(&mut state.words);
            self.log.info(&format!("job: {words}"));
        }
    }

    fn job_complete(&self, manifest: &Manifest) {
        if let Some(bar) = self.state().job.take() {
            bar.finish_and_clear();
        }
        let (files, errors) = (manifest.output.len(), manifest.error.len());
        let told = if errors == 0 { String::new() } else { format!(", files of errors: {errors}") };
        self.info(&format!("the job is done, files: {files}{told}"));
    }

    fn downloads(&self, files: usize, of: usize) {
        let mut state = self.state();
        (state.done, state.of, state.line) = (of - files, of, Some(Instant::now()));
        state.total = self.ticking(of as u64, TOTAL);
        if let Some(bar) = &state.total {
            bar.set_position((of - files) as u64);
        }
    }

    fn download_started(&self, file: &FileStart<'_>) {
        if let Some(bar) = self.bar(None, FILE_OF_UNKNOWN_SIZE) {
            bar.set_message(file.name.to_owned());
            self.state().files.insert(file.name.to_owned(), bar);
        }
    }

    fn download_bytes(&self, name: &str, bytes: u64, of: Option<u64>) {
        if self.bars.is_none() {
            if let Some(line) = self.came(name, bytes) {
                self.log.info(&line);
            }
            return;
        }
        if let Some(bar) = self.state().files.get(name) {
            if of.is_some() && bar.length() != of {
                bar.set_length(of.unwrap_or_default());
                bar.set_style(style(FILE));
            }
            bar.set_position(bytes);
        }
    }

    fn download_complete(&self, name: &str, _: &Url, _: u64, _: u64) {
        let mut state = self.state();
        state.done += 1;
        state.bytes.remove(name);
        if let Some(bar) = state.files.remove(name) {
            bar.finish_and_clear();
        }
        if let Some(total) = &state.total {
            total.inc(1);
        }
    }

    fn download_failed(&self, name: &str, _: &Url, _: &Error) {
        let mut state = self.state();
        state.bytes.remove(name);
        if let Some(bar) = state.files.remove(name) {
            bar.finish_and_clear();
        }
    }

    fn token_demanded(&self, at: &Url) {
        self.info(&format!(
            "{}: files need the token, though the manifest says that they do not; it goes to this server alone",
            shown_url(at)
        ));
    }

    fn retrying(&self, error: &Error, wait: Duration) {
        let error = error.spelled(spelled);
        self.info(&format!("{error}; again in {:.1} s", wait.as_secs_f64()));
    }

    fn export_complete(&self, _: &Report) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::LogFormat;

    #[test]
    fn without_bars_a_long_download_says_a_line_as_often_as_it_should() {
        let shown = Shown::new(Log::new(LogFormat::Json, true));
        assert!(shown.bars.is_none());
        assert_eq!(shown.line_every, Duration::from_mins(1));
        let url: Url = "https://bulk.example/a".parse().unwrap();
        shown.downloads(3, 5);
        // A short one says nothing of itself.
        assert_eq!(shown.came("Patient-0001.ndjson", 1_000_000), None);
        let shown = Shown { line_every: Duration::ZERO, ..shown };
        shown.download_complete("Patient-0001.ndjson", &url, 2_000_000, 9);
        shown.came("Coverage-0001.ndjson", 500_000).unwrap();
        assert_eq!(
            shown.came("Patient-0002.ndjson", 1_000_000).unwrap(),
            "3 of 5 files are there, 1.50 MB of others"
        );
        let shown = Shown { line_every: Duration::from_millis(30), ..shown };
        shown.downloads(3, 5);
        let began = Instant::now();
        let mut said = 0_u128;
        while began.elapsed() < Duration::from_millis(200) {
            said += u128::from(shown.came("Patient-0002.ndjson", 1).is_some());
        }
        assert!((1..=6).contains(&said), "{said}");
    }
}
