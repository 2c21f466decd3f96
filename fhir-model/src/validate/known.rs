//! What BCDA v1 is known to write against STU3. A record of every user has these, and nobody but the server can
//! change them, so they are told as information and not as errors.

use crate::schema::ElementDef;
use crate::validate::walk::Place;

/// Why a required element may be missing here.
pub(super) fn required(place: Place<'_>, base: &str, contained: bool) -> Option<&'static str> {
    match (place.def.name, base) {
        ("ExplanationOfBenefit.diagnosis", "diagnosis[x]") if place.has("packageCode") => {
            Some("BCDA v1 gives the diagnosis-related group an entry without a diagnosis")
        }
        ("ExplanationOfBenefit.diagnosis", "sequence")
            if place.has("packageCode")
                && !place.members().any(|own| own.base == "diagnosis[x]") =>
        {
            Some(
                "BCDA v1 gave the diagnosis-related group an entry without a sequence, until April 2022",
            )
        }
        ("ExplanationOfBenefit.item.detail", "sequence") => {
            Some("BCDA v1 gives the detail of a Part D line no sequence")
        }
        ("ReferralRequest", "intent") if contained => {
            Some("BCDA v1 gives the contained ReferralRequest no intent")
        }
        _ => None,
    }
}

/// Why an element with nothing but an id may stand here.
pub(super) fn empty(element: Option<&ElementDef>) -> Option<&'static str> {
    let element = element?;
    (element.parent == "Coverage" && element.name == "contract")
        .then_some("BCDA v1 wrote a contract with an id only, from May 2019 to April 2022")
}

/// Why a malformed reference may stand here.
pub(super) fn reference(element: &ElementDef) -> Option<&'static str> {
    (element.parent == "Coverage" && element.name == "contract")
        .then_some("BCDA v1 wrote a contract that refers to nothing, from May 2019 to April 2022")
}
