//! What messages name, and each face calls by a name of its own.

/// A setting, or what else a user is told to turn to. Messages name it; whoever shows them says how: see
/// [`Reading::spelling`](crate::Reading::spelling).
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Setting {
    /// [`Options::output`](crate::Options::output).
    Output,
    /// [`Options::overwrite`](crate::Options::overwrite).
    Overwrite,
    /// [`Options::tables`](crate::Options::tables).
    Tables,
    /// [`Options::rejects`](crate::Options::rejects).
    Rejects,
    /// [`ScanOptions::people`](crate::ScanOptions::people).
    People,
    /// The file of [`split`](crate::split) for the index.
    Index,
    /// [`Reading::patients`](crate::Reading::patients).
    Patients,
    /// [`Reading::max_people`](crate::Reading::max_people).
    MaxPeople,
    /// [`Reading::api`](crate::Reading::api).
    Api,
    /// [`Reading::keep`](crate::Reading::keep).
    Keep,
    /// [`Options::updatable`](crate::Options::updatable).
    Updatable,
    /// [`UpdateOptions::again`](crate::UpdateOptions::again).
    Again,
    /// [`Reading::file_date`](crate::Reading::file_date).
    FileDate,
    /// [`Reading::on_bad_record`](crate::Reading::on_bad_record).
    OnBadRecord,
    /// [`Reading::max_rejects`](crate::Reading::max_rejects).
    MaxRejects,
    /// [`Reading::max_line_bytes`](crate::Reading::max_line_bytes).
    MaxLineBytes,
    /// [`Reading::require_checksums`](crate::Reading::require_checksums).
    RequireChecksums,
    /// What numbers claims whose id does not fit a CCLF file.
    SurrogateIds,
    /// Whether all versions are written to CCLF files.
    AllVersions,
    /// What tells where tables come from that do not tell it.
    Source,
    /// A layout of one's own for CCLF files.
    Layout,
    /// No setting of a job here: what opens the encrypted files of an export, as a clause.
    Decryption,
}

/// How somebody calls the settings.
pub type Spelling = fn(Setting) -> &'static str;

impl Setting {
    /// What it is called in this crate.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Output => "output",
            Self::Overwrite => "overwrite",
            Self::Tables => "tables",
            Self::Rejects => "rejects",
            Self::People => "people",
            Self::Index => "index",
            Self::Patients => "patients",
            Self::MaxPeople => "max_people",
            Self::Api => "api",
            Self::Keep => "keep",
            Self::Updatable => "updatable",
            Self::Again => "again",
            Self::FileDate => "file_date",
            Self::OnBadRecord => "on_bad_record",
            Self::MaxRejects => "max_rejects",
            Self::MaxLineBytes => "max_line_bytes",
            Self::RequireChecksums => "require_checksums",
            Self::SurrogateIds => "surrogate_ids",
            Self::AllVersions => "all_versions",
            Self::Source => "source",
            Self::Layout => "layout",
            Self::Decryption => "bcda-encryption opens such files",
        }
    }
}

/// A part of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// Text.
    Text(String),
    /// A setting.
    Setting(Setting),
}

/// A sentence in which settings are named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message(Vec<Word>);

impl Message {
    /// The sentence of these parts.
    pub fn of<const N: usize>(words: [Word; N]) -> Self {
        Self(words.into())
    }

    /// The settings that are named.
    pub(crate) fn settings(&self) -> impl Iterator<Item = Setting> {
        let setting = |word: &Word| match word {
            Word::Setting(setting) => Some(*setting),
            Word::Text(_) => None,
        };
        self.0.iter().filter_map(setting)
    }

    /// The sentence, in which settings are called so.
    pub(crate) fn spelled(&self, spelling: Spelling) -> String {
        let said = |word: &Word| match word {
            // Names of files are in it, which may hold anything; it stays one line.
            Word::Text(text) => ndjson_io::shown(text).into_owned(),
            Word::Setting(setting) => spelling(*setting).to_owned(),
        };
        self.0.iter().map(said).collect()
    }

    /// The same, and more behind it.
    pub(crate) fn with(mut self, more: Self) -> Self {
        self.0.extend(more.0);
        self
    }
}

impl From<Setting> for Word {
    fn from(setting: Setting) -> Self {
        Self::Setting(setting)
    }
}

impl From<&str> for Word {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Word {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl<W: Into<Word>> From<W> for Message {
    fn from(word: W) -> Self {
        Self(vec![word.into()])
    }
}

/// A message of texts and settings.
#[macro_export]
macro_rules! said {
    ($($word:expr),+ $(,)?) => {
        $crate::building::Message::of([$($crate::building::Word::from($word)),+])
    };
}
pub(crate) use said;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_face_spells_settings_its_own_way() {
        let message = said!["raise ", Setting::MaxPeople, ", or ", Setting::MaxRejects, "\n"];
        let option = |setting: Setting| match setting {
            Setting::MaxPeople => "--max-people",
            other => other.name(),
        };
        assert_eq!(message.spelled(Setting::name), "raise max_people, or max_rejects\\n");
        assert_eq!(message.spelled(option), "raise --max-people, or max_rejects\\n");
        assert!(message.settings().eq([Setting::MaxPeople, Setting::MaxRejects]));
    }
}
