//! Diagnoses and procedures in the order, and with the de-duplication, of the server.

use crate::codes;
use crate::date::Day;
use crate::fhir::{self, Coded, System};
use crate::json::Json;
use crate::rng::Rng;
use crate::short_code::ShortCode;

const ICD9: &str = "http://hl7.org/fhir/sid/icd-9-cm";
const ICD10: &str = "http://hl7.org/fhir/sid/icd-10";
const UNKNOWN: &str = "http://hl7.org/fhir/sid/unknown-icd-version";
const UNKNOWN_8: &str = "http://hl7.org/fhir/sid/unknown-icd-version/8";

/// The first day of ICD-10. Earlier claims hold ICD-9 mostly, later ones rarely.
const CHANGE: Day = Day::from_ymd(2015, 10, 1);

/// How many different codes there are of each version; few, so that some come twice in a claim.
const POOL: u32 = 400;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Admitting,
    Principal,
    Other,
    ExternalFirst,
    External,
    ReasonForVisit,
}

impl Kind {
    fn coded(self) -> Coded {
        match self {
            Self::Admitting => ("admitting", "On admission"),
            Self::Principal => ("principal", "Chief reason"),
            Self::Other => ("other", ""),
            Self::ExternalFirst => ("external-first", "First outside cause"),
            Self::External => ("external", "Outside cause"),
            Self::ReasonForVisit => ("reason-for-visit", "Reason \"told\""),
        }
    }
}

/// The names of the present-on-admission variables.
const POA: [&str; 25] = [
    "clm_poa_ind_sw1",
    "clm_poa_ind_sw2",
    "clm_poa_ind_sw3",
    "clm_poa_ind_sw4",
    "clm_poa_ind_sw5",
    "clm_poa_ind_sw6",
    "clm_poa_ind_sw7",
    "clm_poa_ind_sw8",
    "clm_poa_ind_sw9",
    "clm_poa_ind_sw10",
    "clm_poa_ind_sw11",
    "clm_poa_ind_sw12",
    "clm_poa_ind_sw13",
    "clm_poa_ind_sw14",
    "clm_poa_ind_sw15",
    "clm_poa_ind_sw16",
    "clm_poa_ind_sw17",
    "clm_poa_ind_sw18",
    "clm_poa_ind_sw19",
    "clm_poa_ind_sw20",
    "clm_poa_ind_sw21",
    "clm_poa_ind_sw22",
    "clm_poa_ind_sw23",
    "clm_poa_ind_sw24",
    "clm_poa_ind_sw25",
];
const EXTERNAL_POA: [&str; 4] =
    ["clm_e_poa_ind_sw1", "clm_e_poa_ind_sw2", "clm_e_poa_ind_sw3", "clm_e_poa_ind_sw4"];

/// A diagnosis code with its system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Code {
    system: &'static str,
    number: u32,
}

impl Code {
    pub(super) fn draw(rng: &mut Rng, day: Day) -> Self {
        let old = day < CHANGE;
        let system = match rng.below(1000) {
            0 => UNKNOWN,
            1 => UNKNOWN_8,
            n => {
                let other = n < 22;
                if old == other { ICD10 } else { ICD9 }
            }
        };
        Self { system, number: rng.below(POOL) }
    }

    fn short(self) -> ShortCode {
        if self.system == ICD10 {
            ShortCode::icd10(self.number)
        } else {
            ShortCode::icd9(self.number)
        }
    }

    /// Seven codes in ten have a display, always the same.
    fn display(self) -> &'static str {
        if self.number % 10 < 7 {
            codes::CONDITION[self.number as usize / 10 % codes::CONDITION.len()]
        } else {
            ""
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    system: &'static str,
    code: ShortCode,
    display: &'static str,
    kind: Option<Kind>,
    present: Option<(&'static str, Coded)>,
}

/// Which lists of diagnoses a claim type has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lists {
    pub(super) admitting: bool,
    pub(super) drg: bool,
    /// Slots 2 to 25 are typed `other`, and tell whether present on admission.
    pub(super) inpatient: bool,
    pub(super) external: bool,
    pub(super) reason_for_visit: bool,
    /// The most secondary diagnoses.
    pub(super) secondary: u32,
}

/// The diagnoses of one claim.
#[derive(Debug, Default)]
pub(super) struct Diagnoses {
    drg: Option<u32>,
    entries: Vec<Entry>,
}

impl Diagnoses {
    /// The diagnoses of a claim header.
    pub(super) fn draw(rng: &mut Rng, day: Day, lists: Lists) -> Self {
        let mut all = Self::default();
        if lists.drg && rng.percent(96) {
            all.drg = Some(rng.between(1, 998));
        }
        let first = Code::draw(rng, day);
        if lists.admitting && rng.percent(95) {
            // Admitting = principal in a quarter of the stays: one entry, typed admitting, is left.
            let admitting = if rng.percent(25) { first } else { Code::draw(rng, day) };
            all.add(admitting, Some(Kind::Admitting), None);
        }
        all.add(first, Some(Kind::Principal), lists.present(rng, POA[0]));
        if rng.percent(4) {
            // The principal diagnosis is not the one in slot 1: two entries typed principal.
            all.add(Code::draw(rng, day), Some(Kind::Principal), None);
        }
        let most = lists.secondary;
        let secondary =
            if rng.percent(10) { rng.below(most + 1) } else { rng.below(most.min(9) + 1) };
        for name in POA.iter().skip(1).take(secondary as usize) {
            let kind = lists.inpatient.then_some(Kind::Other);
            all.add(Code::draw(rng, day), kind, lists.present(rng, name));
        }
        if lists.external && rng.percent(15) {
            let count = rng.between(1, 4) as usize;
            for (place, name) in EXTERNAL_POA.iter().enumerate().take(count) {
                let kind = if place == 0 { Kind::ExternalFirst } else { Kind::External };
                all.add(Code::draw(rng, day), Some(kind), lists.present(rng, name));
            }
        }
        if lists.reason_for_visit && rng.percent(60) {
            for _ in 0..rng.between(1, 3) {
                all.add(Code::draw(rng, day), Some(Kind::ReasonForVisit), None);
            }
        }
        all
    }

    /// Adds a code unless it is there already; gives its sequence.
    pub(super) fn add(
        &mut self,
        code: Code,
        kind: Option<Kind>,
        present: Option<(&'static str, Coded)>,
    ) -> u32 {
        let short = code.short();
        let same = |e: &Entry| e.system == code.system && e.code == short;
        let place = self.entries.iter().position(same).unwrap_or_else(|| {
            self.entries.push(Entry {
                system: code.system,
                code: short,
                display: code.display(),
                kind,
                present,
            });
            self.entries.len() - 1
        });
        self.first_sequence() + u32::try_from(place).unwrap_or(0)
    }

    /// How many codes there are.
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.entries.len()).unwrap_or(0)
    }

    fn first_sequence(&self) -> u32 {
        if self.drg.is_some() { 2 } else { 1 }
    }

    pub(super) fn write(&self, json: &mut Json) {
        json.list_key("diagnosis");
        if let Some(drg) = self.drg {
            json.open();
            json.raw(r#""packageCode":{"coding":["#);
            json.open();
            json.key("code");
            json.raw("\"");
            // Three or four characters.
            json.padded(drg, if drg % 40 == 0 { 4 } else { 3 });
            json.raw("\"");
            System::Variable("clm_drg_cd").write(json, "system");
            json.raw(r#"}]},"sequence":1}"#);
        }
        for (sequence, entry) in (self.first_sequence()..).zip(&self.entries) {
            json.open();
            let coded = (entry.code.as_str(), entry.display);
            fhir::concept(json, "diagnosisCodeableConcept", System::Url(entry.system), coded);
            if let Some((name, coded)) = entry.present {
                json.list_key("extension");
                fhir::extension_code(json, name, coded);
                json.close_list();
            }
            json.integer("sequence", sequence);
            if let Some(kind) = entry.kind {
                json.list_key("type");
                json.open();
                json.list_key("coding");
                fhir::coding(json, System::CodeList("diagnosis-type"), kind.coded());
                json.close_list();
                json.close();
                json.close_list();
            }
            json.close();
        }
        json.close_list();
    }
}

impl Lists {
    fn present(self, rng: &mut Rng, name: &'static str) -> Option<(&'static str, Coded)> {
        (self.inpatient && rng.percent(92)).then(|| (name, codes::coded(rng, codes::POA)))
    }
}

/// Writes the procedures of a stay or visit: a code that comes twice is kept once, with its first date.
pub(super) fn write_procedures(json: &mut Json, rng: &mut Rng, from: Day, thru: Day, count: u32) {
    if count == 0 {
        return;
    }
    let mut seen: Vec<(&str, u32)> = Vec::new();
    json.list_key("procedure");
    for _ in 0..count {
        let icd10 = (from >= CHANGE) != rng.percent(2);
        let system = if icd10 { ICD10 } else { ICD9 };
        let number = rng.below(POOL);
        let dated = !rng.chance(1, 60);
        let day = from.plus(rng.below(thru.since(from) + 1));
        if seen.contains(&(system, number)) {
            continue;
        }
        seen.push((system, number));
        json.open();
        if dated {
            json.key("date");
            json.raw("\"");
            json.day(day);
            json.raw(if number.is_multiple_of(5) {
                "T00:00:00-05:00\""
            } else {
                "T00:00:00+00:00\""
            });
        }
        let display = if number.is_multiple_of(3) {
            ""
        } else {
            codes::OPERATION[number as usize % codes::OPERATION.len()]
        };
        let code = ShortCode::procedure(number, icd10);
        fhir::concept(
            json,
            "procedureCodeableConcept",
            System::Url(system),
            (code.as_str(), display),
        );
        json.integer("sequence", u32::try_from(seen.len()).unwrap_or(0));
        json.close();
    }
    json.close_list();
}
