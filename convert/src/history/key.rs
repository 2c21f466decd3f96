//! Which claim a history is of.

use std::fmt;

use cclf_crosswalk::{Api, Guesser, Skipped};

use super::judge::{Judge, Judged};
use crate::error::Error;

/// Which claim is meant, by the id of its ExplanationOfBenefit.
#[derive(Clone)]
pub struct ClaimKey {
    pub(super) id: String,
    /// Its claim group, as far as it is known beforehand.
    pub(super) group: Option<String>,
    /// The version of the API whose id it is, as far as it is known.
    pub(super) api: Option<Api>,
}

/// Shows nothing of it: an id is of the data.
impl fmt::Debug for ClaimKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClaimKey").finish_non_exhaustive()
    }
}

impl ClaimKey {
    /// The claim with this id. Its version of the API is that of the first record that has the id.
    pub fn of_id(id: impl Into<String>) -> Self {
        Self { id: id.into(), group: None, api: None }
    }

    /// The claim that a line of an export is.
    ///
    /// # Errors
    /// The line is no claim, or a bad one, or has no id.
    pub fn of_record(line: &[u8]) -> Result<Self, Error> {
        let api = Guesser::version(line).unwrap_or(Api::V1);
        let facts = match Judge::of(api).judge(line) {
            Judged::Claim(facts) => facts,
            Judged::Person => return Err(no_claim("a Patient or a Coverage")),
            Judged::Other(why) => {
                return Err(no_claim(match why {
                    Skipped::OtherType => "of another type",
                    Skipped::PartiallyAdjudicated => {
                        "of a type of shared systems that no table has"
                    }
                    Skipped::PriorAuthorization => "a prior authorization",
                }));
            }
            Judged::Bad(error) => {
                return Err(Error::bad_data(format!(
                    "the record is bad, and has no rows that could be compared: {error}"
                )));
            }
        };
        let Some(id) = facts.id else {
            return Err(Error::usage(
                "the record has no id, by which its versions could be found: name another line of the claim",
            ));
        };
        Ok(Self { id, group: facts.group, api: Some(facts.api) })
    }
}

fn no_claim(what: &str) -> Error {
    Error::usage(format!(
        "the record is {what}, and no claim of the tables: name the line of an ExplanationOfBenefit that is one; bcda \
         inspect shows any record"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_that_are_no_claims_are_refused_without_a_word_of_them() {
        let claim = synth::eob(1, synth::ClaimType::Carrier);
        let key = ClaimKey::of_record(claim.as_bytes()).unwrap();
        assert_eq!(key.api, Some(Api::V1));
        assert!(key.group.is_some() && !format!("{key:?}").contains(&key.id));
        let without_id = claim.replace(&format!("\"id\":\"{}\"", key.id), "\"di\":\"\"");
        for (line, code) in [
            (synth::patient(1), 2),
            (synth::coverage(1, synth::Part::A), 2),
            (r#"{"resourceType":"Observation","id":"1"}"#.to_owned(), 2),
            (without_id, 2),
            (r#"{"resourceType":"ExplanationOfBenefit","id":"1"}"#.to_owned(), 4),
            ("no JSON".to_owned(), 4),
        ] {
            let error = ClaimKey::of_record(line.as_bytes()).unwrap_err();
            assert_eq!(error.exit_code(), code, "{error}");
        }
    }
}
