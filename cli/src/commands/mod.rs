//! The commands, each with its arguments.

pub(crate) mod cclf;
pub(crate) mod convert;
pub(crate) mod decrypt;
pub(crate) mod demo;
pub(crate) mod describe;
pub(crate) mod doctor;
pub(crate) mod export;
pub(crate) mod head;
pub(crate) mod history;
pub(crate) mod inspect;
pub(crate) mod jobs;
pub(crate) mod metadata;
pub(crate) mod profile;
pub(crate) mod reconcile;
pub(crate) mod report;
pub(crate) mod serve;
pub(crate) mod sync;
pub(crate) mod synth;
pub(crate) mod update;
pub(crate) mod validate;
