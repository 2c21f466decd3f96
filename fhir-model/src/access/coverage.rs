//! Accessors of `Coverage`.

use cms::MedicarePart;

use super::monthly::{Monthly, history_of, months_of, reference_year};
use crate::stu3::Coverage;
use crate::vocabulary::CodeSystem;

impl Coverage<'_> {
    /// The part of Medicare, by `grouping.subPlan`, else by the `Medicare` coding of the type, wherever it stands.
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
        let of_type = || self.r#type.as_deref()?.code_by(CodeSystem::Medicare);
        plan.and_then(MedicarePart::from_name)
            .or_else(|| of_type().and_then(MedicarePart::from_name))
    }

    /// The values of a monthly family in the [reference year](Self::reference_year), January first.
    ///
    /// ```
    /// use fhir_model::{Monthly, stu3::Coverage};
    /// let line = br#"{"resourceType":"Coverage","extension":[
    ///     {"url":"https://bluebutton.cms.gov/resources/variables/rfrnc_yr","valueDate":"2018"},
    ///     {"url":"https://bluebutton.cms.gov/resources/variables/dual_03","valueCoding":{"code":"02"}}]}"#;
    /// let coverage: Coverage = fhir_model::from_slice_as(line)?;
    /// assert_eq!(coverage.reference_year(), Some(2018));
    /// let dual = coverage.monthly(Monthly::DualStatus);
    /// assert_eq!((dual[1], dual[2]), (None, Some("02")));
    /// # Ok::<(), fhir_model::Error>(())
    /// ```
    pub fn monthly(&self, family: Monthly) -> [Option<&str>; 12] {
        months_of(&self.extension, family)
    }

    /// The values of a monthly family for every month on record: year, month from 1 to 12, value, in the order
    /// of the record. Only Part D contracts are given so (`ptdcntrct03/2018-3`), by the hundred.
    ///
    /// ```
    /// use fhir_model::{Monthly, stu3::Coverage};
    /// let line = br#"{"resourceType":"Coverage","extension":[{"valueCoding":{"code":"Z0001"},
    ///     "url":"https://bluebutton.cms.gov/resources/variables/ptdcntrct03/2018-3"}]}"#;
    /// let coverage: Coverage = fhir_model::from_slice_as(line)?;
    /// let contracts: Vec<_> = coverage.monthly_history(Monthly::PartDContract).collect();
    /// assert_eq!(contracts, [(2018, 3, "Z0001")]);
    /// # Ok::<(), fhir_model::Error>(())
    /// ```
    pub fn monthly_history(&self, family: Monthly) -> impl Iterator<Item = (u16, u8, &str)> {
        history_of(&self.extension, family)
    }

    /// The year that monthly values belong to. CCW: `RFRNC_YR`.
    pub fn reference_year(&self) -> Option<u16> {
        reference_year(&self.extension)
    }

    /// The id of the beneficiary. CCW: `BENE_ID`.
    pub fn patient_id(&self) -> Option<&str> {
        self.beneficiary.as_deref()?.id_of("Patient")
    }
}
