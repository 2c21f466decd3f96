//! What synthetic data of a version is, made without the sandbox.

use synth::{Api, Options};

/// The share of claims that v3 has a second time, of a million.
const PARTIALLY_ADJUDICATED: u32 = 100_000;

/// All lines of a type, as the generator writes them.
pub(crate) fn lines(api: Api, beneficiaries: u64, seed: u64, kind: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), api, beneficiaries, seed, "");
    let mut names: Vec<_> = std::fs::read_dir(folder.path())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "ndjson"))
        .collect();
    names.sort();
    let of = |text: &Vec<u8>| {
        let first = text.split(|&byte| byte == b'\n').next().expect("a line");
        let record: serde_json::Value = serde_json::from_slice(first).expect("a record");
        record["resourceType"] == kind
    };
    let texts = names.iter().map(|path| std::fs::read(path).expect("a file"));
    texts.filter(of).collect::<Vec<_>>().concat()
}

/// Writes the data files into a folder, their names after the prefix, without a manifest.
pub(crate) fn write(
    folder: &std::path::Path,
    api: Api,
    beneficiaries: u64,
    seed: u64,
    prefix: &str,
) {
    let partially_adjudicated_per_million = if api == Api::V3 { PARTIALLY_ADJUDICATED } else { 0 };
    let options = Options {
        beneficiaries,
        seed,
        api,
        partially_adjudicated_per_million,
        ..Options::default()
    };
    synth::generate(&options, |name| std::fs::File::create(folder.join(format!("{prefix}{name}"))))
        .expect("generated");
    std::fs::remove_file(folder.join(format!("{prefix}{}", synth::MANIFEST_NAME)))
        .expect("the manifest");
}
