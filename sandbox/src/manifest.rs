//! The body of a finished job.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::job::{Content, Job, JobFile};

/// The members in the order and the spelling of the service.
#[derive(Serialize)]
struct Manifest<'m> {
    #[serde(rename = "transactionTime")]
    transaction_time: String,
    request: &'m str,
    #[serde(rename = "requiresAccessToken")]
    requires_access_token: bool,
    output: Vec<Item<'m>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    deleted: Vec<Item<'m>>,
    error: Vec<Item<'m>>,
    #[serde(rename = "KeyMap", skip_serializing_if = "BTreeMap::is_empty")]
    key_map: BTreeMap<&'m str, &'m str>,
    #[serde(rename = "JobID")]
    job_id: u64,
}

#[derive(Serialize)]
struct Item<'m> {
    #[serde(rename = "type")]
    kind: &'static str,
    url: String,
    #[serde(rename = "encryptedKey", skip_serializing_if = "Option::is_none")]
    encrypted_key: Option<&'m str>,
}

/// The manifest of a job whose files the client finds at `origin`.
///
/// `in_output`: whether the keys of encrypted files stand beside their URLs too, not in `KeyMap` alone.
pub(crate) fn text(job: &Job, files: &[Arc<JobFile>], origin: &str, in_output: bool) -> String {
    let list = |wanted: fn(Content) -> bool| {
        let files = files.iter().filter(|file| wanted(file.of));
        files
            .map(|file| Item {
                kind: file.of.type_name(),
                url: format!("{origin}/data/{}/{}", job.id, file.name),
                encrypted_key: file
                    .wrapped_key_hex
                    .as_deref()
                    .filter(|_| in_output && file.of != Content::Error),
            })
            .collect()
    };
    let keys = files
        .iter()
        .filter_map(|file| Some((file.name.as_str(), file.wrapped_key_hex.as_deref()?)));
    let manifest = Manifest {
        transaction_time: job.transaction_time.to_string(),
        request: &job.order.request,
        requires_access_token: true,
        output: list(|of| matches!(of, Content::Output(_))),
        deleted: list(|of| of == Content::Deleted),
        error: list(|of| of == Content::Error),
        key_map: keys.collect(),
        job_id: job.id,
    };
    serde_json::to_string(&manifest).unwrap_or_default()
}
