//! Broken lines: what a reader must refuse, made from good records.

use crate::rng::Rng;

/// The resource type of a record or file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordType {
    /// `ExplanationOfBenefit`
    ExplanationOfBenefit,
    /// `Patient`
    Patient,
    /// `Coverage`
    Coverage,
}

impl RecordType {
    /// All three, in the order in which an export writes them.
    pub const ALL: [Self; 3] = [Self::ExplanationOfBenefit, Self::Patient, Self::Coverage];

    /// The FHIR name.
    pub fn name(self) -> &'static str {
        match self {
            Self::ExplanationOfBenefit => "ExplanationOfBenefit",
            Self::Patient => "Patient",
            Self::Coverage => "Coverage",
        }
    }
}

/// One way in which a line is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Defect {
    /// The line ends in the middle of the record.
    Truncated,
    /// A byte in a string that no UTF-8 text has.
    InvalidUtf8,
    /// Half of a surrogate pair as an escape in a string.
    LoneSurrogate,
    /// A raw control character in a string.
    ControlCharacter,
    /// `resourceType` twice.
    DuplicateMember,
    /// A number where text or an object must be.
    WrongType,
    /// No identifier of the claim, no Patient.id, no Coverage.beneficiary.
    MissingIdentity,
    /// No eob-type coding.
    MissingEobType,
    /// 2019-02-30.
    ImpossibleDate,
    /// An amount of 1.005.
    InexactAmount,
    /// A resource type that does not exist.
    UnknownResourceType,
    /// Lists in lists, 100 levels deep.
    TooDeep,
    /// More text after the record.
    TrailingText,
    /// `NaN` where a number must be.
    NotANumber,
}

/// The bytes of an impossible date.
const IMPOSSIBLE: &[u8] = b"2019-02-30";

impl Defect {
    /// Every defect.
    pub const ALL: [Self; 14] = [
        Self::Truncated,
        Self::InvalidUtf8,
        Self::LoneSurrogate,
        Self::ControlCharacter,
        Self::DuplicateMember,
        Self::WrongType,
        Self::MissingIdentity,
        Self::MissingEobType,
        Self::ImpossibleDate,
        Self::InexactAmount,
        Self::UnknownResourceType,
        Self::TooDeep,
        Self::TrailingText,
        Self::NotANumber,
    ];

    /// The name under which the summary counts it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Truncated => "truncated",
            Self::InvalidUtf8 => "invalid-utf8",
            Self::LoneSurrogate => "lone-surrogate",
            Self::ControlCharacter => "control-character",
            Self::DuplicateMember => "duplicate-member",
            Self::WrongType => "wrong-type",
            Self::MissingIdentity => "missing-identity",
            Self::MissingEobType => "missing-eob-type",
            Self::ImpossibleDate => "impossible-date",
            Self::InexactAmount => "inexact-amount",
            Self::UnknownResourceType => "unknown-resource-type",
            Self::TooDeep => "too-deep",
            Self::TrailingText => "trailing-text",
            Self::NotANumber => "not-a-number",
        }
    }

    pub(crate) fn draw(rng: &mut Rng) -> Self {
        rng.pick(&Self::ALL)
    }

    /// Breaks `line`, one good record without its line feed. Where the record has nothing of the kind (a
    /// Patient has no amount), the line is truncated instead. Gives the defect the line has now.
    #[must_use]
    pub fn apply(self, line: &mut Vec<u8>) -> Self {
        if self.try_apply(line).is_some() {
            self
        } else {
            line.truncate(line.len() / 2);
            Self::Truncated
        }
    }

    fn try_apply(self, line: &mut Vec<u8>) -> Option<()> {
        let record_type = record_type(line)?;
        match self {
            Self::Truncated => {
                line.truncate(line.len() / 2);
                Some(())
            }
            Self::InvalidUtf8 => insert_after(line, b"\"id\":\"", b"\xFF"),
            Self::LoneSurrogate => insert_after(line, b"\"id\":\"", b"\\ud83d"),
            Self::ControlCharacter => insert_after(line, b"\"id\":\"", b"\x01"),
            Self::DuplicateMember => {
                let at = rfind(line, b"\"resourceType\":")?;
                let member = format!("\"resourceType\":\"{}\",", record_type.name());
                line.splice(at..at, member.bytes());
                Some(())
            }
            Self::WrongType => match record_type {
                RecordType::ExplanationOfBenefit => {
                    replace_member(line, b"\"patient\":{", b'}', b"17")
                }
                RecordType::Patient => replace_member(line, b"\"birthDate\":\"", b'"', b"19410203"),
                RecordType::Coverage => replace_member(line, b"\"beneficiary\":{", b'}', b"17"),
            },
            Self::MissingIdentity => match record_type {
                RecordType::ExplanationOfBenefit => {
                    rename(line, b"variables/clm_id\"", b"variables/clm_no\"")
                        .or_else(|| rename(line, b"variables/pde_id\"", b"variables/pde_no\""))
                        .or_else(|| rename(line, b"\"code\":\"uc\"", b"\"code\":\"ud\""))
                }
                // In a Patient of this generator "id" is a member of the record alone.
                RecordType::Patient => rename(line, b"\"id\":\"", b"\"ie\":\""),
                RecordType::Coverage => rename(line, b"\"beneficiary\":", b"\"beneficiarz\":"),
            },
            Self::MissingEobType => {
                rename(line, b"codesystem/eob-type\"", b"codesystem/eob-typo\"").or_else(|| {
                    // v3 has two codings that tell the type.
                    rename(line, b"CodeSystem/CLM-TYPE-CD\"", b"CodeSystem/CLM-TYPO-CD\"")?;
                    rename(line, b"CodeSystem/EOB-TYPE\"", b"CodeSystem/EOB-TYPO\"")
                })
            }
            Self::ImpossibleDate => match record_type {
                RecordType::ExplanationOfBenefit => {
                    let period = find(line, b"\"billablePeriod\":{", 0)?;
                    overwrite_date(line, b"\"start\":\"", period)
                }
                RecordType::Patient => overwrite_date(line, b"\"birthDate\":\"", 0),
                RecordType::Coverage => {
                    let period = find(line, b"\"period\":{", 0)?;
                    overwrite_date(line, b"\"start\":\"", period)
                }
            },
            Self::InexactAmount => replace_amount(line, b"1.005"),
            Self::NotANumber => replace_amount(line, b"NaN"),
            Self::UnknownResourceType => {
                let at = rfind(line, b"\"resourceType\":\"")? + b"\"resourceType\":\"".len();
                line.splice(at..at, *b"Un");
                Some(())
            }
            Self::TooDeep => {
                let mut member = b"\"a\":".to_vec();
                member.resize(member.len() + 100, b'[');
                member.resize(member.len() + 100, b']');
                member.push(b',');
                line.splice(1..1, member);
                Some(())
            }
            Self::TrailingText => {
                line.extend_from_slice(b" {}");
                Some(())
            }
        }
    }
}

fn find(line: &[u8], text: &[u8], from: usize) -> Option<usize> {
    line.get(from..)?.windows(text.len()).position(|window| window == text).map(|at| at + from)
}

fn rfind(line: &[u8], text: &[u8]) -> Option<usize> {
    line.windows(text.len()).rposition(|window| window == text)
}

fn record_type(line: &[u8]) -> Option<RecordType> {
    let at = rfind(line, b"\"resourceType\":\"")? + b"\"resourceType\":\"".len();
    RecordType::ALL.into_iter().find(|t| line[at..].starts_with(t.name().as_bytes()))
}

fn insert_after(line: &mut Vec<u8>, text: &[u8], bytes: &[u8]) -> Option<()> {
    let at = rfind(line, text)? + text.len();
    line.splice(at..at, bytes.iter().copied());
    Some(())
}

/// Replaces the value of a member, whose start is given with its first byte and whose end is a byte.
fn replace_member(line: &mut Vec<u8>, start: &[u8], end: u8, value: &[u8]) -> Option<()> {
    let at = find(line, start, 0)? + start.len() - 1;
    let len = line[at + 1..].iter().position(|&b| b == end)? + 2;
    line.splice(at..at + len, value.iter().copied());
    Some(())
}

fn rename(line: &mut Vec<u8>, from: &[u8], to: &[u8]) -> Option<()> {
    let at = find(line, from, 0)?;
    line.splice(at..at + from.len(), to.iter().copied());
    Some(())
}

fn overwrite_date(line: &mut [u8], member: &[u8], from: usize) -> Option<()> {
    let at = find(line, member, from)? + member.len();
    line.get_mut(at..at + IMPOSSIBLE.len())?.copy_from_slice(IMPOSSIBLE);
    Some(())
}

/// Replaces an amount that a table shows: of a line of Part B or D, else the payment of the claim.
fn replace_amount(line: &mut Vec<u8>, number: &[u8]) -> Option<()> {
    const VALUE: &[u8] = b"\"value\":";
    // Part B and D of v1 and v2, Part B and D of v3.
    let of_lines: [&[u8]; 4] = [
        b"variables/line_nch_pmt_amt\"",
        b"variables/ptnt_pay_amt\"",
        b"\"CLM_LINE_CARR_PSYCH_OT_LMT_AMT\"",
        b"\"CLM_BENE_PMT_AMT\"",
    ];
    let line_amount = of_lines.iter().find_map(|name| find(line, name, 0)).and_then(|category| {
        // In v3 the amount paid comes after that one.
        let paid = find(line, b"\"CLM_LINE_CVRD_PD_AMT\"", category).unwrap_or(category);
        rfind(&line[..paid], VALUE)
    });
    let institutional = || {
        // How each version tells the provider of an institution, or what only institutions have.
        let marks: [&[u8]; 3] = [
            b"\"provider\":{\"identifier\":{\"system\":\"https://bluebutton.cms.gov/resources/variables/prvdr_num",
            b"\"provider\":{\"reference\":\"#provider-org",
            b"\"CLM_INSTNL_CVRD_DAY_CNT\"",
        ];
        marks.iter().find_map(|mark| find(line, mark, 0))?;
        find(line, VALUE, find(line, b"\"payment\":{\"amount\":{", 0)?)
    };
    let at = line_amount.or_else(institutional)? + VALUE.len();
    let len = line[at..].iter().position(|&b| b == b'}')?;
    line.splice(at..at + len, number.iter().copied());
    Some(())
}
