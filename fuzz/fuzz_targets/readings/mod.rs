//! The crosswalk's two readings, held against each other by what its tests use.

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../../cclf-crosswalk/tests/common/mod.rs"]
pub(crate) mod common;

use common::{Input, compare};

/// Both give the same rows and reject the same records. Of a record with several faults each may name another one.
pub(crate) fn agree(input: &Input) {
    let slow = input.slow(true);
    let mut fast = input.fast(true);
    let same = slow.rejected.iter().zip(&fast.rejected).all(|(a, b)| (a.0, a.1) == (b.0, b.1));
    if same && slow.rejected.len() == fast.rejected.len() {
        fast.rejected.clone_from(&slow.rejected);
    }
    compare(&slow, &fast);
}
