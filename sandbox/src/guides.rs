//! The example of the guides: the numbers of its jobs and the names of its files stand for the client's latest job, so
//! that the guides' commands can be copied as they are (docs/guide-commands.md). The guides are of version 1.

use std::sync::Arc;

use cms::Api;

use crate::app::App;
use crate::job::Job;
use crate::resource::ResourceType;
use crate::resource::ResourceType::{Coverage, ExplanationOfBenefit, Patient};

/// The name that all files have in the older guide.
const OLDER: &str = "DBBD1CE1-AE24-435C-807D-ED45953077D3.ndjson";

/// Job, name and type of the example's files.
const FILES: [(&str, &str, ResourceType); 9] = [
    ("42", OLDER, ExplanationOfBenefit),
    ("43", OLDER, Patient),
    ("44", OLDER, Coverage),
    ("42", "afd22dfa-c239-4063-8882-eb2712f9f638.ndjson", ExplanationOfBenefit),
    ("42", "f76a0b76-48ed-4033-aad9-d3eec37e7e83.ndjson", Coverage),
    ("42", "f92dcf16-63a2-448e-a12a-3bf677f966ed.ndjson", Patient),
    ("43", "472483a6-3aad-422c-beed-694344570548.ndjson", ExplanationOfBenefit),
    ("44", "4e2cd98c-4746-4138-872b-24778c000b02.ndjson", Patient),
    ("45", "99dbc86f-74e5-4553-88a9-af3e718cb72b.ndjson", Coverage),
];

/// The job that a number of the example means: the client's latest under version 1.
pub(crate) fn job(app: &App, client: usize, id: &str) -> Option<Arc<Job>> {
    let known = FILES.iter().any(|(job, ..)| *job == id);
    known.then(|| app.jobs.all_of(client, Api::V1).pop()).flatten()
}

/// The type of the example's file.
pub(crate) fn kind(id: &str, name: &str) -> Option<ResourceType> {
    FILES.iter().find(|(job, file, _)| (*job, *file) == (id, name)).map(|(.., kind)| *kind)
}
