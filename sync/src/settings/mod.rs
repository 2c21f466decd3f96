//! `bcda.toml`: what a folder is kept current with. No secret is in it, only the paths of files that hold them.

mod keys;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml_edit::{Array, Document, DocumentMut, Item, Value as Toml};

use self::keys::{KEYS, Kind};

/// The name of the file.
pub const SETTINGS_NAME: &str = "bcda.toml";

/// What the file begins with.
const HEAD: &str = "\
# What `bcda sync` keeps this folder current with. The first run has written it from its options; later runs read it.
# Secrets do not belong here: name files that only you can read.
";

/// What a key is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text, a word or a path.
    Text(String),
    /// A list.
    Texts(Vec<String>),
    /// A number.
    Count(u64),
    /// Yes or no.
    Flag(bool),
}

impl Value {
    /// The path of a file, which a run that begins elsewhere finds, too; none where it is not UTF-8.
    pub fn path(path: &Path) -> Option<Self> {
        let is_stdin = path == Path::new("-");
        let whole = Some(path.to_owned())
            .filter(|_| is_stdin)
            .map_or_else(|| std::path::absolute(path), Ok);
        let whole = whole.unwrap_or_else(|_| path.to_owned());
        whole.to_str().map(|text| Self::Text(text.to_owned()))
    }
}

impl fmt::Display for Value {
    /// As the file has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => Toml::from(text).fmt(f),
            Self::Texts(texts) => texts.iter().collect::<Array>().fmt(f),
            Self::Count(count) => count.fmt(f),
            Self::Flag(flag) => flag.fmt(f),
        }
    }
}

/// What is wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line of the file, counted from 1.
    pub line: usize,
    /// The key, if it is one that may be shown.
    pub key: Option<String>,
    /// What is wrong; never a value.
    pub why: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        if let Some(key) = &self.key {
            write!(f, "{key}: ")?;
        }
        f.write_str(&self.why)
    }
}

/// Settings by their keys, each with the line it stands in; 0 where it is of no file.
///
/// # Example
///
/// ```
/// let text = "base-url = \"https://sandbox.bcda.cms.gov\"\ngroup = [\"all\", \"runout\"]\n";
/// let settings = sync::Settings::parse(text)?;
/// assert_eq!(settings.texts("group"), ["all", "runout"]);
/// let fault = sync::Settings::parse("base-url = \"x\"\nclient-secret = \"y\"\n").unwrap_err();
/// assert!(fault.to_string().starts_with("line 2: client-secret: a secret does not belong here"));
/// # Ok::<(), sync::Fault>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings(BTreeMap<&'static str, (Value, usize)>);

impl Settings {
    /// Reads the text of the file.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let line_at = |span: Option<Range<usize>>| {
            let end = span.map_or(0, |span| span.start).min(text.len());
            1 + text.bytes().take(end).filter(|byte| *byte == b'\n').count()
        };
        let document = Document::parse(text).map_err(|error| Fault {
            line: line_at(error.span()),
            key: None,
            why: "expected lines of TOML, such as rate = 100 or api = \"v3\"".to_owned(),
        })?;
        let mut settings = Self::default();
        for (name, item) in document.as_table() {
            let span = document.as_table().key(name).and_then(toml_edit::Key::span);
            let line = line_at(span);
            let fault = |why: String| Fault { line, key: Some(shown(name)), why };
            let Some((key, kind)) = KEYS.into_iter().find(|(key, _)| *key == name) else {
                return Err(fault(unknown(name)));
            };
            let value =
                read(item, kind).ok_or_else(|| fault(format!("expected {}", kind.expected())))?;
            check(kind, &value).map_err(fault)?;
            settings.0.insert(key, (value, line));
        }
        if settings.text("base-url").is_none() {
            let (line, key) = (1, Some("base-url".to_owned()));
            return Err(Fault { line, key, why: "is missing: it names the server".to_owned() });
        }
        Ok(settings)
    }

    /// The text of the file, with the keys that are set.
    pub fn to_toml(&self) -> String {
        let lines = KEYS
            .iter()
            .filter_map(|(key, _)| self.0.get(key).map(|(value, _)| format!("{key} = {value}\n")));
        format!("{HEAD}\n{}", lines.collect::<String>())
    }

    /// The text of a file with these keys as they are set here, and all else as it stands there.
    ///
    /// # Example
    ///
    /// ```
    /// let text = "# ours\nbase-url = \"https://sandbox.bcda.cms.gov\" # the sandbox\napi = \"v1\"\n";
    /// let mut settings = sync::Settings::parse(text).unwrap();
    /// settings.set("api", sync::Value::Text("v3".to_owned())).unwrap();
    /// assert_eq!(settings.over(text, &["api"]), text.replace("v1", "v3"));
    /// ```
    pub fn over(&self, text: &str, keys: &[&str]) -> String {
        let Ok(mut document) = text.parse::<DocumentMut>() else { return self.to_toml() };
        for key in keys {
            let Some((value, _)) = self.get(key) else { continue };
            let Ok(mut new) = value.to_string().parse::<Toml>() else { continue };
            if let Some(old) = document.get(key).and_then(Item::as_value) {
                *new.decor_mut() = old.decor().clone();
            }
            document[*key] = Item::Value(new);
        }
        document.to_string()
    }

    /// Sets a key.
    ///
    /// # Errors
    /// The value is none for it, or there is no such key: what is expected.
    pub fn set(&mut self, name: &str, value: Value) -> Result<(), String> {
        let found = KEYS.into_iter().find(|(key, _)| *key == name);
        let (key, kind) = found.ok_or_else(|| unknown(name))?;
        if !fits(&value, kind) {
            return Err(format!("expected {}", kind.expected()));
        }
        check(kind, &value)?;
        self.0.insert(key, (value, 0));
        Ok(())
    }

    /// What a key is set to, and the line it stands in.
    pub fn get(&self, key: &str) -> Option<(&Value, usize)> {
        self.0.get(key).map(|(value, line)| (value, *line))
    }

    /// The keys that are set.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.keys().copied()
    }

    /// A text.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.get(key) {
            Some((Value::Text(text), _)) => Some(text),
            _ => None,
        }
    }

    /// A path, which is relative to `folder`.
    pub fn path(&self, key: &str, folder: &Path) -> Option<PathBuf> {
        self.text(key).map(|text| folder.join(text))
    }

    /// A list.
    pub fn texts(&self, key: &str) -> &[String] {
        match self.get(key) {
            Some((Value::Texts(texts), _)) => texts,
            _ => &[],
        }
    }

    /// A number.
    pub fn count(&self, key: &str) -> Option<u64> {
        match self.get(key) {
            Some((Value::Count(count), _)) => Some(*count),
            _ => None,
        }
    }

    /// Whether a flag is set.
    pub fn flag(&self, key: &str) -> bool {
        matches!(self.get(key), Some((Value::Flag(true), _)))
    }
}

/// Refuses what has the form of a setting and must not be one.
fn check(kind: Kind, value: &Value) -> Result<(), String> {
    let texts = match value {
        Value::Text(text) => std::slice::from_ref(text),
        Value::Texts(texts) => texts,
        Value::Count(_) | Value::Flag(_) => &[],
    };
    if texts.iter().any(|text| keys::is_a_secret(text)) {
        return Err("a secret does not belong here: name a file that only you can read".to_owned());
    }
    if kind == Kind::Path && texts.iter().any(|text| text == "-") {
        let why = "expected the path of a file: nobody feeds standard input to a schedule";
        return Err(why.to_owned());
    }
    Ok(())
}

/// The key as a message has it: one that is far from any of ours may be a secret that was put in the wrong place.
fn shown(key: &str) -> String {
    let is_plain = |ch: char| ch.is_ascii_alphanumeric() || ch == '-' || ch == '_';
    if key.len() <= 40 && key.chars().all(is_plain) { key.to_owned() } else { "a key".to_owned() }
}

fn unknown(key: &str) -> String {
    if keys::is_for_a_secret(key) {
        return "a secret does not belong here: put it into a file that only you can read, and name that with credentials, \
                token or signing-key"
            .to_owned();
    }
    let known: Vec<&str> = KEYS.iter().map(|(key, _)| *key).collect();
    format!("there is no such key; there are {}", known.join(", "))
}

fn read(item: &Item, kind: Kind) -> Option<Value> {
    let value = match item.as_value()? {
        Toml::String(text) => Value::Text(text.value().clone()),
        Toml::Integer(count) => Value::Count(u64::try_from(*count.value()).ok()?),
        Toml::Boolean(flag) => Value::Flag(*flag.value()),
        Toml::Array(array) => {
            let texts = array.iter().map(|own| own.as_str().map(str::to_owned));
            Value::Texts(texts.collect::<Option<_>>()?)
        }
        _ => return None,
    };
    fits(&value, kind).then_some(value)
}

/// Whether a value is one of a kind.
fn fits(value: &Value, kind: Kind) -> bool {
    match (value, kind) {
        (Value::Text(text), Kind::Text | Kind::Path) => !text.trim().is_empty(),
        (Value::Text(text), Kind::Word(words)) => words.contains(&text.as_str()),
        (Value::Texts(_), Kind::Texts) | (Value::Flag(_), Kind::Flag) => true,
        (Value::Texts(groups), Kind::Groups) => {
            let is_id =
                |(place, id): (usize, &String)| is_group(id) && !groups[..place].contains(id);
            !groups.is_empty() && groups.iter().enumerate().all(is_id)
        }
        (Value::Count(count), Kind::Count(least, most)) => (least..=most).contains(count),
        _ => false,
    }
}

/// Whether a text is the id of a group, as FHIR has ids: it also names a folder.
fn is_group(id: &str) -> bool {
    let is_of_id = |ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '-' | '.' | '_');
    (1..=64).contains(&id.len()) && id.chars().all(is_of_id) && !id.starts_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn fault(text: &str, wanted: &str) {
        let fault = Settings::parse(text).unwrap_err().to_string();
        assert!(fault.starts_with(wanted), "{fault}");
        assert!(!fault.contains("canary"), "{fault}");
    }

    #[test]
    fn what_is_written_is_read() {
        let mut settings = Settings::default();
        let text = |text: &str| Value::Text(text.to_owned());
        settings.set("base-url", text("https://x.example")).unwrap();
        settings.set("group", Value::Texts(vec!["all".into(), "runout".into()])).unwrap();
        settings.set("credentials", text("/a \"b\"\\\u{7f}\n/é")).unwrap();
        settings.set("rate", Value::Count(7)).unwrap();
        settings.set("drop-gone", Value::Flag(true)).unwrap();
        let read = Settings::parse(&settings.to_toml()).unwrap();
        for key in settings.keys() {
            assert_eq!(read.get(key).unwrap().0, settings.get(key).unwrap().0, "{key}");
        }
        assert_eq!(read.get("base-url").unwrap().1, 4);
        assert!(settings.set("group", Value::Texts(Vec::new())).is_err());
        assert!(settings.set("nothing", Value::Flag(true)).is_err());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_key() {
        let base = "base-url = \"https://x.example\"\n";
        fault("", "line 1: base-url: is missing");
        fault(&format!("{base}\nrate = \"canary\"\n"), "line 3: rate: expected a number from 1");
        fault(&format!("{base}rate = -1\n"), "line 2: rate: expected a number");
        fault(&format!("{base}api = \"canary\"\n"), "line 2: api: expected one of \"v1\"");
        fault(&format!("{base}group = [\"../canary\"]\n"), "line 2: group: expected a list");
        fault(&format!("{base}group = [\"all\", \"all\"]\n"), "line 2: group: expected a list");
        fault(&format!("{base}keep-exports = 0\n"), "line 2: keep-exports: expected a number");
        fault(&format!("{base}colour = \"canary\"\n"), "line 2: colour: there is no such key");
        fault(&format!("{base}client_secret = \"canary\"\n"), "line 2: client_secret: a secret");
        fault(&format!("{base}password = \"canary\"\n"), "line 2: password: a secret");
        fault(&format!("{base}token = \"eyJcanary.b.c\"\n"), "line 2: token: a secret");
        fault(&format!("{base}credentials = \"-\"\n"), "line 2: credentials: expected the path");
        fault(&format!("{base}[server]\nx = 1\n"), "line 2: server: there is no such key");
        fault(&format!("{base}api = canary\n"), "line 2: expected lines of TOML");
        fault(&format!("{base}api = \"v1\"\napi = \"v3\"\n"), "line 3: expected lines of TOML");
    }
}
