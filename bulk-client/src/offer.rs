//! What a server offers, as far as its metadata says it: a version of the API, and the parameters of an endpoint.

use std::sync::Arc;

use serde_json::Value;
use url::Url;

use crate::address::{Address, V1, V3, api_of};
use crate::auth::Auth;
use crate::error::{Error, may_pass};
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
/// [`ErrorKind::Usage`](crate::ErrorKind::Usage) for plain HTTP, [`ErrorKind::Network`](crate::ErrorKind::Network) and
/// [`ErrorKind::Server`](crate::ErrorKind::Server) when the server does not tell which versions it offers.
pub async fn offered(
    address: &Address,
    settings: &Settings,
    observer: &Arc<dyn Observer>,
) -> Result<(Url, Option<Value>), Error> {
    if !address.is_open() {
        return Ok((address.base(V1), None));
    }
    let statement = of_newest(address, settings, observer).await?;
    let statement = statement.filter(|statement| statement["fhirVersion"] == FHIR_OF_V3);
    let version = if statement.is_some() { V3 } else { V1 };
    Ok((address.base(version), statement))
}

/// What a server says of itself, and the FHIR base where it does: in the version that is named, or else in the newest in
/// which it says anything.
///
/// # Errors
///
/// As [`offered`], and when the server has no metadata there.
pub async fn stated(
    address: &Address,
    settings: &Settings,
    observer: &Arc<dyn Observer>,
) -> Result<(Url, Value), Error> {
    if address.is_open()
        && let Some(statement) = of_newest(address, settings, observer).await?
    {
        return Ok((address.base(V3), statement));
    }
    let base = address.base(V1);
    let statement = asker(base.clone(), settings, observer)?.metadata().await?;
    Ok((base, statement))
}

/// Asks in nobody's name: metadata is for everybody.
fn asker(base: Url, settings: &Settings, observer: &Arc<dyn Observer>) -> Result<Server, Error> {
    Server::new(base, Auth::None, settings.clone(), None, Arc::clone(observer))
}

/// The statement of the newest version, if the server has one.
async fn of_newest(
    address: &Address,
    settings: &Settings,
    observer: &Arc<dyn Observer>,
) -> Result<Option<Value>, Error> {
    match asker(address.base(V3), settings, observer)?.metadata().await {
        Ok(statement) => {
            Ok(Some(statement).filter(|it| it["resourceType"] == "CapabilityStatement"))
        }
        Err(error) if is_no(&error) => Ok(None),
        // It may offer v3 all the same: data of another version would be worse than none.
        Err(error) => Err(error.at([
            "whether the server offers v3 is unknown, and ".into(),
            Setting::Api.alone(),
            " would say which version is meant".into(),
        ])),
    }
}

/// Whether that is a server's answer, which is that it has no such metadata: not one that may pass.
fn is_no(error: &Error) -> bool {
    error.status().is_some_and(|status| !may_pass(status))
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
        Err(error) if error.status().is_some() => return Ok(()),
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
