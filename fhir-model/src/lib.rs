//! Typed FHIR STU3 resources with the CMS Blue Button vocabulary.
