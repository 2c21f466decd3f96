//! The progress bar of a run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use convert::Progress;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};

/// How often the bar is drawn.
const TICK: Duration = Duration::from_millis(100);

/// A bar that follows the counters of a run until it is dropped.
pub(crate) struct Bar {
    done: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Bar {
    /// Follows `progress` on a thread of its own.
    pub(crate) fn follow(progress: Arc<Progress>) -> Self {
        let done = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&done);
        let thread = thread::Builder::new()
            .name("progress".to_owned())
            .spawn(move || draw(&progress, &stop))
            .ok();
        Self { done, thread }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.done.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn draw(progress: &Progress, stop: &AtomicBool) {
    let known =
        "{bar:20} {decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec} {eta} {wide_msg}";
    let unknown = "{spinner} {decimal_bytes} {decimal_bytes_per_sec} {wide_msg}";
    let bar = ProgressBar::no_length();
    let style = |template| {
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
    };
    bar.set_style(style(unknown));
    let started = Instant::now();
    while !stop.load(Ordering::SeqCst) {
        let total = progress.total_bytes.load(Ordering::Relaxed);
        if total > 0 && bar.length() != Some(total) {
            bar.set_length(total);
            bar.set_style(style(known));
        }
        // A second reading of files that hold both people and claims does not go past the end.
        let read = progress.reading.raw_bytes();
        bar.set_position(if total > 0 { read.min(total) } else { read });
        let rate = |count: u64| {
            #[allow(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a figure for people"
            )]
            let rate = (count as f64 / started.elapsed().as_secs_f64().max(0.001)) as u64;
            rate
        };
        let records = progress.records.load(Ordering::Relaxed);
        let rejects = progress.rejects.load(Ordering::Relaxed);
        bar.set_message(format!(
            "{} records ({}/s), {} rejects ({}/s)",
            HumanCount(records),
            HumanCount(rate(records)),
            HumanCount(rejects),
            HumanCount(rate(rejects))
        ));
        thread::sleep(TICK);
    }
    bar.finish_and_clear();
}
