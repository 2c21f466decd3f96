//! The versions of the API in paths.

use cms::Api;

/// The version under which a path stands, and the rest of it after `/api/vN/`.
pub(crate) fn under_version(path: &str) -> Option<(Api, &str)> {
    let (version, rest) = path.strip_prefix("/api/")?.split_once('/')?;
    Some((version.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_of_one_version_or_of_none() {
        assert_eq!(under_version("/api/v1/jobs/1"), Some((Api::V1, "jobs/1")));
        assert_eq!(under_version("/api/v3/"), Some((Api::V3, "")));
        for path in ["/", "/api/v1", "/api/v4/jobs", "/api/jobs/1", "/data/1/x", "/v1/jobs/1"] {
            assert_eq!(under_version(path), None, "{path}");
        }
    }
}
