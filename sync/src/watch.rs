//! Who is told what a run does while it does it.

use std::any::Any;
use std::sync::Arc;

use bulk_client::Observer;
use convert::Progress;

use crate::error::Error;
use crate::report::Report;

/// Is told what a run does.
pub trait Watch {
    /// Who watches the next export.
    ///
    /// # Errors
    /// What is kept of it cannot be written.
    fn export(&self) -> Result<Arc<dyn Observer>, Error> {
        Ok(Arc::new(()))
    }

    /// An export is there.
    fn fetched(&self, name: &str, report: &bulk_client::Report) {
        let _ = (name, report);
    }

    /// Tables are being made; what this gives is dropped when they are there.
    fn tables(&self, progress: &Arc<Progress>) -> Box<dyn Any> {
        let _ = progress;
        Box::new(())
    }

    /// What the run came to, with what the making of tables warns of. A run that is ended in here is told by the next one; after
    /// it, by none.
    ///
    /// # Errors
    /// It cannot be told.
    fn report(&self, report: &Report, warnings: &[String]) -> Result<(), Error> {
        let _ = (report, warnings);
        Ok(())
    }

    /// Something that somebody may want to read.
    fn info(&self, text: &str) {
        let _ = text;
    }

    /// Something that somebody should read.
    fn warning(&self, text: &str) {
        let _ = text;
    }
}

/// Nobody.
impl Watch for () {}
