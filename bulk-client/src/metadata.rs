//! What a server says it can do.

use serde::Serialize;
use serde_json::Value;

/// A CapabilityStatement, in short; what the server does not tell is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Metadata {
    /// The software's name.
    pub software_name: String,
    /// Its version.
    pub software_version: String,
    /// When it was released.
    pub software_release_date: String,
    /// Such as `3.0.1`.
    pub fhir_version: String,
    /// `active`, `draft`, `retired`.
    pub status: String,
    /// Who runs it.
    pub publisher: String,
    /// Where it is.
    pub url: String,
    /// Where tokens are given.
    pub token_url: String,
    /// Operations such as `patient-export`.
    pub operations: Vec<String>,
    /// Formats.
    pub formats: Vec<String>,
}

impl Metadata {
    /// What a CapabilityStatement says.
    ///
    /// # Example
    ///
    /// ```
    /// let statement = serde_json::json!({
    ///     "fhirVersion": "3.0.1", "software": {"name": "BCDA"},
    ///     "rest": [{"operation": [{"name": "group-export"}]}],
    /// });
    /// let short = bulk_client::Metadata::of(&statement);
    /// assert_eq!((short.fhir_version.as_str(), short.operations.as_slice()), ("3.0.1", &["group-export".to_owned()][..]));
    /// ```
    pub fn of(statement: &Value) -> Self {
        let plain = |value: &Value| -> Option<String> {
            let text = value.as_str()?.chars().filter(|ch| !ch.is_control()).take(200).collect();
            Some(text)
        };
        let text = |path: &str| statement.pointer(path).and_then(plain).unwrap_or_default();
        let all = |list: Option<&Value>, member: &str| -> Vec<String> {
            let list = list.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            list.iter().filter_map(|one| plain(one.get(member).unwrap_or(one))).collect()
        };
        let mut operations = all(statement.pointer("/rest/0/operation"), "name");
        let resources = statement.pointer("/rest/0/resource").and_then(Value::as_array);
        for resource in resources.into_iter().flatten() {
            operations.extend(all(resource.get("operation"), "name"));
        }
        Self {
            software_name: text("/software/name"),
            software_version: text("/software/version"),
            software_release_date: text("/software/releaseDate"),
            fhir_version: text("/fhirVersion"),
            status: text("/status"),
            publisher: text("/publisher"),
            url: text("/implementation/url"),
            token_url: token_url(statement.pointer("/rest/0/security")).unwrap_or_default(),
            operations,
            formats: all(statement.get("format"), "code"),
        }
    }
}

/// The `token` of the SMART extension.
fn token_url(security: Option<&Value>) -> Option<String> {
    let extensions = security?.get("extension")?.as_array()?;
    let inner = extensions.iter().filter_map(|one| one.get("extension")?.as_array()).flatten();
    let token =
        inner.into_iter().find(|one| one.get("url").and_then(Value::as_str) == Some("token"))?;
    Some(token.get("valueUri")?.as_str()?.to_owned())
}
