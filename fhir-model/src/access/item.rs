//! Accessors of a claim's lines.

use crate::decimal::{Decimal, Integer};
use crate::primitive::Lexical;
use crate::stu3::explanation_of_benefit::{
    Adjudication, CareTeam, Item, ItemLocation, ItemServiced,
};
use crate::vocabulary::{CodeSystem, Name, Variable};

impl<'a> Item<'a> {
    /// The line number of the source; a claim's only line may be 6. CCW: `LINE_NUM`, `CLM_LINE_NUM`.
    pub fn line_number(&self) -> Option<i64> {
        self.sequence.as_ref()?.get()
    }

    /// The first adjudication of a category, which is a variable such as [`Variable::LineNchPmtAmt`].
    pub fn adjudication(&self, category: impl Name) -> Option<&Adjudication<'a>> {
        let category = category.to_uri()?;
        self.adjudication
            .iter()
            .find(|entry| entry.category.as_ref().is_some_and(|concept| concept.has_code(category)))
    }

    /// The amount of a category, in US dollars: exact, with the digits of the record. CCW: the variable itself.
    ///
    /// ```
    /// use fhir_model::{Variable, stu3::ExplanationOfBenefit};
    /// let line = br#"{"resourceType":"ExplanationOfBenefit","item":[{"sequence":1,"adjudication":[{
    ///     "category":{"coding":[{"code":"https://bluebutton.cms.gov/resources/variables/line_nch_pmt_amt"}]},
    ///     "amount":{"value":37.50,"code":"USD"}}]}]}"#;
    /// let claim: ExplanationOfBenefit = fhir_model::from_slice_as(line)?;
    /// let paid = claim.item[0].amount(Variable::LineNchPmtAmt).unwrap();
    /// assert_eq!(paid.as_str(), "37.50");
    /// assert_eq!(paid.to_scaled(2), Ok(3750));
    /// # Ok::<(), fhir_model::Error>(())
    /// ```
    pub fn amount(&self, category: impl Name) -> Option<&Decimal<'a>> {
        self.adjudication(category)?.amount.as_ref()?.value.as_ref()
    }

    /// The code of the reason of a category, such as [`Variable::LinePrcsgIndCd`].
    pub fn reason(&self, category: impl Name) -> Option<&str> {
        self.adjudication(&category)?.reason.as_deref()?.code_by(category)
    }

    /// The HCPCS code of the service. CCW: `HCPCS_CD`.
    pub fn hcpcs(&self) -> Option<&str> {
        self.service.as_deref()?.code_in(CodeSystem::Hcpcs)
    }

    /// The national drug code of a Part D event. CCW: `PROD_SRVC_ID`. Other lines name theirs in the extension
    /// [`CodeSystem::Ndc`].
    pub fn ndc(&self) -> Option<&str> {
        self.service.as_deref()?.code_in(CodeSystem::Ndc)
    }

    /// The modifiers in order. CCW: `HCPCS_1ST_MDFR_CD` and on.
    pub fn modifiers(&self) -> impl Iterator<Item = &str> {
        self.modifier.iter().filter_map(|modifier| modifier.code_by(CodeSystem::Hcpcs))
    }

    /// The revenue center code as the record has it; the tables pad it to four digits. CCW: `REV_CNTR`.
    pub fn revenue_center(&self) -> Option<&str> {
        self.revenue.as_deref()?.code_in(Variable::RevCntr)
    }

    /// The place of service of a carrier or DME line. CCW: `LINE_PLACE_OF_SRVC_CD`.
    pub fn place_of_service(&self) -> Option<&str> {
        match self.location.as_ref()? {
            ItemLocation::CodeableConcept(concept) => concept.code_in(Variable::LinePlaceOfSrvcCd),
            _ => None,
        }
    }

    /// First and last day of service, as text; a single date is both. CCW: `LINE_1ST_EXPNS_DT` and
    /// `LINE_LAST_EXPNS_DT`, `REV_CNTR_DT`, `SRVC_DT`.
    pub fn service_dates(&self) -> (Option<&str>, Option<&str>) {
        match &self.serviced {
            Some(ItemServiced::Date(date)) => (Some(date.as_str()), Some(date.as_str())),
            Some(ItemServiced::Period(period)) => (
                period.start.as_ref().map(Lexical::as_str),
                period.end.as_ref().map(Lexical::as_str),
            ),
            None => (None, None),
        }
    }

    /// Whether the item links to a care team entry by its sequence.
    pub fn links_to(&self, member: &CareTeam<'_>) -> bool {
        let number = member.number();
        number.is_some()
            && self.care_team_link_id.iter().flatten().map(Integer::get).any(|link| link == number)
    }
}
