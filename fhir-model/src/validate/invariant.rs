//! Invariants of STU3 that are cheap and certain, by their keys.

use std::cmp::Ordering;

use crate::node::Node;
use crate::primitive::DateTime;
use crate::schema::Release;
use crate::validate::class::IssueClass;
use crate::validate::walk::{Place, Walk};

/// The only system of currencies.
const CURRENCIES: &str = "urn:iso:std:iso:4217";

/// Checks the invariants of the object's type.
pub(super) fn check<'t>(walk: &mut Walk<'t>, place: Place<'t>) {
    if place.def.release == Release::R4 {
        if let Some(text) = in_r4(place) {
            walk.report(IssueClass::Invariant, text);
        }
        return;
    }
    let broken = match place.def.name {
        "Extension" => extension(place),
        "Period" => period(place),
        "Money" => money(place).or_else(|| quantity(place)),
        "Quantity" | "Age" | "Count" | "Distance" | "Duration" => quantity(place),
        "Range" => range(place),
        "ContactPoint" => {
            needs(place, "value", "system", "cpt-2: expected a system beside the value")
        }
        "Attachment" => {
            needs(place, "data", "contentType", "att-1: expected a contentType beside the data")
        }
        "Patient.contact" => contact(place),
        "Observation" => observation(place),
        _ => None,
    };
    if let Some(text) = broken {
        walk.report(IssueClass::Invariant, text);
    }
}

/// The same of R4, which has the rules of money in its type, and others of organizations.
fn in_r4(place: Place<'_>) -> Option<&'static str> {
    match place.def.name {
        "Extension" => extension(place),
        "Period" => period(place),
        "Quantity" | "Age" | "Count" | "Distance" | "Duration" => quantity(place),
        "Range" => range(place),
        "ContactPoint" => {
            needs(place, "value", "system", "cpt-2: expected a system beside the value")
        }
        "Attachment" => {
            needs(place, "data", "contentType", "att-1: expected a contentType beside the data")
        }
        "Patient.contact" => contact(place),
        "Organization" => (!place.has("name") && !place.has("identifier"))
            .then_some("org-1: expected a name or an identifier of the organization"),
        _ => None,
    }
}

fn needs(place: Place<'_>, one: &str, other: &str, text: &'static str) -> Option<&'static str> {
    (place.has(one) && !place.has(other)).then_some(text)
}

fn has_value(place: Place<'_>) -> bool {
    place.members().any(|member| member.base == "value[x]")
}

fn extension(place: Place<'_>) -> Option<&'static str> {
    match (has_value(place), place.has("extension")) {
        (true, true) => Some("ext-1: expected a value or nested extensions, found both"),
        (false, false) => Some("ext-1: expected a value or nested extensions, found neither"),
        _ => None,
    }
}

fn period(place: Place<'_>) -> Option<&'static str> {
    let at = |name| place.text(name)?.parse::<DateTime>().ok();
    let order = at("start")?.partial_cmp(&at("end")?);
    (order == Some(Ordering::Greater))
        .then_some("per-1: expected a start that is not after the end")
}

fn quantity(place: Place<'_>) -> Option<&'static str> {
    needs(place, "code", "system", "qty-3: expected the system of the unit beside its code")
}

fn money(place: Place<'_>) -> Option<&'static str> {
    if place.text("system").is_some_and(|system| system != CURRENCIES) {
        return Some("mny-1: expected the system urn:iso:std:iso:4217");
    }
    needs(place, "value", "code", "mny-1: expected a currency code beside the value")
}

fn range(place: Place<'_>) -> Option<&'static str> {
    let (low, high) = (place.element.child("low")?, place.element.child("high")?);
    let same = |name| {
        let text = |node: Node<'_>| node.child(name).and_then(Node::as_text).map(str::to_owned);
        text(low) == text(high)
    };
    // Of different units the order is not known.
    if !["system", "code", "unit"].into_iter().all(same) {
        return None;
    }
    let order = low.child("value")?.as_number()?.cmp_value(high.child("value")?.as_number()?);
    (order == Ordering::Greater)
        .then_some("rng-2: expected a low limit that is not above the high one")
}

fn contact(place: Place<'_>) -> Option<&'static str> {
    let any = ["name", "telecom", "address", "organization"].iter().any(|name| place.has(name));
    (!any).then_some("pat-1: expected a name, telecom, address or organization of the contact")
}

fn observation(place: Place<'_>) -> Option<&'static str> {
    (place.has("dataAbsentReason") && has_value(place))
        .then_some("obs-6: expected a value or the reason of its absence, found both")
}
