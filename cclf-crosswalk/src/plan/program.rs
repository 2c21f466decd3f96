//! What the registers say about a column.

use std::borrow::Cow;

use crate::claim_type::{ClaimType, ClaimTypes};
use crate::facts::values;
use crate::facts::crosswalk::Crosswalk;
use crate::facts::fact::{Conversion, CoverageChoice, Function};
use crate::plan::Reg;
use crate::facts::resolve::List;

pub(crate) use crate::plan::KeyBit;

/// A column's value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value<'r> {
    Null,
    Text(Cow<'r, str>),
    Int(i64),
    Date(i32),
    Timestamp(i64),
    Decimal(i128),
}

impl<'r> Value<'r> {
    pub(crate) fn text(self) -> Option<Cow<'r, str>> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(crate) fn borrowed(text: Option<&'r str>) -> Self {
        text.map_or(Self::Null, |text| Self::Text(Cow::Borrowed(text)))
    }
}

/// How a column's value is found: the first alternative that is not null.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) alternatives: Vec<AltProgram>,
}

#[derive(Clone, Debug)]
pub(crate) struct AltProgram {
    pub(crate) claim_types: Option<ClaimTypes>,
    /// Of the first that has a value.
    pub(crate) accesses: Vec<Access>,
    pub(crate) conversions: Vec<Conversion>,
}

/// Where an alternative looks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Access {
    Literal(String),
    /// The record's own register.
    Record(Reg),
    /// The register of the row's own entry.
    Own {
        reg: Reg,
    },
    /// The first entry of the list that has it.
    First {
        list: List,
        reg: Reg,
    },
    /// The entry at a place.
    At {
        list: List,
        place: usize,
        reg: Reg,
    },
    /// The careTeam entry of this role with the lowest sequence.
    CareTeam {
        role: KeyBit,
        reg: Reg,
    },
    /// The first diagnosis of this type.
    Diagnosis {
        role: KeyBit,
        reg: Reg,
    },
    /// The diagnosis with this sequence, or its place.
    BySequence {
        sequence: i64,
        reg: Option<Reg>,
    },
    Rendering {
        primary: KeyBit,
        reg: Reg,
    },
    LinkedCareTeam {
        role: KeyBit,
        reg: Reg,
    },
    LinkedDiagnosis {
        reg: Reg,
    },
    /// The chosen diagnosis, or its place.
    Principal {
        principal: KeyBit,
        admitting: KeyBit,
        reg: Option<Reg>,
    },
    Attending {
        primary: KeyBit,
        reg: Reg,
    },
    /// The place of the row's own entry.
    OwnPlace,
    PatientMbi,
    MbiCurrent,
    MbiHistoric,
    Months([Reg; 12]),
    Coverage {
        choice: CoverageChoice,
        reg: Reg,
    },
    CoverageMonths {
        choice: CoverageChoice,
        months: [Reg; 12],
    },
    Age,
    HospiceBegin,
    HospiceEnd,
    FileName,
    FileDate,
    Summary(Function),
}

impl Access {
    /// Whether what is found differs between the rows of a claim.
    const fn is_by_row(&self) -> bool {
        matches!(
            self,
            Self::Own { .. }
                | Self::Rendering { .. }
                | Self::LinkedCareTeam { .. }
                | Self::LinkedDiagnosis { .. }
                | Self::OwnPlace
        )
    }
}

/// Something that looks values up.
pub(crate) trait Lookup<'r> {
    fn value(&self, access: &Access) -> Value<'r>;
    fn claim_type(&self) -> Option<ClaimType>;
}

/// Counts the values that could not be translated while rows were made, and so became null.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Untranslated {
    /// State codes without a FIPS or USPS code: foreign, unknown, 99.
    pub states: u64,
    /// Codes and words that are not on their closed list: a gender `M`, an unknown mark of an MBI's currency (which
    /// counts as none).
    pub codes: u64,
    /// Postal codes that are no US ZIP.
    pub zips: u64,
}

impl Untranslated {
    /// Adds what was counted elsewhere, so many times.
    pub fn add(&mut self, other: &Self, times: u64) {
        self.states += other.states * times;
        self.codes += other.codes * times;
        self.zips += other.zips * times;
    }
}

impl Program {
    /// Wherever it looks, in order.
    pub(crate) fn accesses(&self) -> impl Iterator<Item = &Access> {
        self.alternatives.iter().flat_map(|alternative| &alternative.accesses)
    }

    /// Whether its value differs between the rows of a claim.
    pub(crate) fn is_by_row(&self) -> bool {
        self.accesses().any(Access::is_by_row)
    }

    pub(crate) fn evaluate<'r>(
        &'r self,
        crosswalk: &'r Crosswalk,
        lookup: &impl Lookup<'r>,
        untranslated: &mut Untranslated,
    ) -> Value<'r> {
        for alternative in &self.alternatives {
            if let Some(types) = alternative.claim_types
                && !lookup.claim_type().is_some_and(|claim_type| types.contains(claim_type))
            {
                continue;
            }
            let mut value = Value::Null;
            for access in &alternative.accesses {
                value = match access {
                    Access::Literal(text) => Value::Text(Cow::Borrowed(text)),
                    access => lookup.value(access),
                };
                if !matches!(value, Value::Null) {
                    break;
                }
            }
            let value = if alternative.conversions.is_empty() {
                value
            } else {
                alternative.conversions.iter().fold(value, |value, conversion| {
                    convert(conversion, value, crosswalk, untranslated)
                })
            };
            if !matches!(value, Value::Null) {
                return value;
            }
        }
        Value::Null
    }
}

fn convert<'r>(
    conversion: &'r Conversion,
    value: Value<'r>,
    crosswalk: &'r Crosswalk,
    untranslated: &mut Untranslated,
) -> Value<'r> {
    if let Conversion::Const(text) = conversion {
        return if value == Value::Null { value } else { Value::Text(Cow::Borrowed(text)) };
    }
    let text = value.text();
    if let Conversion::Map(name) = conversion {
        let Some(map) = crosswalk.map(name) else { return Value::Null };
        untranslated.codes += u64::from(map.lacks(text.as_deref()));
        return Value::borrowed(map.get(text.as_deref()));
    }
    let Some(text) = text else { return Value::Null };
    let owned =
        |piece: Option<String>| piece.map_or(Value::Null, |piece| Value::Text(Cow::Owned(piece)));
    match conversion {
        Conversion::Pad(width) => owned(Some(values::pad(&text, *width).into_owned())),
        Conversion::Slice(from, to) => owned(values::slice(&text, *from, *to).map(str::to_owned)),
        Conversion::Zip5 | Conversion::Zip4 => {
            let digits = values::zip(&text);
            untranslated.zips += u64::from(digits.is_none());
            owned(digits.and_then(|digits| match conversion {
                Conversion::Zip5 => values::zip5(&digits).map(str::to_owned),
                _ => values::zip4(&digits).map(str::to_owned),
            }))
        }
        Conversion::Fips | Conversion::Usps => {
            let states = crosswalk.states();
            let code = if *conversion == Conversion::Fips {
                states.fips(&text)
            } else {
                states.usps(&text)
            };
            if code.is_none() {
                untranslated.states += 1;
            }
            Value::borrowed(code)
        }
        Conversion::Map(_) | Conversion::Const(_) => Value::Null,
    }
}
