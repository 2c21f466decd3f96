//! Values that enrolment records have for each month.

use super::ExtensionFacts;
use crate::primitive::{Date, Lexical};
use crate::vocabulary::{BLUE_BUTTON, Variable, by_monthly_uri};

/// A family of twelve variables, one a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Monthly {
    /// Medicare and Medicaid dual status. CCW: `DUAL_01` to `DUAL_12`; on all parts and on Patients.
    DualStatus,
    /// State buy-in. CCW: `BUYIN01` to `BUYIN12`; on parts A and B.
    BuyIn,
    /// Part C contract. CCW: `PTC_CNTRCT_ID_01` to `_12`.
    PartCContract,
    /// Part C plan benefit package. CCW: `PTC_PBP_ID_01` to `_12`.
    PartCPlan,
    /// Part C plan type. CCW: `PTC_PLAN_TYPE_CD_01` to `_12`.
    PartCPlanType,
    /// HMO indicator. CCW: `HMO_IND_01` to `_12`; on part C.
    HmoIndicator,
    /// Part D contract. CCW: `PTDCNTRCT01` to `12`.
    PartDContract,
    /// Part D plan benefit package. CCW: `PTDPBPID01` to `12`.
    PartDPlan,
    /// Part D segment. CCW: `SGMTID01` to `12`.
    PartDSegment,
    /// Part D cost share group. CCW: `CSTSHR01` to `12`.
    CostShare,
    /// Retiree drug subsidy indicator. CCW: `RDSIND01` to `12`.
    RetireeDrugSubsidy,
}

impl Monthly {
    /// All families.
    pub const ALL: [Self; 11] = [
        Self::DualStatus,
        Self::BuyIn,
        Self::PartCContract,
        Self::PartCPlan,
        Self::PartCPlanType,
        Self::HmoIndicator,
        Self::PartDContract,
        Self::PartDPlan,
        Self::PartDSegment,
        Self::CostShare,
        Self::RetireeDrugSubsidy,
    ];

    /// The variables' names without the two digits of the month: `dual_`, `buyin`.
    pub fn stem(self) -> &'static str {
        match self {
            Self::DualStatus => "dual_",
            Self::BuyIn => "buyin",
            Self::PartCContract => "ptc_cntrct_id_",
            Self::PartCPlan => "ptc_pbp_id_",
            Self::PartCPlanType => "ptc_plan_type_cd_",
            Self::HmoIndicator => "hmo_ind_",
            Self::PartDContract => "ptdcntrct",
            Self::PartDPlan => "ptdpbpid",
            Self::PartDSegment => "sgmtid",
            Self::CostShare => "cstshr",
            Self::RetireeDrugSubsidy => "rdsind",
        }
    }

    /// The variable of a month from 1 to 12.
    ///
    /// ```
    /// use fhir_model::{Monthly, Variable};
    /// assert_eq!(Monthly::DualStatus.variable(7), Some(Variable::Dual07));
    /// assert_eq!(Monthly::DualStatus.variable(13), None);
    /// ```
    pub fn variable(self, month: u8) -> Option<Variable> {
        Variable::from_short(&format!("{}{month:02}", self.stem()))
    }

    /// The month that a variable's name stands for, if it is one of this family.
    fn month(self, short: &str) -> Option<usize> {
        let month: usize = short.strip_prefix(self.stem())?.parse().ok()?;
        (1..=12).contains(&month).then_some(month)
    }
}

/// What an extension says in a code or an identifier.
fn text_of<'t, 'a>(extension: &'t impl ExtensionFacts<'a>) -> Option<&'t str> {
    extension.code().or_else(|| extension.identifier())
}

/// The values of a family, January first.
pub(super) fn months_of<'t, 'a>(
    extensions: &'t [impl ExtensionFacts<'a>],
    family: Monthly,
) -> [Option<&'t str>; 12] {
    let mut months = [None; 12];
    for extension in extensions {
        let url = extension.url().unwrap_or_default();
        let short = url.strip_prefix(BLUE_BUTTON).and_then(|rest| rest.strip_prefix("variables/"));
        if let Some(month) = short.and_then(|short| family.month(short)) {
            let slot: &mut Option<&str> = &mut months[month - 1];
            *slot = slot.or_else(|| text_of(extension));
        }
    }
    months
}

/// The dated values of a family: those whose URL ends in a year and a month.
pub(super) fn history_of<'t, 'a, E: ExtensionFacts<'a>>(
    extensions: &'t [E],
    family: Monthly,
) -> impl Iterator<Item = (u16, u8, &'t str)> + use<'t, 'a, E> {
    extensions.iter().filter_map(move |extension| {
        let (term, year, month) = by_monthly_uri(extension.url()?)?;
        let of_family = family.month(term.short) == Some(usize::from(month));
        of_family.then(|| text_of(extension)).flatten().map(|text| (year, month, text))
    })
}

/// `RFRNC_YR`.
pub(super) fn reference_year<'a>(extensions: &[impl ExtensionFacts<'a>]) -> Option<u16> {
    let url = Variable::RfrncYr.uri();
    let year = extensions.iter().find(|extension| extension.url() == Some(url))?;
    Lexical::value(year.date()?).ok().map(Date::year)
}
