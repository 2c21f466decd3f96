//! What an export brought, what it lacks, and how much that matters.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use crate::file::{FileRecord, FileState, ItemType};
use crate::outcome::{IssueCounts, Severity};
use crate::setting::{Message, Setting, Spelling};

/// The export is less than what was asked for, or not what was announced.
const EXIT_GAPS: u8 = 3;

/// What an export brought.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// All files, those of earlier runs too.
    pub files: Vec<FileRecord>,
    /// How many of them were there already.
    pub already_there: usize,
    /// Whether the export was finished before: there was nothing to do.
    pub was_finished: bool,
    /// `_since`, if only what changed was asked for.
    pub since: Option<String>,
    /// Types that were asked for and have no file with a record; of BCDA's three if everything was asked for and only
    /// some of them came.
    pub types_without_file: Vec<String>,
    /// Types that came though others were asked for.
    pub unasked_types: Vec<String>,
    /// Whether there is no record at all.
    pub nothing: bool,
    /// The version of the API; none for FHIR bases of others.
    pub api: Option<String>,
    /// The type of which a filter may have left nothing over.
    pub filtered_type: Option<String>,
    /// Entries of the manifest that named a URL again; it was fetched once.
    pub repeated_urls: u64,
    /// Pages of the manifest after the first: their files are among the others.
    pub further_pages: u64,
    /// What the error files tell.
    pub issues: IssueCounts,
    /// Of an increment: the files of Patients and Coverages of the earlier exports beside it, the oldest first. Its
    /// claims are of these people too.
    pub earlier_people: Vec<PathBuf>,
    /// Files of people that earlier exports had, and that are gone or still encrypted.
    pub earlier_people_missing: Vec<PathBuf>,
    /// The server's `transactionTime`.
    pub transaction_time: String,
    /// Where the job is.
    pub job_url: String,
    /// How long this run took.
    pub took: Duration,
}

/// How much something matters that is to be said of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Worth knowing.
    Note,
    /// Not as it was asked for or announced, but no record is missing for it: exit code 3.
    Gap,
    /// Records are missing, or may be: exit code 3, and the next export may not begin where this one ended.
    Missing,
}

impl Weight {
    /// `note`, `gap` or `missing`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Gap => "gap",
            Self::Missing => "missing",
        }
    }
}

/// Something that is to be said of an export: how much it matters, and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// How much it matters.
    pub weight: Weight,
    /// Names of files and types and counts; nothing of a record.
    pub text: Message,
}

impl Report {
    /// Everything that is to be said. What makes an export one with gaps, or one without a sequel, is decided here.
    pub fn remarks(&self) -> Vec<Remark> {
        let mut remarks = Vec::new();
        let mut say = |weight, text: Message| remarks.push(Remark { weight, text });
        if self.was_finished {
            say(Weight::Note, "nothing to do: the export was finished before".into());
        }
        self.of_types(&mut say);
        self.of_files(&mut say);
        self.of_issues(&mut say);
        if let Some(first) = self.earlier_people_missing.first() {
            let (count, first) = (self.earlier_people_missing.len(), first.display());
            let text = format!(
                "{count} of the files of people of earlier exports are gone or still encrypted, and are not joined; \
                 the first: {first}"
            );
            say(Weight::Note, text.into());
        }
        remarks
    }

    fn of_types(&self, say: &mut impl FnMut(Weight, Message)) {
        // A file that has expired says nothing of its type, and is told as that.
        let expired = |name: &str| {
            let is_it = |file: &&FileRecord| file.resource_type == name || name.is_empty();
            self.files.iter().filter(is_it).any(|file| file.state == FileState::Pending)
        };
        let mut without_file: Vec<&String> =
            self.types_without_file.iter().filter(|name| !expired(name)).collect();
        let mut nothing = self.nothing && !expired("");
        if self.since.is_none()
            && let Some(filtered) = &self.filtered_type
            && without_file.contains(&filtered)
        {
            // That no claim is as the filter wants it is an answer, and no loss.
            nothing &= without_file.len() > 1;
            without_file.retain(|name| *name != filtered);
            say(
                Weight::Note,
                format!("no file of {filtered}: nothing of it fits the filter").into(),
            );
        }
        match &self.since {
            // What did not change has nothing to come.
            Some(since) if nothing => {
                say(
                    Weight::Note,
                    format!("the export has no record: nothing changed since {since}").into(),
                );
            }
            Some(_) => {
                for name in without_file {
                    say(Weight::Note, format!("no file of {name}: nothing of it changed").into());
                }
            }
            None => {
                for name in without_file {
                    say(
                        Weight::Missing,
                        format!("no file of {name}, though it was asked for").into(),
                    );
                }
                if nothing {
                    say(Weight::Missing, "the export has no record".into());
                }
            }
        }
        for name in &self.unasked_types {
            say(
                Weight::Gap,
                format!("{name} was not asked for, but came; its files are kept").into(),
            );
        }
        if self.repeated_urls > 0 {
            let count = self.repeated_urls;
            let text = format!("the manifest lists {count} URL(s) again; each was fetched once");
            say(Weight::Gap, text.into());
        }
        if self.further_pages > 0 {
            let count = self.further_pages;
            let text =
                format!("the manifest had {count} further page(s); their files are among these");
            say(Weight::Note, text.into());
        }
    }

    fn of_files(&self, say: &mut impl FnMut(Weight, Message)) {
        // A file that is still encrypted has no lines to count, and of other lists the count may mean something else.
        let came = |file: &FileRecord| {
            file.item_type == ItemType::Output
                && matches!(file.state, FileState::Complete | FileState::Empty)
        };
        let mut told = |weight, which: &dyn Fn(&FileRecord) -> bool, what: Message| {
            let mut those = self.files.iter().filter(|file| which(file));
            let Some(first) = those.next() else { return };
            let count = those.count() + 1;
            let numbers = match first.count.filter(|_| came(first)) {
                Some(announced) => format!(", {} of {announced}", first.records),
                None => String::new(),
            };
            let text = Message::from(format!("{count} file(s) ")).then(what);
            say(weight, text.then(format!("; the first: {}{numbers}", first.name)));
        };
        let fewer = |file: &FileRecord| file.count.is_some_and(|count| file.records < count);
        let more = |file: &FileRecord| file.count.is_some_and(|count| file.records > count);
        let empty = |file: &FileRecord| file.records == 0 && file.count.is_none();
        told(
            Weight::Missing,
            &|file| file.state == FileState::Pending,
            [
                "have expired at the server: their records are missing; only a new job can bring them (".into(),
                Setting::Restart.alone(),
                ")".into(),
            ]
            .into(),
        );
        told(
            Weight::Missing,
            &|file| came(file) && fewer(file),
            "have fewer records than the manifest says".into(),
        );
        told(
            Weight::Gap,
            &|file| came(file) && more(file),
            "have more records than the manifest says".into(),
        );
        // Of a type without changes some servers make an empty file, and of one of which nothing fits a filter.
        let narrowed = |file: &FileRecord| {
            self.since.is_some() || self.filtered_type.as_ref() == Some(&file.resource_type)
        };
        let is_empty = |file: &FileRecord| came(file) && empty(file);
        told(Weight::Gap, &|file| is_empty(file) && !narrowed(file), "have no record".into());
        told(Weight::Note, &|file| is_empty(file) && narrowed(file), "have no record".into());
        let deleted = |file: &FileRecord| {
            file.item_type == ItemType::Deleted && file.state != FileState::Pending
        };
        let text =
            "say what is no more at the server; they are kept beside the data, and not converted";
        told(Weight::Note, &deleted, text.into());
        told(
            Weight::Note,
            &|file| file.state == FileState::Encrypted,
            [
                "are still encrypted (*.enc): ".into(),
                Setting::Resume.alone(),
                " ".into(),
                Setting::DecryptKey.alone(),
                " fetches and opens them, bcda decrypt opens them".into(),
            ]
            .into(),
        );
    }

    fn of_issues(&self, say: &mut impl FnMut(Weight, Message)) {
        let sealed = |file: &&FileRecord| {
            file.item_type == ItemType::Error && file.state == FileState::Encrypted
        };
        if self.files.iter().any(|file| sealed(&file)) {
            let text = "files of errors are still encrypted: records may be missing";
            say(Weight::Missing, text.into());
        }
        let (weight, text) = match self.issues.iter().next() {
            None => return,
            Some((Severity::Error, ..)) => (
                Weight::Missing,
                "the server could not deliver all records; the files *.errors say which, and name people",
            ),
            Some((Severity::Warning, ..)) => {
                (Weight::Gap, "the server warns of something; the files *.errors say of what")
            }
            Some((Severity::Information, ..)) => (
                Weight::Note,
                "the server has something to say, no error; it is in the files *.errors",
            ),
        };
        say(weight, text.into());
    }

    fn weighs(&self, least: Weight) -> bool {
        self.remarks().iter().any(|remark| remark.weight >= least)
    }

    /// Whether the export is not what was asked for or announced, as [`remarks`](Self::remarks) tell.
    pub fn has_gaps(&self) -> bool {
        self.weighs(Weight::Gap)
    }

    /// Whether records are missing, or may be: the next export may not begin where this one ended.
    pub fn lacks_records(&self) -> bool {
        self.weighs(Weight::Missing)
    }

    /// The exit code of a command that ends with this report: 0, or 3 with gaps.
    pub fn exit_code(&self) -> u8 {
        if self.has_gaps() { EXIT_GAPS } else { 0 }
    }

    /// Bytes on the disk.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// The report as JSON, with options as `spelling` writes them.
    pub fn to_json(&self, spelling: Spelling) -> Value {
        let issues = self.issues.iter().map(|(severity, class, count)| {
            json!({"severity": severity.name(), "class": class, "count": count})
        });
        let remarks = self.remarks();
        let remarks = remarks.iter().map(|remark| {
            let text = remark.text.spelled(spelling);
            json!({"weight": remark.weight.name(), "text": text})
        });
        let people = self.earlier_people.iter().map(|path| path.to_string_lossy());
        json!({
            "transactionTime": self.transaction_time,
            "job": self.job_url,
            "api": self.api,
            "files": self.files,
            "alreadyThere": self.already_there,
            "typesWithoutFile": self.types_without_file,
            "unaskedTypes": self.unasked_types,
            "issues": issues.collect::<Vec<_>>(),
            "remarks": remarks.collect::<Vec<_>>(),
            "hasGaps": self.has_gaps(),
            "earlierPeople": people.collect::<Vec<_>>(),
            "seconds": self.took.as_secs_f64(),
        })
    }
}
