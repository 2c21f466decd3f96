//! The plan of reading one table.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use cclf_crosswalk::arrow::datatypes::{Schema, SchemaRef};
use cclf_crosswalk::{Columns, Plan, Table};
use convert::{Cancel, ScanOptions};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, assert_eq_or_internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{
    Boundedness, EmissionType, ReplaceChildrenOptions, SchedulingType,
};
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
};

use crate::bridge::Rows;
use crate::table::ExportTable;

/// Reads some columns of one table, in one partition, in the order of the input.
///
/// `EXPLAIN ANALYZE` shows `records_read`, `records_rejected` and `bytes_scanned`, once the table was read to its end.
#[derive(Clone, Debug)]
pub struct ExportScan {
    table: ExportTable,
    /// The columns that the scan builds. A scan builds at least one.
    columns: Columns,
    schema: SchemaRef,
    limit: Option<usize>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl ExportScan {
    /// Reads the columns of these numbers, and no more rows than the limit.
    pub(crate) fn new(
        table: ExportTable,
        projection: &[usize],
        limit: Option<usize>,
    ) -> Result<Self> {
        let whole = table.schema();
        let schema: SchemaRef = Arc::new(whole.project(projection)?);
        // For count(*), which reads no column, any will do.
        let built = if projection.is_empty() { &[0] } else { projection };
        let columns = columns(table.options(), &whole.project(built)?)?;
        let properties = PlanProperties::new(
            EquivalenceProperties::new(SchemaRef::clone(&schema)),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        )
        .with_scheduling_type(SchedulingType::Cooperative);
        let metrics = ExecutionPlanMetricsSet::new();
        Ok(Self { table, columns, schema, limit, properties: Arc::new(properties), metrics })
    }

    /// What is to be scanned, in batches of at most so many rows.
    fn options(&self, batch_rows: usize) -> ScanOptions {
        // A scan hands out full batches only: larger than the limit, it would read on for nothing.
        let batch_rows = self.limit.map_or(batch_rows, |limit| limit.min(batch_rows)).max(1);
        let mut options = self.table.options().clone();
        options.reading.cancel = Cancel::new();
        ScanOptions { columns: self.columns.clone(), batch_rows, ..options }
    }
}

/// The choice of the columns of this schema.
fn columns(options: &ScanOptions, schema: &Schema) -> Result<Columns> {
    if options.table == Table::Cclf0 {
        // It is always whole, and counts rows whatever is in them.
        return Ok(Columns::from(false));
    }
    let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    Columns::only(Plan::stu3().crosswalk(), &[options.table], true, &names)
        .map_err(|error| DataFusionError::Plan(error.to_string()))
}

impl DisplayAs for ExportScan {
    fn fmt_as(&self, style: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        let table = self.table.options().table;
        let columns = self.schema.fields().iter().map(|field| field.name().as_str());
        let columns = columns.collect::<Vec<_>>().join(", ");
        match style {
            DisplayFormatType::TreeRender => {
                writeln!(f, "table={table}")?;
                writeln!(f, "columns={columns}")?;
                self.limit.map_or(Ok(()), |limit| writeln!(f, "limit={limit}"))
            }
            DisplayFormatType::Default | DisplayFormatType::Verbose => {
                write!(f, "ExportScan: table={table}, columns=[{columns}]")?;
                self.limit.map_or(Ok(()), |limit| write!(f, ", limit={limit}"))
            }
        }
    }
}

impl ExecutionPlan for ExportScan {
    fn name(&self) -> &'static str {
        "ExportScan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn with_new_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        assert_eq_or_internal_err!(partition, 0, "an ExportScan has one partition");
        let options = self.options(context.session_config().batch_size());
        let schema = SchemaRef::clone(&self.schema);
        let table = self.table.clone();
        Ok(Box::pin(Rows::new(options, schema, self.limit, table, &self.metrics)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    // It takes a limit itself and hands none on: `supports_limit_pushdown`, which says the latter, stays false.
    fn with_fetch(&self, limit: Option<usize>) -> Option<Arc<dyn ExecutionPlan>> {
        let metrics = ExecutionPlanMetricsSet::new();
        Some(Arc::new(Self { limit, metrics, ..self.clone() }))
    }

    fn fetch(&self) -> Option<usize> {
        self.limit
    }
}

#[async_trait]
impl TableProvider for ExportTable {
    fn schema(&self) -> SchemaRef {
        Self::schema(self)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let all = || (0..Self::schema(self).fields().len()).collect();
        let projection = projection.cloned().unwrap_or_else(all);
        Ok(Arc::new(ExportScan::new(self.clone(), &projection, limit)?))
    }
}
