//! Contained resources: Medicare, the provider of the claim, results of blood tests.

use crate::codes;
use crate::facts::part_b::BloodTest;
use crate::facts::repository;
use crate::fhir::{self, NPI, System};
use crate::json::Json;
use crate::r4;

/// Medicare as the insurer.
pub(super) const INSURER: &str = r#"{"active":true,"id":"insurer-org","meta":{"profile":["http://hl7.org/fhir/us/carin-bb/StructureDefinition/C4BB-Organization|2.2.0","http://hl7.org/fhir/us/core/StructureDefinition/us-core-organization|7.0.0"]},"name":"Centers for Medicare and Medicaid Services","resourceType":"Organization"}"#;

const GENERIC: &str = "http://bluebutton.cms.gov/fhir/identifiers/GenericIdNum";
const QUALIFIER: &str = "http://bluebutton.cms.gov/fhir/CodeSystem/PRVDR-ID-QLFYR-CD";

/// The type of an identifier that is an NPI.
const NPI_TYPE: (System, (&str, &str)) = (System::Hl7("v2-0203"), ("NPI", "Provider number"));

/// A provider of a claim.
#[derive(Debug, Clone, Copy)]
pub(super) struct Provider {
    pub(super) number: u64,
    /// CMS certification number, of institutions.
    pub(super) certification: Option<u64>,
    /// The kind of number, of pharmacies.
    pub(super) qualifier: Option<&'static str>,
}

impl Provider {
    /// The provider, if the directory knows it.
    pub(super) fn known(number: Option<u64>, certification: Option<u64>) -> Option<Self> {
        let number = number.filter(|&npi| repository::is_known(npi))?;
        Some(Self { number, certification, qualifier: None })
    }

    /// A few are people, and have no certification number.
    fn is_person(self) -> bool {
        if self.certification.is_some() {
            self.number % 50 == 1
        } else {
            self.number.is_multiple_of(2)
        }
    }

    /// The contained resource.
    pub(super) fn write(self, json: &mut Json) {
        let person = self.is_person();
        json.open();
        if !person {
            json.raw("\"active\":true");
        }
        fhir::number_text(json, "id", self.number);
        json.list_key("identifier");
        json.open();
        System::Url(NPI).write(json, "system");
        r4::codings(json, "type", &[NPI_TYPE]);
        fhir::number_text(json, "value", self.number);
        json.close();
        if let Some(number) = self.certification.filter(|_| !person) {
            json.open();
            json.code("system", "http://terminology.hl7.org/NamingSystem/CCN");
            fhir::number_text(json, "value", number);
            json.close();
        }
        if let Some(qualifier) = self.qualifier {
            json.open();
            json.code("system", GENERIC);
            r4::codings(json, "type", &[(System::Url(QUALIFIER), (qualifier, "Number"))]);
            fhir::number_text(json, "value", self.number);
            json.close();
        }
        json.close_list();
        if person {
            let (family, given) = name(self.number);
            json.raw(r#","meta":{"profile":["http://hl7.org/fhir/us/carin-bb/StructureDefinition/C4BB-Practitioner|2.2.0","http://hl7.org/fhir/us/core/StructureDefinition/us-core-practitioner|7.0.0"]}"#);
            json.list_key("name");
            json.open();
            json.text("family", family);
            json.list_key("given");
            json.quoted(given);
            json.raw("]}],\"resourceType\":\"Practitioner\"}");
        } else {
            json.raw(r#","meta":{"profile":["http://hl7.org/fhir/us/carin-bb/StructureDefinition/C4BB-Organization|2.2.0","http://hl7.org/fhir/us/core/StructureDefinition/us-core-organization|7.0.0"]}"#);
            json.text("name", "Example Hospital & Clinics, \"North\"");
            json.raw(",\"resourceType\":\"Organization\"}");
        }
    }
}

/// `provider`, which is told to be unknown where the directory does not know it.
pub(super) fn write_provider(json: &mut Json, provider: Option<Provider>) {
    json.open_key("provider");
    if let Some(provider) = provider {
        json.raw("\"reference\":\"#");
        json.unsigned(provider.number);
        json.raw("\"");
    } else {
        json.raw(r#""extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]"#);
    }
    json.close();
}

/// The members of an identifier that is an NPI, the qualifier of prescribers among them.
pub(super) fn write_npi(json: &mut Json, npi: u64, qualified: bool) {
    json.open_key("identifier");
    System::Url(NPI).write(json, "system");
    let qualifier = (System::Url(QUALIFIER), ("01", "Number"));
    let both = [qualifier, NPI_TYPE];
    r4::codings(json, "type", if qualified { &both } else { &both[1..] });
    fhir::number_text(json, "value", npi);
    json.close();
}

/// The family and the given name of a provider.
pub(super) fn name(npi: u64) -> (&'static str, &'static str) {
    let place = usize::try_from(npi / 3).unwrap_or(0);
    let given = codes::GIVEN_F[place % codes::GIVEN_F.len()];
    (codes::FAMILY[place / 8 % codes::FAMILY.len()], given)
}

/// The result of a line's blood test.
pub(super) fn write_test(json: &mut Json, number: u32, test: BloodTest) {
    json.open();
    r4::codings(json, "code", &[(System::Url("http://loinc.org"), ("718-7", "Haemoglobin"))]);
    fhir::number_text(json, "id", u64::from(number));
    json.raw(r#","performer":[{"identifier":{"system":"http://terminology.hl7.org/NamingSystem/CLIA","value":"99D0000001"}}],"resourceType":"Observation","status":"final","valueQuantity":{"code":"g/dL","system":"http://unitsofmeasure.org","unit":"g/dL","value":"#);
    json.decimal(i64::from(test.tenths), 1);
    json.raw("}}");
}
