//! The care team: one entry per provider and role, numbered from 2, linked by number.

use super::fhir::{self, NPI, System, TAX};
use crate::codes::Coded;
use crate::facts::part_b::LineProvider;
use crate::json::Json;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Primary,
    Assist,
    Other,
}

#[derive(Debug, Clone)]
struct Member {
    role: Role,
    /// A tax number instead of an NPI.
    tax: bool,
    value: u64,
    line: Option<LineProvider>,
    second_type: Option<Coded>,
}

/// The members in the order in which the server adds them.
#[derive(Debug, Default)]
pub(super) struct CareTeam {
    members: Vec<Member>,
}

/// The number of the first entry: the server numbers after adding.
const FIRST_SEQUENCE: u32 = 2;

impl CareTeam {
    /// Adds a provider unless it is there in this role already; gives its sequence.
    pub(super) fn add(&mut self, role: Role, npi: u64) -> u32 {
        self.add_member(Member { role, tax: false, value: npi, line: None, second_type: None })
    }

    /// Adds the provider of a Part B line. A second specialty overwrites the first, a second type is appended.
    pub(super) fn add_line_provider(&mut self, npi: u64, line: LineProvider) -> u32 {
        let sequence = self.add_member(Member {
            role: Role::Primary,
            tax: false,
            value: npi,
            line: Some(line),
            second_type: None,
        });
        let member = &mut self.members[(sequence - FIRST_SEQUENCE) as usize];
        if let Some(known) = &mut member.line {
            known.specialty = line.specialty;
            if known.provider_type.is_some() && known.provider_type != line.provider_type {
                member.second_type = line.provider_type;
            }
        }
        sequence
    }

    /// Adds a tax number.
    pub(super) fn add_tax_number(&mut self, number: u64) -> u32 {
        self.add_member(Member {
            role: Role::Other,
            tax: true,
            value: number,
            line: None,
            second_type: None,
        })
    }

    fn add_member(&mut self, new: Member) -> u32 {
        let same = |m: &Member| m.role == new.role && m.tax == new.tax && m.value == new.value;
        let place = self.members.iter().position(same).unwrap_or_else(|| {
            self.members.push(new);
            self.members.len() - 1
        });
        FIRST_SEQUENCE + u32::try_from(place).unwrap_or(0)
    }

    pub(super) fn write(&self, json: &mut Json) {
        if self.members.is_empty() {
            return;
        }
        json.list_key("careTeam");
        for (sequence, member) in (FIRST_SEQUENCE..).zip(&self.members) {
            member.write(json, sequence);
        }
        json.close_list();
    }
}

impl Member {
    fn write(&self, json: &mut Json, sequence: u32) {
        json.open();
        if let Some(line) = &self.line {
            json.list_key("extension");
            for coded in [line.provider_type, self.second_type].into_iter().flatten() {
                fhir::extension_code(json, "carr_line_prvdr_type_cd", coded);
            }
            fhir::extension_code(json, "prtcptng_ind_cd", line.participating);
            if let Some(npi) = line.organization {
                json.open();
                System::Url(NPI).write(json, "url");
                json.open_key("valueCoding");
                fhir::number_text(json, "code", npi);
                json.text("display", "Example Group & Co");
                System::Url(NPI).write(json, "system");
                json.close();
                json.close();
            }
            json.close_list();
        }
        json.open_key("provider");
        if !self.tax && self.value.is_multiple_of(3) {
            json.text("display", "Dr. Test Ärztin, MD");
        }
        fhir::identifier(
            json,
            "identifier",
            System::Url(if self.tax { TAX } else { NPI }),
            self.value,
        );
        json.close();
        if let Some(line) = &self.line {
            fhir::concept(json, "qualification", System::Variable("prvdr_spclty"), line.specialty);
        }
        if self.line.is_some() || self.tax {
            json.raw(",\"responsible\":true");
        }
        let role = match self.role {
            Role::Primary => ("primary", "Primary provider"),
            Role::Assist => ("assist", "Assisting provider"),
            Role::Other => ("other", "Other"),
        };
        fhir::concept(json, "role", System::Url("http://hl7.org/fhir/claimcareteamrole"), role);
        json.integer("sequence", sequence);
        json.close();
    }
}

#[cfg(test)]
mod tests {
    use super::{CareTeam, Role};

    #[test]
    fn one_entry_per_provider_and_role() {
        let mut team = CareTeam::default();
        assert_eq!(team.add(Role::Assist, 1), 2);
        assert_eq!(team.add(Role::Primary, 1), 3);
        assert_eq!(team.add(Role::Primary, 2), 4);
        assert_eq!(team.add(Role::Primary, 1), 3);
        assert_eq!(team.add_tax_number(1), 5);
    }
}
