//! The rules of Blue Button: URIs that the vocabulary knows, and beside them values of the right kind.

use cms::{Api, ClaimType};

use crate::node::Node;
use crate::schema::Release;
use crate::validate::class::IssueClass;
use crate::validate::known;
use crate::validate::walk::{Place, Walk};
use crate::vocabulary::{self, BLUE_BUTTON, Term, TermKind, ValueKind};

/// An element whose category names a variable, and where the variable's value stands by its kind.
struct Keyed {
    parent: &'static str,
    key: &'static str,
    /// The kinds that may stand there, each with its member.
    values: &'static [(ValueKind, &'static str)],
    /// The members that hold values of other kinds.
    others: &'static [&'static str],
}

const STU3: [Keyed; 3] = [
    Keyed {
        parent: "ExplanationOfBenefit.item.adjudication",
        key: "category",
        values: &[(ValueKind::Money, "amount"), (ValueKind::Coding, "reason")],
        others: &["value"],
    },
    Keyed {
        parent: "ExplanationOfBenefit.information",
        key: "category",
        values: &[
            (ValueKind::Coding, "code"),
            (ValueKind::Date, "timingDate"),
            (ValueKind::Period, "timingPeriod"),
            (ValueKind::Quantity, "valueQuantity"),
        ],
        others: &["valueString", "valueAttachment", "valueReference"],
    },
    Keyed {
        parent: "ExplanationOfBenefit.benefitBalance.financial",
        key: "type",
        values: BALANCE,
        others: BALANCE_OTHERS,
    },
];

/// Some adjudications of version 3 are counts.
const R4: [Keyed; 4] = [
    Keyed {
        parent: "ExplanationOfBenefit.item.adjudication",
        key: "category",
        values: &[
            (ValueKind::Money, "amount"),
            (ValueKind::Coding, "reason"),
            (ValueKind::Quantity, "value"),
            (ValueKind::Count, "value"),
        ],
        others: &[],
    },
    Keyed {
        parent: "ExplanationOfBenefit.supportingInfo",
        key: "category",
        values: &[
            (ValueKind::Coding, "code"),
            (ValueKind::Date, "timingDate"),
            (ValueKind::Period, "timingPeriod"),
            (ValueKind::Quantity, "valueQuantity"),
            (ValueKind::Count, "valueQuantity"),
            (ValueKind::Identifier, "valueString"),
            (ValueKind::Reference, "valueReference"),
        ],
        others: &["valueBoolean", "valueAttachment"],
    },
    Keyed {
        parent: "ExplanationOfBenefit.total",
        key: "category",
        values: &[(ValueKind::Money, "amount")],
        others: &[],
    },
    Keyed {
        parent: "ExplanationOfBenefit.benefitBalance.financial",
        key: "type",
        values: BALANCE,
        others: BALANCE_OTHERS,
    },
];

const BALANCE: &[(ValueKind, &str)] =
    &[(ValueKind::Count, "usedUnsignedInt"), (ValueKind::Money, "usedMoney")];
const BALANCE_OTHERS: &[&str] = &["allowedUnsignedInt", "allowedString", "allowedMoney"];

/// Checks the object by its type.
pub(super) fn check<'t>(walk: &mut Walk<'t>, place: Place<'t>) {
    match place.def.name {
        "Extension" => extension(walk, place),
        "Coding" => {
            known(walk, place, "system");
            known(walk, place, "code");
            known_code(walk, place);
        }
        "Identifier" => known(walk, place, "system"),
        name => {
            let rows: &[Keyed] = match place.def.release {
                Release::Stu3 => &STU3,
                Release::R4 => &R4,
            };
            if let Some(row) = rows.iter().find(|row| row.parent == name) {
                keyed(walk, place, row);
            }
        }
    }
}

/// The term of a URI in records of this release: R4 is spoken by versions 2 and 3.
fn term(release: Release, uri: &str) -> Option<&'static Term> {
    let by_uri = |uri: &str| match release {
        Release::Stu3 => vocabulary::by_uri(uri),
        Release::R4 => {
            vocabulary::by_uri_in(Api::V2, uri).or_else(|| vocabulary::by_uri_in(Api::V3, uri))
        }
    };
    by_uri(uri).or_else(|| {
        let (term, _, month) = vocabulary::by_monthly_uri(uri)?;
        (1..=12).contains(&month).then_some(term)
    })
}

/// Whether the URI is one of Blue Button.
fn is_own(release: Release, uri: &str) -> bool {
    match release {
        Release::Stu3 => uri.starts_with(BLUE_BUTTON),
        // Version 3 writes some with http.
        Release::R4 => {
            let host = uri.strip_prefix("https://").or_else(|| uri.strip_prefix("http://"));
            host.is_some_and(|host| host.starts_with("bluebutton.cms.gov/"))
        }
    }
}

/// Reports a URI of Blue Button that the vocabulary does not have.
fn known<'t>(walk: &mut Walk<'t>, place: Place<'t>, name: &str) {
    let Some(uri) = place.text(name) else { return };
    let release = place.def.release;
    if is_own(release, uri) && term(release, uri).is_none() {
        unknown(walk, place, name, uri);
    }
}

fn unknown<'t>(walk: &mut Walk<'t>, place: Place<'t>, name: &str, term: &str) {
    if let Some(member) = place.def.member(name) {
        walk.report_term(member, term);
    }
}

/// Reports a category, tag or type of version 3 that is not known: its system alone says little.
fn known_code<'t>(walk: &mut Walk<'t>, place: Place<'t>) {
    if place.def.release != Release::R4 {
        return;
    }
    let (Some(system), Some(code)) = (place.text("system"), place.text("code")) else { return };
    let Some(name) = system.strip_prefix(SYSTEMS_OF_V3) else {
        return;
    };
    if !is_known_code(system, name, code) {
        // A code may be anything.
        unknown(walk, place, "code", &format!("{system}|..."));
    }
}

/// Whether the code of a system of version 3 with this name is one that is known, or of those that are not looked at.
fn is_known_code(system: &str, name: &str, code: &str) -> bool {
    match name {
        "Adjudication" | "Supporting-Information" => {
            vocabulary::by_uri_in(Api::V3, &format!("{system}|{code}")).is_some()
        }
        "Final-Action" => FINAL_ACTIONS.contains(&code),
        "System-Type" => SYSTEMS.contains(&code),
        "EOB-TYPE" => ClaimType::from_code(code).is_some(),
        _ => true,
    }
}

/// Whether a code in a system is what the records of a version are known to have: one that is itself a URI of Blue Button, or
/// of a system of version 3 whose codes are categories, tags and types of claims.
pub(crate) fn knows_code(api: Api, system: Option<&str>, code: &str) -> bool {
    if is_own(api.release(), code) {
        return vocabulary::is_known(api, code);
    }
    let system = system.filter(|_| api == Api::V3);
    let name = system.and_then(|system| Some((system, system.strip_prefix(SYSTEMS_OF_V3)?)));
    name.is_none_or(|(system, name)| is_known_code(system, name, code))
}

/// The start of the URIs of systems that version 3 has.
const SYSTEMS_OF_V3: &str = "https://bluebutton.cms.gov/fhir/CodeSystem/";

/// What the tags of version 3 say of a claim: whether it is the final action, and from which system it comes.
const FINAL_ACTIONS: [&str; 2] = ["FinalAction", "NotFinalAction"];
const SYSTEMS: [&str; 3] = ["NationalClaimsHistory", "DDPS", "SharedSystem"];

fn extension<'t>(walk: &mut Walk<'t>, place: Place<'t>) {
    known(walk, place, "url");
    let release = place.def.release;
    let Some(term) = place.text("url").and_then(|url| term(release, url)) else { return };
    // Systems outside Blue Button stand as urls too, with whatever value.
    if term.kind == TermKind::Identifier {
        return;
    }
    let Some(value) = place.members().find(|member| member.base == "value[x]") else { return };
    let expected = match term.value {
        ValueKind::Money => "valueMoney",
        ValueKind::Coding => "valueCoding",
        ValueKind::Code => "valueCode",
        ValueKind::Identifier => "valueIdentifier",
        ValueKind::Quantity => "valueQuantity",
        ValueKind::Count => "valueUnsignedInt",
        ValueKind::Date => "valueDate",
        ValueKind::Period => "valuePeriod",
        ValueKind::Reference => "valueReference",
    };
    if value.name == expected || release == Release::R4 && may_be(term.value, value.name) {
        return;
    }
    if let Some(text) = known::term_value(release, term, value) {
        walk.report_at(value, IssueClass::KnownDeviation, text);
    } else {
        let text = format!("expected {expected}, where {} has its value", term.short);
        walk.report_at(value, IssueClass::TermValue, text);
    }
}

/// Version 3 has bare numbers and texts where others have quantities and identifiers.
fn may_be(kind: ValueKind, name: &str) -> bool {
    match kind {
        ValueKind::Quantity | ValueKind::Count => {
            ["valueDecimal", "valueInteger", "valueQuantity", "valueUnsignedInt"].contains(&name)
        }
        ValueKind::Identifier => name == "valueString",
        _ => false,
    }
}

fn keyed<'t>(walk: &mut Walk<'t>, place: Place<'t>, row: &Keyed) {
    let codings = place.element.child(row.key).and_then(|concept| concept.child("coding"));
    let release = place.def.release;
    let mut terms = codings.into_iter().flat_map(Node::iter).filter_map(|coding| {
        let code = coding.child("code").and_then(Node::as_text)?;
        let named = || {
            let system = coding.child("system").and_then(Node::as_text)?;
            let api = (release == Release::R4).then_some(Api::V3)?;
            vocabulary::by_uri_in(api, &format!("{system}|{code}"))
        };
        term(release, code).or_else(named)
    });
    let Some(term) = terms.next() else { return };
    let expected = row.values.iter().find(|(kind, _)| *kind == term.value);
    if expected.is_some_and(|(_, member)| place.has(member)) {
        // What stands there besides is the server's business: a Part D amount has a reason too.
        return;
    }
    let members = row.values.iter().map(|(_, member)| member).chain(row.others);
    let Some(wrong) = members.copied().find(|member| place.has(member)) else { return };
    let Some(wrong) = place.def.member(wrong) else { return };
    let text = match expected {
        Some((_, member)) => format!("expected {member}, where {} has its value", term.short),
        None => format!("expected another variable here than {}", term.short),
    };
    walk.report_at(wrong, IssueClass::TermValue, text);
}
