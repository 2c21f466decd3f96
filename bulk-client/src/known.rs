//! An export that there is, and how what a user says differs from it.

use url::Url;

use crate::address::{V1, api_of};
use crate::journal::Journal;
use crate::request::{ExportRequest, Level};
use crate::setting::Setting;

/// An export that there is: where it came from and what was asked for.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) base: Url,
    pub(crate) request: ExportRequest,
}

impl Known {
    pub(crate) fn of(journal: &Journal) -> Option<Self> {
        let base = journal.export.as_ref()?.base_url.parse().ok()?;
        let request = ExportRequest::of(&journal.request.parse().ok()?, &base)?;
        Some(Self { base, request })
    }

    /// Its version; v1 where nothing tells it.
    pub(crate) fn api(&self) -> &str {
        api_of(&self.base).unwrap_or(V1)
    }
}

/// What a user has said, checked as far as no server is needed for it.
pub(crate) struct Said {
    pub(crate) level: Option<Level>,
    pub(crate) filter: Option<String>,
    pub(crate) parameters: Vec<(String, String)>,
}

impl Said {
    /// What differs from a known export.
    pub(crate) fn other_than(&self, known: &ExportRequest) -> Option<Setting> {
        if self.level.as_ref().is_some_and(|level| *level != known.level) {
            let is_group = matches!(self.level, Some(Level::Group(_)));
            return Some(if is_group { Setting::Group } else { Setting::Endpoint });
        }
        if self.filter.is_some() && self.filter != known.type_filter {
            return Some(Setting::TypeFilter);
        }
        let other = !self.parameters.is_empty() && self.parameters != known.parameters;
        other.then_some(Setting::Param)
    }
}
