//! What a server says it can do.

use serde::Serialize;
use serde_json::Value;

use crate::filter::own_option;
use crate::setting::Setting;

/// The parameters of claims that have an option of their own besides the filter's, and which.
const SHORT_FORMS: [(&str, Setting); 3] = [
    ("_tag", Setting::PartiallyAdjudicated),
    ("outcome", Setting::Outcome),
    ("service-date", Setting::ServiceDate),
];

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
    /// Parameters by type, in the server's order; types without any are left out.
    pub parameters: Vec<Parameters>,
}

/// The parameters that a server lists for a type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Parameters {
    /// The type; empty for the whole system.
    pub of: String,
    /// Whether exports are asked for there: then these are parameters of the kick-off, otherwise of a filter.
    pub is_endpoint: bool,
    /// Their names.
    pub names: Vec<String>,
}

impl Parameters {
    /// The options that say this parameter.
    pub fn options(&self, name: &str) -> Vec<Setting> {
        if self.is_endpoint {
            return vec![own_option(name).unwrap_or(Setting::Param)];
        }
        let short = SHORT_FORMS.iter().find(|(short, _)| *short == name);
        let short =
            short.filter(|_| self.of == "ExplanationOfBenefit").map(|(_, setting)| *setting);
        std::iter::once(Setting::TypeFilter).chain(short).collect()
    }
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
        let mut operations = Vec::new();
        let mut parameters = Vec::new();
        let rest = statement.pointer("/rest/0");
        let resources = rest.and_then(|rest| rest.get("resource")).and_then(Value::as_array);
        for part in rest.into_iter().chain(resources.into_iter().flatten()) {
            let own = all(part.get("operation"), "name");
            let names = all(part.get("searchParam"), "name");
            if !names.is_empty() {
                let of = part.get("type").and_then(plain).unwrap_or_default();
                let is_export = |name: &String| name == "export" || name.ends_with("-export");
                let is_endpoint = own.iter().any(is_export);
                parameters.push(Parameters { of, is_endpoint, names });
            }
            operations.extend(own);
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
            parameters,
        }
    }

    /// The parameters of the kick-off at the endpoint of a type; none if the server lists none.
    pub(crate) fn of_endpoint(&self, name: &str) -> Option<&[String]> {
        self.listed(name, true)
    }

    /// The parameters by which records of a type are found; none if the server lists none.
    pub(crate) fn of_resource(&self, name: &str) -> Option<&[String]> {
        self.listed(name, false)
    }

    fn listed(&self, of: &str, is_endpoint: bool) -> Option<&[String]> {
        let mut those = self.parameters.iter();
        let found = those.find(|those| those.of == of && those.is_endpoint == is_endpoint)?;
        Some(&found.names)
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parameters_of_endpoints_and_of_filters() {
        let named = |names: &[&str]| -> Vec<Value> {
            names.iter().map(|name| json!({"name": name, "type": "string"})).collect()
        };
        let statement = json!({"rest": [{"mode": "server", "operation": [{"name": "version"}], "resource": [
            {"type": "Patient", "operation": [{"name": "export"}], "searchParam": named(&["_since", "_typeFilter"])},
            {"type": "Group", "operation": [{"name": "group-export"}]},
            {"type": "ExplanationOfBenefit", "searchParam": named(&["_tag", "outcome", "x"])},
        ]}]});
        let short = Metadata::of(&statement);
        assert_eq!(short.operations, ["version", "export", "group-export"]);
        assert_eq!(short.of_endpoint("Patient").unwrap(), ["_since", "_typeFilter"]);
        assert_eq!((short.of_endpoint("Group"), short.of_resource("Patient")), (None, None));
        assert!(short.of_endpoint("ExplanationOfBenefit").is_none());
        let [endpoint, filter] = short.parameters.as_slice() else { panic!("{short:?}") };
        assert_eq!(endpoint.options("_since"), [Setting::Since]);
        assert_eq!(endpoint.options("_elements"), [Setting::Param]);
        assert_eq!(filter.options("outcome"), [Setting::TypeFilter, Setting::Outcome]);
        assert_eq!(filter.options("x"), [Setting::TypeFilter]);
        for odd in [json!(null), json!({"rest": 7}), json!({"rest": [{"resource": {"type": 1}}]})] {
            assert!(Metadata::of(&odd).parameters.is_empty());
        }
    }
}
