//! The crosswalk's two readings, held against each other by what its tests use.

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../../cclf-crosswalk/tests/common/mod.rs"]
pub(crate) mod common;

use cclf_crosswalk::ErrorClass;
use common::{ALL, Input, compare};

/// Both give the same rows and reject the same records. Of a record with several faults each may name another one; and
/// the slow one refuses a member that stands twice also where no fact leads.
pub(crate) fn agree(input: &Input) {
    let slow = input.slow(ALL);
    let mut fast = input.fast(ALL);
    let passed = |line: &(usize, usize, ErrorClass)| {
        !fast.rejected.iter().any(|other| (other.0, other.1) == (line.0, line.1))
    };
    if slow.rejected.iter().any(|line| line.2 == ErrorClass::DuplicateMember && passed(line)) {
        return;
    }
    let same = slow.rejected.iter().zip(&fast.rejected).all(|(a, b)| (a.0, a.1) == (b.0, b.1));
    if same && slow.rejected.len() == fast.rejected.len() {
        fast.rejected.clone_from(&slow.rejected);
    }
    compare(&slow, &fast);
}
