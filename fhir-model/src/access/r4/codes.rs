//! Diagnoses and procedures of R4: codes without their dots, roles by the names of version 1.

use std::borrow::Cow;

use cms::{Api, ClaimType};

use crate::access::{DiagnosisCode, Extensible, ProcedureCode};
use crate::decimal::Integer;
use crate::primitive::Lexical;
use crate::r4::ExplanationOfBenefit;
use crate::r4::explanation_of_benefit::{Diagnosis, DiagnosisChoice, Item, ProcedureChoice};

/// Padded groups of less than three digits: the server of version 3 writes them as numbers.
const PADDED: [&str; 100] = [
    "000", "001", "002", "003", "004", "005", "006", "007", "008", "009", "010", "011", "012",
    "013", "014", "015", "016", "017", "018", "019", "020", "021", "022", "023", "024", "025",
    "026", "027", "028", "029", "030", "031", "032", "033", "034", "035", "036", "037", "038",
    "039", "040", "041", "042", "043", "044", "045", "046", "047", "048", "049", "050", "051",
    "052", "053", "054", "055", "056", "057", "058", "059", "060", "061", "062", "063", "064",
    "065", "066", "067", "068", "069", "070", "071", "072", "073", "074", "075", "076", "077",
    "078", "079", "080", "081", "082", "083", "084", "085", "086", "087", "088", "089", "090",
    "091", "092", "093", "094", "095", "096", "097", "098", "099",
];

fn padded(group: &str) -> &str {
    let short = group.len() < 3 && group.bytes().all(|byte| byte.is_ascii_digit());
    let number = short.then(|| group.parse::<usize>().ok()).flatten();
    number.and_then(|number| PADDED.get(number).copied()).unwrap_or(group)
}

fn plain(code: &str) -> Cow<'_, str> {
    if code.contains('.') { Cow::Owned(code.replace('.', "")) } else { Cow::Borrowed(code) }
}

/// The role by the name of version 1.
fn role(code: &str) -> &str {
    match code {
        "externalcauseofinjury" => "external",
        "patientreasonforvisit" => "reason-for-visit",
        same => same,
    }
}

fn kinds<'t>(entry: &'t Diagnosis<'_>) -> Vec<&'t str> {
    let codings = entry.r#type.iter().flat_map(|kind| &kind.coding);
    codings.filter_map(|coding| coding.code.as_deref()).map(role).collect()
}

impl ExplanationOfBenefit<'_> {
    /// The diagnoses in the order of the record, the codes without a dot. CCW: as in version 1; IDR: `CLM_DGNS_CD`.
    ///
    /// Roles have the names of version 1 where there is one: `principal`, `admitting`, `other`, `external`,
    /// `reason-for-visit`; others on carrier and DME claims are `secondary`. The first external cause is not told from
    /// others. On skilled nursing claims of version 2 the admitting diagnosis is typed `other`: it comes first, and is
    /// `admitting` here. Version 3 has the principal diagnosis twice: on its own, and as the first of the others.
    pub fn diagnoses(&self) -> impl Iterator<Item = DiagnosisCode<'_, Cow<'_, str>>> + Clone {
        let is_snf = self.api() == Some(Api::V2) && self.claim_type() == Some(ClaimType::Snf);
        self.diagnosis.iter().enumerate().filter_map(move |(place, entry)| {
            let Some(DiagnosisChoice::CodeableConcept(concept)) = &entry.diagnosis else {
                return None;
            };
            let coding = concept.icd_coding();
            let mut kinds = kinds(entry);
            if place == 0 && is_snf && kinds == ["other"] {
                kinds = vec!["admitting"];
            }
            let marked = entry.extensions().iter().find(|extension| {
                extension.url.as_deref().is_some_and(|url| url.contains("_poa_ind_sw"))
            });
            let on_admission = entry.on_admission.as_deref().and_then(|concept| concept.code());
            Some(DiagnosisCode {
                sequence: entry.sequence.as_ref().and_then(Integer::get),
                code: coding.and_then(|coding| coding.code.as_deref()).map(plain),
                system: coding.and_then(|coding| coding.system.as_deref()),
                kinds,
                present_on_admission: marked
                    .and_then(|extension| extension.code())
                    .or(on_admission),
            })
        })
    }

    /// The principal diagnosis. Version 2: by the rule of version 1, the last entry of that role, and on inpatient and
    /// skilled nursing claims without any the admitting one. Version 3: the entry of that role.
    pub fn principal_diagnosis(&self) -> Option<DiagnosisCode<'_, Cow<'_, str>>> {
        let claim_type = self.claim_type().filter(|_| self.api() != Some(Api::V3));
        let is_principal = |own: &DiagnosisCode<'_, Cow<'_, str>>| own.is("principal");
        let is_admitting = |own: &DiagnosisCode<'_, Cow<'_, str>>| own.is("admitting");
        cms::principal(claim_type, self.diagnoses(), is_principal, is_admitting)
    }

    /// The diagnosis that an item links to first. CCW: `LINE_ICD_DGNS_CD`.
    ///
    /// Version 3 links the wrong entries: there it is given only where the item has a link and all diagnoses of the claim
    /// are one code, since a wrong diagnosis is worse than none.
    pub fn diagnosis_of(&self, item: &Item<'_>) -> Option<DiagnosisCode<'_, Cow<'_, str>>> {
        let number = item.diagnosis_sequence.iter().flatten().next()?.get()?;
        if self.api() == Some(Api::V3) {
            let first = self.diagnoses().next()?;
            let same = self.diagnoses().all(|other| other.code() == first.code());
            return (same && first.code.is_some()).then_some(first);
        }
        self.diagnoses().find(|diagnosis| diagnosis.sequence == Some(number))
    }

    /// The diagnosis related group, three or four characters. CCW: `CLM_DRG_CD`; IDR: `DGNS_DRG_CD`.
    pub fn drg(&self) -> Option<&str> {
        self.information_code(crate::Variable::ClmDrgCd).map(padded)
    }

    /// The procedures in the order of the record, the codes without a dot. CCW: `ICD_PRCDR_CD1` and on, `PRCDR_DT1` and
    /// on; in version 3 `sequence` is the number that the source has.
    pub fn procedures(&self) -> impl Iterator<Item = ProcedureCode<'_, Cow<'_, str>>> {
        self.procedure.iter().filter_map(|entry| {
            let Some(ProcedureChoice::CodeableConcept(concept)) = &entry.procedure else {
                return None;
            };
            let coding = concept.icd_coding();
            Some(ProcedureCode {
                sequence: entry.sequence.as_ref().and_then(Integer::get),
                code: coding.and_then(|coding| coding.code.as_deref()).map(plain),
                system: coding.and_then(|coding| coding.system.as_deref()),
                date: entry.date.as_ref().map(Lexical::as_str),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_have_three_digits() {
        for (group, expected) in
            [("1", "001"), ("42", "042"), ("645", "645"), ("A1", "A1"), ("", "")]
        {
            assert_eq!(padded(group), expected);
        }
        for (number, group) in PADDED.iter().enumerate() {
            assert_eq!(format!("{number:03}"), *group);
        }
    }
}
