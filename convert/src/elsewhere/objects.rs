//! Object storage as inputs and outputs of a run.

use std::ffi::OsStr;
use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use glob::{MatchOptions, Pattern};
use ndjson_io::{Elsewhere as FoundElsewhere, Purpose, Remote, RemoteFault, RemoteFile};
use object_storage::publish::LocalFile;
use object_storage::{Address, Found, Object, ObjectReader, Storage};

use crate::TABLES_MANIFEST;
use crate::cancel::Cancel;
use crate::elsewhere::is_address;
use crate::error::{Error, ErrorKind};
use crate::input::export_manifest::most_bytes;
use crate::out::manifest;

/// The network of a run, which begins when an address is met.
#[derive(Clone)]
pub(crate) struct Elsewhere {
    cancel: Cancel,
    storage: Arc<OnceLock<Storage>>,
}

impl fmt::Debug for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Elsewhere")
    }
}

/// A place for tables in object storage.
pub(crate) struct Publication(object_storage::publish::Publication);

impl From<object_storage::Error> for Error {
    fn from(fault: object_storage::Error) -> Self {
        use object_storage::ErrorKind as Kind;
        let kind = match fault.kind() {
            Kind::Cancelled => return Error::cancelled(),
            Kind::Usage | Kind::NotFound => ErrorKind::Usage,
            Kind::Network | Kind::Denied => ErrorKind::Network,
            _ => ErrorKind::Failed,
        };
        Self::new(kind, fault.to_string())
    }
}

impl Elsewhere {
    pub(crate) fn new(cancel: &Cancel) -> Self {
        Self { cancel: cancel.clone(), storage: Arc::default() }
    }

    fn storage(&self) -> Result<&Storage, Error> {
        if let Some(storage) = self.storage.get() {
            return Ok(storage);
        }
        let storage = Storage::new(Arc::clone(&self.cancel.0))?;
        Ok(self.storage.get_or_init(|| storage))
    }

    /// What an input names, if it is an address: an object, all objects below a prefix, or those below it that match
    /// a pattern (`*` and `[..]`; a `?` begins a query).
    pub(crate) fn find(&self, input: &str) -> Result<Option<FoundElsewhere>, Error> {
        if !is_address(input) {
            return Ok(None);
        }
        let host = input.find("://").map_or(0, |at| at + "://".len());
        let (named, pattern) = match input.find(['*', '[']).and_then(|at| input[..at].rfind('/')) {
            // A bracket within the host is an address of IPv6.
            Some(slash) if slash >= host => (&input[..=slash], Some(&input[slash + 1..])),
            _ => (input, None),
        };
        let address: Address = named.parse()?;
        let pattern = pattern.map(Pattern::new).transpose();
        let pattern = pattern.map_err(|_| {
            Error::usage(format!(
                "{}: the pattern is malformed",
                object_storage::without_secrets(input)
            ))
        })?;
        let found = match self.storage()?.find(&address)? {
            Found::Object(object) => {
                let relative = object.file_name().to_owned();
                FoundElsewhere::File(remote(object, relative))
            }
            Found::Folder(objects) => {
                let options = MatchOptions {
                    case_sensitive: true,
                    require_literal_separator: true,
                    require_literal_leading_dot: true,
                };
                let named =
                    objects.into_iter().map(|object| (object.relative_to(&address), object));
                let files: Vec<RemoteFile> = named
                    .filter(|(name, _)| {
                        pattern.as_ref().is_none_or(|pattern| pattern.matches_with(name, options))
                    })
                    .map(|(name, object)| remote(object, name))
                    .collect();
                if files.is_empty() {
                    return Err(Error::usage(format!("{address}: no object matches the pattern")));
                }
                FoundElsewhere::Folder(files)
            }
        };
        Ok(Some(found))
    }

    /// The JSON files of a folder that was found here which are short enough for a manifest, and their texts: the one
    /// called `first`, then the others by name. None where listing, or reading, is not allowed: who may read the
    /// exports only need not be allowed more.
    pub(crate) fn json_files(
        &self,
        folder: &Path,
        first: &str,
    ) -> Result<Vec<(PathBuf, Vec<u8>)>, Error> {
        let storage = self.storage()?;
        let allowed = |found: Result<Vec<Object>, object_storage::Error>| match found {
            Err(fault) if fault.kind() == object_storage::ErrorKind::Denied => Ok(Vec::new()),
            found => found,
        };
        let address: Address = address_of(folder).parse()?;
        let mut objects = if address.is_http() {
            let named: Address = format!("{address}{first}").parse()?;
            allowed(storage.object(&named).map(|object| object.into_iter().collect()))?
        } else {
            allowed(storage.directly_below(&address))?
        };
        let is_json = |name: &str| {
            Path::new(name).extension().is_some_and(|end| end.eq_ignore_ascii_case("json"))
        };
        let most = |object: &Object| most_bytes(OsStr::new(object.file_name()));
        objects.retain(|object| is_json(object.file_name()) && object.len() <= most(object));
        objects.sort_by_key(|object| object.file_name() != first);
        let mut texts = Vec::new();
        for object in objects {
            let location = PathBuf::from(object.address().to_string());
            match object.bytes(most(&object)) {
                Err(fault) if fault.kind() == object_storage::ErrorKind::Denied => {}
                text => texts.extend(text?.map(|text| (location, text))),
            }
        }
        Ok(texts)
    }

    /// Copies a result into a folder of this machine: its manifest, and the files that this names.
    ///
    /// # Errors
    /// No result is there; what the network gives; a file cannot be written.
    pub(crate) fn fetch(&self, result: &str, folder: &Path) -> Result<(), Error> {
        let storage = self.storage()?;
        let place = address_of(Path::new(result));
        let object = |name: &str| -> Result<Option<Object>, Error> {
            Ok(storage.object(&format!("{place}{name}").parse()?)?)
        };
        let manifest = object(TABLES_MANIFEST)?;
        let manifest = manifest.map(|own| own.bytes(MOST_MANIFEST_BYTES)).transpose()?.flatten();
        let files = manifest.as_deref().and_then(manifest::files_of);
        let (Some(text), Some(files)) = (manifest, files) else {
            return Err(Error::usage(format!(
                "{}: no result is there to bring up to date",
                object_storage::without_secrets(result)
            )));
        };
        let failed = |name: &str, error: io::Error| {
            Error::failed(format!("copy of {name} from object storage failed: {error}"))
        };
        for name in files.iter().filter(|name| is_plain(name)) {
            let Some(object) = object(name)? else { continue };
            let path = folder.join(name);
            let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
            made.map_err(|error| failed(name, error))?;
            let mut to = std::fs::File::create_new(path).map_err(|error| failed(name, error))?;
            let mut from = object.open(object_storage::Purpose::Read);
            io::copy(&mut from, &mut to).map_err(|error| failed(name, error))?;
        }
        std::fs::write(folder.join(TABLES_MANIFEST), text)
            .map_err(|error| failed(TABLES_MANIFEST, error))
    }

    /// Looks whether tables may be published at an address.
    pub(crate) fn publication(&self, out: &str, overwrite: bool) -> Result<Publication, Error> {
        let address: Address = out.parse()?;
        let opened = object_storage::publish::Publication::open(
            self.storage()?,
            &address,
            TABLES_MANIFEST,
            overwrite,
            Box::new(manifest::files_of),
        );
        opened.map(Publication).map_err(|fault| match fault.kind() {
            object_storage::ErrorKind::Usage if !overwrite => {
                Error::from(fault).unless_overwritten()
            }
            _ => fault.into(),
        })
    }
}

impl Publication {
    /// Publishes files of a folder of this machine, and the manifest after them.
    pub(crate) fn publish(
        self,
        folder: &Path,
        files: &[String],
        manifest: &[u8],
    ) -> Result<(), Error> {
        let local = |name: &String| LocalFile { name: name.clone(), path: folder.join(name) };
        let files: Vec<LocalFile> = files.iter().map(local).collect();
        Ok(self.0.publish(&files, manifest)?)
    }
}

/// Whether an output and an input lie in one another.
pub(crate) fn overlaps(output: &str, input: &str) -> bool {
    match (output.parse::<Address>(), input.parse::<Address>()) {
        (Ok(output), Ok(input)) => output.overlaps(&input),
        _ => false,
    }
}

/// Longest manifest of a result, in bytes.
const MOST_MANIFEST_BYTES: u64 = 256 << 20;

/// Whether a name leads nowhere but below a folder.
fn is_plain(name: &str) -> bool {
    let of_names = |ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '.' | '-' | '_');
    name.split('/').all(|part| {
        !part.is_empty() && part.chars().all(of_names) && part.chars().any(|ch| ch != '.')
    })
}

/// An address is kept as a path, where it lies among others; a path has no double slash.
fn address_of(folder: &Path) -> String {
    let text = folder.to_string_lossy();
    let slash = if text.ends_with('/') { "" } else { "/" };
    format!("{text}{slash}")
}

fn remote(object: Object, relative: String) -> RemoteFile {
    RemoteFile {
        location: PathBuf::from(object.address().to_string()),
        relative,
        len: object.len(),
        modified: Some(object.modified()),
        remote: Arc::new(RemoteObject(object)),
    }
}

struct RemoteObject(Object);

fn purpose(purpose: Purpose) -> object_storage::Purpose {
    match purpose {
        Purpose::Look => object_storage::Purpose::Look,
        Purpose::Read => object_storage::Purpose::Read,
    }
}

impl Remote for RemoteObject {
    fn open(&self, wanted: Purpose) -> Box<dyn Read + Send> {
        Box::new(Told(self.0.open(purpose(wanted))))
    }

    fn is_bound(&self) -> bool {
        self.0.has_tag()
    }

    fn prepare(&self, wanted: Purpose) {
        self.0.prepare(purpose(wanted));
    }
}

/// Tells faults as the reader of lines knows them.
struct Told(ObjectReader);

impl Read for Told {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| {
            let fault =
                error.get_ref().and_then(|fault| fault.downcast_ref::<object_storage::Error>());
            io::Error::other(match fault.map(object_storage::Error::kind) {
                Some(object_storage::ErrorKind::Replaced) => RemoteFault::Replaced,
                Some(object_storage::ErrorKind::Cancelled) => RemoteFault::Cancelled,
                _ => RemoteFault::Failed(fault.map_or_else(String::new, ToString::to_string)),
            })
        })
    }
}
