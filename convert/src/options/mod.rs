//! What a run is asked to do.

mod bad_records;
mod convert;
mod drift;
mod keep;
mod reading;

pub use bad_records::{MaxRejects, OnBadRecord};
pub(crate) use convert::joins;
pub use convert::{Options, Output};
pub use drift::Drift;
pub use keep::Keep;
pub use reading::Reading;
