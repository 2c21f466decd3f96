//! Accessors of `Coverage`.

use std::fmt;

use crate::stu3::Coverage;

/// The four parts of Medicare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MedicarePart {
    /// Hospital insurance.
    A,
    /// Medical insurance.
    B,
    /// Medicare Advantage.
    C,
    /// Prescription drugs.
    D,
}

impl MedicarePart {
    fn from_text(text: &str) -> Option<Self> {
        Some(match text {
            "Part A" => Self::A,
            "Part B" => Self::B,
            "Part C" => Self::C,
            "Part D" => Self::D,
            _ => return None,
        })
    }
}

impl fmt::Display for MedicarePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "Part A",
            Self::B => "Part B",
            Self::C => "Part C",
            Self::D => "Part D",
        })
    }
}

impl Coverage<'_> {
    /// The part of Medicare, by `grouping.subPlan`, else by the `Medicare` coding of the type.
    ///
    /// ```
    /// use fhir_model::{MedicarePart, stu3::Coverage};
    /// let line = br#"{"grouping":{"subPlan":"Part D"},"resourceType":"Coverage"}"#;
    /// let coverage: Coverage = fhir_model::from_slice_as(line)?;
    /// assert_eq!(coverage.part(), Some(MedicarePart::D));
    /// # Ok::<(), fhir_model::Error>(())
    /// ```
    pub fn part(&self) -> Option<MedicarePart> {
        let plan = self.grouping.as_deref().and_then(|grouping| grouping.sub_plan.as_deref());
        plan.or_else(|| self.r#type.as_deref()?.code_in("medicare"))
            .and_then(MedicarePart::from_text)
    }

    /// The id of the beneficiary.
    pub fn patient_id(&self) -> Option<&str> {
        self.beneficiary.as_deref()?.id_of("Patient")
    }
}
