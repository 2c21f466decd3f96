//! Where a server is, and which version of its API is meant.

use url::Url;

use crate::error::Error;
use crate::place::{parse, shown};
use crate::setting::Setting;

/// The `api` of a FHIR base that has none.
const NO_API: &str = "none";
/// The version that every server of BCDA's API has, and that of journals that name none.
pub(crate) const V1: &str = "v1";
/// The version that filters by `_typeFilter`.
pub(crate) const V3: &str = "v3";

/// A server, as a user names it: by the root below which its versions are, or by a FHIR base.
///
/// # Example
///
/// ```
/// use bulk_client::Address;
///
/// let open = Address::of("https://sandbox.bcda.cms.gov", None)?;
/// assert_eq!(open.base("v3").as_str(), "https://sandbox.bcda.cms.gov/api/v3");
/// let named = Address::of("https://sandbox.bcda.cms.gov", Some("v2"))?;
/// assert_eq!(named.base("v3").as_str(), "https://sandbox.bcda.cms.gov/api/v2");
/// # Ok::<(), bulk_client::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    root: Url,
    version: Version,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Version {
    /// Nobody has said which.
    Open,
    /// Below the root.
    Named(String),
    /// The root is the FHIR base itself.
    InRoot,
}

impl Address {
    /// What a user means by a URL and an `api`: a URL without a path has its versions below `/api/`, one with a path
    /// is the FHIR base itself, unless an `api` is asked for. With the api `none` (or an empty one) the URL is the
    /// base, whatever its path.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`](crate::ErrorKind::Usage) when it is no `https` URL, or has a query or a fragment: no
    /// request could carry them.
    pub fn of(base_url: &str, api: Option<&str>) -> Result<Self, Error> {
        let root = parse(base_url, None).map_err(|error| error.at("the base URL"))?;
        if root.query().is_some() || root.fragment().is_some() {
            return Err(Error::usage(format!(
                "the base URL: {} has a query or a fragment after it, which no request would carry; leave it out",
                shown(&root)
            )));
        }
        let version = match api {
            None if root.path() == "/" => Version::Open,
            None | Some("" | NO_API) => Version::InRoot,
            Some(api) => Version::Named(api.to_owned()),
        };
        Ok(Self { root, version })
    }

    /// As [`of`](Self::of), where a user may have named no server.
    ///
    /// # Errors
    ///
    /// As [`of`](Self::of), and where none was named.
    pub fn given(base_url: Option<&str>, api: Option<&str>) -> Result<Self, Error> {
        base_url.map_or_else(
            || {
                Err(Error::usage([
                    "which server? give ".into(),
                    Setting::BaseUrl.alone(),
                    ", e.g. https://sandbox.bcda.cms.gov".into(),
                ]))
            },
            |url| Self::of(url, api),
        )
    }

    /// A FHIR base that is known as such.
    pub(crate) fn of_base(base: &Url) -> Self {
        Self { root: base.clone(), version: Version::InRoot }
    }

    /// The FHIR base; of the version `otherwise` where nobody has said which.
    pub fn base(&self, otherwise: &str) -> Url {
        let mut url = self.root.clone();
        let api = match &self.version {
            Version::Open => Some(otherwise),
            Version::Named(api) => Some(api.as_str()),
            Version::InRoot => None,
        };
        if let Some(api) = api
            && let Ok(mut segments) = url.path_segments_mut()
        {
            segments.pop_if_empty().extend(["api", api]);
        }
        without_slash(url)
    }

    /// Whether nobody has said which version is meant.
    pub fn is_open(&self) -> bool {
        self.version == Version::Open
    }

    /// Whether the version was asked for, and is not told by the URL alone.
    pub(crate) fn is_named(&self) -> bool {
        matches!(self.version, Version::Named(_))
    }

    /// Whether a FHIR base is one that this may mean: the same server, and the version if one was named.
    pub(crate) fn may_mean(&self, base: &Url) -> bool {
        let version = api_of(base).unwrap_or(V1);
        self.base(version) == without_slash(base.clone())
    }

    /// Whether a FHIR base is of the same server, in whatever version.
    pub(crate) fn is_of_same_server(&self, base: &Url) -> bool {
        let mut root = without_slash(base.clone());
        let mut own = self.base(V1);
        for url in [&mut root, &mut own] {
            if api_of(url).is_some()
                && let Ok(mut segments) = url.path_segments_mut()
            {
                segments.pop().pop();
            }
        }
        without_slash(root) == without_slash(own)
    }
}

fn without_slash(mut url: Url) -> Url {
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    url
}

/// The version that a FHIR base is of, as BCDA's are: `v1` of `https://api.example/api/v1`.
pub fn api_of(base: &Url) -> Option<&str> {
    let mut segments = base.path_segments()?.rev().filter(|segment| !segment.is_empty());
    let version = segments.next()?;
    let number = version.strip_prefix('v')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && segments.next()? == "api").then_some(version)
}

/// The FHIR base that a user means by a URL and an `api`, as [`Address::of`] says; v1 where nobody has said which.
///
/// # Errors
///
/// As [`Address::of`].
pub fn fhir_base(base_url: &str, api: Option<&str>) -> Result<Url, Error> {
    Ok(Address::of(base_url, api)?.base(V1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::place::below;
    use crate::server::bcda_token_url;

    #[test]
    fn bases() {
        let base = |url: &str, api| fhir_base(url, api).unwrap().to_string();
        assert_eq!(base("https://a.example", None), "https://a.example/api/v1");
        assert_eq!(base("https://a.example/", Some("v2")), "https://a.example/api/v2");
        assert_eq!(base("https://a.example/fhir/R4/", None), "https://a.example/fhir/R4");
        for more in ["?x=canary", "/fhir/R4?x=canary", "/fhir#canary", "?", "/fhir/?_type=canary"] {
            let error = fhir_base(&format!("https://a.example{more}"), None).unwrap_err();
            assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Usage, 2), "{more}");
            assert!(!error.to_string().contains("canary"), "{error}");
        }
        assert_eq!(base("https://a.example/x", Some("v1")), "https://a.example/x/api/v1");
        for root in ["https://a.example", "https://a.example/"] {
            assert_eq!(base(root, Some("none")), "https://a.example/");
            assert_eq!(base(root, Some("")), "https://a.example/");
        }
        assert_eq!(base("https://a.example/fhir/", Some("none")), "https://a.example/fhir");
        let metadata = below(&fhir_base("https://a.example", Some("none")).unwrap(), &["metadata"]);
        assert_eq!(metadata.as_str(), "https://a.example/metadata");
        let token = bcda_token_url(&fhir_base("https://a.example:8/b", None).unwrap());
        assert_eq!(token.as_str(), "https://a.example:8/auth/token");
    }

    #[test]
    fn versions_of_bases() {
        for (base, api) in [
            ("https://a.example/api/v1", Some("v1")),
            ("https://a.example/x/api/v12/", Some("v12")),
            ("https://a.example/", None),
            ("https://a.example/v3", None),
            ("https://a.example/api/v", None),
            ("https://a.example/api/v3/more", None),
            ("https://a.example/api/r4", None),
        ] {
            assert_eq!(api_of(&base.parse().unwrap()), api, "{base}");
        }
    }

    #[test]
    fn a_server_is_the_same_in_all_its_versions() {
        let of = |url: &str, api, base: &str| {
            let address = Address::of(url, api).unwrap();
            let base = base.parse().unwrap();
            (address.may_mean(&base), address.is_of_same_server(&base))
        };
        let open = "https://a.example";
        assert_eq!(of(open, None, "https://a.example/api/v3/"), (true, true));
        assert_eq!(of(open, Some("v1"), "https://a.example/api/v3"), (false, true));
        assert_eq!(of("https://a.example/api/v1", None, "https://a.example/api/v3"), (false, true));
        assert_eq!(of("https://a.example/api/v3", None, "https://a.example/api/v3/"), (true, true));
        assert_eq!(of(open, None, "https://b.example/api/v3"), (false, false));
        assert_eq!(of(open, None, "https://a.example:8/api/v3"), (false, false));
        assert_eq!(of("https://a.example/fhir", None, "https://a.example/fhir/"), (true, true));
        assert_eq!(of(open, Some("none"), "https://a.example/"), (true, true));
    }
}
