//! How a column's value is found in the registers.

use std::borrow::Cow;

use crate::facts::codes;
use crate::facts::crosswalk::Crosswalk;
use crate::facts::fact::Conversion;
use crate::plan::access::{Access, Register};
use crate::plan::registers::{RecordView, Val};
use crate::plan::value::Value;
use cms::{ClaimType, ClaimTypes};

/// How a column's value is found: the first alternative that is not null. `A` is what can be looked up for its kind of
/// rows.
#[derive(Clone, Debug)]
pub(crate) struct Program<A> {
    pub(crate) alternatives: Vec<AltProgram<A>>,
}

#[derive(Clone, Debug)]
pub(crate) struct AltProgram<A> {
    pub(crate) claim_types: Option<ClaimTypes>,
    pub(crate) source: Source<A>,
    pub(crate) conversions: Vec<Conversion>,
}

#[derive(Clone, Debug)]
pub(crate) enum Source<A> {
    /// A constant of the layout.
    Literal(String),
    /// A constant amount, in units of the column's last place.
    Number(i128),
    /// The first of these that has a value.
    Accesses(Vec<A>),
}

/// A row whose values are looked up: of a kind, and so by the accesses of that kind.
pub(crate) trait Row<'r> {
    type Access;

    fn value(&self, access: &Self::Access) -> Value<'r>;

    /// What a register holds, where rows of this kind have such.
    fn register(&self, _register: Register) -> Option<(Val, RecordView<'r>)> {
        None
    }

    /// The type of the claim that it is a row of.
    fn claim_type(&self) -> Option<ClaimType> {
        None
    }
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

impl<A: Access> Program<A> {
    /// The register that the column says as it is, on every row, where it is one.
    pub(crate) fn register(&self) -> Option<Register> {
        let [AltProgram { claim_types: None, source, conversions }] = &self.alternatives[..] else {
            return None;
        };
        match source {
            Source::Accesses(accesses) if conversions.is_empty() => match &accesses[..] {
                [access] => access.register(),
                _ => None,
            },
            _ => None,
        }
    }
}

impl<A> Program<A> {
    /// Wherever it looks, in order.
    pub(crate) fn accesses(&self) -> impl Iterator<Item = &A> {
        self.alternatives.iter().flat_map(|alternative| match &alternative.source {
            Source::Literal(_) | Source::Number(_) => &[],
            Source::Accesses(accesses) => &accesses[..],
        })
    }

    pub(crate) fn evaluate<'r>(
        &'r self,
        crosswalk: &'r Crosswalk,
        row: &impl Row<'r, Access = A>,
        untranslated: &mut Untranslated,
    ) -> Value<'r> {
        for alternative in &self.alternatives {
            if let Some(types) = alternative.claim_types
                && !row.claim_type().is_some_and(|claim_type| types.contains(claim_type))
            {
                continue;
            }
            let mut value = Value::Null;
            match &alternative.source {
                Source::Literal(text) => value = Value::Text(Cow::Borrowed(text)),
                Source::Number(number) => value = Value::Decimal(*number),
                Source::Accesses(accesses) => {
                    for access in accesses {
                        value = row.value(access);
                        if !matches!(value, Value::Null) {
                            break;
                        }
                    }
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
    let text = match value {
        // A place or a rank.
        Value::Int(number) => Some(Cow::Owned(number.to_string())),
        value => value.text(),
    };
    if let Conversion::Map(name) = conversion {
        let Some(map) = crosswalk.map(name) else { return Value::Null };
        untranslated.codes += u64::from(map.lacks(text.as_deref()));
        return Value::borrowed(map.get(text.as_deref()));
    }
    let Some(text) = text else { return Value::Null };
    let owned =
        |piece: Option<String>| piece.map_or(Value::Null, |piece| Value::Text(Cow::Owned(piece)));
    match conversion {
        Conversion::Except(unwanted) => owned((text != *unwanted).then(|| text.into_owned())),
        Conversion::Ending(count) => owned(Some(codes::ending(&text, *count).to_owned())),
        Conversion::Undot => Value::Text(codes::undot(text)),
        Conversion::Pad(width) => owned(Some(codes::pad(&text, *width).into_owned())),
        Conversion::Slice(from, to) => owned(codes::slice(&text, *from, *to).map(str::to_owned)),
        Conversion::Zip5 | Conversion::Zip4 => {
            let digits = codes::zip(&text);
            untranslated.zips += u64::from(digits.is_none());
            owned(digits.and_then(|digits| match conversion {
                Conversion::Zip5 => codes::zip5(&digits).map(str::to_owned),
                _ => codes::zip4(&digits).map(str::to_owned),
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
