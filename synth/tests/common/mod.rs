//! An export in memory, for the tests.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test program uses its part of a private module"
)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::rc::Rc;
use synth::{MANIFEST_NAME, Options, RecordType, Summary};

/// A file that stays in memory.
#[derive(Clone, Default)]
pub struct Memory(Rc<RefCell<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A generated export.
pub struct Export {
    pub summary: Summary,
    /// The files by name.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The names in the order in which the files were opened.
    pub order: Vec<String>,
}

pub fn export(options: &Options) -> Export {
    let mut opened: Vec<(String, Memory)> = Vec::new();
    let summary = synth::generate(options, |name| {
        let memory = Memory::default();
        opened.push((name.to_owned(), memory.clone()));
        Ok(memory)
    })
    .unwrap();
    let order = opened.iter().map(|(name, _)| name.clone()).collect();
    let files = opened.into_iter().map(|(name, memory)| (name, memory.0.take())).collect();
    Export { summary, files, order }
}

impl Export {
    /// All data files in order, as one text.
    pub fn bytes(&self) -> Vec<u8> {
        self.order.iter().flat_map(|name| self.files[name].iter().copied()).collect()
    }

    /// The lines of all files of a type, without line feeds.
    pub fn lines(&self, record_type: RecordType) -> Vec<&[u8]> {
        let files = self.summary.files.iter().filter(|f| f.record_type == Some(record_type));
        files
            .flat_map(|f| self.files[&f.name].split_inclusive(|&b| b == b'\n'))
            .map(|l| &l[..l.len() - 1])
            .collect()
    }

    /// The lines of all files of deletions, without line feeds.
    pub fn deletions(&self) -> Vec<&[u8]> {
        let files = self.files.iter().filter(|(name, _)| name.starts_with("deleted/"));
        files.flat_map(|(_, text)| text.trim_ascii_end().split(|&b| b == b'\n')).collect()
    }

    pub fn manifest(&self) -> serde_json::Value {
        serde_json::from_slice(&self.files[MANIFEST_NAME]).unwrap()
    }
}

/// FNV-1a of 64 bits: small, and the same everywhere.
pub fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, &b| {
        (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01B3)
    })
}
