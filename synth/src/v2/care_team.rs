//! The care team: an entry for each provider in each role, numbered from 1.

use super::parts::{self, NPI_TYPE};
use crate::codes::{self, Coded};
use crate::facts::part_b::LineProvider;
use crate::fhir::System;
use crate::json::Json;
use crate::r4::{self, Systematic};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Attending,
    Operating,
    OtherOperating,
    Performing,
    Referring,
    /// The organization of a line.
    Primary,
    Prescribing,
}

impl Role {
    fn coding(self) -> Systematic<'static> {
        let carin = |code, label| (System::Carin("C4BBClaimCareTeamRole"), (code, label));
        match self {
            Self::Attending => carin("attending", "Attending"),
            Self::Operating => carin("operating", "Operating"),
            Self::OtherOperating => carin("otheroperating", "Other operating"),
            Self::Performing => carin("performing", "Performing"),
            Self::Referring => carin("referring", "Referring"),
            Self::Prescribing => carin("prescribing", "Prescribing"),
            Self::Primary => (System::Hl7("claimcareteamrole"), ("primary", "Primary")),
        }
    }
}

/// How a provider is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    Npi(u64),
    Upin(u64),
    /// The number a carrier gave; the server says that it is an NPI.
    Pin(u64),
}

#[derive(Debug)]
struct Member {
    role: Role,
    number: Number,
    line: Option<LineProvider>,
    specialties: Vec<Coded>,
    second_type: Option<Coded>,
}

/// The members in the order in which the server adds them.
#[derive(Debug, Default)]
pub(super) struct CareTeam {
    members: Vec<Member>,
}

impl CareTeam {
    /// Adds a provider unless it is there in this role already; gives its sequence.
    pub(super) fn add(&mut self, role: Role, npi: u64) -> u32 {
        self.add_member(role, Number::Npi(npi), None)
    }

    pub(super) fn add_upin(&mut self, role: Role, upin: u64) -> u32 {
        self.add_member(role, Number::Upin(upin), None)
    }

    pub(super) fn add_pin(&mut self, role: Role, pin: u64) -> u32 {
        self.add_member(role, Number::Pin(pin), None)
    }

    /// Adds the provider of a Part B line. All specialties are kept, and two types.
    pub(super) fn add_line_provider(&mut self, npi: u64, line: LineProvider) -> u32 {
        let sequence = self.add_member(Role::Performing, Number::Npi(npi), Some(line));
        let member = &mut self.members[(sequence - 1) as usize];
        if !line.specialty.0.is_empty() && !member.specialties.contains(&line.specialty) {
            member.specialties.push(line.specialty);
        }
        if let Some(known) = &member.line
            && known.provider_type.is_some()
            && known.provider_type != line.provider_type
        {
            member.second_type = line.provider_type;
        }
        sequence
    }

    fn add_member(&mut self, role: Role, number: Number, line: Option<LineProvider>) -> u32 {
        let same = |m: &Member| m.role == role && m.number == number;
        let place = self.members.iter().position(same).unwrap_or_else(|| {
            let member = Member { role, number, line, specialties: Vec::new(), second_type: None };
            self.members.push(member);
            self.members.len() - 1
        });
        1 + u32::try_from(place).unwrap_or(0)
    }

    /// Institutional claims tell no names.
    pub(super) fn write(&self, json: &mut Json, names: bool) {
        if self.members.is_empty() {
            return;
        }
        json.list_key("careTeam");
        for (sequence, member) in (1..).zip(&self.members) {
            member.write(json, sequence, names);
        }
        json.close_list();
    }
}

impl Member {
    fn write(&self, json: &mut Json, sequence: u32, names: bool) {
        json.open();
        if let Some(line) = &self.line {
            self.write_extensions(json, line);
        }
        json.open_key("provider");
        let (number, upin) = match self.number {
            Number::Npi(number) | Number::Pin(number) => (number, false),
            Number::Upin(number) => (number, true),
        };
        if names && (number.is_multiple_of(3) || self.role == Role::Primary) {
            let organization = self.role == Role::Primary;
            json.text(
                "display",
                if organization { "Example Group & Co" } else { "Dr. Test Ärztin, MD" },
            );
        }
        json.open_key("identifier");
        let of = if upin { (System::Hl7("v2-0203"), ("UPIN", "Old number")) } else { NPI_TYPE };
        r4::codings(json, "type", &[of]);
        json.key("value");
        json.raw(if matches!(self.number, Number::Pin(_)) { "\"K" } else { "\"" });
        json.unsigned(number);
        json.raw("\"}}");
        self.write_qualification(json, number);
        if self.line.is_some() {
            json.raw(",\"responsible\":true");
        }
        r4::codings(json, "role", &[self.role.coding()]);
        json.integer("sequence", sequence);
        json.close();
    }

    fn write_extensions(&self, json: &mut Json, line: &LineProvider) {
        let types = [line.provider_type, self.second_type].into_iter().flatten();
        let mut all: Vec<(&'static str, Coded)> =
            types.map(|coded| ("carr_line_prvdr_type_cd", coded)).collect();
        all.push(("prtcptng_ind_cd", line.participating));
        all.retain(|(_, coded)| !coded.0.is_empty());
        if all.is_empty() {
            return;
        }
        json.list_key("extension");
        for (variable, coded) in all {
            parts::extension_code(json, variable, coded);
        }
        json.close_list();
    }

    fn write_qualification(&self, json: &mut Json, number: u64) {
        let mut all: Vec<Systematic<'_>> = Vec::new();
        // The directory knows what most physicians are.
        if matches!(self.number, Number::Npi(_))
            && self.role != Role::Primary
            && let Some(taxonomy) = codes::taxonomy(number)
        {
            all.push((System::Url("http://nucc.org/provider-taxonomy"), taxonomy));
        }
        let specialty = System::Variable("prvdr_spclty");
        all.extend(self.specialties.iter().map(|&coded| (specialty, coded)));
        if !all.is_empty() {
            r4::codings(json, "qualification", &all);
        }
    }
}
