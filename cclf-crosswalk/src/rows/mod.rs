//! Rows of claims: the values of a claim's rows, and the batches that are built of them.

pub(crate) mod batch;
pub(crate) mod claim;
pub(crate) mod finality;
pub(crate) mod identity;
pub(crate) mod late_mbi;
