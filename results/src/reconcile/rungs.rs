//! By what claims are matched, in this order, and how those of one key are paired.

use cclf_crosswalk::Table;
use serde::Serialize;

/// A key that claims of both sides may share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// CUR_CLM_UNIQ_ID, where both sides number claims alike.
    ClaimNumber,
    /// CLM_CNTL_NUM and the MBI.
    ControlNumber,
    /// PRVDR_OSCAR_NUM, CLM_FROM_DT, CLM_THRU_DT and the MBI.
    ProviderOscar,
    /// The same with CLM_BLG_PRVDR_OSCAR_NUM.
    BillingOscar,
    /// The same with FAC_PRVDR_NPI_NUM.
    Npi,
    /// The natural key of a drug event and the MBI. An absent dispensing status counts as one.
    Prescription,
    /// Of the natural key the day, the service reference number and the fill number, with the MBI: v3 tells neither the
    /// dispensing status nor pharmacies that CMS's directory does not know.
    PrescriptionReference,
}

impl Rung {
    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClaimNumber => "claim_number",
            Self::ControlNumber => "control_number",
            Self::ProviderOscar => "provider_oscar",
            Self::BillingOscar => "billing_oscar",
            Self::Npi => "npi",
            Self::Prescription => "prescription",
            Self::PrescriptionReference => "prescription_reference",
        }
    }

    /// The rungs below the claim number of a table of claims, as columns of the table; the MBI is part of each.
    pub(super) const fn below_number(table: Table) -> &'static [(Self, &'static [&'static str])] {
        match table {
            Table::Cclf1 => &[
                (Self::ControlNumber, &["CLM_CNTL_NUM"]),
                (Self::ProviderOscar, &["PRVDR_OSCAR_NUM", "CLM_FROM_DT", "CLM_THRU_DT"]),
                (Self::BillingOscar, &["CLM_BLG_PRVDR_OSCAR_NUM", "CLM_FROM_DT", "CLM_THRU_DT"]),
                (Self::Npi, &["FAC_PRVDR_NPI_NUM", "CLM_FROM_DT", "CLM_THRU_DT"]),
            ],
            Table::Cclf5 | Table::Cclf6 => &[(Self::ControlNumber, &["CLM_CNTL_NUM"])],
            Table::Cclf7 => &[
                (
                    Self::Prescription,
                    &[
                        "CLM_LINE_FROM_DT",
                        "PRVDR_SRVC_ID_QLFYR_CD",
                        "CLM_SRVC_PRVDR_GNRC_ID_NUM",
                        "CLM_DSPNSNG_STUS_CD",
                        "CLM_LINE_RX_SRVC_RFRNC_NUM",
                        "CLM_LINE_RX_FILL_NUM",
                    ],
                ),
                (
                    Self::PrescriptionReference,
                    &["CLM_LINE_FROM_DT", "CLM_LINE_RX_SRVC_RFRNC_NUM", "CLM_LINE_RX_FILL_NUM"],
                ),
            ],
            _ => &[],
        }
    }
}

/// What becomes of the claims of one key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Paired {
    /// Places among the left and the right ones.
    pub(super) pairs: Vec<(usize, usize)>,
    pub(super) left_rest: Vec<usize>,
    pub(super) right_rest: Vec<usize>,
}

impl Paired {
    /// Whether the rest could be paired in several ways: then it is ambiguous. A rest of one side only goes on to the next
    /// rung.
    pub(super) fn is_rest_ambiguous(&self) -> bool {
        !self.left_rest.is_empty() && !self.right_rest.is_empty()
    }
}

/// Pairs the claims of one key by their amounts, which are in ascending order.
///
/// One claim of each side is a pair, whatever the amounts: the key says so, and that they differ is what is to be found.
/// With more, equal amounts are pairs, one to one: which of several with one amount makes no difference to the sums. Of
/// others nobody knows which belongs to which, not even of a single rest on each side, since either may be a claim that the
/// other side lacks: they stay unpaired.
pub(super) fn pair_up(left: &[i64], right: &[i64]) -> Paired {
    if left.len() == 1 && right.len() == 1 {
        return Paired { pairs: vec![(0, 0)], ..Paired::default() };
    }
    let mut paired = Paired::default();
    let (mut at, mut to) = (0, 0);
    while at < left.len() && to < right.len() {
        match left[at].cmp(&right[to]) {
            std::cmp::Ordering::Equal => {
                paired.pairs.push((at, to));
                (at, to) = (at + 1, to + 1);
            }
            std::cmp::Ordering::Less => {
                paired.left_rest.push(at);
                at += 1;
            }
            std::cmp::Ordering::Greater => {
                paired.right_rest.push(to);
                to += 1;
            }
        }
    }
    paired.left_rest.extend(at..left.len());
    paired.right_rest.extend(to..right.len());
    paired
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(left: &[i64], right: &[i64]) -> (usize, usize, usize, bool) {
        let paired = pair_up(left, right);
        let counts = (paired.pairs.len(), paired.left_rest.len(), paired.right_rest.len());
        assert!(counts.0 + counts.1 == left.len() && counts.0 + counts.2 == right.len());
        (counts.0, counts.1, counts.2, paired.is_rest_ambiguous())
    }

    #[test]
    fn one_of_each_side_is_a_pair_whatever_the_amounts() {
        assert_eq!(of(&[5], &[900]), (1, 0, 0, false));
    }

    #[test]
    fn repeats_pair_by_amount_and_are_never_multiplied() {
        assert_eq!(of(&[5, 5], &[5, 5]), (2, 0, 0, false));
        assert_eq!(of(&[5, 5, 7], &[5, 7]), (2, 1, 0, false));
        assert_eq!(of(&[5], &[5, 5]), (1, 0, 1, false));
        assert_eq!(of(&[1, 5], &[5, 9]), (1, 1, 1, true));
        assert_eq!(of(&[1, 2], &[3]), (0, 2, 1, true));
        assert_eq!(of(&[1, 2], &[]), (0, 2, 0, false));
    }
}
