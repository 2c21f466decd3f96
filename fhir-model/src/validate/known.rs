//! What BCDA v1 is known to write against STU3. A record of every user has these, and nobody but the server can
//! change them, so they are told as information and not as errors.

use crate::schema::{ElementDef, Release};
use crate::validate::walk::Place;
use crate::vocabulary::Term;

/// Why a required element may be missing here.
pub(super) fn required(place: Place<'_>, base: &str, contained: bool) -> Option<&'static str> {
    if place.def.release == Release::R4 {
        return r4::required(place, base);
    }
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
pub(super) fn empty(release: Release, element: Option<&ElementDef>) -> Option<&'static str> {
    let element = element?;
    (release == Release::Stu3 && element.parent == "Coverage" && element.name == "contract")
        .then_some("BCDA v1 wrote a contract with an id only, from May 2019 to April 2022")
}

/// Why a malformed reference may stand here.
pub(super) fn reference(release: Release, element: &ElementDef) -> Option<&'static str> {
    (release == Release::Stu3 && element.parent == "Coverage" && element.name == "contract")
        .then_some("BCDA v1 wrote a contract that refers to nothing, from May 2019 to April 2022")
}

/// Why a variable's extension may have a value of another kind.
pub(super) fn term_value(
    release: Release,
    term: &Term,
    value: &ElementDef,
) -> Option<&'static str> {
    (release == Release::R4 && term.short == "carr_line_mtus_cnt" && value.name == "valueCoding")
        .then_some("BCDA v2 writes the unit of a line under the name of the count, too")
}

/// Why nothing may refer to a contained resource.
pub(super) fn unreferenced(release: Release, resource_type: &str) -> Option<&'static str> {
    (release == Release::R4 && resource_type == "Observation")
        .then_some("BCDA v3 contains the Observation of a line without a reference to it")
}

/// Why a contained resource may be of a type that is not modelled.
pub(super) fn not_modelled(release: Release, resource_type: &str) -> Option<&'static str> {
    (release == Release::R4 && resource_type == "Observation")
        .then_some("BCDA contains the Observation of a line, of which only the JSON is checked")
}

/// What the servers of versions 2 and 3 write against R4.
mod r4 {
    use super::Place;
    use crate::node::Node;
    use crate::vocabulary::CodeSystem;

    /// Whether the claim's type has the system of version 2.
    fn is_v2(claim: Place<'_>) -> bool {
        let codings = claim.element.child("type").and_then(|concept| concept.child("coding"));
        let mut systems = codings.into_iter().flat_map(Node::iter).map(|own| own.child("system"));
        systems.any(|own| own.and_then(Node::as_text) == Some(CodeSystem::EobType.uri()))
    }

    pub(super) fn required(place: Place<'_>, base: &str) -> Option<&'static str> {
        match (place.def.name, base) {
            ("ExplanationOfBenefit", "insurer") => Some("BCDA v3 gives Part D events no insurer"),
            ("ExplanationOfBenefit", "provider") if is_v2(place) => {
                Some("BCDA v2 gives claims without a billing number no provider")
            }
            ("Coverage", _)
                if place.members().all(|own| matches!(own.name, "id" | "resourceType")) =>
            {
                Some("BCDA v3 writes a Coverage that it does not find as an id alone")
            }
            _ => None,
        }
    }
}
