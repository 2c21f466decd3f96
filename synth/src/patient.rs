//! Patient records.

use crate::codes;
use crate::fhir::{self, MBI, System};
use crate::json::Json;
use crate::person::{Gender, Person, Version, load_time, write_meta};
use crate::rng::{Rng, Stream};
use crate::short_code::{self, ShortCode};

/// The twelve months of the dual status.
const DUAL: [&str; 12] = [
    "dual_01", "dual_02", "dual_03", "dual_04", "dual_05", "dual_06", "dual_07", "dual_08",
    "dual_09", "dual_10", "dual_11", "dual_12",
];

/// Writes one Patient without the line feed.
pub(crate) fn write(json: &mut Json, person: &Person, version: Version) {
    let rng = &mut Rng::new(person.seed, Stream::Patient, person.index, 0);
    let load = load_time(&mut rng.clone(), version);
    json.open();
    address(json, rng, person);
    birth_date(json, rng, person);
    if let Some(death) = person.death {
        json.date("deceasedDateTime", death);
    }
    json.list_key("extension");
    if !person.old_style && person.gender != Gender::Unknown && rng.percent(60) {
        json.open();
        json.raw(
            r#""url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-sex","valueCode":"#,
        );
        json.raw(if person.gender == Gender::Male { "\"248153007\"}" } else { "\"248152002\"}" });
    }
    fhir::extension_code(json, "race", codes::coded(rng, codes::RACE));
    if !person.old_style {
        reference_year(json, person);
        if rng.percent(85) {
            dual(json, person);
        }
    }
    json.close_list();
    json.code(
        "gender",
        match person.gender {
            Gender::Male => "male",
            Gender::Female => "female",
            Gender::Unknown => "unknown",
        },
    );
    json.key("id");
    json.raw("\"");
    json.signed(person.id);
    json.raw("\"");
    identifiers(json, rng, person);
    if !person.old_style {
        write_meta(json, load);
    }
    name(json, rng, person, version);
    json.code("resourceType", "Patient");
    json.close();
}

fn birth_date(json: &mut Json, rng: &mut Rng, person: &Person) {
    if rng.chance(1, 4000) {
        let (year, _, _) = person.birth.ymd();
        json.key("birthDate");
        json.raw("\"");
        json.signed(i64::from(year));
        json.raw("\"");
    } else {
        json.date("birthDate", person.birth);
    }
}

fn address(json: &mut Json, rng: &mut Rng, person: &Person) {
    json.list_key("address");
    json.open();
    if person.old_style {
        json.code("district", "999");
    } else {
        if rng.percent(90) {
            json.text("city", rng.pick(codes::CITY));
        }
        let lines = [1, 2, 3, 4, 5, 6, 0][rng.weighted(&[58, 20, 6, 3, 2, 3, 8])];
        if lines > 0 {
            json.list_key("line");
            for line in 0..lines {
                address_line(json, rng, line);
            }
            json.close_list();
        }
    }
    if rng.percent(93) {
        json.key("postalCode");
        json.raw("\"");
        json.padded(rng.between(501, 99_950), 5);
        if rng.percent(55) {
            json.padded(rng.below(10_000), 4);
        }
        json.raw("\"");
    }
    json.code("state", codes::state_code(rng, person.state));
    json.close();
    json.close_list();
}

fn address_line(json: &mut Json, rng: &mut Rng, line: u32) {
    let text = match line {
        0 => format!("{} {}", rng.between(1, 9999), rng.pick(codes::STREET)),
        1 => format!("APT {}", rng.between(1, 400)),
        2 => format!("C/O {} & CO", rng.pick(codes::FAMILY)),
        _ => format!("LINE {} \\ {}", line + 1, rng.pick(codes::CITY)),
    };
    if !matches!(json.bytes.last(), Some(b'[')) {
        json.raw(",");
    }
    json.quoted(&text);
}

/// `"url":"..rfrnc_yr","valueDate":"2021"`
pub(crate) fn reference_year(json: &mut Json, person: &Person) {
    json.open();
    System::Variable("rfrnc_yr").write(json, "url");
    fhir::number_text(json, "valueDate", u64::from(person.reference_year));
    json.close();
}

/// The twelve months of dual status: one status, which changes once in the year and may end blank.
pub(crate) fn dual(json: &mut Json, person: &Person) {
    let count = u32::try_from(codes::DUAL.len()).unwrap_or(1);
    let before = codes::DUAL[(person.dual % count) as usize];
    let after = codes::DUAL[(person.dual / 16 % count) as usize];
    let change = person.dual / 256 % 24;
    let blank_from = if person.dual.is_multiple_of(10) { 9 } else { 12 };
    for (month, name) in (0..).zip(DUAL) {
        let coded = match month {
            _ if month >= blank_from => ("", ""),
            _ if month < change => before,
            _ => after,
        };
        fhir::extension_code(json, name, coded);
    }
}

fn hash(json: &mut Json, rng: &mut Rng) {
    json.key("value");
    json.raw("\"");
    for _ in 0..4 {
        let mut word = rng.next();
        for _ in 0..16 {
            json.bytes.push(b"0123456789abcdef"[(word % 16) as usize]);
            word /= 16;
        }
    }
    json.raw("\"");
}

fn mbi(json: &mut Json, person: &Person, number: u64, currency: Option<&str>) {
    json.open();
    if let Some(currency) = currency {
        json.list_key("extension");
        fhir::extension(
            json,
            System::CodeList("identifier-currency"),
            (currency, if currency == "current" { "In use" } else { "Earlier" }),
        );
        json.close_list();
    }
    System::Url(MBI).write(json, "system");
    let code = ShortCode::mbi(person.seed % short_code::MBIS + person.index * 4 + number);
    json.code("value", code.as_str());
    json.close();
}

fn identifiers(json: &mut Json, rng: &mut Rng, person: &Person) {
    const HASH: &str = "https://bluebutton.cms.gov/resources/identifier/";
    json.list_key("identifier");
    let bene_id = |json: &mut Json| {
        json.open();
        System::Variable("bene_id").write(json, "system");
        json.key("value");
        json.raw("\"");
        json.signed(person.id);
        json.raw("\"");
        json.close();
    };
    let first = rng.percent(70);
    if first {
        bene_id(json);
    }
    if person.old_style {
        json.open();
        json.code("system", &format!("{HASH}hicn-hash"));
        hash(json, rng);
        json.close();
    } else {
        let historic = [0, 1, 2, 3][rng.weighted(&[80, 14, 4, 2])];
        let current_first = rng.percent(50);
        let unmarked = historic == 0 && rng.chance(1, 100);
        if current_first {
            mbi(json, person, 0, (!unmarked).then_some("current"));
        }
        for number in 1..=historic {
            mbi(json, person, number, Some("historic"));
        }
        if !current_first {
            mbi(json, person, 0, (!unmarked).then_some("current"));
        }
        // The server has told the current MBI a second time as historic.
        if historic > 0 && rng.percent(5) {
            mbi(json, person, 0, Some("historic"));
        }
        json.open();
        fhir::period(
            json,
            "period",
            crate::date::Day::from_ymd(2018, 4, 1).plus(rng.below(900)),
            None,
        );
        json.code("system", &format!("{HASH}mbi-hash"));
        hash(json, rng);
        json.close();
    }
    if !first {
        bene_id(json);
    }
    json.close_list();
}

fn name(json: &mut Json, rng: &mut Rng, person: &Person, version: Version) {
    let family = rng.pick(codes::FAMILY);
    let given =
        rng.pick(if person.gender == Gender::Male { codes::GIVEN_M } else { codes::GIVEN_F });
    json.list_key("name");
    json.open();
    if version == Version::Second {
        json.text("family", &format!("{family}-New"));
    } else {
        json.text("family", family);
    }
    json.list_key("given");
    json.quoted(given);
    if rng.percent(70) {
        let initial = rng.pick(&["A", "B", "J", "M", "R", "X"]);
        json.raw(",\"");
        json.raw(initial);
        json.raw("\"");
    }
    json.close_list();
    json.code("use", "usual");
    json.close();
    json.close_list();
}
