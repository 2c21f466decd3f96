//! Claims: which type, what all types share, and the writers of the eight types.

mod care_team;
mod carrier;
mod diagnosis;
mod dme;
mod hha;
mod hospice;
mod inpatient;
mod institutional;
mod outpatient;
mod part_b;
mod pde;
mod snf;
mod stay;

use crate::date::{Day, Instant};
use crate::fhir::{self, Coded, System};
use crate::json::Json;
use crate::person::{Person, Spell, Version, load_time, write_meta};
use crate::rng::{Rng, Stream};

/// The eight claim types of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClaimType {
    /// Physicians and other practitioners (Part B).
    Carrier,
    /// Durable medical equipment (Part B).
    Dme,
    /// Home health.
    Hha,
    /// Hospice.
    Hospice,
    /// Hospital stays.
    Inpatient,
    /// Hospital outpatient departments.
    Outpatient,
    /// Part D drug events.
    Pde,
    /// Skilled nursing facilities.
    Snf,
}

impl ClaimType {
    /// All eight, in the order of the discriminants.
    pub const ALL: [Self; 8] = [
        Self::Carrier,
        Self::Dme,
        Self::Hha,
        Self::Hospice,
        Self::Inpatient,
        Self::Outpatient,
        Self::Pde,
        Self::Snf,
    ];

    /// The code of the eob-type coding, such as `CARRIER`.
    pub fn eob_type(self) -> &'static str {
        match self {
            Self::Carrier => "CARRIER",
            Self::Dme => "DME",
            Self::Hha => "HHA",
            Self::Hospice => "HOSPICE",
            Self::Inpatient => "INPATIENT",
            Self::Outpatient => "OUTPATIENT",
            Self::Pde => "PDE",
            Self::Snf => "SNF",
        }
    }

    /// What the resource id begins with, its hyphen included.
    fn id_prefix(self) -> &'static str {
        match self {
            Self::Carrier => "carrier-",
            Self::Dme => "dme-",
            Self::Hha => "hha-",
            Self::Hospice => "hospice-",
            Self::Inpatient => "inpatient-",
            Self::Outpatient => "outpatient-",
            Self::Pde => "pde-",
            Self::Snf => "snf-",
        }
    }

    fn coverage_prefix(self) -> &'static str {
        match self {
            Self::Inpatient | Self::Snf | Self::Hospice => "Coverage/part-a-",
            Self::Pde => "Coverage/part-d-",
            _ => "Coverage/part-b-",
        }
    }

    /// The ex-claimtype coding; DME and HHA have none.
    fn fhir_type(self) -> Option<Coded> {
        match self {
            Self::Carrier | Self::Outpatient => Some(("professional", "Professional")),
            Self::Inpatient | Self::Snf | Self::Hospice => Some(("institutional", "Institutional")),
            Self::Pde => Some(("pharmacy", "Pharmacy")),
            Self::Dme | Self::Hha => None,
        }
    }
}

/// Shares of the claim types in per mille, in the order of [`ClaimType::ALL`]. Only a hospice patient
/// has hospice claims; one person in twenty is one.
const WEIGHTS: [u32; 8] = [707, 13, 8, 0, 15, 150, 100, 7];
const HOSPICE_PATIENT_WEIGHTS: [u32; 8] = [567, 13, 8, 140, 15, 150, 100, 7];

/// What happened to a claim after it was first paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Original,
    Adjusted,
    Cancelled,
}

/// Where a claim stands in the export.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// The claim's number among the person's.
    pub(crate) number: u64,
    /// How many claim numbers each person has.
    pub(crate) stride: u64,
    pub(crate) version: Version,
    /// Draw the claim's type (`None`) or take this one.
    pub(crate) claim_type: Option<ClaimType>,
}

/// What was written, for the summary.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written {
    pub(crate) claim_type: ClaimType,
    /// The claim's Patient is not in the export.
    pub(crate) without_patient: bool,
}

/// What every claim type needs.
#[derive(Debug)]
struct Claim<'a> {
    person: &'a Person,
    kind: ClaimType,
    /// clm_id or pde_id.
    id: i64,
    group: u64,
    patient_id: i64,
    from: Day,
    thru: Day,
    load: Instant,
    action: Action,
    /// No longer the final version.
    cancelled: bool,
    has_period: bool,
    processed: Day,
    /// The number of the first line: a claim's only line may be 6 or 25.
    lines_from: u32,
    /// The hospice spell, and whether it is the person's first or second.
    spell: Option<(Spell, u32)>,
}

/// Writes one ExplanationOfBenefit without the line feed.
pub(crate) fn write(json: &mut Json, person: &Person, place: Place) -> Written {
    let rng = &mut Rng::new(person.seed, Stream::Claim, person.index, place.number);
    let weights = if person.spells.is_some() { &HOSPICE_PATIENT_WEIGHTS } else { &WEIGHTS };
    let drawn = ClaimType::ALL[rng.weighted(weights)];
    let claim = Claim::draw(rng, person, place, place.claim_type.unwrap_or(drawn));
    json.open();
    match claim.kind {
        ClaimType::Carrier => part_b::write::<carrier::Carrier>(json, rng, &claim),
        ClaimType::Dme => part_b::write::<dme::Dme>(json, rng, &claim),
        ClaimType::Hha => institutional::write::<hha::Hha>(json, rng, &claim),
        ClaimType::Hospice => institutional::write::<hospice::Hospice>(json, rng, &claim),
        ClaimType::Inpatient => institutional::write::<inpatient::Inpatient>(json, rng, &claim),
        ClaimType::Outpatient => institutional::write::<outpatient::Outpatient>(json, rng, &claim),
        ClaimType::Pde => pde::write(json, rng, &claim),
        ClaimType::Snf => institutional::write::<snf::Snf>(json, rng, &claim),
    }
    json.close();
    Written { claim_type: claim.kind, without_patient: claim.patient_id != person.id }
}

impl<'a> Claim<'a> {
    fn draw(rng: &mut Rng, person: &'a Person, place: Place, claim_type: ClaimType) -> Self {
        const FIRST_ID: i64 = -10_000_931_498_648;
        const FIRST_OLD_ID: i64 = 10_335_267_275;
        let offset = person.index.saturating_mul(place.stride).saturating_add(place.number);
        let offset = i64::try_from(offset).unwrap_or(i64::MAX / 4);
        let length = match claim_type {
            ClaimType::Inpatient => rng.between(1, 14),
            ClaimType::Snf => rng.between(5, 30),
            ClaimType::Hha => rng.between(20, 59),
            ClaimType::Outpatient => [0, rng.between(1, 20)][rng.weighted(&[85, 15])],
            ClaimType::Carrier => [0, rng.between(1, 6)][rng.weighted(&[92, 8])],
            _ => 0,
        };
        let id = if person.old_style { FIRST_OLD_ID + offset } else { FIRST_ID - offset };
        let any_day =
            person.first_claim.plus(rng.below(person.last_claim.since(person.first_claim)));
        // The claim's number chooses the spell, so that several claims fall into one.
        let second = id % 3 == 0;
        let spell = person
            .spells
            .filter(|_| claim_type == ClaimType::Hospice)
            .map(|spells| (spells[usize::from(second)], if second { 2 } else { 1 }));
        let (from, length) = match spell {
            Some((spell, _)) => {
                let from = spell.start.plus(rng.below(spell.end.since(spell.start)));
                (from, spell.end.since(from).min(30))
            }
            None => (any_day, length),
        };
        let thru = from.plus(length);
        let action =
            [Action::Original, Action::Adjusted, Action::Cancelled][rng.weighted(&[940, 40, 20])];
        let superseded = rng.percent(2);
        let orphan = rng.chance(1, 2000);
        let load = load_time(rng, place.version);
        Self {
            person,
            kind: claim_type,
            id,
            group: rng.digits(11),
            patient_id: if orphan { person.absent_id() } else { person.id },
            from,
            thru,
            load,
            action,
            cancelled: action == Action::Cancelled
                || superseded
                || place.version == Version::Second,
            has_period: !rng.chance(1, 200),
            processed: thru.plus(rng.between(7, 50)),
            lines_from: if rng.percent(2) { rng.between(2, 25) } else { 1 },
            spell,
        }
    }

    /// `id` and `identifier`; `first` is the variable of the claim id.
    fn write_identity(&self, json: &mut Json, variable: &'static str, prescription: Option<u64>) {
        json.key("id");
        json.raw("\"");
        json.raw(self.kind.id_prefix());
        json.signed(self.id);
        json.raw("\"");
        json.list_key("identifier");
        json.open();
        System::Variable(variable).write(json, "system");
        json.key("value");
        json.raw("\"");
        json.signed(self.id);
        json.raw("\"");
        json.close();
        json.open();
        json.code("system", "https://bluebutton.cms.gov/resources/identifier/claim-group");
        fhir::number_text(json, "value", self.group);
        json.close();
        if let Some(number) = prescription {
            json.open();
            System::Variable("rx_srvc_rfrnc_num").write(json, "system");
            fhir::number_text(json, "value", number);
            json.close();
        }
        json.close_list();
    }

    /// `billablePeriod`, with the query code in it when the type has one.
    fn write_period(&self, json: &mut Json, query: Option<Coded>) {
        if !self.has_period && query.is_none() {
            return;
        }
        json.open_key("billablePeriod");
        if self.has_period {
            json.date("end", self.thru);
        }
        if let Some(coded) = query {
            json.list_key("extension");
            fhir::extension_code(json, "claim_query_cd", coded);
            json.close_list();
        }
        if self.has_period {
            json.date("start", self.from);
        }
        json.close();
    }

    /// `"insurance":{"coverage":{..}}`; `more` writes the extensions of the reference.
    fn write_insurance(&self, json: &mut Json, more: impl FnOnce(&mut Json)) {
        json.open_key("insurance");
        json.open_key("coverage");
        more(json);
        json.key("reference");
        json.raw("\"");
        json.raw(self.kind.coverage_prefix());
        json.signed(self.patient_id);
        json.raw("\"");
        json.close();
        json.close();
    }

    fn write_meta(&self, json: &mut Json) {
        if !self.person.old_style {
            write_meta(json, self.load);
        }
    }

    fn write_patient(&self, json: &mut Json) {
        fhir::reference(json, "patient", "Patient/", self.patient_id);
    }

    fn write_status(&self, json: &mut Json) {
        json.code("status", if self.cancelled { "cancelled" } else { "active" });
    }

    /// `type.coding`; the NCH type, near line and classification codings are absent on drug events.
    fn write_type(
        &self,
        json: &mut Json,
        nch: Option<Coded>,
        near_line: Option<Coded>,
        bill: Option<Coded>,
    ) {
        json.open_key("type");
        json.list_key("coding");
        if let Some(coded) = nch {
            fhir::coding(json, System::Variable("nch_clm_type_cd"), coded);
        }
        fhir::coding(json, System::CodeList("eob-type"), (self.kind.eob_type(), ""));
        if let Some(coded) = self.kind.fhir_type() {
            fhir::coding(json, System::Url("http://hl7.org/fhir/ex-claimtype"), coded);
        }
        if let Some(coded) = near_line {
            fhir::coding(json, System::Variable("nch_near_line_rec_ident_cd"), coded);
        }
        if let Some(coded) = bill {
            fhir::coding(json, System::Variable("clm_srvc_clsfctn_type_cd"), coded);
        }
        json.close_list();
        json.close();
    }
}

/// A made-up provider number of ten digits beginning 99, from a pool of `pool` providers.
fn npi(rng: &mut Rng, pool: u32) -> u64 {
    9_900_000_000 + u64::from(rng.below(pool)) * 7919 % 100_000_000
}
