//! All tables of an export at once.

use std::sync::Arc;

use async_trait::async_trait;
use cclf_crosswalk::{Naming, Table};
use convert::{Error, ScanOptions};
use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::common::Result;
use datafusion::prelude::SessionContext;

use crate::bridge::external;
use crate::table::ExportTable;

/// The tables of an export, `cclf1` to `cclf0`: to register one by one, or as a schema of a catalog.
#[derive(Clone, Debug)]
pub struct Export {
    tables: Vec<(Table, Arc<ExportTable>)>,
}

/// Registers all tables of an export, a folder, a file or a glob, as `cclf1` to `cclf0`; gives them too, for their
/// reports.
///
/// # Errors
/// There is no such input; a table of such a name cannot be registered.
pub fn register(context: &SessionContext, input: impl Into<String>) -> Result<Export> {
    let export = Export::open(input).map_err(external)?;
    export.register(context)?;
    Ok(export)
}

impl Export {
    /// The tables of a folder, a file or a glob, with all columns. Reads no file.
    ///
    /// # Errors
    /// There is no such input.
    pub fn open(input: impl Into<String>) -> Result<Self, Error> {
        Self::with(&ScanOptions::new(vec![input.into()], Table::Cclf1))
    }

    /// The tables that are scanned with these options, whichever table they name. A table of which
    /// [`columns`](ScanOptions::columns) names none is left out.
    ///
    /// # Errors
    /// The options make no sense, or there is no such input.
    pub fn with(options: &ScanOptions) -> Result<Self, Error> {
        options.check()?;
        let table = |table| ExportTable::unchecked(ScanOptions { table, ..options.clone() });
        let tables = Table::ALL.map(|name| (name, Arc::new(table(name)))).into_iter();
        let tables = tables.filter(|(_, table)| !table.schema().fields().is_empty()).collect();
        Ok(Self { tables })
    }

    /// One of the tables.
    pub fn table(&self, table: Table) -> Option<&ExportTable> {
        self.find(table).map(|table| &**table)
    }

    fn find(&self, table: Table) -> Option<&Arc<ExportTable>> {
        self.tables.iter().find(|(own, _)| *own == table).map(|(_, provider)| provider)
    }

    /// Registers the tables in the session's default schema.
    ///
    /// # Errors
    /// A table of such a name is there already, or cannot be registered.
    pub fn register(&self, context: &SessionContext) -> Result<()> {
        for (table, provider) in &self.tables {
            let name = Naming::Cclf.file_stem(*table);
            context.register_table(name, Arc::clone(provider) as Arc<dyn TableProvider>)?;
        }
        Ok(())
    }
}

/// Names of tables are found in capitals too.
#[async_trait]
impl SchemaProvider for Export {
    fn table_names(&self) -> Vec<String> {
        self.tables.iter().map(|(table, _)| Naming::Cclf.file_stem(*table).to_owned()).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let found = name.parse().ok().and_then(|table| self.find(table));
        Ok(found.map(|table| Arc::clone(table) as Arc<dyn TableProvider>))
    }

    fn table_exist(&self, name: &str) -> bool {
        name.parse().is_ok_and(|table| self.find(table).is_some())
    }
}
