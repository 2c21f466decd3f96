//! Which records of a person an export has, in which versions.

use crate::defect::RecordType;
use crate::error::Error;
use crate::facts::claim::Claim;
use crate::facts::claim_type::ClaimType;
use crate::facts::coverage::Part;
use crate::facts::header::Place;
use crate::facts::life::{ClaimLife, End, Telling};
use crate::facts::person::{Person, Version};
use crate::facts::repository;
use crate::output::Output;
use crate::rng::{Rng, Stream};
use crate::summary::{FileSummary, Summary};
use crate::writer;
use cms::Api;
use std::io::{self, Write};
use std::ops::Range;

/// Writes the file of these people; `None` when it would have no record and is not there.
pub(crate) fn write<W: Write>(
    mut output: Output<'_, W>,
    record_type: Option<RecordType>,
    indexes: Range<u64>,
    summary: &mut Summary,
) -> Result<Option<FileSummary>, Error> {
    let name = output.name().to_owned();
    let write_people = || {
        for index in indexes {
            let mut person = Person::new(output.options.seed, index);
            let Some(telling) = Telling::new(&person, output.options.window) else { continue };
            person.former_mbis = telling.former_mbis;
            let mut records = Records { person: &person, telling: &telling, output: &mut output };
            match record_type {
                None => records.write_deletions(summary)?,
                // Only deletions are told of who is gone.
                Some(_) if telling.erased => {}
                Some(RecordType::ExplanationOfBenefit) => records.write_claims(summary)?,
                Some(RecordType::Patient) => records.write_patient(summary)?,
                Some(RecordType::Coverage) => records.write_coverages(summary)?,
            }
        }
        output.finish()
    };
    write_people().map_err(|source| Error::Write { name, source })
}

/// The records of a person that go into a file.
struct Records<'r, 'a, W: Write> {
    person: &'r Person,
    telling: &'r Telling,
    output: &'r mut Output<'a, W>,
}

impl<W: Write> Records<'_, '_, W> {
    fn api(&self) -> Api {
        self.output.options.api
    }

    /// The claims, then the second versions of a few of them.
    fn write_claims(&mut self, summary: &mut Summary) -> io::Result<()> {
        let claims = self.output.options.claims(self.person.index);
        let mut again = Rng::new(self.person.seed, Stream::SecondVersion, self.person.index, 0);
        let twice: Vec<bool> = (0..claims).map(|_| again.chance(1, 1000)).collect();
        for version in [Version::First, Version::Second] {
            for (number, &twice) in (0..).zip(&twice) {
                self.write_told(number, version, twice, summary)?;
                if version == Version::First {
                    self.write_in_progress(number, summary)?;
                }
            }
        }
        Ok(())
    }

    /// A claim, if this version of it is told: the first, in whose place stands what it became since, or the second.
    fn write_told(
        &mut self,
        number: u64,
        version: Version,
        twice: bool,
        summary: &mut Summary,
    ) -> io::Result<()> {
        let Some(life) = self.telling.claim(self.person, number) else { return Ok(()) };
        let Some(told) = self.telling.claim_version(&life) else { return Ok(()) };
        let told = self
            .versions(told, twice, false)
            .into_iter()
            .find(|told| (*told == Version::Second) == (version == Version::Second));
        let Some(told) = told else { return Ok(()) };
        let claim = Claim::of_week(self.person, self.place(number, told), &life);
        self.write_claim(&claim, summary)?;
        if told == Version::Second {
            count_second(RecordType::ExplanationOfBenefit, summary);
            return Ok(());
        }
        for event in self.telling.events(&life) {
            *summary.events.entry(event).or_default() += 1;
        }
        if life.end == Some(End::Replaced) {
            self.write_claim(&self.replacing(number, claim, &life), summary)?;
        }
        Ok(())
    }

    /// Where a claim stands.
    fn place(&self, number: u64, version: Version) -> Place {
        let claims = self.output.options.claims(self.person.index);
        let first_eight = usize::try_from(number).ok().and_then(|n| ClaimType::ALL.get(n).copied());
        let claim_type = first_eight.filter(|_| self.person.index == 0 && claims >= 8);
        Place { number, stride: self.output.options.stride(), version, claim_type }
    }

    /// The claim in whose place another one was put, made that other one.
    fn replacing<'p>(&self, number: u64, mut claim: Claim<'p>, life: &ClaimLife) -> Claim<'p> {
        let rng = &mut ClaimLife::correction(self.person, number, life.last);
        claim.replace(rng, self.output.options.replacement());
        claim
    }

    fn write_claim(&mut self, claim: &Claim<'_>, summary: &mut Summary) -> io::Result<()> {
        let api = self.api();
        let json = &mut self.output.json;
        let start = json.bytes.len();
        writer::claim(json, api, claim);
        let eob_type = claim.header.kind.eob_type();
        let bytes = (json.bytes.len() - start) as u64 + 1;
        *summary.claims.entry(eob_type).or_default() += 1;
        *summary.claim_bytes.entry(eob_type).or_default() += bytes;
        summary.claims_without_patient += u64::from(claim.header.orphan);
        self.output.end_record(start, summary)
    }

    /// What the shared systems have of a claim, if they have it.
    fn write_in_progress(&mut self, number: u64, summary: &mut Summary) -> io::Result<()> {
        let (options, person) = (self.output.options, self.person);
        let share = options.partially_adjudicated_per_million;
        let told = self.telling.shared_version(person, number).filter(|_| share > 0);
        let Some(version) = told else { return Ok(()) };
        let mut claim = Claim::draw(person, self.place(number, version));
        let Some(progress) = repository::in_progress(&claim.header, share) else { return Ok(()) };
        claim.header.shared = true;
        let start = self.output.json.bytes.len();
        writer::claim(&mut self.output.json, options.api, &claim);
        summary.partially_adjudicated += 1;
        self.output.end_record(start, summary)?;
        if let Some(prior) = progress.authorization {
            let start = self.output.json.bytes.len();
            writer::authorization(&mut self.output.json, &claim, &prior);
            summary.prior_authorizations += 1;
            self.output.end_record(start, summary)?;
        }
        Ok(())
    }

    fn write_patient(&mut self, summary: &mut Summary) -> io::Result<()> {
        let (api, person) = (self.api(), self.person);
        let Some(told) = self.telling.patient() else { return Ok(()) };
        let mut again = Rng::new(person.seed, Stream::SecondVersion, person.index, 1);
        let twice = !person.old_style && again.chance(1, 200);
        let second_first = twice && again.percent(30);
        for version in self.versions(told, twice, second_first) {
            let start = self.output.json.bytes.len();
            writer::patient(&mut self.output.json, api, person, version);
            self.end_version(RecordType::Patient, start, version, summary)?;
        }
        let start = self.output.json.bytes.len();
        if writer::merged(&mut self.output.json, api, person) {
            self.output.end_record(start, summary)?;
        }
        Ok(())
    }

    fn write_coverages(&mut self, summary: &mut Summary) -> io::Result<()> {
        let (api, person) = (self.api(), self.person);
        let Some(told) = self.telling.coverage() else { return Ok(()) };
        let mut again = Rng::new(person.seed, Stream::SecondVersion, person.index, 2);
        for part in Part::ALL {
            let twice = !person.old_style && again.chance(1, 500);
            if !writer::has_coverage(api, person, part) {
                continue;
            }
            for version in self.versions(told, twice, false) {
                let start = self.output.json.bytes.len();
                writer::coverage(&mut self.output.json, api, person, part, version);
                self.end_version(RecordType::Coverage, start, version, summary)?;
            }
        }
        let start = self.output.json.bytes.len();
        if writer::dual_coverage(&mut self.output.json, api, person, told) {
            self.output.end_record(start, summary)?;
        }
        Ok(())
    }

    /// The versions of a record that has two before anything changes, in their order.
    fn versions(&self, told: Version, twice: bool, second_first: bool) -> Vec<Version> {
        match (told, twice) {
            (Version::First, true) if self.telling.once => vec![Version::Second],
            (Version::First, true) if second_first => vec![Version::Second, Version::First],
            (Version::First, true) => vec![Version::First, Version::Second],
            _ => vec![told],
        }
    }

    fn end_version(
        &mut self,
        of: RecordType,
        start: usize,
        version: Version,
        summary: &mut Summary,
    ) -> io::Result<()> {
        if version == Version::Second {
            count_second(of, summary);
        }
        self.output.end_record(start, summary)
    }

    /// A Bundle of what was deleted of the person, if anything was.
    fn write_deletions(&mut self, summary: &mut Summary) -> io::Result<()> {
        let (api, person) = (self.api(), self.person);
        let mut gone = Vec::new();
        if self.telling.erased {
            gone = self.everything();
        } else {
            for number in 0..self.output.options.claims(person.index) {
                let life = self.telling.claim(person, number);
                let deleted = life.is_some_and(|life| self.telling.tells_deletion(&life));
                if deleted {
                    let claim = Claim::draw(person, self.place(number, Version::First));
                    gone.push((RecordType::ExplanationOfBenefit, writer::claim_id(api, &claim)));
                    *summary.events.entry("deleted").or_default() += 1;
                }
            }
        }
        if gone.is_empty() {
            return Ok(());
        }
        let start = self.output.json.bytes.len();
        writer::deletions(&mut self.output.json, &gone);
        self.output.end_record(start, summary)
    }

    /// The ids of all records of the person.
    fn everything(&self) -> Vec<(RecordType, String)> {
        let (api, person, options) = (self.api(), self.person, self.output.options);
        let before = self.telling.before();
        let mut all = Vec::new();
        for number in 0..options.claims(person.index) {
            let mut claim = Claim::draw(person, self.place(number, Version::First));
            if before.shared_version(person, number).is_some() {
                let share = options.partially_adjudicated_per_million;
                if let Some(progress) = repository::in_progress(&claim.header, share) {
                    claim.header.shared = true;
                    all.push(writer::claim_id(api, &claim));
                    claim.header.shared = false;
                    let prior = progress.authorization;
                    all.extend(prior.map(|prior| writer::authorization_id(person, &prior)));
                }
            }
            let Some(life) = before.claim(person, number) else { continue };
            if life.end == Some(End::Deleted) {
                continue;
            }
            all.push(writer::claim_id(api, &claim));
            if life.end == Some(End::Replaced) {
                all.push(writer::claim_id(api, &self.replacing(number, claim, &life)));
            }
        }
        let mut all: Vec<_> =
            all.into_iter().map(|id| (RecordType::ExplanationOfBenefit, id)).collect();
        all.push((RecordType::Patient, writer::patient_id(api, person)));
        let coverages = writer::coverage_ids(api, person);
        all.extend(coverages.into_iter().map(|id| (RecordType::Coverage, id)));
        all
    }
}

fn count_second(of: RecordType, summary: &mut Summary) {
    *summary.second_versions.entry(of.name()).or_default() += 1;
}
