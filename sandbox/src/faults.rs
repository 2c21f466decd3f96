//! The faults in force, and how often each has struck.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::fault::{Fault, Requests, Times};

/// The faults in force. Shared by all requests.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    list: Vec<Fault>,
    /// How often the fault at this place of the list has struck what has this name.
    struck: Mutex<HashMap<(usize, String), u32>>,
}

impl Faults {
    pub(crate) fn new(list: Vec<Fault>) -> Self {
        Self { list, struck: Mutex::default() }
    }

    /// Whether the fault is in force.
    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.list.contains(&fault)
    }

    /// The first that `pick` wants.
    pub(crate) fn find<T>(&self, pick: impl Fn(&Fault) -> Option<T>) -> Option<T> {
        self.list.iter().find_map(pick)
    }

    /// Strikes what has the name, if `pick` gives how often that may happen and it has not happened so often yet.
    pub(crate) fn strike(&self, name: &str, pick: impl Fn(&Fault) -> Option<u32>) -> bool {
        let times = self.list.iter().enumerate().find_map(|(at, fault)| Some((at, pick(fault)?)));
        times.is_some_and(|(at, times)| self.count(at, name, times))
    }

    /// The status and the wait with which a request of this kind is refused, if it is.
    pub(crate) fn refuse(&self, requests: Requests) -> Option<(u16, u32)> {
        for (at, fault) in self.list.iter().enumerate() {
            let (status, times) = match fault {
                Fault::TooManyRequests(times) => (429, times),
                Fault::ServerError(times) => (500, times),
                Fault::Unavailable(times) => (503, times),
                _ => continue,
            };
            if times.concerns(requests) && self.count(at, &format!("{requests:?}"), times.times) {
                return Some((status, times.seconds));
            }
        }
        None
    }

    /// Counts one more, unless it was often enough.
    fn count(&self, at: usize, name: &str, times: u32) -> bool {
        let mut struck = self.struck.lock().unwrap_or_else(PoisonError::into_inner);
        let count = struck.entry((at, name.to_owned())).or_default();
        let strikes = *count < times;
        *count += u32::from(strikes);
        strikes
    }
}

impl Times {
    fn concerns(&self, requests: Requests) -> bool {
        self.of.map_or(requests != Requests::Token, |of| of == requests)
    }
}
