//! What a server offers, as far as its metadata says it: a version of the API, and the parameters of an endpoint.

use std::sync::Arc;

use serde_json::Value;
use url::Url;

use crate::address::{Address, V1, V3, api_of};
use crate::auth::Auth;
use crate::error::{Error, ErrorKind};
use crate::filter::{own_option, parts};
use crate::metadata::Metadata;
use crate::observe::Observer;
use crate::request::ExportRequest;
use crate::server::Server;
use crate::setting::Setting;
use crate::settings::Settings;

/// The FHIR version of v3.
const FHIR_OF_V3: &str = "4.0.1";

/// The version of the API at an address, and what the server says of itself in it, if it was asked.
///
/// # Errors
///
/// [`ErrorKind::Usage`] for plain HTTP, [`ErrorKind::Network`] and [`ErrorKind::Server`] when the server does not tell
/// which versions it offers.
pub async fn offered(
    address: &Address,
    settings: &Settings,
    observer: &Arc<dyn Observer>,
) -> Result<(Url, Option<Value>), Error> {
    if !address.is_open() {
        return Ok((address.base(V1), None));
    }
    let base = address.base(V3);
    let observer = Arc::clone(observer);
    let server = Server::new(base.clone(), Auth::None, settings.clone(), None, observer)?;
    let statement = match server.metadata().await {
        Ok(statement) => Some(statement).filter(is_of_v3),
        Err(error) if is_no(&error) => None,
        // It may offer v3 all the same: data of another version would be worse than none.
        Err(error) => {
            return Err(error.at([
                "whether the server offers v3 is unknown, and ".into(),
                Setting::Api.alone(),
                " would say which version is meant".into(),
            ]));
        }
    };
    Ok(if statement.is_some() { (base, statement) } else { (address.base(V1), None) })
}

fn is_of_v3(statement: &Value) -> bool {
    statement["resourceType"] == "CapabilityStatement" && statement["fhirVersion"] == FHIR_OF_V3
}

/// Whether that is a server's answer, which is that it has no such metadata.
fn is_no(error: &Error) -> bool {
    match error.status() {
        Some(408 | 429 | 500 | 502..) => false,
        Some(_) => true,
        None => error.kind() == ErrorKind::Server,
    }
}

/// Whether the metadata lists what a job would be asked for with, as far as it lists any parameters for the endpoint.
pub(crate) async fn check_offer(request: &ExportRequest, server: &Server) -> Result<(), Error> {
    // Types and instants are all that the first versions know, whose metadata lists nothing.
    let is_plain = request.type_filter.is_none() && request.parameters.is_empty();
    if is_plain && api_of(server.base()) != Some(V3) {
        return Ok(());
    }
    let url = request.url(server.base());
    let mut asked: Vec<String> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    asked.dedup();
    if asked.is_empty() {
        return Ok(());
    }
    let metadata = match server.metadata().await {
        Ok(statement) => Metadata::of(&statement),
        // Whatever else the server answers, it lists nothing.
        Err(error) if error.status().is_some() || is_no(&error) => return Ok(()),
        Err(error) => return Err(error.at("the parameters that the server takes")),
    };
    let endpoint = request.level.name();
    if let Some(listed) = metadata.of_endpoint(endpoint)
        && let Some(unknown) = asked.iter().find(|name| !listed.contains(*name))
    {
        let setting = own_option(unknown).unwrap_or(Setting::Param);
        return Err(not_listed(setting, unknown, endpoint, listed));
    }
    if let Some(filter) = &request.type_filter {
        let (resource, named) = parts(filter)?;
        // A name may have a modifier after it.
        let mut names = named.iter().map(|(name, _)| name.split([':', '.']).next().unwrap_or(name));
        if let Some(listed) = metadata.of_resource(resource)
            && let Some(unknown) = names.find(|name| listed.iter().all(|listed| listed != name))
        {
            return Err(not_listed(Setting::TypeFilter, unknown, resource, listed));
        }
    }
    Ok(())
}

fn not_listed(setting: Setting, name: &str, of: &str, listed: &[String]) -> Error {
    Error::usage([
        setting.alone(),
        format!(
            ": the server does not know {name} of {of}; it lists {}; nothing was started",
            listed.join(", ")
        )
        .into(),
    ])
}
