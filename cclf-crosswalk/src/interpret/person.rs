//! What rows are made of besides the record: a beneficiary, with what belongs to them.

use fhir_model::Node;

/// A Patient, newest version, with what belongs to it.
pub(super) struct Person<'r> {
    pub(super) id: &'r str,
    pub(super) node: Node<'r>,
    pub(super) file_name: &'r str,
    pub(super) file_date: Option<i32>,
    /// The MBI in force.
    pub(super) mbi: Option<String>,
    /// All others.
    pub(super) historic: Vec<Mbi<'r>>,
    /// At most one for each part.
    pub(super) coverages: Vec<Enrolled<'r>>,
    /// By start, in days since 1970-01-01.
    pub(super) hospice: Vec<(i64, Option<i64>)>,
    pub(super) updated: Option<i64>,
}

/// A Coverage, newest version.
pub(super) struct Enrolled<'r> {
    /// `A` to `D`, or `dual`.
    pub(super) part: String,
    pub(super) node: Node<'r>,
    pub(super) updated: Option<i64>,
}

/// An MBI, with the days on which it was in force where the version tells them.
#[derive(Clone)]
pub(super) struct Mbi<'r> {
    pub(super) value: &'r str,
    pub(super) begin: Option<String>,
    pub(super) end: Option<String>,
}
