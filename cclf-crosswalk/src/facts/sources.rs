//! The texts of the tables, by version of the API.

use cms::Api;

/// The tables of one version of the API, as text.
#[derive(Clone, Copy, Debug)]
pub struct Sources {
    /// Which version.
    pub api: Api,
    /// Which column is where.
    pub crosswalk: &'static str,
    /// What each table is.
    pub tables: &'static str,
    /// What is read of each record besides columns: joins, row numbers, links.
    pub record: &'static str,
    /// The lineage columns.
    pub lineage: &'static str,
    /// Code maps.
    pub maps: &'static str,
    /// SSA state codes.
    pub states: &'static str,
}

/// FHIR STU3 as BCDA v1 serves it.
pub const STU3: Sources = Sources {
    api: Api::V1,
    crosswalk: include_str!("../../stu3/crosswalk.csv"),
    tables: include_str!("../../stu3/tables.csv"),
    record: include_str!("../../stu3/record.csv"),
    lineage: include_str!("../../stu3/lineage.csv"),
    maps: include_str!("../../stu3/maps.csv"),
    states: include_str!("../../stu3/states.csv"),
};

/// FHIR R4 as BCDA v2 serves it. States are coded as in v1.
pub const V2: Sources = Sources {
    api: Api::V2,
    crosswalk: include_str!("../../v2/crosswalk.csv"),
    tables: include_str!("../../v2/tables.csv"),
    record: include_str!("../../v2/record.csv"),
    lineage: include_str!("../../v2/lineage.csv"),
    maps: include_str!("../../v2/maps.csv"),
    states: STU3.states,
};

/// FHIR R4 as BCDA v3 serves it.
pub const V3: Sources = Sources {
    api: Api::V3,
    crosswalk: include_str!("../../v3/crosswalk.csv"),
    tables: include_str!("../../v3/tables.csv"),
    record: include_str!("../../v3/record.csv"),
    lineage: include_str!("../../v3/lineage.csv"),
    maps: include_str!("../../v3/maps.csv"),
    states: STU3.states,
};
