//! A claim of any type.

use super::claim_type::ClaimType;
use super::header::{Header, Place};
use super::institutional::Stay;
use super::life::ClaimLife;
use super::part_b::Bill;
use super::pde::Event;
use super::person::Person;
use crate::rng::{Rng, Stream};

/// Shares of the claim types in per mille, in the order of [`ClaimType::ALL`]. Only a hospice patient
/// has hospice claims; one person in twenty is one.
const WEIGHTS: [u32; 8] = [707, 13, 8, 0, 15, 150, 100, 7];
const HOSPICE_PATIENT_WEIGHTS: [u32; 8] = [567, 13, 8, 140, 15, 150, 100, 7];

/// A claim: what all types have, and what its own has.
#[derive(Debug)]
pub(crate) struct Claim<'a> {
    pub(crate) header: Header<'a>,
    pub(crate) body: Body,
}

/// What is particular to the three families of types.
#[derive(Debug)]
pub(crate) enum Body {
    /// Carrier and DME.
    PartB(Box<Bill>),
    /// Home health, hospice, inpatient, outpatient, SNF.
    Institutional(Box<Stay>),
    /// Part D.
    Drug(Box<Event>),
}

impl<'a> Claim<'a> {
    /// The claim as a week has it: with what was corrected until then.
    pub(crate) fn of_week(person: &'a Person, place: Place, life: &ClaimLife) -> Self {
        let mut claim = Self::draw(person, place);
        for &week in &life.corrections {
            claim.correct(&mut ClaimLife::correction(person, place.number, week));
        }
        // What was replaced or cancelled is final no more.
        claim.header.cancelled |= life.end.is_some();
        claim
    }

    pub(crate) fn draw(person: &'a Person, place: Place) -> Self {
        let rng = &mut Rng::new(person.seed, Stream::Claim, person.index, place.number);
        let weights = if person.spells.is_some() { &HOSPICE_PATIENT_WEIGHTS } else { &WEIGHTS };
        let drawn = ClaimType::ALL[rng.weighted(weights)];
        let header = Header::draw(rng, person, place, place.claim_type.unwrap_or(drawn));
        let body = match header.kind {
            ClaimType::Carrier | ClaimType::Dme => Body::PartB(Box::new(Bill::draw(rng, &header))),
            ClaimType::Pde => Body::Drug(Box::new(Event::draw(rng, &header))),
            _ => Body::Institutional(Box::new(Stay::draw(rng, &header))),
        };
        Self { header, body }
    }
}
