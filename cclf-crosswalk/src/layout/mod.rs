//! The layout as CMS has it: tables, columns and their types, names; and the resources that fill them.

pub(crate) mod load_error;
pub(crate) mod naming;
pub(crate) mod paid;
pub(crate) mod resource;
pub(crate) mod table;
