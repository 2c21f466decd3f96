//! The care team. Only providers that the directory knows are told.

use super::contained::{name, write_npi};
use crate::codes::{self, Coded};
use crate::facts::repository;
use crate::fhir::System;
use crate::json::Json;
use crate::r4::{self, List, Systematic};

/// Writes the entries of `ExplanationOfBenefit.careTeam`.
pub(super) struct CareTeam<'a> {
    list: List<'a>,
    /// Says who and what the providers are.
    names: bool,
}

impl<'a> CareTeam<'a> {
    pub(super) fn new(json: &'a mut Json) -> Self {
        Self { list: List::new(json, "careTeam"), names: true }
    }

    /// Of providers only the number is told, as prior authorizations do.
    pub(super) fn without_names(json: &'a mut Json) -> Self {
        Self { names: false, ..Self::new(json) }
    }

    /// A provider in a role. The number is the line's for who rendered it.
    pub(super) fn add(
        &mut self,
        role: &'static str,
        npi: Option<u64>,
        sequence: u32,
        specialty: Option<Coded>,
    ) {
        let Some(npi) = npi.filter(|&npi| repository::is_known(npi)) else { return };
        self.list.open();
        let json = &mut *self.list.json;
        let (family, given) = name(npi);
        json.open_key("provider");
        if self.names {
            json.text("display", &format!("{family}, {given}"));
        }
        write_npi(json, npi, role == "prescribing");
        // Of referring providers the server does not say what they are.
        if role != "referring" || !self.names {
            json.code("type", if npi.is_multiple_of(5) { "Organization" } else { "Practitioner" });
        }
        json.close();
        let mut qualification: Vec<Systematic<'_>> = Vec::new();
        let specialty = specialty.filter(|coded| !coded.0.is_empty());
        qualification
            .extend(specialty.map(|coded| (System::Idr("CLM-PRVDR-SPCLTY-CD"), (coded.0, ""))));
        qualification.extend(
            codes::taxonomy(npi)
                .map(|coded| (System::Url("http://nucc.org/provider-taxonomy"), (coded.0, ""))),
        );
        if self.names && !qualification.is_empty() && role != "referring" {
            r4::codings(json, "qualification", &qualification);
        }
        let both = [
            (System::Hl7("claimcareteamrole"), (role, "Role")),
            (System::Carin("C4BBClaimCareTeamRole"), (role, "Role")),
        ];
        r4::codings(json, "role", &both);
        json.integer("sequence", sequence);
        json.close();
    }

    pub(super) fn end(self) {
        self.list.end();
    }
}
