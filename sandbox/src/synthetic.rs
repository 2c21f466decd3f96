//! Synthetic data, made in a folder of our own.

use std::fs::File;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use cms::Api;
use synth::Window;

use crate::Error;
use crate::source::{self, Source};

/// Of version 3, how many claims of a million come as a shared system has them, too: a tenth, so that there are some among
/// a few people.
const PARTIALLY_ADJUDICATED_PER_MILLION: u32 = 100_000;

/// Whom the data is of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Population {
    pub(crate) beneficiaries: u64,
    pub(crate) seed: u64,
}

/// Makes the records of a version, those of a window where there are weeks. Any of the flags ends it.
pub(crate) fn make(
    population: Population,
    api: Api,
    window: Option<Window>,
    give_up: &[&AtomicBool],
) -> Result<Source, Error> {
    let Population { beneficiaries, seed } = population;
    let folder = source::private_folder().map_err(Error::SetUp)?;
    let partially_adjudicated_per_million =
        if api == Api::V3 { PARTIALLY_ADJUDICATED_PER_MILLION } else { 0 };
    let options = synth::Options {
        beneficiaries,
        seed,
        api,
        partially_adjudicated_per_million,
        window,
        ..synth::Options::default()
    };
    synth::generate(&options, |name| {
        if let Some((inner, _)) = name.split_once('/') {
            std::fs::create_dir_all(folder.path().join(inner))?;
        }
        let file = File::create_new(folder.path().join(name))?;
        Ok(Unless { file, give_up })
    })?;
    let mut source = Source::new(source::files_of(folder.path())?);
    let deleted = folder.path().join("deleted");
    if deleted.is_dir() {
        source.deleted = source::files_of(&deleted)?;
    }
    source.own = Some(folder);
    Ok(source)
}

/// A file that is written until someone gives up.
struct Unless<'g> {
    file: File,
    give_up: &'g [&'g AtomicBool],
}

impl Write for Unless<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.give_up.iter().any(|flag| flag.load(Ordering::SeqCst)) {
            return Err(io::Error::other("given up"));
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
