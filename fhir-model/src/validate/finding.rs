//! One issue, before it becomes part of an outcome, and the place where it is.

use std::borrow::Cow;
use std::fmt::Write;

use crate::schema::ElementDef;
use crate::validate::class::IssueClass;

/// One issue of a record: class, place, and what was expected. Holds no value and no name of the record, but for a
/// [term](Finding::term) that the vocabulary lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    class: IssueClass,
    expression: String,
    location: String,
    text: Cow<'static, str>,
    term: Option<String>,
}

impl Finding {
    /// An issue of a record as a whole.
    pub fn new(class: IssueClass, text: impl Into<Cow<'static, str>>) -> Self {
        Self::at(class, text, String::new(), String::new())
    }

    pub(crate) fn at(
        class: IssueClass,
        text: impl Into<Cow<'static, str>>,
        expression: String,
        location: String,
    ) -> Self {
        Self { class, expression, location, text: text.into(), term: None }
    }

    /// The same, about a URI of Blue Button. A piece that is no word, as a number is none, is left out: it might be
    /// anybody's.
    pub(crate) fn about(mut self, uri: &str) -> Self {
        self.term = Some(words(uri));
        self
    }

    /// The class.
    pub fn class(&self) -> IssueClass {
        self.class
    }

    /// Where, as FHIRPath: `ExplanationOfBenefit.item[3].serviced.start`. Elements with a choice of types have
    /// their short name, siblings of primitives the name of the primitive.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// Where, as the JSON has it: `item[3].servicedPeriod.start`, `_birthDate.extension[0]`. Empty for the
    /// record as a whole.
    pub fn location(&self) -> &str {
        &self.location
    }

    /// What was expected, and what to do.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The URI of Blue Button that the vocabulary does not have, or `system|...` for a code of a system: to count by. Only
    /// of [`IssueClass::UnknownTerm`]. Pieces of it that are no words are `...`.
    pub fn term(&self) -> Option<&str> {
        self.term.as_deref()
    }
}

/// A URI piece by piece: what is too long for a name, or has more digits than names have, is left out.
fn words(uri: &str) -> String {
    const MOST_DIGITS: usize = 3;
    const LONGEST: usize = 40;
    let is_word = |piece: &str| {
        piece.len() <= LONGEST
            && piece.bytes().filter(u8::is_ascii_digit).count() <= MOST_DIGITS
            && piece.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
    };
    let piece = |piece: &str| if is_word(piece) { piece.to_owned() } else { "...".to_owned() };
    let joined = |part: &str| part.split('/').map(piece).collect::<Vec<_>>().join("/");
    uri.split('|').map(joined).collect::<Vec<_>>().join("|")
}

/// One step from the resource down.
#[derive(Clone, Copy)]
struct Step {
    def: &'static ElementDef,
    member: Member,
    index: Option<usize>,
}

/// Which JSON member of the element it is.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Member {
    Value,
    /// The one whose name begins with an underscore.
    Beside,
    /// None: the element is not there.
    Missing,
}

/// The place of the walk.
pub(super) struct Path {
    root: &'static str,
    steps: Vec<Step>,
}

impl Path {
    pub(super) fn new(root: &'static str) -> Self {
        Self { root, steps: Vec::new() }
    }

    pub(super) fn enter(&mut self, def: &'static ElementDef, member: Member) {
        self.steps.push(Step { def, member, index: None });
    }

    /// The entry of the list that was entered last.
    pub(super) fn at_index(&mut self, index: usize) {
        if let Some(step) = self.steps.last_mut() {
            step.index = Some(index);
        }
    }

    pub(super) fn leave(&mut self) {
        self.steps.pop();
    }

    pub(super) fn depth(&self) -> usize {
        self.steps.len()
    }

    /// The element that was entered last.
    pub(super) fn element(&self) -> Option<&'static ElementDef> {
        self.steps.last().map(|step| step.def)
    }

    pub(super) fn expression(&self) -> String {
        let mut out = self.root.to_owned();
        for step in &self.steps {
            out.push('.');
            out.push_str(step.def.base.trim_end_matches("[x]"));
            push_index(&mut out, step.index);
        }
        out
    }

    pub(super) fn location(&self) -> String {
        let mut out = String::new();
        for step in &self.steps {
            if !out.is_empty() {
                out.push('.');
            }
            match step.member {
                Member::Value => out.push_str(step.def.name),
                Member::Beside => {
                    out.push('_');
                    out.push_str(step.def.name);
                }
                // Which type of a choice it should be is not known.
                Member::Missing => out.push_str(step.def.base),
            }
            push_index(&mut out, step.index);
        }
        out
    }
}

fn push_index(out: &mut String, index: Option<usize>) {
    if let Some(index) = index {
        // Writing to a String does not fail.
        let _ = write!(out, "[{index}]");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_word_of_a_uri_is_left_out() {
        for (uri, shown) in [
            ("https://bluebutton.cms.gov/fhir/CodeSystem/CLM-NEW-CD", None),
            ("https://bluebutton.cms.gov/resources/variables/clm_poa_ind_sw25", None),
            ("https://bluebutton.cms.gov/fhir/CodeSystem/Adjudication|...", None),
            ("https://bluebutton.cms.gov/1S00E00AA00", Some("https://bluebutton.cms.gov/...")),
            ("https://bluebutton.cms.gov/a b/x?y=1", Some("https://bluebutton.cms.gov/.../...")),
            ("http://bluebutton.cms.gov/J\u{f6}rg", Some("http://bluebutton.cms.gov/...")),
        ] {
            assert_eq!(words(uri), shown.unwrap_or(uri));
        }
        assert_eq!(words(&"x".repeat(41)), "...");
    }
}
