//! `bcda decrypt`.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use bulk_client::{Decryption, JOURNAL_NAME, Opened, SecretPlace};
use clap::Args;
use encryption::{DecryptError, PrivateKey, decrypt};
use serde_json::Value;

use crate::failure::Failure;
use crate::log::{Log, one_line};

/// Larger files are no manifests, in bytes.
const MAX_MANIFEST_BYTES: u64 = 64 << 20;
/// What an export calls a file that it left encrypted.
const SEALED: &str = ".enc";

/// Decrypt the files of an export of 2018 to 2020.
///
/// The manifest, which names the key of each file, is the body of the finished job, or the journal that bcda export
/// wrote. Files that have the server's names need nothing else; renamed ones must be in the journal. The folder of the
/// decrypted files gets a bcda-export.json too, so that their tables have the export's FILE_DATE.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  bcda decrypt --key aco-private.pem --manifest manifest.json data/*.ndjson --out plain

Exit codes: 0 all decrypted; 1 some were not, each is named with its reason; 2 usage.")]
pub(crate) struct DecryptArgs {
    /// Encrypted files.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The private key (PEM, PKCS#1 or PKCS#8), a file that only you can read.
    #[arg(long, value_name = "PEM")]
    pub(crate) key: PathBuf,
    /// The manifest; bcda-export.json beside the first file unless given.
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: Option<PathBuf>,
    /// Folder of the decrypted files; made if it is not there.
    #[arg(long, short, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Largest encrypted file, in bytes: memory holds it whole.
    #[arg(long, default_value_t = Decryption::MAX_BYTES, value_name = "BYTES")]
    pub(crate) max_decrypt_bytes: u64,
}

pub(crate) fn run(arguments: &DecryptArgs, log: Log) -> Result<u8, Failure> {
    let key = SecretPlace::named(&arguments.key).private_key()?;
    let manifest = read_manifest(&manifest_path(arguments))?;
    let keys = Keys::of(&manifest).map_err(|what| no_manifest(&manifest_path(arguments), what))?;
    make_folder(&arguments.out)?;
    let mut opened = Opened::of(manifest, &arguments.out)?;
    let mut failed = 0;
    for file in &arguments.files {
        match decrypt_file(file, &key, &keys, arguments) {
            Ok(to) => {
                log.info(&format!("{} -> {}", one_line(file), one_line(&to)));
                opened.add(file, &to)?;
            }
            Err(Failure { code: 2, message }) => {
                return Err(Failure::new(2, format!("{}: {message}", file.display())));
            }
            Err(failure) => {
                failed += 1;
                log.error(&format!("{}: {}", file.display(), failure.message));
            }
        }
    }
    match failed {
        0 => Ok(0),
        _ => Err(Failure::new(
            1,
            format!("{failed} of {} files were not decrypted", arguments.files.len()),
        )),
    }
}

fn manifest_path(arguments: &DecryptArgs) -> PathBuf {
    arguments.manifest.clone().unwrap_or_else(|| {
        let first = arguments.files.first().and_then(|file| file.parent());
        first.unwrap_or(Path::new("")).join(JOURNAL_NAME)
    })
}

fn make_folder(out: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().mode(0o700).create(out);
    match made {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(Failure::new(1, format!("{} cannot be made: {error}", out.display())))
        }
        _ => Ok(()),
    }
}

/// Decrypts one file; it appears after its tag was verified, whole.
fn decrypt_file(
    file: &Path,
    key: &PrivateKey,
    keys: &Keys,
    arguments: &DecryptArgs,
) -> Result<PathBuf, Failure> {
    let name = file.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| Failure::new(2, "it has no name that a manifest could have"))?;
    let to = arguments.out.join(name.strip_suffix(SEALED).unwrap_or(name));
    if to.symlink_metadata().is_ok() {
        return Err(Failure::new(2, format!("{} exists; choose another folder", to.display())));
    }
    let label = keys.labels.get(name).map_or(name, String::as_str);
    let unreadable = |error: std::io::Error| Failure::new(1, format!("cannot be read: {error}"));
    let opened = File::open(file).map_err(unreadable)?;
    let bytes = opened.metadata().map_err(unreadable)?.len();
    if bytes > arguments.max_decrypt_bytes {
        let limit = arguments.max_decrypt_bytes;
        let message =
            format!("it has {bytes} bytes; at most {limit} are decrypted (--max-decrypt-bytes)");
        return Err(Failure::new(1, message));
    }
    let mut content = Vec::new();
    opened.take(bytes).read_to_end(&mut content).map_err(unreadable)?;
    let fault = |fault: DecryptError| Failure::new(1, fault.to_string());
    let text = match keys.keys.get(label) {
        Some(wrapped) => decrypt(&mut content, label, wrapped, key).map_err(fault)?,
        None if encryption::is_plain(&content) => return Err(fault(DecryptError::AlreadyPlain)),
        None => return Err(fault(DecryptError::NoKey)),
    };
    publish::write_file_atomically(&to, text.as_bytes())
        .map_err(|error| Failure::new(1, error.to_string()))?;
    Ok(to)
}

/// What a manifest or a journal tells of keys.
#[derive(Default)]
struct Keys {
    /// Wrapped keys by the server's names of the files.
    keys: HashMap<String, String>,
    /// The server's names by ours.
    labels: HashMap<String, String>,
}

fn no_manifest(path: &Path, what: &str) -> Failure {
    Failure::new(2, format!("the manifest {}: {what}", path.display()))
}

fn read_manifest(path: &Path) -> Result<Value, Failure> {
    let failed = |error| no_manifest(path, &format!("cannot be read: {error}"));
    let mut text = Vec::new();
    File::open(path)
        .map_err(failed)?
        .take(MAX_MANIFEST_BYTES)
        .read_to_end(&mut text)
        .map_err(failed)?;
    serde_json::from_slice(&text).map_err(|_| no_manifest(path, "it is not JSON"))
}

impl Keys {
    fn of(manifest: &Value) -> Result<Self, &'static str> {
        let mut found = Self::default();
        for list in ["output", "error"] {
            for entry in manifest.get(list).and_then(Value::as_array).into_iter().flatten() {
                let (url, key) = (base_name(&entry["url"]), entry["encryptedKey"].as_str());
                if let (Some(name), Some(key)) = (url, key) {
                    found.keys.insert(name, key.trim().to_owned());
                }
            }
        }
        for (name, key) in manifest.get("KeyMap").and_then(Value::as_object).into_iter().flatten() {
            if let Some(key) = key.as_str() {
                found.keys.insert(name.trim().to_owned(), key.trim().to_owned());
            }
        }
        for file in manifest.get("files").and_then(Value::as_array).into_iter().flatten() {
            if let (Some(name), Some(label)) = (file["name"].as_str(), base_name(&file["url"])) {
                found.labels.insert(name.to_owned(), label);
            }
        }
        if found.keys.is_empty() {
            return Err("it has no keys (KeyMap, or encryptedKey of output)");
        }
        Ok(found)
    }
}

fn base_name(url: &Value) -> Option<String> {
    // Relative or whole: the name is what stands after the last slash of the path.
    let path = url.as_str()?.split(['?', '#']).next()?;
    Some(path.rsplit('/').next()?.to_owned()).filter(|name| !name.is_empty())
}
