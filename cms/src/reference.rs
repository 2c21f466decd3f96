//! The grammar of literal references.

/// The id in a literal reference to a resource of this type: `Patient/-1000`, with whatever stands before it, as in
/// `https://host/v1/fhir/Patient/-1000`, and after it, as in `Patient/-1000/_history/2`.
pub fn id_in<'t>(reference: &'t str, resource_type: &str) -> Option<&'t str> {
    let mut segments = reference.rsplit('/').peekable();
    while let Some(id) = segments.next() {
        if segments.peek() == Some(&resource_type) {
            return (!id.is_empty()).then_some(id);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_relative_or_absolute() {
        for (reference, id) in [
            ("Patient/-1000", Some("-1000")),
            ("https://sandbox.bcda.cms.gov/v1/fhir/Patient/-1000", Some("-1000")),
            ("/Patient/1", Some("1")),
            ("Patient/1/_history/2", Some("1")),
            ("Patient/Patient/1", Some("1")),
            ("Patient/", None),
            ("Patient", None),
            ("#Patient", None),
            ("Patients/1", None),
            ("patient/1", None),
            ("Group/1", None),
            ("", None),
        ] {
            assert_eq!(id_in(reference, "Patient"), id, "{reference}");
        }
        assert_eq!(id_in("Group/1", "Group"), Some("1"));
    }
}
