//! Accessors of `ExplanationOfBenefit`.

use std::collections::HashSet;

use cms::ClaimType;

use super::Extensible;
use super::codes::{DiagnosisCode, ProcedureCode};
use super::datatypes::stu3::identifier_in;
use crate::decimal::{Decimal, Integer};
use crate::primitive::Lexical;
use crate::stu3::datatypes::{CodeableConcept, Reference};
use crate::stu3::explanation_of_benefit::{
    BenefitBalanceFinancialUsed, CareTeam, DiagnosisChoice, Information, Item, ProcedureChoice,
};
use crate::stu3::{ExplanationOfBenefit, Resource};
use crate::vocabulary::{CodeSystem, IdentifierSystem, Name, Variable};

impl<'a> ExplanationOfBenefit<'a> {
    /// The claim's id in the chronic conditions warehouse; for Part D events the event's id. Text: it may
    /// be negative and long. CCW: `CLM_ID`, `PDE_ID`.
    pub fn claim_id(&self) -> Option<&str> {
        self.identifier_in(Variable::ClmId).or_else(|| self.identifier_in(Variable::PdeId))
    }

    /// The claim group, by its name the group of related records of one claim. CCW: `CLM_GRP_ID`. Its exact meaning is
    /// nowhere documented: do not count on it.
    pub fn claim_group(&self) -> Option<&str> {
        self.identifier_in(IdentifierSystem::ClaimGroup)
    }

    /// The first identifier of a system.
    pub fn identifier_in(&self, system: impl Name) -> Option<&str> {
        identifier_in(&self.identifier, system)
    }

    /// The kind of claim, by the `eob-type` coding, wherever in the list it stands.
    pub fn claim_type(&self) -> Option<ClaimType> {
        self.type_code(CodeSystem::EobType).and_then(ClaimType::from_code)
    }

    /// The near-line record identification code: `O` carrier, `M` DME, `V` part A institutional, `W` part B
    /// institutional (home health may be either); Part D events have none. CCW: `NCH_NEAR_LINE_REC_IDENT_CD`.
    pub fn near_line_record_code(&self) -> Option<&str> {
        self.type_code(Variable::NchNearLineRecIdentCd)
    }

    /// The NCH claim type code: `10` home health, `20` and `30` skilled nursing, `40` outpatient, `50` hospice, `60`
    /// and `61` inpatient, `71` and `72` carrier, `81` and `82` DME; Part D events have none. CCW: `NCH_CLM_TYPE_CD`.
    pub fn nch_claim_type_code(&self) -> Option<&str> {
        self.type_code(Variable::NchClmTypeCd)
    }

    /// The code that the claim's type has in a system.
    pub fn type_code(&self, system: impl Name) -> Option<&str> {
        self.r#type.as_deref()?.code_in(system)
    }

    /// First and last day of the claim, as text. CCW: `CLM_FROM_DT`, `CLM_THRU_DT`.
    pub fn billable_dates(&self) -> (Option<&str>, Option<&str>) {
        let Some(period) = self.billable_period.as_deref() else { return (None, None) };
        (period.start.as_ref().map(Lexical::as_str), period.end.as_ref().map(Lexical::as_str))
    }

    /// The id of the beneficiary. CCW: `BENE_ID`.
    pub fn patient_id(&self) -> Option<&str> {
        self.patient.as_deref()?.id_of("Patient")
    }

    /// What Medicare paid for the claim, in US dollars; Part D events have none. CCW: `CLM_PMT_AMT`.
    pub fn payment_amount(&self) -> Option<&Decimal<'a>> {
        self.payment.as_deref()?.amount.as_deref()?.value.as_ref()
    }

    /// An amount of the whole claim, in US dollars, by its variable: of an extension or of the benefit balance.
    ///
    /// ```
    /// use fhir_model::{Variable, stu3::ExplanationOfBenefit};
    /// let line = br#"{"resourceType":"ExplanationOfBenefit","extension":[{"valueMoney":{"value":120.00},
    ///     "url":"https://bluebutton.cms.gov/resources/variables/nch_bene_ip_ddctbl_amt"}]}"#;
    /// let claim: ExplanationOfBenefit = fhir_model::from_slice_as(line)?;
    /// assert_eq!(claim.amount(Variable::NchBeneIpDdctblAmt).unwrap().as_str(), "120.00");
    /// # Ok::<(), fhir_model::Error>(())
    /// ```
    pub fn amount(&self, name: impl Name) -> Option<&Decimal<'a>> {
        let of_balance = || {
            let uri = name.to_uri()?;
            let mut all = self.benefit_balance.iter().flat_map(|balance| &balance.financial);
            let entry = all
                .find(|entry| entry.r#type.as_ref().is_some_and(|concept| concept.has_code(uri)))?;
            match &entry.used {
                Some(BenefitBalanceFinancialUsed::Money(money)) => money.value.as_ref(),
                _ => None,
            }
        };
        let extension = self.extension(&name).and_then(|extension| extension.amount());
        extension.or_else(of_balance)
    }

    /// The first information of a category, which is a variable such as [`Variable::ClmFreqCd`].
    ///
    /// ```
    /// use fhir_model::{Variable, stu3::ExplanationOfBenefit};
    /// let line = br#"{"resourceType":"ExplanationOfBenefit","information":[{"sequence":1,
    ///     "category":{"coding":[{"code":"https://bluebutton.cms.gov/resources/variables/clm_freq_cd"}]},
    ///     "code":{"coding":[{"code":"7","system":"https://bluebutton.cms.gov/resources/variables/clm_freq_cd"}]}}]}"#;
    /// let claim: ExplanationOfBenefit = fhir_model::from_slice_as(line)?;
    /// assert!(claim.information(Variable::ClmFreqCd).is_some());
    /// assert_eq!(claim.information_code(Variable::ClmFreqCd), Some("7"));
    /// # Ok::<(), fhir_model::Error>(())
    /// ```
    pub fn information(&self, category: impl Name) -> Option<&Information<'a>> {
        let category = category.to_uri()?;
        self.information
            .iter()
            .find(|entry| entry.category.as_ref().is_some_and(|concept| concept.has_code(category)))
    }

    /// The code of the first information of a category, in the variable's own system.
    pub fn information_code(&self, category: impl Name) -> Option<&str> {
        let concept = self.information(&category)?.code.as_ref()?;
        let since_2024 = || match category.to_uri() {
            uri if uri == Some(Variable::ClmIpAdmsnTypeCd.uri()) => {
                concept.code_in(CodeSystem::NubcAdmissionType)
            }
            _ => None,
        };
        concept.code_in(&category).or_else(since_2024).or_else(|| concept.code_by(category))
    }

    /// The diagnoses in the order of the record, without the diagnosis related group. CCW: `PRNCPAL_DGNS_CD`,
    /// `ADMTG_DGNS_CD`, `ICD_DGNS_CD1` and on, `ICD_DGNS_E_CD1` and on, `RSN_VISIT_CD1` and on, and on carrier and DME
    /// claims `LINE_ICD_DGNS_CD`; present on admission: `CLM_POA_IND_SW1` and on. The server keeps one of equal codes.
    pub fn diagnoses(&self) -> impl Iterator<Item = DiagnosisCode<'_>> + Clone {
        self.diagnosis.iter().filter_map(|entry| {
            let Some(DiagnosisChoice::CodeableConcept(concept)) = &entry.diagnosis else {
                return None;
            };
            let coding = concept.icd_coding();
            let on_admission = entry.extensions().iter().find(|extension| {
                extension.url.as_deref().is_some_and(|url| url.contains("_poa_ind_sw"))
            });
            Some(DiagnosisCode {
                sequence: entry.sequence.as_ref().and_then(Integer::get),
                code: coding.and_then(|coding| coding.code.as_deref()),
                system: coding.and_then(|coding| coding.system.as_deref()),
                kinds: entry
                    .r#type
                    .iter()
                    .flat_map(|kind| kind.codes_by(CodeSystem::DiagnosisType))
                    .collect(),
                present_on_admission: on_admission.and_then(|extension| extension.code()),
            })
        })
    }

    /// The principal diagnosis: the last entry of that role, because the server lists the first slot before
    /// the principal one and calls both so; on inpatient and skilled nursing claims without any, the admitting one
    /// (the server merges equal codes).
    pub fn principal_diagnosis(&self) -> Option<DiagnosisCode<'_>> {
        let is = |kind| move |diagnosis: &DiagnosisCode<'_>| diagnosis.is(kind);
        cms::principal(self.claim_type(), self.diagnoses(), is("principal"), is("admitting"))
    }

    /// The diagnosis related group of an inpatient or skilled nursing claim, three or four characters. CCW:
    /// `CLM_DRG_CD`.
    pub fn drg(&self) -> Option<&str> {
        let mut packages = self.diagnosis.iter().filter_map(|entry| entry.package_code.as_deref());
        packages.find_map(|package| package.code_in(Variable::ClmDrgCd))
    }

    /// The procedures in the order of the record. CCW: `ICD_PRCDR_CD1` and on, `PRCDR_DT1` and on.
    pub fn procedures(&self) -> impl Iterator<Item = ProcedureCode<'_>> {
        self.procedure.iter().filter_map(|entry| {
            let Some(ProcedureChoice::CodeableConcept(concept)) = &entry.procedure else {
                return None;
            };
            let coding = concept.icd_coding();
            Some(ProcedureCode {
                sequence: entry.sequence.as_ref().and_then(Integer::get),
                code: coding.and_then(|coding| coding.code.as_deref()),
                system: coding.and_then(|coding| coding.system.as_deref()),
                date: entry.date.as_ref().map(Lexical::as_str),
            })
        })
    }

    /// The contained resource that a local reference (`#2`) points to.
    pub fn contained(&self, reference: &Reference<'_>) -> Option<&Resource<'a>> {
        let id = reference.reference.as_deref()?.strip_prefix('#')?;
        self.contained
            .iter()
            .find(|resource| resource.id().is_some_and(|own| own.trim_start_matches('#') == id))
    }

    /// The national provider identifier of the referring physician, on carrier and DME claims. CCW:
    /// `RFR_PHYSN_NPI`.
    pub fn referring_npi(&self) -> Option<&str> {
        self.contained.iter().find_map(|resource| match resource {
            Resource::ReferralRequest(request) => {
                request.requester.as_deref()?.agent.as_ref()?.npi()
            }
            _ => None,
        })
    }

    /// The care team entries of a role, by sequence.
    pub fn care_team_in(&self, role: &str) -> Vec<&CareTeam<'a>> {
        let mut members: Vec<_> = self.care_team.iter().filter(|member| member.is(role)).collect();
        members.sort_by_key(|member| member.number().unwrap_or(i64::MAX));
        members
    }

    /// The attending physician of an institutional claim: the entry of role `primary` with the lowest sequence
    /// that no item links to. If items link to all of them (the attending physician also rendered services), the
    /// one with the lowest sequence. CCW: `AT_PHYSN_NPI`.
    pub fn attending(&self) -> Option<&CareTeam<'a>> {
        if !self.claim_type()?.is_institutional() {
            return None;
        }
        let primaries = self.care_team.iter().filter(|member| member.is("primary"));
        let links = self.item.iter().flat_map(|item| item.care_team_link_id.iter().flatten());
        let links: HashSet<i64> = links.filter_map(Integer::get).collect();
        let by_sequence = primaries.map(|member| (member.number(), member));
        cms::attending(by_sequence, |sequence| links.contains(&sequence))
    }

    /// The operating physician of an institutional claim. CCW: `OP_PHYSN_NPI`.
    pub fn operating(&self) -> Option<&CareTeam<'a>> {
        self.claim_type()?
            .is_institutional()
            .then(|| self.care_team_in("assist").first().copied())
            .flatten()
    }

    /// The care team entries that an item links to, in the order of the care team.
    pub fn care_team_of(&self, item: &Item<'_>) -> impl Iterator<Item = &CareTeam<'a>> {
        self.care_team.iter().filter(move |member| item.links_to(member))
    }

    /// Who rendered an item: the linked entry of role `primary`. CCW: `PRF_PHYSN_NPI` on carrier lines,
    /// `PRVDR_NPI` on DME lines, `RNDRNG_PHYSN_NPI` on revenue centers, `PRSCRBR_ID` on Part D events.
    pub fn rendering(&self, item: &Item<'_>) -> Option<&CareTeam<'a>> {
        self.care_team_of(item).find(|member| member.is("primary"))
    }

    /// The diagnosis that an item links to first. CCW: `LINE_ICD_DGNS_CD`.
    pub fn diagnosis_of(&self, item: &Item<'_>) -> Option<DiagnosisCode<'_>> {
        let number = item.diagnosis_link_id.iter().flatten().next()?.get()?;
        self.diagnoses().find(|diagnosis| diagnosis.sequence == Some(number))
    }
}

impl CareTeam<'_> {
    /// The sequence, which items link to.
    pub fn number(&self) -> Option<i64> {
        self.sequence.as_ref()?.get()
    }

    /// Whether the entry has this role: `primary`, `assist`, `other`.
    pub fn is(&self, role: &str) -> bool {
        let of_role = |concept: &CodeableConcept<'_>| {
            concept.has_code_by(CodeSystem::Claimcareteamrole, role)
        };
        self.role.as_deref().is_some_and(of_role)
    }

    /// The national provider identifier.
    pub fn npi(&self) -> Option<&str> {
        self.provider.as_ref()?.npi()
    }

    /// The CMS specialty code. CCW: `PRVDR_SPCLTY`.
    pub fn specialty(&self) -> Option<&str> {
        self.qualification.as_deref()?.code_in(Variable::PrvdrSpclty)
    }
}
