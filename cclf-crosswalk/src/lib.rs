//! The crosswalk from FHIR STU3 claims to the twelve CCLF tables.
