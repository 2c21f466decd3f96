//! A finished result, opened: its tables, who made them, and which of its rows are of final claims.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use cclf_crosswalk::arrow::array::{Array, AsArray};
use cclf_crosswalk::{Api, Columns, Crosswalk, Format, Naming, Table, schema};
use convert::building::{StoredTable, shared};
use convert::{DriftReport, Error, FilledBefore, Setting, StageReport, said};

use crate::manifest::{MadeFrom, Manifest};

/// Rows that are looked at for where they come from.
const LOOK_ROWS: usize = 1_024;

/// Where tables come from, for those that do not tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Exports of BCDA, in a version of its API: the current state of each claim.
    Bcda(Api),
    /// CMS's CCLF files: a history of originals, cancellations and adjustments.
    Cclf,
}

impl Source {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::Bcda(Api::V1), Self::Bcda(Api::V2), Self::Bcda(Api::V3), Self::Cclf];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bcda(api) => api.name(),
            Self::Cclf => "cclf",
        }
    }

    /// Whether the numbers of claims are those of another source, too: CCLF and v3 have them from one repository, v1 and v2
    /// from another (cclf_files.md, section 8).
    pub(crate) fn shares_numbers_with(self, other: Self) -> bool {
        let is_of_idr = |source: Self| matches!(source, Self::Cclf | Self::Bcda(Api::V3));
        is_of_idr(self) == is_of_idr(other)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Source {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|one| one.name() == text);
        found.ok_or("expected v1, v2, v3 or cclf")
    }
}

/// What a manifest says of the run that made the tables. Names of files and counts; never a value of the data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// Seconds that it took.
    pub seconds: Option<f64>,
    /// Its stages, without the last, which comes after the manifest.
    pub stages: Vec<StageReport>,
    /// What is not known of the records that were looked through; none where nobody looked.
    pub drift: Option<DriftReport>,
    /// Files that it read.
    pub files: u64,
    /// Their bytes, as stored.
    pub bytes: u64,
    /// Their lines.
    pub lines: u64,
    /// Files that were found and not read, by their ending.
    pub left_aside: BTreeMap<String, u64>,
    /// Lists of rejects, by their names in the folder.
    pub reject_lists: Vec<String>,
}

/// Bytes of a file that are hashed at a time.
const HASHED_BYTES: usize = 256 << 10;

/// A finished result.
#[derive(Debug)]
pub struct Finished {
    /// What messages call it.
    pub(crate) shown: String,
    pub(crate) source: Source,
    /// Of CMS's files, whether only final claims are left.
    pub(crate) is_final: bool,
    pub(crate) naming: Naming,
    pub(crate) manifest: Option<Manifest>,
    tables: BTreeMap<Table, StoredTable>,
}

impl Finished {
    /// Opens a result with all its tables but CCLF0; `source` is believed where the tables do not tell theirs.
    ///
    /// # Errors
    /// It is no result of this program, a table is missing, is no Parquet file or was changed since; or nothing tells where
    /// the tables come from.
    pub fn open(folder: &Path, source: Option<Source>) -> Result<Self, Error> {
        let shown = folder.display().to_string();
        if !folder.is_dir() {
            return Err(Error::usage(format!(
                "{shown}: no folder is there; name the folder of a result that bcda convert has made"
            )));
        }
        let manifest = Manifest::read(folder, &shown)?;
        let naming = naming_in(folder, &shown)?;
        let (mut tables, mut checked) = (BTreeMap::new(), Vec::new());
        for table in Table::ALL.into_iter().filter(|table| *table != Table::Cclf0) {
            let path = file_of(folder, naming, table, Format::Parquet);
            if !path.is_file() {
                return Err(missing(folder, &shown, naming, table));
            }
            let stored = StoredTable::open(&path, &path.display().to_string())?;
            let listed = manifest.iter().flat_map(|manifest| &manifest.tables);
            let listed = listed.filter(|report| report.table == table.name());
            checked.extend(listed.map(|report| (path.clone(), report.blake3.clone())));
            check_types(table, &stored)?;
            tables.insert(table, stored);
        }
        check(checked)?;
        let (source, is_final) = told(&shown, manifest.as_ref(), &tables, source)?;
        Ok(Self { shown, source, is_final, naming, manifest, tables })
    }

    /// A table.
    pub fn table(&self, table: Table) -> &StoredTable {
        // All are there: see `open`.
        &self.tables[&table]
    }

    /// The tables, without CCLF0.
    pub fn tables(&self) -> impl Iterator<Item = (Table, &StoredTable)> {
        self.tables.iter().map(|(table, stored)| (*table, stored))
    }

    /// Where the tables come from.
    pub fn source(&self) -> Source {
        self.source
    }

    /// Whether these are CMS's files as they came: a history, in which final claims are not told from others.
    pub fn is_history(&self) -> bool {
        self.source == Source::Cclf && !self.is_final
    }

    /// Whether the manifest says that the data are made up.
    pub fn is_synthetic(&self) -> bool {
        self.manifest.as_ref().is_some_and(|manifest| manifest.synthetic.is_some())
    }

    /// The rows of a table, as the manifest says.
    pub fn listed_rows(&self, table: Table) -> Option<u64> {
        let listed = self.manifest.iter().flat_map(|manifest| &manifest.tables);
        listed.into_iter().find(|own| own.table == table.name()).map(|own| own.rows)
    }

    /// Bad records or lines by class, as the manifest says; none if it does not say it.
    pub fn rejected_by_class(&self) -> Option<BTreeMap<String, u64>> {
        self.manifest.as_ref()?.rejected_by_class.clone()
    }

    /// Claims whose Patient was not in the input, as the manifest says.
    pub fn claims_without_patient(&self) -> Option<u64> {
        self.manifest.as_ref()?.claims_without_patient
    }

    /// What the manifest says of the run that made the tables.
    pub fn run(&self) -> Run {
        let Some(manifest) = &self.manifest else { return Run::default() };
        let is_list = |name: &&String| name.ends_with("rejects.csv");
        Run {
            seconds: manifest.seconds,
            stages: manifest.stages.clone(),
            drift: manifest.drift.clone(),
            files: manifest.inputs.len() as u64,
            bytes: manifest.inputs.iter().map(|own| own.bytes).sum(),
            lines: manifest.inputs.iter().map(|own| own.lines).sum(),
            left_aside: manifest.left_aside.clone(),
            reject_lists: manifest.files.iter().filter(is_list).cloned().collect(),
        }
    }

    /// How much of a table was filled in the result that it was brought up to date from.
    pub fn filled_before(&self, table: Table) -> Option<&FilledBefore> {
        let carried = self.manifest.as_ref()?.carried.as_ref()?;
        carried.filled_before.iter().find(|own| own.table == table.name())
    }

    /// When what the tables hold was exported.
    pub fn exported_at(&self) -> Option<jiff::Timestamp> {
        self.manifest.as_ref()?.newest_time()
    }
}

fn file_of(folder: &Path, naming: Naming, table: Table, format: Format) -> PathBuf {
    folder.join(format!("{}.{}", naming.file_stem(table), format.extension()))
}

/// What the tables in a folder are called.
fn naming_in(folder: &Path, shown: &str) -> Result<Naming, Error> {
    let is_so = |naming: &Naming| {
        let is_there = |format| file_of(folder, *naming, Table::Cclf1, format).is_file();
        Format::ALL.into_iter().any(is_there)
    };
    let found = Naming::ALL.into_iter().find(is_so).or_else(|| {
        let any = |naming: &Naming| {
            let is_there =
                |table: &Table| file_of(folder, *naming, *table, Format::Parquet).is_file();
            Table::ALL.iter().any(is_there)
        };
        Naming::ALL.into_iter().find(any)
    });
    found.ok_or_else(|| {
        Error::usage(format!(
            "{shown}: no tables are there that this program has made: neither cclf1.parquet nor parta_claims_header.parquet"
        ))
    })
}

/// Refuses files that are others than the manifest says: a page of Parquet that is damaged may well be read.
fn check(files: Vec<(PathBuf, String)>) -> Result<(), Error> {
    let helpers = std::thread::available_parallelism().map_or(0, |threads| threads.get() - 1);
    let checked = shared(files, helpers, |(path, wanted)| {
        let shown = path.display();
        let mut hasher = blake3::Hasher::new();
        let hashed = File::open(&path).and_then(|mut file| {
            let mut bytes = vec![0; HASHED_BYTES];
            loop {
                match file.read(&mut bytes)? {
                    0 => return Ok(hasher.finalize().to_hex().to_string()),
                    count => hasher.update(&bytes[..count]),
                };
            }
        });
        match hashed {
            Ok(found) if found == wanted => Ok(()),
            Ok(_) => Err(Error::usage(format!(
                "{shown} is not as its manifest says: it was changed after it was made, or is damaged"
            ))),
            Err(error) => Err(Error::failed(format!("read of {shown} failed: {error}"))),
        }
    });
    checked.into_iter().collect()
}

/// Refuses a table whose columns are called as ours are, and are of other types.
fn check_types(table: Table, stored: &StoredTable) -> Result<(), Error> {
    let own = schema(Crosswalk::stu3(), table, &Columns::from(true));
    let other = stored.schema().fields().iter().find(|field| {
        own.field_with_name(field.name()).is_ok_and(|own| own.data_type() != field.data_type())
    });
    other.map_or(Ok(()), |field| {
        Err(Error::usage(format!(
            "{}: {} is of another type than in the tables that this program makes: the table was written by another program",
            stored.shown(),
            field.name()
        )))
    })
}

/// Why a table cannot be had.
fn missing(folder: &Path, shown: &str, naming: Naming, table: Table) -> Error {
    for format in [Format::Csv, Format::Arrow] {
        let path = file_of(folder, naming, table, format);
        if path.is_file() {
            return Error::usage(format!(
                "{}: {table} is there as {format}; this needs Parquet: make the tables again with --format parquet",
                path.display()
            ));
        }
    }
    let name = format!("{}.{}", naming.file_stem(table), Format::Parquet.extension());
    Error::usage(format!(
        "{shown}: {name} is missing; all tables are needed, also those without rows: make them without a choice of tables"
    ))
}

/// Where tables come from: their manifest tells it, or their lineage, or whoever asks.
fn told(
    shown: &str,
    manifest: Option<&Manifest>,
    tables: &BTreeMap<Table, StoredTable>,
    source: Option<Source>,
) -> Result<(Source, bool), Error> {
    let by_manifest = manifest.and_then(|manifest| {
        if let Some(made_from) = manifest.made_from {
            return Some((Source::Cclf, made_from == MadeFrom::CclfFinal));
        }
        let api = manifest.api.as_ref()?.parse().ok()?;
        Some((Source::Bcda(api), false))
    });
    if let Some((found, is_final)) = by_manifest {
        return match source.filter(|asked| *asked != found) {
            Some(asked) => Err(contradicts(shown, "manifest", found, asked)),
            None => Ok((found, is_final)),
        };
    }
    for (table, stored) in tables {
        let Some(found) = by_lineage(*table, stored)? else { continue };
        return match source.filter(|asked| *asked != found) {
            Some(asked) => Err(contradicts(shown, "lineage", found, asked)),
            None => Ok((found, false)),
        };
    }
    source.map(|source| (source, false)).ok_or_else(|| {
        Error::usage(said![
            format!("{shown}: neither a manifest nor BCDA_API tells where the tables come from; say it with "),
            Setting::Source
        ])
    })
}

fn contradicts(shown: &str, who: &str, found: Source, asked: Source) -> Error {
    Error::usage(said![
        format!("{shown}: the {who} says that the tables come from {found}, and "),
        Setting::Source,
        format!(" says {asked}")
    ])
}

/// What the first rows of a table say of where they come from.
fn by_lineage(table: Table, stored: &StoredTable) -> Result<Option<Source>, Error> {
    let schema = stored.schema();
    let (Ok(api), Ok(name)) = (schema.index_of("BCDA_API"), schema.index_of("FILE_NAME")) else {
        return Ok(None);
    };
    if let Some((row_group, rows)) = stored.row_groups().enumerate().find(|(_, rows)| *rows > 0) {
        let rows = 0..rows.min(LOOK_ROWS);
        let apis = stored.column(api, row_group, rows.clone())?;
        let apis = apis.as_string_opt::<i32>();
        let first = apis.and_then(|apis| apis.iter().flatten().next().map(str::to_owned));
        if let Some(api) = first.and_then(|api| api.parse().ok()) {
            return Ok(Some(Source::Bcda(api)));
        }
        let names = stored.column(name, row_group, rows)?;
        let names = names.as_string_opt::<i32>().filter(|names| !names.is_empty());
        let is_cms = |name: &str| {
            let file = name.rsplit('/').next().unwrap_or(name);
            cclf_files::FileName::parse(file)
                .is_some_and(|file| file.part == cclf_files::Part::One(table))
        };
        if names.is_some_and(|names| names.iter().all(|name| name.is_some_and(is_cms))) {
            return Ok(Some(Source::Cclf));
        }
    }
    Ok(None)
}
