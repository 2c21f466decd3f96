//! Which version of the API a record is of: told by its shape, since no record says it.

use crate::api::Api;
use crate::r4;

const VARIABLES: &str = "https://bluebutton.cms.gov/resources/variables/";
const EOB_TYPE: &str = "https://bluebutton.cms.gov/resources/codesystem/eob-type";
const CURRENCY: &str = "https://bluebutton.cms.gov/resources/codesystem/identifier-currency";
const V3_CODES: &str = "https://bluebutton.cms.gov/fhir/CodeSystem/";
const V3_EXTENSIONS: &str = "https://bluebutton.cms.gov/fhir/StructureDefinition/";
const PAYMENT_TYPOLOGY: &str = "https://nahdo.org/sopt";

/// What the shape of a record tells of its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// It may be of any.
    Unmarked,
    /// It is FHIR R4, of version 2 or 3.
    R4,
    /// It is of this one.
    Of(Api),
}

/// What was seen in a record that tells its version. Whoever reads it calls the method of each thing met.
///
/// ```
/// use cms::{Api, Marks, Shape};
///
/// let mut marks = Marks::default();
/// marks.member("outcome", false);
/// marks.type_coding("https://bluebutton.cms.gov/resources/codesystem/eob-type", "CARRIER");
/// assert_eq!(marks.of_claim(), Shape::Of(Api::V2));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Marks {
    profile: bool,
    claim: bool,
    of_stu3: bool,
    coverage: bool,
    grouping: bool,
    link: bool,
    eob_type: bool,
    claim_type: bool,
    preauthorization: bool,
    bene_id: bool,
    /// Types of identifiers: MC of any, MB of an MBI.
    medicare_number: bool,
    mbi_of_member: bool,
    currency: bool,
    subsidized: bool,
    typology: bool,
    variable: bool,
    v3_extension: bool,
}

impl Marks {
    /// A member of the record, a list or none.
    pub fn member(&mut self, name: &str, is_list: bool) {
        self.claim |= r4::is_marked(&r4::CLAIM, name, is_list);
        self.coverage |= r4::is_marked(&r4::COVERAGE, name, is_list);
        match name {
            "information" | "hospitalization" => self.of_stu3 = true,
            "insurance" => self.of_stu3 |= !is_list,
            "grouping" => self.grouping = true,
            "link" => self.link = true,
            _ => {}
        }
    }

    /// An entry of `meta.profile`.
    pub fn profile(&mut self, profile: &str) {
        self.profile |= r4::is_profile(profile);
    }

    /// What `use` says.
    pub fn intent(&mut self, intent: &str) {
        self.preauthorization |= intent == "preauthorization";
    }

    /// A coding of `type`; one whose code says nothing tells nothing.
    pub fn type_coding(&mut self, system: &str, code: &str) {
        if code.trim().trim_matches('~').is_empty() {
            return;
        }
        self.eob_type |= system == EOB_TYPE;
        let of_v3 = system.strip_prefix(V3_CODES);
        self.claim_type |= matches!(of_v3, Some("CLM-TYPE-CD" | "EOB-TYPE"));
        self.subsidized |= code == "SUBSIDIZ";
        self.typology |= system == PAYMENT_TYPOLOGY;
    }

    /// An identifier, by its system and the code of its type; whether an extension of its own says that it is current.
    pub fn identifier(&mut self, system: &str, kind: &str, has_currency: bool) {
        self.bene_id |= system.strip_prefix(VARIABLES) == Some("bene_id");
        self.medicare_number |= kind == "MC";
        self.mbi_of_member |= kind == "MB" && system.ends_with("/us-mbi");
        self.currency |= has_currency;
    }

    /// An extension of the record.
    pub fn extension(&mut self, url: &str) {
        self.variable |= url.starts_with(VARIABLES);
        self.v3_extension |= url.starts_with(V3_EXTENSIONS);
    }

    /// Whether an extension of an identifier says whether it is current.
    pub fn is_currency(url: &str) -> bool {
        url == CURRENCY
    }

    /// Of an ExplanationOfBenefit.
    pub fn of_claim(&self) -> Shape {
        if !self.eob_type && (self.claim_type || self.preauthorization) {
            Shape::Of(Api::V3)
        } else if self.claim {
            if self.eob_type { Shape::Of(Api::V2) } else { Shape::R4 }
        } else if self.eob_type || self.of_stu3 {
            Shape::Of(Api::V1)
        } else {
            Shape::Unmarked
        }
    }

    /// Of a Patient.
    pub fn of_patient(&self) -> Shape {
        if self.bene_id {
            if self.profile || self.medicare_number {
                Shape::Of(Api::V2)
            } else if self.currency {
                Shape::Of(Api::V1)
            } else {
                Shape::Unmarked
            }
        } else if self.profile || self.link || self.mbi_of_member {
            Shape::Of(Api::V3)
        } else {
            Shape::Unmarked
        }
    }

    /// Of a Coverage.
    pub fn of_coverage(&self) -> Shape {
        if self.grouping {
            Shape::Of(Api::V1)
        } else if !self.coverage {
            Shape::Unmarked
        } else if self.typology || self.v3_extension {
            Shape::Of(Api::V3)
        } else if self.subsidized || self.variable {
            Shape::Of(Api::V2)
        } else {
            Shape::R4
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(mark: impl FnOnce(&mut Marks)) -> Marks {
        let mut marks = Marks::default();
        mark(&mut marks);
        marks
    }

    #[test]
    fn claims_are_told_by_members_and_type() {
        let of = |mark: fn(&mut Marks)| marks(mark).of_claim();
        let type_cd =
            |marks: &mut Marks| marks.type_coding(&format!("{V3_CODES}CLM-TYPE-CD"), "71");
        assert_eq!(of(|_| {}), Shape::Unmarked);
        assert_eq!(of(|marks| marks.type_coding(EOB_TYPE, "PDE")), Shape::Of(Api::V1));
        assert_eq!(of(|marks| marks.member("insurance", false)), Shape::Of(Api::V1));
        assert_eq!(of(|marks| marks.member("insurance", true)), Shape::R4);
        assert_eq!(of(|marks| marks.intent("claim")), Shape::Unmarked);
        assert_eq!(of(|marks| marks.intent("preauthorization")), Shape::Of(Api::V3));
        assert_eq!(marks(type_cd).of_claim(), Shape::Of(Api::V3));
        let v2 = |marks: &mut Marks| {
            marks.type_coding(EOB_TYPE, "PDE");
            marks.member("use", false);
        };
        assert_eq!(marks(v2).of_claim(), Shape::Of(Api::V2));
    }

    #[test]
    fn people_are_told_by_identifiers_and_profile() {
        let bene_id = format!("{VARIABLES}bene_id");
        let profile = "http://hl7.org/fhir/us/carin-bb/StructureDefinition/C4BB-Patient";
        let of = |mark: &dyn Fn(&mut Marks)| marks(|marks| mark(marks)).of_patient();
        assert_eq!(of(&|_| {}), Shape::Unmarked);
        assert_eq!(of(&|marks| marks.identifier(&bene_id, "", false)), Shape::Unmarked);
        assert_eq!(of(&|marks| marks.profile(profile)), Shape::Of(Api::V3));
        assert_eq!(of(&|marks| marks.member("link", true)), Shape::Of(Api::V3));
        let mbi = "http://hl7.org/fhir/sid/us-mbi";
        assert_eq!(of(&|marks| marks.identifier(mbi, "MB", false)), Shape::Of(Api::V3));
        assert_eq!(of(&|marks| marks.identifier(mbi, "", true)), Shape::Unmarked);
        let both = |kind: &'static str, has_currency| {
            let bene_id = &bene_id;
            move |marks: &mut Marks| {
                marks.identifier(bene_id, "MB", false);
                marks.identifier(mbi, kind, has_currency);
            }
        };
        assert_eq!(of(&both("MC", false)), Shape::Of(Api::V2));
        assert_eq!(of(&both("", true)), Shape::Of(Api::V1));
    }

    #[test]
    fn coverages_are_told_by_class_type_and_extensions() {
        let of = |mark: &dyn Fn(&mut Marks)| marks(|marks| mark(marks)).of_coverage();
        let with_class = |system: &'static str, code: &'static str| {
            move |marks: &mut Marks| {
                marks.member("class", true);
                marks.type_coding(system, code);
            }
        };
        assert_eq!(of(&|_| {}), Shape::Unmarked);
        assert_eq!(of(&|marks| marks.member("grouping", false)), Shape::Of(Api::V1));
        assert_eq!(of(&with_class("", "")), Shape::R4);
        assert_eq!(of(&with_class(PAYMENT_TYPOLOGY, "~")), Shape::R4);
        assert_eq!(of(&with_class("", "SUBSIDIZ")), Shape::Of(Api::V2));
        assert_eq!(of(&with_class(PAYMENT_TYPOLOGY, "1")), Shape::Of(Api::V3));
        let url = format!("{V3_EXTENSIONS}BENE-BUYIN-CD");
        assert_eq!(of(&|marks| marks.extension(&url)), Shape::Unmarked);
    }
}
