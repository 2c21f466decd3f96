//! The connection to a bucket, a container or a host, with what the environment says of it.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::http::HttpBuilder;
use object_store::{BackoffConfig, ClientConfigKey, ClientOptions, ObjectStore, RetryConfig};

use crate::address::{Address, Scheme};
use crate::error::{Error, ErrorKind};

/// Longest time for one request, with its body, unless the environment says otherwise: a part of an object at 100 kB
/// a second.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(90);

/// Longest silence within a body. The body of an `https://` object may be long, so nothing else bounds it.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// How requests are tried again: after 5xx, 429, and connections that break off.
fn retries() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(10),
            base: 2.0,
        },
        max_retries: 8,
        retry_timeout: Duration::from_mins(2),
    }
}

/// How credentials are asked for: where no cloud is near, nobody answers, and that is to be told soon.
fn credential_retries() -> RetryConfig {
    RetryConfig { max_retries: 1, retry_timeout: Duration::from_secs(5), ..retries() }
}

/// Connects, and looks whether there are credentials at all.
pub(crate) async fn connect(address: &Address) -> Result<Arc<dyn ObjectStore>, Error> {
    match address.scheme {
        Scheme::S3 => s3(address).await,
        Scheme::Gs => gs(address).await,
        Scheme::Az => az(address).await,
        Scheme::Http => http(address),
    }
}

fn seconds(duration: Duration) -> String {
    format!("{} seconds", duration.as_secs())
}

/// A setting that cannot be. What the crate says may hold the setting itself, so only where it comes from is told.
fn unsuitable(address: &Address, variables: &str) -> impl Fn(object_store::Error) -> Error {
    let message = format!(
        "{address}: the settings of the environment do not fit ({variables}); docs/guide/object-storage.md lists them"
    );
    move |_| Error::new(ErrorKind::Usage, message.clone())
}

fn no_credentials(address: &Address, advice: &str) -> impl Fn(object_store::Error) -> Error {
    let message = format!("{address}: no credentials: {advice}");
    move |_| Error::new(ErrorKind::Denied, message.clone())
}

/// Whether a setting is on.
fn is_on(setting: Option<impl Display>) -> bool {
    setting.is_some_and(|value| value.to_string() == "true")
}

async fn s3(address: &Address) -> Result<Arc<dyn ObjectStore>, Error> {
    let unsuitable = unsuitable(address, "AWS_...");
    // `s3a` is Hadoop's name for the same.
    let url = address.root.replacen("s3a://", "s3://", 1);
    let mut builder = AmazonS3Builder::from_env().with_url(url);
    let timeout = AmazonS3ConfigKey::Client(ClientConfigKey::Timeout);
    if std::env::var_os("AWS_TIMEOUT").is_none() {
        builder = builder.with_config(timeout, seconds(REQUEST_TIMEOUT));
    }
    let unsigned = is_on(builder.get_config_value(&AmazonS3ConfigKey::SkipSignature));
    let finder = builder.clone().with_retry(credential_retries()).build().map_err(&unsuitable)?;
    let credentials = Arc::clone(finder.credentials());
    if !unsigned {
        credentials.get_credential().await.map_err(no_credentials(
            address,
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_REGION), or AWS_SKIP_SIGNATURE=true for a \
             public bucket; profiles in ~/.aws are not read",
        ))?;
    }
    let store = builder.with_credentials(credentials).with_retry(retries()).build();
    Ok(Arc::new(store.map_err(&unsuitable)?))
}

async fn gs(address: &Address) -> Result<Arc<dyn ObjectStore>, Error> {
    let unsuitable = unsuitable(address, "GOOGLE_...");
    let mut builder = GoogleCloudStorageBuilder::from_env().with_url(&address.root);
    let timeout = GoogleConfigKey::Client(ClientConfigKey::Timeout);
    if std::env::var_os("GOOGLE_TIMEOUT").is_none() {
        builder = builder.with_config(timeout, seconds(REQUEST_TIMEOUT));
    }
    let unsigned = is_on(builder.get_config_value(&GoogleConfigKey::SkipSignature));
    let finder = builder.clone().with_retry(credential_retries()).build().map_err(&unsuitable)?;
    let credentials = Arc::clone(finder.credentials());
    if !unsigned {
        credentials.get_credential().await.map_err(no_credentials(
            address,
            "set GOOGLE_SERVICE_ACCOUNT to the file of a service account's key, run gcloud auth application-default \
             login, or set GOOGLE_SKIP_SIGNATURE=true for a public bucket",
        ))?;
    }
    let store = builder.with_credentials(credentials).with_retry(retries()).build();
    Ok(Arc::new(store.map_err(&unsuitable)?))
}

async fn az(address: &Address) -> Result<Arc<dyn ObjectStore>, Error> {
    let unsuitable =
        unsuitable(address, "AZURE_..., with the account in AZURE_STORAGE_ACCOUNT_NAME");
    let mut builder = MicrosoftAzureBuilder::from_env().with_url(&address.root);
    let timeout = AzureConfigKey::Client(ClientConfigKey::Timeout);
    if std::env::var_os("AZURE_TIMEOUT").is_none() {
        builder = builder.with_config(timeout, seconds(REQUEST_TIMEOUT));
    }
    let unsigned = is_on(builder.get_config_value(&AzureConfigKey::SkipSignature));
    let finder = builder.clone().with_retry(credential_retries()).build().map_err(&unsuitable)?;
    let credentials = Arc::clone(finder.credentials());
    if !unsigned {
        credentials.get_credential().await.map_err(no_credentials(
            address,
            "set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, or AZURE_STORAGE_SAS_KEY, or \
             AZURE_SKIP_SIGNATURE=true for a public container",
        ))?;
    }
    let store = builder.with_credentials(credentials).with_retry(retries()).build();
    Ok(Arc::new(store.map_err(&unsuitable)?))
}

/// No credentials: what is public, or open to this network.
fn http(address: &Address) -> Result<Arc<dyn ObjectStore>, Error> {
    // Only loopback gets as far as here without TLS, see `Address`.
    let options = ClientOptions::new()
        .with_allow_http(address.root.starts_with("http://"))
        .with_timeout_disabled()
        .with_read_timeout(READ_TIMEOUT);
    let store = HttpBuilder::new()
        .with_url(&address.root)
        .with_client_options(options)
        .with_retry(retries())
        .build();
    Ok(Arc::new(store.map_err(unsuitable(address, "the address"))?))
}
