//! The resource types of FHIR STU3.

/// One a line.
const STU3: &str = include_str!("stu3_resource_types.txt");

/// Their names, in order.
pub fn resource_types() -> impl Iterator<Item = &'static str> {
    STU3.lines()
}

/// Whether STU3 has a resource of this type.
pub fn is_resource_type(name: &str) -> bool {
    resource_types().any(|known| known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_in_order_and_there_once() {
        assert!(resource_types().is_sorted_by(|one, other| one < other));
        assert!(is_resource_type("ExplanationOfBenefit") && !is_resource_type("Subject"));
        assert!(!is_resource_type("") && !is_resource_type("patient"));
    }
}
