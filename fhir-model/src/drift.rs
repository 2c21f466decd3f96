//! What a record has that neither FHIR's tables nor the vocabulary know: a sign that the service has changed.
//!
//! [`validate`](crate::validate) says what is wrong with a record, for whoever may see it. This looks for new names alone,
//! along the tokens of a text that was read already, without a model, so that it is cheap enough to do by the way; and what it
//! gives may be shown to anybody. A name is told only if it is
//!
//! - that of an element which FHIR's tables have elsewhere, or in the other release;
//! - a URL without query and fragment on a [host that is known](crate::vocabulary::is_known_host), made of short words without
//!   a run of more than four digits.
//!
//! Of all else, which might be anything, only the place is told.
//!
//! ```
//! use fhir_model::drift::{Looker, Unknown};
//! use fhir_model::{Api, vocabulary};
//! use json_walk::{Index, Limits};
//!
//! let line = br#"{
//!   "extension": [{"url": "https://bluebutton.cms.gov/resources/variables/clm_new_cd"}],
//!   "item": [{"sequence": 1, "1S00E00AA00": 7}],
//!   "resourceType": "ExplanationOfBenefit"
//! }"#;
//! let mut index = Index::new();
//! let walker = index.read(line, Limits::default())?.walker();
//! let found = Looker::new(Api::V1).look(walker, "ExplanationOfBenefit");
//!
//! let found: Vec<_> = found.iter().map(|new| (new.parent.as_str(), new.name.as_deref())).collect();
//! let url = "https://bluebutton.cms.gov/resources/variables/clm_new_cd";
//! assert_eq!(found, [
//!     ("ExplanationOfBenefit.extension", Some(url)),
//!     ("ExplanationOfBenefit.item", None),
//! ]);
//! # Ok::<(), json_walk::Error>(())
//! ```

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::sync::LazyLock;

use cms::Api;
use json_walk::{JsonStr, Kind, Walker};

use crate::schema::{self, ElementDef, GUESSES, Guesses, Orders, Schema, TypeDef};
use crate::validate::{beside, knows_code};
use crate::vocabulary::{host_of, is_known, is_known_host};

/// Most different names that are told of one record; what comes after them is unknown at the record itself.
pub const MOST_OF_A_RECORD: usize = 1_000;

/// Something of a record that is not known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unknown {
    /// The element that has it, by FHIR's names and without indices: `ExplanationOfBenefit.item`.
    pub parent: String,
    /// Its name, if that may be told: of a member, or the URL that an extension, a coding or an identifier has. Of a code, whose
    /// place ends in `code`, it is the URL that the code is, or its system.
    pub name: Option<String>,
}

/// Looks through records of one version of the API, one after another: one for each worker.
#[derive(Debug)]
pub struct Looker {
    api: Api,
    /// Which member came after which.
    orders: Box<Orders>,
    /// What is done with each member, by its number among the guesses; found when it is met.
    steps: Box<[Step]>,
}

/// What is done with the value of a member.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// It has not come yet.
    Unmet,
    /// It is passed over.
    Leaf,
    Inside(&'static TypeDef),
    Contained,
    /// The name of an extension, or the system of an identifier.
    Uri,
    /// The system of a coding.
    System,
    /// The code of a coding.
    Code,
}

impl Looker {
    /// A looker through records of this version.
    pub fn new(api: Api) -> Self {
        let steps = vec![Step::Unmet; usize::from(GUESSES)].into();
        Self { api, orders: Box::new([0; size_of::<Orders>()]), steps }
    }

    /// What is not known of a record of this type, each once, in order.
    pub fn look(
        &mut self,
        mut walker: Walker<'_, '_>,
        resource: &'static str,
    ) -> BTreeSet<Unknown> {
        let Self { api, orders, steps } = self;
        let schema = schema::of(api.release());
        let mut look = Look {
            api: *api,
            schema,
            guesses: Guesses::of(orders),
            steps,
            resource,
            path: Vec::new(),
            found: BTreeSet::new(),
        };
        if let Some(def) = schema.type_def(resource) {
            look.object(def, &mut walker);
        }
        look.found
    }
}

/// The look through one record.
struct Look<'l> {
    api: Api,
    schema: &'static Schema,
    guesses: Guesses<'l>,
    steps: &'l mut [Step],
    resource: &'static str,
    path: Vec<&'static ElementDef>,
    found: BTreeSet<Unknown>,
}

impl Look<'_> {
    /// Looks through the object at the walker, or passes over what is none. The recursion is bounded: no text nests deeper than
    /// its reader allows.
    fn object(&mut self, def: &'static TypeDef, walker: &mut Walker<'_, '_>) {
        if !walker.enter_object() {
            walker.skip();
            return;
        }
        let first = usize::from(def.guesses);
        let mut guess = first;
        let (mut system, mut code) = (None, None);
        while let Some((start, end)) = walker.next_name() {
            let guessed = self.guesses.get(guess);
            let is_it = def.named(guessed, walker.text().as_bytes(), start, end).is_some();
            let place =
                if is_it { Some(guessed) } else { self.find(def, guess, walker, start, end) };
            let Some(place) = place else {
                self.other(def, walker, start, end);
                continue;
            };
            guess = first + 1 + place;
            match self.step(def, place, guess) {
                Step::Leaf | Step::Unmet => walker.skip(),
                Step::Inside(inside) => {
                    self.path.push(&def.members[place]);
                    self.values(Some(inside), walker);
                    self.path.pop();
                }
                Step::Contained => {
                    self.path.push(&def.members[place]);
                    self.values(None, walker);
                    self.path.pop();
                }
                Step::Uri => self.uri(text(walker)),
                Step::System => {
                    system = text(walker);
                    self.uri(system);
                }
                Step::Code => code = text(walker),
            }
        }
        if let Some(code) = code {
            self.code(system, code);
        }
    }

    /// Looks through a value, or the entries of a list.
    fn values(&mut self, inside: Option<&'static TypeDef>, walker: &mut Walker<'_, '_>) {
        if !walker.enter_array() {
            return self.value(inside, walker);
        }
        while walker.next_element() {
            if walker.kind() == Kind::Array {
                walker.skip();
            } else {
                self.value(inside, walker);
            }
        }
    }

    /// `inside` is what the value is; a contained resource says so itself.
    fn value(&mut self, inside: Option<&'static TypeDef>, walker: &mut Walker<'_, '_>) {
        match inside.or_else(|| self.contained(*walker)) {
            Some(def) => self.object(def, walker),
            None => walker.skip(),
        }
    }

    /// The table of the contained resource at the walker, if its type is modelled.
    fn contained(&self, mut walker: Walker<'_, '_>) -> Option<&'static TypeDef> {
        if !walker.enter_object() {
            return None;
        }
        while let Some(name) = walker.next_key() {
            if name.unescape() == "resourceType" {
                let def = self.schema.type_def(&walker.string()?.unescape());
                return def.filter(|def| def.is_resource());
            }
            walker.skip();
        }
        None
    }

    /// The place of the member whose name stands there, where another was guessed.
    #[cold]
    fn find(
        &mut self,
        def: &'static TypeDef,
        guess: usize,
        walker: &Walker<'_, '_>,
        start: usize,
        end: usize,
    ) -> Option<usize> {
        let place = def.find(walker.text().as_bytes(), start, end).or_else(|| {
            let name = JsonStr::at(walker.text(), start, end);
            // No name of the tables has a backslash.
            name.is_escaped().then(|| def.position(&name.unescape())).flatten().map(|(at, _)| at)
        })?;
        self.guesses.set(guess, place);
        Some(place)
    }

    /// What is done with the member at this place, which has this number.
    fn step(&mut self, def: &'static TypeDef, place: usize, number: usize) -> Step {
        match self.steps.get(number) {
            None | Some(Step::Unmet) => {
                let step = step_of(self.schema, def, &def.members[place]);
                if let Some(known) = self.steps.get_mut(number) {
                    *known = step;
                }
                step
            }
            Some(step) => *step,
        }
    }

    /// A member that the table does not have: what stands beside a primitive, or something new.
    #[cold]
    fn other(
        &mut self,
        def: &'static TypeDef,
        walker: &mut Walker<'_, '_>,
        start: usize,
        end: usize,
    ) {
        let name = JsonStr::at(walker.text(), start, end).unescape();
        if let Some((_, member)) = beside(def, &name) {
            self.path.push(member);
            self.values(self.schema.type_def("Element"), walker);
            self.path.pop();
            return;
        }
        walker.skip();
        let shown = is_element(name.strip_prefix('_').unwrap_or(&name)).then(|| name.into_owned());
        self.report("", shown);
    }

    /// Looks at a URI.
    fn uri(&mut self, uri: Option<JsonStr<'_>>) {
        let Some(uri) = uri.map(plain) else { return };
        if !is_known(self.api, &uri) {
            self.report("", shown_url(&uri));
        }
    }

    /// Looks at a code in its system.
    fn code(&mut self, system: Option<JsonStr<'_>>, code: JsonStr<'_>) {
        let (system, code) = (system.map(plain), plain(code));
        if !knows_code(self.api, system.as_deref(), &code) {
            let system = || system.as_deref().and_then(shown_url);
            let name = if code.contains("://") { shown_url(&code) } else { system() };
            self.report(".code", name);
        }
    }

    /// Something at the place of the look, or at this member of it.
    #[cold]
    fn report(&mut self, member: &str, name: Option<String>) {
        let mut parent = self.resource.to_owned();
        for def in &self.path {
            parent.push('.');
            parent.push_str(def.base.trim_end_matches("[x]"));
        }
        parent.push_str(member);
        let new = Unknown { parent, name };
        if self.found.len() < MOST_OF_A_RECORD || self.found.contains(&new) {
            self.found.insert(new);
        } else {
            self.found.insert(Unknown { parent: self.resource.to_owned(), name: None });
        }
    }
}

/// The text at the walker; what is none is passed over.
fn text<'a>(walker: &mut Walker<'_, 'a>) -> Option<JsonStr<'a>> {
    let text = walker.string();
    if text.is_none() {
        walker.skip();
    }
    text
}

/// The text without escapes.
fn plain(text: JsonStr<'_>) -> Cow<'_, str> {
    if text.may_be_escaped() { text.unescape() } else { text.raw().into() }
}

#[cold]
fn step_of(schema: &'static Schema, def: &'static TypeDef, member: &'static ElementDef) -> Step {
    match (def.name, member.name) {
        ("Extension", "url") | ("Identifier", "system") => Step::Uri,
        ("Coding", "system") => Step::System,
        ("Coding", "code") => Step::Code,
        _ if member.is_primitive() => Step::Leaf,
        _ if schema::step(member) == "Resource" => Step::Contained,
        _ => schema.type_def(schema::step(member)).map_or(Step::Leaf, Step::Inside),
    }
}

/// Whether the name is that of an element of FHIR, wherever.
fn is_element(name: &str) -> bool {
    static NAMES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
        let types = [&schema::STU3, &schema::R4].into_iter().flat_map(Schema::types);
        let names = types.flat_map(|def| def.members).map(|member| member.name);
        // That is what names are called that are not told.
        names.filter(|name| *name != "other").collect()
    });
    NAMES.contains(name)
}

/// The URL, if it may be told.
fn shown_url(url: &str) -> Option<String> {
    const LONGEST_PIECE: usize = 64;
    const MOST_PIECES: usize = 12;
    let host = host_of(url).filter(|host| is_known_host(host))?;
    let (_, path) = url.split_once(host)?;
    let is_plain = |piece: &str| {
        piece.len() <= LONGEST_PIECE
            && piece.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
            && !has_number(piece)
            && !has_mbi(piece)
    };
    let is_shown = path.split('/').count() <= MOST_PIECES && path.split('/').all(is_plain);
    is_shown.then(|| url.to_owned())
}

/// Whether digits of it may be a number that stands for somebody: a run of more than four, or more than eight in all, as a
/// number has that is cut by hyphens.
fn has_number(piece: &str) -> bool {
    const LONGEST_RUN: usize = 4;
    const MOST: usize = 8;
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let bytes = piece.as_bytes();
    bytes
        .chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit())
        .any(|run| run.first().is_some_and(is_digit) && run.len() > LONGEST_RUN)
        || bytes.iter().filter(|byte| is_digit(byte)).count() > MOST
}

/// Whether it has a Medicare beneficiary identifier in it, be it with hyphens.
fn has_mbi(piece: &str) -> bool {
    // C: a digit but 0, N: a digit, A: a letter, X: either of the two.
    const FORM: &[u8] = b"CAXNAXNAANN";
    let bytes: Vec<u8> = piece.bytes().filter(|byte| *byte != b'-').collect();
    let fits = |(form, byte): (&u8, &u8)| match form {
        b'C' => matches!(byte, b'1'..=b'9'),
        b'N' => byte.is_ascii_digit(),
        b'A' => byte.is_ascii_alphabetic(),
        _ => byte.is_ascii_alphanumeric(),
    };
    bytes.windows(FORM.len()).any(|window| FORM.iter().zip(window).all(fits))
}

#[cfg(test)]
mod tests;
