//! Diagnoses and procedures as all releases have them.

/// The ICD revision of a diagnosis or procedure code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IcdVersion {
    /// ICD-9-CM
    Icd9,
    /// ICD-10, ICD-10-CM, ICD-10-PCS
    Icd10,
}

impl IcdVersion {
    /// The revision that a coding system stands for.
    pub fn from_system(system: &str) -> Option<Self> {
        match system {
            "http://hl7.org/fhir/sid/icd-9-cm" | "http://www.cms.gov/Medicare/Coding/ICD9" => {
                Some(Self::Icd9)
            }
            "http://hl7.org/fhir/sid/icd-10"
            | "http://hl7.org/fhir/sid/icd-10-cm"
            | "http://hl7.org/fhir/sid/icd-10-pcs"
            | "http://www.cms.gov/Medicare/Coding/ICD10" => Some(Self::Icd10),
            _ => None,
        }
    }
}

/// One diagnosis of a claim. The diagnosis related group is not one: see `drg` of the claim.
///
/// Records of version 3 write codes with a dot, so there the code is a text of its own (`C`); [`code`](Self::code) is the
/// same for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiagnosisCode<'t, C = &'t str> {
    /// What item links refer to.
    pub sequence: Option<i64>,
    /// The code without a dot.
    pub code: Option<C>,
    /// The coding system.
    pub system: Option<&'t str>,
    /// Roles: `principal`, `admitting`, `other`, `external-first`, `external`, `reason-for-visit`. Often none.
    pub kinds: Vec<&'t str>,
    /// The present-on-admission indicator, on inpatient claims.
    pub present_on_admission: Option<&'t str>,
}

impl<C: AsRef<str>> DiagnosisCode<'_, C> {
    /// The code without a dot.
    pub fn code(&self) -> Option<&str> {
        self.code.as_ref().map(AsRef::as_ref)
    }

    /// The ICD revision, if the system tells.
    pub fn icd_version(&self) -> Option<IcdVersion> {
        self.system.and_then(IcdVersion::from_system)
    }

    /// Whether it has this role.
    pub fn is(&self, kind: &str) -> bool {
        self.kinds.contains(&kind)
    }
}

/// One procedure of an inpatient, outpatient or skilled nursing claim.
///
/// `C` is as in [`DiagnosisCode`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcedureCode<'t, C = &'t str> {
    /// The sequence number.
    pub sequence: Option<i64>,
    /// The code without a dot.
    pub code: Option<C>,
    /// The coding system.
    pub system: Option<&'t str>,
    /// When, as text: its first ten characters are the day. Versions 1 and 2 have midnight and an offset behind them.
    pub date: Option<&'t str>,
}

impl<C: AsRef<str>> ProcedureCode<'_, C> {
    /// The code without a dot.
    pub fn code(&self) -> Option<&str> {
        self.code.as_ref().map(AsRef::as_ref)
    }

    /// The ICD revision, if the system tells.
    pub fn icd_version(&self) -> Option<IcdVersion> {
        self.system.and_then(IcdVersion::from_system)
    }
}
