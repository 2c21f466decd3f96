//! The rules of Blue Button: URIs that the vocabulary knows, and beside them values of the right kind.

use crate::node::Node;
use crate::validate::class::IssueClass;
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

const KEYED: [Keyed; 3] = [
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
        values: &[(ValueKind::Count, "usedUnsignedInt"), (ValueKind::Money, "usedMoney")],
        others: &["allowedUnsignedInt", "allowedString", "allowedMoney"],
    },
];

/// Checks the object by its type.
pub(super) fn check<'t>(walk: &mut Walk<'t>, place: Place<'t>) {
    match place.def.name {
        "Extension" => extension(walk, place),
        "Coding" => {
            known(walk, place, "system");
            known(walk, place, "code");
        }
        "Identifier" => known(walk, place, "system"),
        name => {
            if let Some(row) = KEYED.iter().find(|row| row.parent == name) {
                keyed(walk, place, row);
            }
        }
    }
}

fn term(uri: &str) -> Option<&'static Term> {
    vocabulary::by_uri(uri).or_else(|| {
        let (term, _, month) = vocabulary::by_monthly_uri(uri)?;
        (1..=12).contains(&month).then_some(term)
    })
}

/// Reports a URI of Blue Button that the vocabulary does not have.
fn known<'t>(walk: &mut Walk<'t>, place: Place<'t>, name: &str) {
    let Some(uri) = place.text(name) else { return };
    if !uri.starts_with(BLUE_BUTTON) || term(uri).is_some() {
        return;
    }
    if let Some(member) = place.def.member(name) {
        let text = "expected a URI that the vocabulary has: it is misspelt, or new to this version";
        walk.report_at(member, IssueClass::UnknownTerm, text);
    }
}

fn extension<'t>(walk: &mut Walk<'t>, place: Place<'t>) {
    known(walk, place, "url");
    let Some(term) = place.text("url").and_then(term) else { return };
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
    if value.name != expected {
        let text = format!("expected {expected}, where {} has its value", term.short);
        walk.report_at(value, IssueClass::TermValue, text);
    }
}

fn keyed<'t>(walk: &mut Walk<'t>, place: Place<'t>, row: &Keyed) {
    let codings = place.element.child(row.key).and_then(|concept| concept.child("coding"));
    let mut codes = codings
        .into_iter()
        .flat_map(Node::iter)
        .filter_map(|coding| coding.child("code").and_then(Node::as_text));
    let Some(term) = codes.find_map(term) else { return };
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
