//! Object storage as the program meets it: a moto server on loopback, and between the two a proxy that answers 500,
//! drops connections and cuts bodies. BCDA_TEST_MOTO names a Python that has moto; without one these tests say so.

#![allow(clippy::print_stderr, reason = "a test says that it was skipped")]

mod http;
mod moto;
mod proxy;

mod publish;
mod read;
mod refuse;

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use self::moto::Bucket;
use self::proxy::{Fault, Proxy};
use crate::common::{Ran, Snapshot, Work};

/// The export of the repository: three gzip files and their manifest.
fn export() -> Snapshot {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../testdata/export");
    let files = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    files
        .map(|file| (file.file_name().into_string().unwrap(), std::fs::read(file.path()).unwrap()))
        .collect()
}

/// A folder to work in and a bucket beside it, which is reached through a proxy.
struct Place {
    work: Work,
    bucket: Bucket,
    proxy: Proxy,
}

impl Place {
    /// None, with a word, where there is no moto.
    fn new(rule: impl Fn(&proxy::Request) -> Fault + Send + Sync + 'static) -> Option<Self> {
        let bucket = Bucket::new()?;
        let proxy = Proxy::new(bucket.server(), rule);
        Some(Self { work: Work::new(), bucket, proxy })
    }

    /// An address in the bucket.
    fn at(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.bucket.name)
    }

    /// The program with what the environment says of the store. Words are separated by spaces; `@KEY` is an address
    /// in the bucket.
    fn command(&self, words: &str) -> Command {
        let words: Vec<String> = words
            .split_whitespace()
            .map(|word| match word.strip_prefix('@') {
                Some(key) => self.at(key),
                None => word.to_owned(),
            })
            .collect();
        let mut command = self.work.command(&words.iter().map(String::as_str).collect::<Vec<_>>());
        command
            .env("AWS_ENDPOINT", format!("http://{}", self.proxy.address))
            .env("AWS_ALLOW_HTTP", "true")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "SECRET-KEY");
        command
    }

    fn bcda(&self, words: &str) -> Ran {
        self.command(words).output().unwrap().into()
    }

    fn start(&self, words: &str) -> Child {
        let mut command = self.command(words);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// The export of the repository below a prefix of the bucket.
    fn put_export(&self, prefix: &str) {
        self.bucket.put_all(prefix, &export());
    }

    /// What the program makes of the export of the repository on this machine.
    fn local_tables(&self) -> Snapshot {
        for (name, bytes) in export() {
            self.work.write(&format!("export/{name}"), bytes);
        }
        self.work.bcda("convert export --quiet --out expected").exits(0);
        self.work.tables("expected")
    }
}
