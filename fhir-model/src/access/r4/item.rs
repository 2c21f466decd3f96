//! Accessors of a claim's lines.

use super::{Asked, code_of, codes_of, is_absent};
use crate::access::Extensible;
use crate::decimal::Decimal;
use crate::primitive::Lexical;
use crate::r4::datatypes::Coding;
use crate::r4::explanation_of_benefit::{Adjudication, Item, ItemLocation, ItemServiced};
use crate::vocabulary::{CodeSystem, Name, Variable};

/// The systems of HCPCS codes: that of version 2, and the two of version 3.
const HCPCS: [&str; 3] = [
    "https://bluebutton.cms.gov/resources/codesystem/hcpcs",
    "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
    "http://www.ama-assn.org/go/cpt",
];
const REVENUE: &str = "https://bluebutton.cms.gov/fhir/CodeSystem/CLM-REV-CNTR-CD";
const PLACE_OF_SERVICE: &str =
    "https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set";

impl<'a> Item<'a> {
    /// The line number of the source. CCW: `LINE_NUM`, `CLM_LINE_NUM`.
    pub fn line_number(&self) -> Option<i64> {
        self.sequence.as_ref()?.get()
    }

    /// The first adjudication of a category, which is a variable such as [`Variable::LineNchPmtAmt`].
    pub fn adjudication(&self, category: impl Name) -> Option<&Adjudication<'a>> {
        let asked = Asked::of(&category)?;
        self.adjudication.iter().find(|entry| {
            entry.category.as_ref().is_some_and(|category| asked.is_category(category))
        })
    }

    /// The amount of a category, in US dollars: exact, with the digits of the record.
    ///
    /// ```
    /// use fhir_model::{Variable, r4::ExplanationOfBenefit};
    /// // Version 2, then version 3.
    /// for coding in [
    ///     r#"{"code":"https://bluebutton.cms.gov/resources/variables/line_nch_pmt_amt"}"#,
    ///     r#"{"code":"CLM_LINE_CVRD_PD_AMT","system":"https://bluebutton.cms.gov/fhir/CodeSystem/Adjudication"}"#,
    /// ] {
    ///     let line = format!(r#"{{"resourceType":"ExplanationOfBenefit","item":[{{"sequence":1,"adjudication":[{{
    ///         "category":{{"coding":[{coding}]}},"amount":{{"value":37.50,"currency":"USD"}}}}]}}]}}"#);
    ///     let claim: ExplanationOfBenefit = fhir_model::from_slice_as(line.as_bytes())?;
    ///     assert_eq!(claim.item[0].amount(Variable::LineNchPmtAmt).unwrap().as_str(), "37.50");
    /// }
    /// # Ok::<(), fhir_model::Error>(())
    /// ```
    pub fn amount(&self, category: impl Name) -> Option<&Decimal<'a>> {
        self.adjudication(category)?.amount.as_ref()?.value.as_ref()
    }

    /// The code of the reason of a category, such as [`Variable::LinePrcsgIndCd`]; R4 has most of them as extensions of
    /// the line.
    pub fn reason(&self, category: impl Name) -> Option<&str> {
        let asked = Asked::of(&category)?;
        let of_reasons = || {
            let reasons = self.adjudication.iter().filter_map(|entry| entry.reason.as_deref());
            reasons.into_iter().find_map(|reason| reason.code_in(asked.uri))
        };
        let of_category = || asked.code_in(self.adjudication(&category)?.reason.as_deref()?);
        of_category().or_else(of_reasons).or_else(|| self.extension(&category)?.code())
    }

    /// The HCPCS code of the service. CCW: `HCPCS_CD`.
    pub fn hcpcs(&self) -> Option<&str> {
        code_of(self.product_or_service.as_ref()?, &HCPCS)
    }

    /// The national drug code of a Part D event, of a compound that of its first ingredient. CCW: `PROD_SRVC_ID`.
    pub fn ndc(&self) -> Option<&str> {
        let ndc = [CodeSystem::Ndc.uri()];
        let own = self.product_or_service.as_ref().and_then(|product| code_of(product, &ndc));
        let of_detail = || {
            let mut products = self.detail.iter().filter_map(|own| own.product_or_service.as_ref());
            products.find_map(|product| code_of(product, &ndc))
        };
        own.or_else(of_detail)
    }

    /// The modifiers in order. CCW: `HCPCS_1ST_MDFR_CD` and on. Version 3 has all in one concept; version 2 has the unit
    /// of a drug among them, which is none.
    pub fn modifiers(&self) -> impl Iterator<Item = &str> {
        self.modifier.iter().flat_map(|modifier| {
            let bare = |coding: &&Coding<'_>| coding.system.is_none() && !is_absent(coding);
            let unnamed = modifier.coding.iter().filter(bare);
            codes_of(modifier, &HCPCS).chain(unnamed.filter_map(|coding| coding.code.as_deref()))
        })
    }

    /// The revenue center code as the record has it; the tables pad it to four digits. CCW: `REV_CNTR`.
    pub fn revenue_center(&self) -> Option<&str> {
        code_of(self.revenue.as_deref()?, &[Variable::RevCntr.uri(), REVENUE])
    }

    /// The place of service of a carrier or DME line. CCW: `LINE_PLACE_OF_SRVC_CD`.
    pub fn place_of_service(&self) -> Option<&str> {
        match self.location.as_ref()? {
            ItemLocation::CodeableConcept(concept) => {
                code_of(concept, &[Variable::LinePlaceOfSrvcCd.uri(), PLACE_OF_SERVICE])
            }
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
}
