//! The resource types of FHIR, by release.

use crate::api::Release;

/// One a line.
const STU3: &str = include_str!("stu3_resource_types.txt");
const R4: &str = include_str!("r4_resource_types.txt");

/// Their names, in order.
pub fn resource_types(release: Release) -> impl Iterator<Item = &'static str> {
    match release {
        Release::Stu3 => STU3.lines(),
        Release::R4 => R4.lines(),
    }
}

/// Whether the release has a resource of this type.
pub fn is_resource_type(release: Release, name: &str) -> bool {
    resource_types(release).any(|known| known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_in_order_and_there_once() {
        for release in [Release::Stu3, Release::R4] {
            assert!(resource_types(release).is_sorted_by(|one, other| one < other));
            let is_type = |name| is_resource_type(release, name);
            assert!(is_type("ExplanationOfBenefit") && !is_type("Subject"));
            assert!(!is_type("") && !is_type("patient"));
            assert_eq!(is_type("ReferralRequest"), release == Release::Stu3);
            assert_eq!(is_type("ServiceRequest"), release == Release::R4);
        }
    }
}
