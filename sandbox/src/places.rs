//! Who is connected: so many at a time. When all places are taken, a connection that nobody waits for gives way.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body as AnyBody;
use axum::body::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::Notify;

/// How long to wait for a place before looking again whether a connection has become idle.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The places for connections.
pub(crate) struct Places {
    most: usize,
    taken: Mutex<Vec<Arc<Seat>>>,
    freed: Notify,
    clock: AtomicU64,
}

/// One connection's place.
#[derive(Default)]
struct Seat {
    /// When it was last used, as the clock of all places counts.
    used: AtomicU64,
    /// Requests that are being answered: none or one, and how many answers are on their way.
    busy: AtomicUsize,
    leave: Notify,
}

impl Places {
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most: most.max(1),
            taken: Mutex::default(),
            freed: Notify::new(),
            clock: AtomicU64::new(0),
        })
    }

    /// A place for a new connection. When there is none left, the connection that has been idle for longest loses
    /// its own; while all are being answered, this waits.
    pub(crate) async fn take(self: &Arc<Self>) -> Place {
        loop {
            if let Some(place) = self.try_take() {
                return place;
            }
            let _ = tokio::time::timeout(LOOK_AGAIN, self.freed.notified()).await;
        }
    }

    fn try_take(self: &Arc<Self>) -> Option<Place> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.len() >= self.most {
            let idle = taken.iter().enumerate().filter(|(_, seat)| seat.is_idle());
            let (at, _) = idle.min_by_key(|(_, seat)| seat.used.load(Ordering::SeqCst))?;
            taken.swap_remove(at).leave.notify_one();
        }
        let place = Place { places: Arc::clone(self), seat: Arc::default() };
        place.touch();
        taken.push(Arc::clone(&place.seat));
        Some(place)
    }
}

impl Seat {
    fn is_idle(&self) -> bool {
        self.busy.load(Ordering::SeqCst) == 0
    }
}

/// A connection's place; it is free again when the last of these is dropped.
pub(crate) struct Place {
    places: Arc<Places>,
    seat: Arc<Seat>,
}

impl Place {
    /// Ends when another connection needs the place.
    pub(crate) async fn lost(&self) {
        self.seat.leave.notified().await;
    }

    /// As long as this lives, somebody waits for an answer.
    pub(crate) fn busy(&self) -> Busy {
        self.touch();
        self.seat.busy.fetch_add(1, Ordering::SeqCst);
        Busy(Arc::clone(&self.seat))
    }

    fn touch(&self) {
        self.seat.used.store(self.places.clock.fetch_add(1, Ordering::SeqCst), Ordering::SeqCst);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.retain(|seat| !Arc::ptr_eq(seat, &self.seat));
        drop(taken);
        self.places.freed.notify_one();
    }
}

/// A request that is being answered.
pub(crate) struct Busy(Arc<Seat>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The body of an answer, which keeps its connection busy until it has been sent.
pub(crate) struct Answer {
    pub(crate) body: AnyBody,
    pub(crate) _busy: Busy,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
