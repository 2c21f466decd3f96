//! One file: a `.part` that grows over as many calls as it takes, checks, and then its name.

use std::io::Write;
use std::sync::Arc;

use encryption::{DecryptError, PrivateKey, is_plain};
use publish::PartFile;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, ETAG, IF_RANGE, RANGE};
use reqwest::{Method, Response, StatusCode};
use url::Url;

use crate::call::{Call, TokenFor};
use crate::continuation::{Continuation, encoding, range, validator};
use crate::error::{Error, ErrorKind};
use crate::file::{FileRecord, FileState, url_hash};
use crate::folder::{ExportFolder, commit};
use crate::job::is_html;
use crate::observe::FileStart;
use crate::pace::Pace;
use crate::place::shown;
use crate::server::Server;
use crate::setting::Setting;
use crate::verify::{Checked, check_ndjson, check_sealed};

/// A shorter file is fetched anew rather than continued: noting how to continue would cost more, in bytes.
const RESUMABLE_BYTES: u64 = 64 << 10;
/// So much more of a file, in bytes, and all tries are there again.
const REFILL_BYTES: u64 = 1 << 20;
/// First bytes of a file that are looked at to tell whether it is encrypted.
const HEAD: usize = 4 << 10;

/// What opens encrypted files.
#[derive(Clone, Debug)]
pub struct Decryption {
    /// Our private key.
    pub key: Arc<PrivateKey>,
    /// Larger files are not opened, since memory holds them whole, in bytes.
    pub max_bytes: u64,
}

impl Decryption {
    /// The largest encrypted file that is opened unless a user says otherwise, in bytes: 4 GiB.
    pub const MAX_BYTES: u64 = 4 << 30;
}

/// A file to fetch.
pub(crate) struct Item<'i> {
    pub(crate) record: FileRecord,
    pub(crate) url: &'i Url,
    pub(crate) encrypted_key: Option<&'i str>,
    pub(crate) token: TokenFor,
    pub(crate) decryption: Option<&'i Decryption>,
}

/// Fetches a file, tries again where that may help, and gives it its name.
pub(crate) async fn fetch(
    server: &Server,
    folder: &ExportFolder,
    item: &Item<'_>,
) -> Result<FileRecord, Error> {
    server.observer().download_started(&FileStart {
        name: &item.record.name,
        url: item.url,
        item_type: item.record.item_type.name(),
        resource_type: &item.record.resource_type,
    });
    let fetched = Download::new(server, folder, item)?.run().await;
    match &fetched {
        Ok(done) => {
            server.observer().download_complete(
                &item.record.name,
                item.url,
                done.bytes,
                done.records,
            );
        }
        Err(error) => server.observer().download_failed(&item.record.name, item.url, error),
    }
    fetched
}

struct Download<'d> {
    server: &'d Server,
    folder: &'d ExportFolder,
    item: &'d Item<'d>,
    part: PartFile,
    part_name: String,
}

impl<'d> Download<'d> {
    fn new(
        server: &'d Server,
        folder: &'d ExportFolder,
        item: &'d Item<'d>,
    ) -> Result<Self, Error> {
        let sealed = if item.encrypted_key.is_some() { ".enc" } else { "" };
        let part_name = format!("{}{sealed}", item.record.name);
        Ok(Self { server, folder, item, part: folder.part(&part_name)?, part_name })
    }

    async fn run(mut self) -> Result<FileRecord, Error> {
        let mut tries = self.server.wire.tries().of(&self.item.record.name);
        let mut most = self.part.bytes();
        let checked = loop {
            let received = match self.receive().await {
                Ok(()) => self.check().await,
                Err(error) => Err(error),
            };
            match received {
                Ok(checked) => break checked,
                Err(error) => {
                    if self.part.bytes() >= most + REFILL_BYTES {
                        tries.refill();
                        most = self.part.bytes();
                    }
                    if error.kind() == ErrorKind::BadFile {
                        self.restart()?;
                    }
                    tries.after(error).await?;
                }
            }
        };
        let record = self.item.record.clone();
        let (folder, part_info) = (self.folder, self.info_name());
        let done = match self.item.encrypted_key {
            _ if checked.bytes == 0 => {
                self.part.discard()?;
                FileRecord { state: FileState::Empty, ..record }
            }
            Some(_) if checked.lines > 0 => finish(self.part, record, &checked)?,
            Some(wrapped) => match self.item.decryption.cloned() {
                None => {
                    let name = self.part_name.clone();
                    let kept = FileRecord { name, state: FileState::Encrypted, ..record };
                    finish(self.part, kept, &checked)?
                }
                Some(decryption) => self.open(wrapped.to_owned(), decryption).await?,
            },
            None => finish(self.part, record, &checked)?,
        };
        folder.remove(&part_info)?;
        Ok(done)
    }

    /// Gets what is missing of the body.
    async fn receive(&mut self) -> Result<(), Error> {
        let known = self.continuation();
        if known.is_none() {
            self.part.restart()?;
        }
        let mut call = Call {
            method: Method::GET,
            url: self.item.url,
            headers: vec![
                (ACCEPT, "application/fhir+ndjson".to_owned()),
                (ACCEPT_ENCODING, self.wanted_encoding().to_owned()),
            ],
            token: self.item.token,
        };
        if let Some(known) = &known {
            call.headers.push((RANGE, format!("bytes={}-", self.part.bytes())));
            call.headers.push((IF_RANGE, known.validator.clone()));
        }
        let mut response = self.server.try_once(&call).await.map_err(|error| match error.status() {
            Some(401 | 403) if !self.server.is_trusted(self.item.url, self.item.token) => {
                error.at(match self.item.token {
                    TokenFor::Allowed => "the file is at another server, which is not given the token; if you trust it, allow its origin",
                    _ => "the file is at another server, which is not given the token, since the manifest does not say that files need it",
                })
            }
            Some(404 | 410) => {
                error.at([
                    "the file is not there any more; only a new job can bring it (".into(),
                    Setting::Restart.alone(),
                    ")".into(),
                ])
            }
            _ => error,
        })?;
        let total = match (response.status(), &known) {
            (StatusCode::OK, _) => {
                self.begin(&response)?;
                response.content_length()
            }
            (StatusCode::PARTIAL_CONTENT, Some(known)) => self.part_follows(&response, known)?,
            (StatusCode::RANGE_NOT_SATISFIABLE, Some(_)) => {
                return match range(response.headers()) {
                    Some((None, Some(total))) if total == self.part.bytes() => Ok(()),
                    _ => Err(bad("the server has no such part of it")),
                };
            }
            (status, _) => {
                let status = status.as_u16();
                return Err(
                    Error::server(format!("expected a file, got {status}")).with_status(status)
                );
            }
        };
        if response.headers().get(CONTENT_TYPE).is_some_and(is_html) {
            return Err(bad("it is an HTML page, not NDJSON"));
        }
        let mut pace = Pace::new(&self.server.wire.settings);
        let way = self.server.wire.way(response.url());
        while let Some(chunk) = self.server.wire.chunk(&mut response).await? {
            self.part.write_all(chunk.as_ref()).map_err(|error| Error::local(error.to_string()))?;
            self.server.observer().download_bytes(&self.item.record.name, self.part.bytes(), total);
            pace.came(chunk.as_ref().len()).map_err(|error| error.on(&way))?;
        }
        match total {
            Some(total) if total > self.part.bytes() => {
                let message = "the connection broke before the end of the file";
                Err(Error::new(ErrorKind::Network, message).passing(None).on(&way))
            }
            Some(total) if total < self.part.bytes() => Err(bad("it is longer than announced")),
            _ => Ok(()),
        }
    }

    /// Encrypted files have no use for compression, and are decrypted as they come.
    fn wanted_encoding(&self) -> &'static str {
        if self.item.encrypted_key.is_some() { "identity" } else { "gzip" }
    }

    /// The whole file follows: begins anew and notes how to continue it.
    fn begin(&mut self, response: &Response) -> Result<(), Error> {
        self.restart()?;
        let headers = response.headers();
        let encoding = encoding(headers);
        let known = if self.item.encrypted_key.is_some() { "identity" } else { "gzip" };
        if encoding != "identity" && encoding != known {
            // What a header names may be anything.
            let name = ["br", "compress", "deflate", "gzip", "zstd"]
                .into_iter()
                .find(|it| *it == encoding);
            let name = name.map(|name| format!(" {name},")).unwrap_or_default();
            return Err(Error::server(format!(
                "the file comes in an encoding,{name} that was not asked for"
            )));
        }
        let long = response.content_length().is_none_or(|length| length >= RESUMABLE_BYTES);
        if let Some(validator) = validator(headers).filter(|_| long) {
            let url = shown(self.item.url);
            let url_hash = Some(url_hash(self.item.url));
            let known = Continuation { url, url_hash, validator, encoding };
            let text = serde_json::to_vec(&known);
            self.folder.write(&self.info_name(), &text.unwrap_or_default())?;
        }
        Ok(())
    }

    /// The rest of the file follows: of the same version, from where we are.
    fn part_follows(
        &self,
        response: &Response,
        known: &Continuation,
    ) -> Result<Option<u64>, Error> {
        let headers = response.headers();
        let changed = headers.contains_key(ETAG)
            && validator(headers).as_ref() != Some(&known.validator)
            && known.validator.starts_with('"');
        match range(headers) {
            Some((Some(start), total))
                if start == self.part.bytes()
                    && !changed
                    && encoding(headers) == known.encoding =>
            {
                Ok(total)
            }
            _ => Err(bad("the server goes on with another part or version of it")),
        }
    }

    fn info_name(&self) -> String {
        format!("{}.part-info", self.part_name)
    }

    fn continuation(&self) -> Option<Continuation> {
        if self.part.bytes() == 0 {
            return None;
        }
        let text = std::fs::read(self.folder.path().join(self.info_name())).ok()?;
        let known: Continuation = serde_json::from_slice(&text).ok()?;
        let same = known.url_hash == Some(url_hash(self.item.url))
            || self.item.record.resigned && known.url == shown(self.item.url);
        same.then_some(known)
    }

    fn restart(&mut self) -> Result<(), Error> {
        self.part.restart()?;
        Ok(self.folder.remove(&self.info_name())?)
    }

    /// Reads what is on the disk: that is what will be used.
    async fn check(&self) -> Result<Checked, Error> {
        let mut head = [0; HEAD];
        let mut reader = self.part.reader()?;
        let length = std::io::Read::read(&mut reader, &mut head).map_err(|error| {
            Error::local(format!("what was downloaded cannot be read: {error}"))
        })?;
        let sealed = self.item.encrypted_key.is_some() && !is_plain(&head[..length]);
        let (file, holds) = (self.part.reader()?, self.item.record.holds());
        blocking(move || if sealed { check_sealed(file) } else { check_ndjson(file, holds) }).await
    }

    /// Decrypts what is on the disk, checks it, and gives it its name.
    async fn open(self, wrapped: String, decryption: Decryption) -> Result<FileRecord, Error> {
        let bytes = self.part.bytes();
        if bytes > decryption.max_bytes {
            let limit = decryption.max_bytes;
            return Err(Error::usage(format!(
                "an encrypted file has {bytes} bytes; at most {limit} are decrypted in memory"
            )));
        }
        let label = self.item.url.path().rsplit('/').next().unwrap_or_default().to_owned();
        let mut file = self.part.reader()?;
        let mut plain = self.folder.part(&self.item.record.name)?;
        plain.restart()?;
        let holds = self.item.record.holds();
        let written = blocking(move || {
            let mut content = Vec::new();
            std::io::Read::read_to_end(&mut file, &mut content).map_err(|error| {
                Error::local(format!("what was downloaded cannot be read: {error}"))
            })?;
            let text = encryption::decrypt(&mut content, &label, &wrapped, &decryption.key)
                .map_err(|error| not_opened(&error))?;
            let checked = check_ndjson(text.as_bytes(), holds)?;
            plain.write_all(text.as_bytes()).map_err(|error| Error::local(error.to_string()))?;
            Ok((plain, checked))
        });
        let (plain, checked) = written.await?;
        let done = finish(plain, self.item.record.clone(), &checked)?;
        self.part.discard()?;
        Ok(done)
    }
}

/// Makes a checked file durable under its name.
pub(crate) fn finish(
    part: PartFile,
    record: FileRecord,
    checked: &Checked,
) -> Result<FileRecord, Error> {
    let gz = if checked.gzip { ".gz" } else { "" };
    let name = format!("{}{gz}", record.name);
    commit(part, &name)?;
    let sealed = record.state == FileState::Encrypted;
    Ok(FileRecord {
        name,
        state: if sealed { FileState::Encrypted } else { FileState::Complete },
        bytes: checked.bytes,
        content_bytes: checked.content_bytes,
        records: checked.lines,
        blake3: Some(checked.blake3.clone()),
        ..record
    })
}

/// Runs what takes long where it does not keep others waiting.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(Error::local("a worker ended before its work")))
}

/// A key that does not fit is this machine's affair, and fits no other file either.
fn not_opened(error: &DecryptError) -> Error {
    match error {
        DecryptError::Unwrap | DecryptError::WrappedKeyLength { .. } => {
            Error::local(error.to_string())
        }
        _ => Error::new(ErrorKind::BadFile, error.to_string()),
    }
}

fn bad(what: &str) -> Error {
    Error::new(ErrorKind::BadFile, what).passing(None)
}
