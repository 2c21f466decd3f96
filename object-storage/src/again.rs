//! Asking once more when an answer broke off in its body: the crate tries again before that only, and goes on within
//! objects only.

use std::time::Duration;

use crate::error::body_broke_off;

/// How often at most, the first time included.
const TRIES: u32 = 5;

/// Before the second time; doubled after each.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// What must do no harm when it is done twice.
pub(crate) async fn again<T, F>(mut ask: impl FnMut() -> F) -> object_store::Result<T>
where
    F: Future<Output = object_store::Result<T>>,
{
    let mut pause = FIRST_PAUSE;
    for _ in 1..TRIES {
        match ask().await {
            Err(error) if body_broke_off(&error) => tokio::time::sleep(pause).await,
            answer => return answer,
        }
        pause *= 2;
    }
    ask().await
}
