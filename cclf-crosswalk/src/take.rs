//! What becomes of a line: the one judge of records, whoever reads them and in whichever order.

use cms::Api;

use crate::error::RecordError;
use crate::layout::resource::Resource;
use crate::people::person::PersonRecord;
use crate::plan::{Reader, Skipped, Verdict};
use crate::rows::claim::Claim;

/// What a line is. It depends on the line alone.
///
/// What is done with each is the caller's: one that reads a source twice takes people first and leaves what
/// [is of claims](Self::is_of_claims) to the second reading, which leaves all else to the first.
///
/// ```
/// use cclf_crosswalk::{Index, Plan, Reader, RecordCounts, Took};
/// # let (patient, claim) = (synth::patient(1), synth::eob(1, synth::ClaimType::Carrier));
/// # let lines = [patient, claim, r#"{"resourceType":"Observation"}"#.to_owned(), "no JSON".to_owned()];
///
/// let (mut index, mut counts) = (Index::new(), RecordCounts::default());
/// let mut reader = Reader::new(Plan::stu3());
/// for line in &lines {
///     match reader.take(line.as_bytes()) {
///         Took::Person(record) => {
///             let person = record.pack();
///             counts.person(&person);
///             person.add_to(&mut index, 0)?;
///         }
///         // With the rows that `ClaimTables::append` made of it.
///         Took::Claim(claim) => counts.claim(&claim, 1),
///         Took::Skipped(why) => counts.skip(why),
///         Took::Foreign(api) => eprintln!("this file is of {api} of the API"),
///         Took::Bad(error) => counts.bad(&error),
///     }
/// }
/// assert_eq!((counts.joined, counts.with_rows, counts.skipped, counts.rejected), (1, 1, 1, 1));
/// assert_eq!(counts.read(), 4);
/// # Ok::<(), cclf_crosswalk::IndexFull>(())
/// ```
#[derive(Debug)]
pub enum Took<'r> {
    /// A claim or Part D event: [`ClaimTables`](crate::ClaimTables) makes rows of it.
    Claim(Claim<'r>),
    /// A Patient or Coverage: what is packed of it goes into an [`Index`](crate::Index).
    Person(PersonRecord<'r>),
    /// What no table wants.
    Skipped(Skipped),
    /// A record of another version of the API than that which is being read: an error of the whole source.
    Foreign(Api),
    /// Nothing is made of it. A line that is no JSON text at all is told as such before anything else.
    Bad(RecordError),
}

impl Took<'_> {
    /// Whether it is a claim, or a bad record that says it is one.
    pub fn is_of_claims(&self) -> bool {
        match self {
            Self::Claim(_) => true,
            Self::Bad(error) => error.resource() == Some(Resource::ExplanationOfBenefit),
            Self::Person(_) | Self::Skipped(_) | Self::Foreign(_) => false,
        }
    }
}

impl Reader {
    /// Judges a line.
    pub fn take<'r>(&'r mut self, line: &'r [u8]) -> Took<'r> {
        match self.read(line) {
            Ok(Verdict::Record(Resource::ExplanationOfBenefit, record)) => {
                // The type of a claim was checked when it was read.
                Claim::new(record).map_or(Took::Skipped(Skipped::OtherType), Took::Claim)
            }
            Ok(Verdict::Record(Resource::Patient, record)) => {
                Took::Person(PersonRecord::patient(record))
            }
            Ok(Verdict::Record(Resource::Coverage, record)) => {
                Took::Person(PersonRecord::coverage(record))
            }
            Ok(Verdict::Skipped(why)) => Took::Skipped(why),
            Ok(Verdict::Foreign(api)) => Took::Foreign(api),
            Err(error) => Took::Bad(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClaimTables, ErrorClass, Index, Lineage, Plan, RecordCounts, Table};

    /// A line for each of what it may be; whether it is of claims, and its count.
    #[test]
    fn every_line_is_counted_once() {
        let r4 = r#"{"resourceType":"ExplanationOfBenefit","id":"1","use":"claim","type":{"coding":[{"system":"https://bluebutton.cms.gov/resources/codesystem/eob-type","code":"PDE"}]}}"#;
        let lines = [
            (synth::eob(1, synth::ClaimType::Inpatient), "claim", true),
            (synth::patient(1), "person", false),
            (synth::coverage(1, synth::Part::B), "person", false),
            // Counted, though nobody has it.
            (synth::coverage(1, synth::Part::A).replace("Patient/", "Group/"), "person", false),
            (r#"{"resourceType":"Observation"}"#.to_owned(), "skipped", false),
            (r4.to_owned(), "foreign", false),
            (r#"{"resourceType":"ExplanationOfBenefit"}"#.to_owned(), "bad", true),
            (r#"{"resourceType":"Patient"}"#.to_owned(), "bad", false),
            ("no JSON".to_owned(), "bad", false),
        ];
        let mut reader = Reader::new(Plan::stu3());
        let mut tables = ClaimTables::new(Plan::stu3(), &Table::ALL, &true.into());
        let (mut counts, mut index) = (RecordCounts::default(), Index::new());
        for (line, expected, of_claims) in &lines {
            let mut one = RecordCounts::default();
            let took = reader.take(line.as_bytes());
            assert_eq!(took.is_of_claims(), *of_claims, "{expected}");
            let name = match took {
                Took::Claim(claim) => {
                    let rows = tables.append(&claim, None, &Lineage::default());
                    one.claim(&claim, rows);
                    "claim"
                }
                Took::Person(record) => {
                    let person = record.pack();
                    one.person(&person);
                    person.add_to(&mut index, 0).unwrap();
                    "person"
                }
                Took::Skipped(why) => {
                    one.skip(why);
                    "skipped"
                }
                Took::Foreign(api) => {
                    assert_eq!(api, Api::V2);
                    one.rejected += 1;
                    "foreign"
                }
                Took::Bad(error) => {
                    one.bad(&error);
                    "bad"
                }
            };
            assert_eq!((name, one.read()), (*expected, 1));
            counts.add(&one);
        }
        assert_eq!(counts.read(), lines.len() as u64);
        assert_eq!((counts.with_rows, counts.joined, counts.skipped), (1, 3, 1));
        assert_eq!((counts.rejected, index.patients()), (4, 1));
        let classes: Vec<_> = counts.rejected_by_class.iter().collect();
        assert_eq!(classes, [(ErrorClass::Syntax, 1), (ErrorClass::Missing, 2)]);
    }

    /// What one release of FHIR has, another has not.
    #[test]
    fn other_resource_types_are_those_of_the_release() {
        for (api, known, unknown) in [
            (Api::V1, "ReferralRequest", "ServiceRequest"),
            (Api::V2, "ServiceRequest", "ReferralRequest"),
            (Api::V3, "ServiceRequest", "ReferralRequest"),
        ] {
            let mut reader = Reader::new(Plan::of(api));
            let line = |name: &str| format!(r#"{{"id":"1","resourceType":"{name}"}}"#);
            let (known, unknown) = (line(known), line(unknown));
            let took = reader.take(known.as_bytes());
            assert!(matches!(took, Took::Skipped(Skipped::OtherType)), "{api}: {took:?}");
            match reader.take(unknown.as_bytes()) {
                Took::Bad(error) => {
                    assert_eq!(error.class(), ErrorClass::ResourceType);
                    assert_eq!((error.path(), error.offset()), ("resourceType".to_owned(), 25));
                }
                took => panic!("{api}: {took:?}"),
            }
        }
    }
}
