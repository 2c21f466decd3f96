//! Prior authorizations: what was asked for before it was done. They are ExplanationOfBenefit too, but no claims.

use super::care_team::CareTeam;
use super::contained::{INSURER, Provider, write_provider};
use super::parts::{self, hcpcs};
use super::supporting::{About, Supporting};
use crate::codes::STATES;
use crate::date::{Day, Instant};
use crate::facts::person::Person;
use crate::facts::repository::{self, Authorization};
use crate::fhir::{self, System};
use crate::json::Json;
use crate::r4;

/// The authorization's id.
pub(crate) fn id(person: &Person, prior: &Authorization) -> String {
    format!("prior-{}-{}", repository::person_id(person), prior.number)
}

/// Writes one ExplanationOfBenefit without the line feed.
pub(crate) fn write(json: &mut Json, person: &Person, prior: &Authorization, load: Instant) {
    // The directory knows who may ask.
    let provider = Some(Provider {
        number: prior.provider,
        certification: Some(prior.certification),
        qualifier: None,
    });
    json.open();
    let mut team = CareTeam::without_names(json);
    team.add("referring", Some(prior.physician), 1, None);
    team.add("rendering", Some(prior.physician), 2, None);
    team.add("attending", Some(prior.physician), 3, None);
    team.end();
    json.list_key("contained");
    if let Some(provider) = provider {
        provider.write(json);
    }
    json.raw(",");
    json.raw(INSURER);
    json.close_list();
    parts::midnight(json, "created", prior.asked);
    json.code("id", &id(person, prior));
    json.list_key("identifier");
    json.open();
    json.code("system", "https://bluebutton.cms.gov/identifiers/Unique-Tracking-Number");
    json.code("value", &format!("-SYN{}", prior.tracking));
    json.close();
    json.close_list();
    json.raw(r##","insurance":[{"coverage":{"display":"Part A"},"focal":true}],"insurer":{"reference":"#insurer-org"}"##);
    json.list_key("item");
    for (sequence, service) in (1..).zip(&prior.services) {
        json.open();
        write_decision(json, prior.asked, service.0, service.2, STATES[person.state].1);
        let code = service.1.as_str();
        r4::codings(json, "productOrService", &[(hcpcs(code), (code, ""))]);
        json.integer("sequence", sequence);
        json.close();
    }
    json.close_list();
    parts::open_meta(json, load, &["davinci-pdex/StructureDefinition/pdex-priorauthorization"]);
    json.code("source", "CWF");
    json.list_key("tag");
    fhir::coding(json, System::Idr("System-Type"), ("SharedSystem", ""));
    json.close_list();
    json.close();
    json.code("outcome", "partial");
    json.raw(",\"patient\":{\"reference\":\"Patient/");
    json.unsigned(repository::person_id(person));
    json.raw("\"}");
    json.list_key("preAuthRefPeriod");
    json.open();
    json.date("end", prior.asked.plus(375));
    json.date("start", prior.asked.plus(10));
    json.close();
    json.close_list();
    write_provider(json, provider);
    json.raw(r#","resourceType":"ExplanationOfBenefit","status":"active""#);
    let mut info = Supporting::new(json);
    info.code("CLM_CNTRCTR_NUM", "CLM-CNTRCTR-NUM", ("01911", "Contractor"));
    let bill = (System::Url("https://www.nubc.org/CodeSystem/TypeOfBill"), ("32X", ""));
    info.codes(About::Slice("typeofbill"), &[bill]);
    info.end();
    let kind = [
        (System::Hl7("claim-type"), ("institutional", "Institutional")),
        (System::Idr("CLM-TYPE"), ("H", "Home health")),
    ];
    r4::codings(json, "type", &kind);
    json.code("use", "preauthorization");
    json.close();
}

/// What was decided about a service, and when.
fn write_decision(
    json: &mut Json,
    asked: Day,
    decision: (&str, &str),
    count: u32,
    state: &'static str,
) {
    json.list_key("extension");
    parts::extension(json, "PA-DECISION", decision);
    for (name, day) in [
        ("PA-DT-ADDED", asked),
        ("PA-DT-UPDATED", asked),
        ("PA-REQ-SUB-DT", asked),
        ("PA-REQ-REC-DT", asked.plus(1)),
        ("PA-DECISION-DT", asked.plus(2)),
        ("PA-DECISION-EXP-DT", asked.plus(367)),
        ("MR-COUNT-ST-DT", asked.plus(10)),
        ("MR-COUNT-END-DT", asked.plus(375)),
    ] {
        fhir::open_extension(json, System::Structure(name));
        json.date("valueDate", day);
        json.close();
    }
    for (name, count) in [("SERVICE-CNTS", count), ("MR-COUNT-IND", count * 2)] {
        fhir::open_extension(json, System::Structure(name));
        json.integer("valueUnsignedInt", count);
        json.close();
    }
    fhir::open_extension(json, System::Structure("SVC-RENDER-ST"));
    json.key("valueCoding");
    fhir::coding(json, System::Url("https://www.usps.com"), (state, ""));
    json.close();
    json.close_list();
}
