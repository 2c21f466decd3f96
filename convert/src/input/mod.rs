//! What is read: files and what they seem to hold, and what the manifests beside them tell.

pub(crate) mod blocks;
pub(crate) mod deletions;
pub(crate) mod export_manifest;
pub(crate) mod file_date;
pub(crate) mod find;
pub(crate) mod instead;
pub(crate) mod known;
mod sealed;
pub(crate) mod several;
pub(crate) mod source;
pub(crate) mod sources;
pub(crate) mod version;
