//! ExplanationOfBenefit of any type.

use super::{institutional, part_b, pde};
use crate::facts::claim::{Body, Claim};
use crate::json::Json;

/// Writes one ExplanationOfBenefit without the line feed.
pub(crate) fn write(json: &mut Json, claim: &Claim<'_>) {
    json.open();
    match &claim.body {
        Body::PartB(bill) => part_b::write(json, &claim.header, bill),
        Body::Institutional(stay) => institutional::write(json, &claim.header, stay),
        Body::Drug(event) => pde::write(json, &claim.header, event),
    }
    json.close();
}
