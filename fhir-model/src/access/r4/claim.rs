//! Accessors of `ExplanationOfBenefit`.

use cms::{Api, ClaimType};

use super::Asked;
use crate::access::Extensible;
use crate::access::datatypes::r4::identifier_in;
use crate::decimal::Decimal;
use crate::primitive::Lexical;
use crate::r4::datatypes::{Identifier, Reference};
use crate::r4::explanation_of_benefit::{BenefitBalanceFinancialUsed, SupportingInfo};
use crate::r4::{ExplanationOfBenefit, Resource};
use crate::vocabulary::{CodeSystem, IdentifierSystem, Name, Variable};

/// The systems of the claim's type in version 3.
const CLM_TYPE_CD: &str = "https://bluebutton.cms.gov/fhir/CodeSystem/CLM-TYPE-CD";
const EOB_TYPE: &str = "https://bluebutton.cms.gov/fhir/CodeSystem/EOB-TYPE";

/// The kind of claim that a type of the IDR is. Types of four digits are claims of the shared systems, which are not
/// settled yet: those say their kind with `EOB-TYPE` or not at all.
fn type_of_idr(code: &str) -> Option<ClaimType> {
    Some(match code {
        "1" | "2" | "3" | "4" => ClaimType::Pde,
        "10" => ClaimType::Hha,
        "20" | "30" => ClaimType::Snf,
        "40" => ClaimType::Outpatient,
        "50" => ClaimType::Hospice,
        "60" | "61" | "62" | "63" | "64" => ClaimType::Inpatient,
        "71" | "72" => ClaimType::Carrier,
        "81" | "82" => ClaimType::Dme,
        _ => return None,
    })
}

impl<'a> ExplanationOfBenefit<'a> {
    /// Which version of the API wrote the record, by the systems of its type; `None` where no mark is.
    pub fn api(&self) -> Option<Api> {
        let has =
            |system: &str| self.r#type.as_ref().is_some_and(|own| own.coding_in(system).is_some());
        let is_request =
            || self.r#use.as_ref().is_some_and(|own| own.as_str() == "preauthorization");
        if has(CodeSystem::EobType.uri()) {
            Some(Api::V2)
        } else if has(CLM_TYPE_CD) || is_request() {
            Some(Api::V3)
        } else {
            None
        }
    }

    /// The claim's id: in version 2 that of the chronic conditions warehouse, for Part D events the event's; in version 3
    /// the number that CCLF has. Text: it may be negative and long. CCW: `CLM_ID`, `PDE_ID`; IDR: `CLM_UNIQ_ID`.
    pub fn claim_id(&self) -> Option<&str> {
        let unique = |own: &&Identifier<'_>| own.system.is_none() && own.has_type("uc");
        self.identifier_in(Variable::ClmId)
            .or_else(|| self.identifier_in(Variable::PdeId))
            .or_else(|| self.identifier.iter().find(unique)?.value.as_deref())
    }

    /// The claim group, in version 2. CCW: `CLM_GRP_ID`. Its exact meaning is nowhere documented: do not count on it.
    pub fn claim_group(&self) -> Option<&str> {
        self.identifier_in(IdentifierSystem::ClaimGroup)
    }

    /// The first identifier of a system.
    pub fn identifier_in(&self, system: impl Name) -> Option<&str> {
        identifier_in(&self.identifier, system)
    }

    /// The kind of claim: by its `eob-type` coding; records of version 3 before July 2026 have none, there by `CLM-TYPE-CD`.
    pub fn claim_type(&self) -> Option<ClaimType> {
        let code = self.type_code(CodeSystem::EobType).or_else(|| self.type_code(EOB_TYPE));
        match code {
            Some(code) => ClaimType::from_code(code),
            None => self.type_code(CLM_TYPE_CD).and_then(type_of_idr),
        }
    }

    /// The near-line record identification code. CCW: `NCH_NEAR_LINE_REC_IDENT_CD`.
    pub fn near_line_record_code(&self) -> Option<&str> {
        let name = Variable::NchNearLineRecIdentCd;
        self.extension(name).and_then(|own| own.code()).or_else(|| self.information_code(name))
    }

    /// The NCH claim type code; Part D events have none. Version 3 has the types of the IDR, which are the same for
    /// claims of the claims history.
    pub fn nch_claim_type_code(&self) -> Option<&str> {
        let of_idr = || self.type_code(CLM_TYPE_CD).filter(|code| code.len() == 2);
        self.type_code(Variable::NchClmTypeCd).or_else(of_idr)
    }

    /// The code that the claim's type has in a system.
    pub fn type_code(&self, system: impl Name) -> Option<&str> {
        self.r#type.as_ref()?.code_in(system)
    }

    /// First and last day of the claim, as text. CCW: `CLM_FROM_DT`, `CLM_THRU_DT`.
    pub fn billable_dates(&self) -> (Option<&str>, Option<&str>) {
        let Some(period) = self.billable_period.as_deref() else { return (None, None) };
        (period.start.as_ref().map(Lexical::as_str), period.end.as_ref().map(Lexical::as_str))
    }

    /// The id of the beneficiary. Version 3 has other ids than versions 1 and 2, and of merged persons the surviving one.
    pub fn patient_id(&self) -> Option<&str> {
        self.patient.as_ref()?.id_of("Patient")
    }

    /// What Medicare paid for the claim, in US dollars; Part D events have none. CCW: `CLM_PMT_AMT`.
    pub fn payment_amount(&self) -> Option<&Decimal<'a>> {
        self.payment.as_deref()?.amount.as_deref()?.value.as_ref()
    }

    /// Whether the record is the final action: by its tag in version 3, by `status` in version 2. `None` where version 3
    /// has no such tag: `status` is `active` there whatever the record is.
    pub fn is_final_action(&self) -> Option<bool> {
        if self.api() == Some(Api::V2) {
            return Some(self.status.as_ref()?.as_str() == "active");
        }
        let tags = &self.meta.as_deref()?.tag;
        let has = |end: &str, code: &str| {
            tags.iter().any(|tag| {
                tag.system.as_deref().is_some_and(|system| system.ends_with(end))
                    && tag.code.as_deref() == Some(code)
            })
        };
        let told = has("/Final-Action", "FinalAction") || has("/Final-Action", "NotFinalAction");
        told.then(|| has("/Final-Action", "FinalAction") && !has("/System-Type", "SharedSystem"))
    }

    /// An amount of the whole claim, in US dollars, by its variable: of the totals, the adjudications, the benefit balance
    /// or an extension.
    pub fn amount(&self, name: impl Name) -> Option<&Decimal<'a>> {
        let asked = Asked::of(&name)?;
        let total = self
            .total
            .iter()
            .find(|own| own.category.as_ref().is_some_and(|category| asked.is_category(category)));
        let adjudication = || {
            self.adjudication.iter().find(|own| {
                own.category.as_ref().is_some_and(|category| asked.is_category(category))
            })
        };
        let balance = || {
            let mut all = self.benefit_balance.iter().flat_map(|balance| &balance.financial);
            let entry =
                all.find(|own| own.r#type.as_ref().is_some_and(|kind| asked.is_category(kind)))?;
            match &entry.used {
                Some(BenefitBalanceFinancialUsed::Money(money)) => money.value.as_ref(),
                _ => None,
            }
        };
        total
            .and_then(|total| total.amount.as_ref()?.value.as_ref())
            .or_else(|| adjudication()?.amount.as_ref()?.value.as_ref())
            .or_else(balance)
            .or_else(|| self.extension(&name)?.amount())
    }

    /// The first information of a category, which is a variable such as [`Variable::ClmFreqCd`]. Version 2 tells some
    /// variables only by the system of the code, under a category of CARIN; version 3 has categories of its own.
    ///
    /// ```
    /// use fhir_model::{Variable, r4::ExplanationOfBenefit};
    /// // Version 2, then version 3.
    /// for info in [
    ///     r#"{"category":{"coding":[{"code":"typeofbill"}]},"code":{"coding":[
    ///         {"code":"7","system":"https://bluebutton.cms.gov/resources/variables/clm_freq_cd"}]}}"#,
    ///     r#"{"category":{"coding":[{"code":"typeofbill",
    ///         "system":"http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBSupportingInfoType"}]},"code":{"coding":[
    ///         {"code":"117","system":"https://bluebutton.cms.gov/fhir/CodeSystem/CLM-BILL-FREQ-CD"}]}}"#,
    /// ] {
    ///     let line = format!(r#"{{"resourceType":"ExplanationOfBenefit","supportingInfo":[{info}]}}"#);
    ///     let claim: ExplanationOfBenefit = fhir_model::from_slice_as(line.as_bytes())?;
    ///     assert_eq!(claim.information_code(Variable::ClmFreqCd), Some("7"));
    /// }
    /// # Ok::<(), fhir_model::Error>(())
    /// ```
    pub fn information(&self, category: impl Name) -> Option<&SupportingInfo<'a>> {
        let asked = Asked::of(&category)?;
        let is = |own: &&SupportingInfo<'_>| {
            own.category.as_ref().is_some_and(|category| asked.is_category(category))
        };
        let by_system = |own: &&SupportingInfo<'_>| {
            own.code.as_ref().is_some_and(|code| code.coding_in(asked.uri).is_some())
        };
        let entries = || self.supporting_info.iter();
        entries().find(by_system).or_else(|| entries().find(is))
    }

    /// The code of the first information of a category.
    pub fn information_code(&self, category: impl Name) -> Option<&str> {
        let concept = self.information(&category)?.code.as_ref()?;
        Asked::of(&category)?.code_in(concept)
    }

    /// The contained resource that a local reference (`#2`) points to.
    pub fn contained(&self, reference: &Reference<'_>) -> Option<&Resource<'a>> {
        let id = reference.reference.as_deref()?.strip_prefix('#')?;
        self.contained
            .iter()
            .find(|resource| resource.id().is_some_and(|own| own.trim_start_matches('#') == id))
    }

    /// The identifiers of the billing provider, which is contained; none where the server does not know it.
    pub fn provider_identifiers(&self) -> &[Identifier<'a>] {
        match self.provider.as_ref().and_then(|provider| self.contained(provider)) {
            Some(Resource::Organization(provider)) => &provider.identifier,
            Some(Resource::Practitioner(provider)) => &provider.identifier,
            _ => &[],
        }
    }

    /// The national provider identifier of the billing provider: of the contained resource, else of the reference.
    pub fn provider_npi(&self) -> Option<&str> {
        let contained = self.provider_identifiers().iter().find(|own| own.is_npi());
        contained
            .and_then(|own| own.value.as_deref())
            .or_else(|| self.provider.as_ref()?.npi())
            .or_else(|| self.provider.as_ref()?.identifier_in("carr_clm_blg_npi_num"))
    }

    /// The CMS certification number of the billing provider, on institutional claims. CCW: `PRVDR_NUM`.
    pub fn provider_ccn(&self) -> Option<&str> {
        let ccn = "http://terminology.hl7.org/NamingSystem/CCN";
        let is = |own: &&Identifier<'_>| own.has_type("PRN") || own.system.as_deref() == Some(ccn);
        self.provider_identifiers().iter().find(is)?.value.as_deref()
    }
}
