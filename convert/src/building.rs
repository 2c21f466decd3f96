//! What other jobs on tables are built of, as the ones here are: finished tables that are read, tables that are written, work
//! that is shared out, and entries that are sorted outside of memory.

pub use crate::out::manifest::SCHEMA_VERSION as MANIFEST_VERSION;
pub use crate::out::place::{leftover_warning, open_stage, open_temporary};
pub use crate::out::shared::shared;
pub use crate::out::tables::{Rows, Tables};
pub use crate::runs::{Runs, Sorted};
pub use crate::setting::{Message, Word};
pub use crate::stored::StoredTable;
