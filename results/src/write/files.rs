//! The files of a delivery while they are written: by themselves, or as members of a zip.

use std::io::{self, Write};

use cclf_crosswalk::Table;
use cclf_files::{Delivery, Layout, Part, summary};
use convert::Error;
use jiff::Timestamp;
use publish::{Stage, StagedFile};
use zip::write::{SimpleFileOptions, StreamWriter, ZipWriter};
use zip::{CompressionMethod, DateTime};

use super::encoded::{Encoding, Misfits};
use super::report::WrittenFile;
use crate::finished::Finished;

/// Bytes of a line of CCLF0 without its line feed.
const SUMMARY_LENGTH: usize = 70;

/// Files that are being written.
pub(super) struct Files<'s> {
    stage: &'s Stage,
    delivery: &'s Delivery,
    zip: Option<Zip>,
    written: Vec<WrittenFile>,
}

struct Zip {
    name: String,
    writer: ZipWriter<StreamWriter<StagedFile>>,
    options: SimpleFileOptions,
}

fn fault(name: &str, error: &io::Error) -> Error {
    Error::failed(format!("write of {name} failed: {error}"))
}

impl<'s> Files<'s> {
    /// None yet; they go into a zip whose members are of this time, if there is one.
    ///
    /// # Errors
    /// The zip cannot be made.
    pub(super) fn new(
        stage: &'s Stage,
        delivery: &'s Delivery,
        zip: Option<Timestamp>,
    ) -> Result<Self, Error> {
        let zip = zip
            .map(|time| {
                let name = delivery.name(Part::Zip).to_string();
                let writer = ZipWriter::new_stream(stage.create(&name)?);
                let utc = time.to_zoned(jiff::tz::TimeZone::UTC).datetime();
                let options = SimpleFileOptions::default()
                    .compression_method(CompressionMethod::Deflated)
                    // Its length is not known before it is written.
                    .large_file(true)
                    .last_modified_time(DateTime::try_from(utc).unwrap_or_default());
                Ok::<_, Error>(Zip { name, writer, options })
            })
            .transpose()?;
        Ok(Self { stage, delivery, zip, written: Vec::new() })
    }

    /// The name of the zip.
    pub(super) fn zip_name(&self) -> Option<String> {
        self.zip.as_ref().map(|zip| zip.name.clone())
    }

    /// Writes all of them: the tables, and CCLF0, which counts them.
    ///
    /// # Errors
    /// A table cannot be read, a file cannot be written.
    pub(super) fn write(
        &mut self,
        finished: &Finished,
        encoding: &Encoding<'_>,
        misfits: &mut Misfits,
    ) -> Result<(), Error> {
        let mut counts = Vec::new();
        for (table, stored) in finished.tables() {
            let length = Layout::current(table).map_or(0, |layout| layout.record_length());
            let records = self.file(table, length, |out| {
                encoding.encode(table, stored, misfits, |bytes| out(bytes))
            })?;
            counts.push((table, records));
        }
        let text = summary::write(&counts);
        let rows = counts.len() as u64;
        self.file(Table::Cclf0, SUMMARY_LENGTH, |out| out(&text).map(|()| rows))?;
        Ok(())
    }

    /// Writes one, and says what it is.
    fn file(
        &mut self,
        table: Table,
        record_length: usize,
        fill: impl FnOnce(&mut dyn FnMut(&[u8]) -> Result<(), Error>) -> Result<u64, Error>,
    ) -> Result<u64, Error> {
        let name = self.delivery.name(Part::One(table)).to_string();
        let (mut hasher, mut length) = (blake3::Hasher::new(), 0);
        let mut hash = |bytes: &[u8]| {
            hasher.update(bytes);
            length += bytes.len() as u64;
        };
        let records = if let Some(zip) = &mut self.zip {
            let begun = zip.writer.start_file(name.as_str(), zip.options);
            begun.map_err(|error| fault(&zip.name, &error.into()))?;
            let (writer, zip) = (&mut zip.writer, &zip.name);
            fill(&mut |bytes| {
                hash(bytes);
                writer.write_all(bytes).map_err(|error| fault(zip, &error))
            })?
        } else {
            let mut file = self.stage.create(&name)?;
            let records = fill(&mut |bytes| {
                hash(bytes);
                file.write_all(bytes).map_err(|error| fault(&name, &error))
            })?;
            file.finish()?;
            records
        };
        let blake3 = hasher.finalize().to_hex().to_string();
        let table = table.name().to_owned();
        let file = WrittenFile { table, file: name, records, record_length, bytes: length, blake3 };
        self.written.push(file);
        Ok(records)
    }

    /// Takes all of them back.
    ///
    /// # Errors
    /// A file cannot be removed.
    pub(super) fn take_back(self) -> Result<(), Error> {
        let (stage, zip) = (self.stage, self.zip_name());
        let names: Vec<String> = match zip {
            Some(zip) => vec![zip],
            None => self.written.iter().map(|file| file.file.clone()).collect(),
        };
        self.finish()?;
        names.iter().try_for_each(|name| Ok(stage.take_back(name)?))
    }

    /// Ends them, and says what they are.
    ///
    /// # Errors
    /// The zip cannot be written to its end.
    pub(super) fn finish(self) -> Result<Vec<WrittenFile>, Error> {
        if let Some(Zip { name, writer, .. }) = self.zip {
            let ended = writer.finish().map_err(io::Error::from);
            ended.map_err(|error| fault(&name, &error))?.into_inner().finish()?;
        }
        Ok(self.written)
    }
}
