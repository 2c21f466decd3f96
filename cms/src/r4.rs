//! How a record of FHIR R4, data of BCDA v2 and v3, is told from one of STU3: by members that STU3 does not have, or
//! not as a list, and by the profiles of CARIN.

/// A member of a record that only R4 has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Its name.
    pub member: &'static str,
    /// STU3 has it too, as one object.
    pub only_as_list: bool,
}

impl Mark {
    const fn new(member: &'static str) -> Self {
        Self { member, only_as_list: false }
    }

    const fn list(member: &'static str) -> Self {
        Self { member, only_as_list: true }
    }
}

/// Of an ExplanationOfBenefit.
pub const CLAIM: [Mark; 5] = [
    Mark::new("supportingInfo"),
    Mark::new("insurer"),
    Mark::new("outcome"),
    Mark::new("use"),
    Mark::list("insurance"),
];

/// Of a Coverage.
pub const COVERAGE: [Mark; 2] = [Mark::list("payor"), Mark::list("class")];

/// Whether a member of a record, a list or none, is one of these marks.
pub fn is_marked(marks: &[Mark], member: &str, is_list: bool) -> bool {
    marks.iter().any(|mark| mark.member == member && (is_list || !mark.only_as_list))
}

/// Whether an entry of `meta.profile` is a profile of CARIN.
pub fn is_profile(profile: &str) -> bool {
    let profile = profile.to_ascii_lowercase();
    profile.contains("carin") || profile.contains("c4bb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_those_of_their_resource() {
        assert!(is_marked(&CLAIM, "use", false) && is_marked(&CLAIM, "use", true));
        assert!(is_marked(&CLAIM, "insurance", true) && !is_marked(&CLAIM, "insurance", false));
        assert!(!is_marked(&CLAIM, "payor", true) && is_marked(&COVERAGE, "payor", true));
        assert!(!is_marked(&COVERAGE, "class", false) && !is_marked(&[], "use", false));
        let profile = "http://hl7.org/fhir/us/carin-bb/StructureDefinition/C4BB-Patient|1.1.0";
        assert!(is_profile(profile) && is_profile("x/c4bb") && !is_profile("x/us-core-patient"));
    }
}
