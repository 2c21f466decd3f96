//! What the fuzz targets share: changes to a JSON text that leave it a JSON text.
//!
//! Changes of single bytes hardly ever get past the first check of a record. [`change`] takes a record apart, changes
//! its tree in one place and writes it again, so that what is behind that check is reached too.

#![forbid(unsafe_code)]

use fhir_model::{Decimal, IntoOwned, Object, Str, Value, from_slice_as};

/// Numbers at the edges of what columns, integers and grammars hold.
const NUMBERS: [&str; 22] = [
    "0",
    "-0",
    "0.00",
    "1",
    "-1",
    "2",
    "60.0",
    "120.00",
    "37.505",
    "1E2",
    "1e-17",
    "-1E+400",
    "1e-400",
    "2147483647",
    "2147483648",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "12345678901234567.89",
    "99999999999.99",
    "0.1234567890123456789012345678901234567",
    "1e99999999999999999999",
];

/// Texts at the edges of dates, codes and blanks.
const TEXTS: [&str; 34] = [
    "",
    " ",
    "\u{a0}",
    "\u{feff}",
    "0",
    "-7",
    "A",
    "é😀",
    "\"",
    "\\",
    "=1+1",
    "a,b\nc",
    "2018",
    "2018-02",
    "2018-02-28",
    "2018-02-29",
    "2016-02-29",
    "2018-13-01",
    "1000-01-01",
    "9999-12-31",
    "0000-01-01",
    "2018-02-28T23:59:60Z",
    "2018-02-28T10:00:00.123456789-05:00",
    "2018-02-28 10:00",
    "Patient/-9",
    "Patient/",
    "#1",
    "CARRIER",
    "PDE",
    "INPATIENT",
    "part-a--9",
    "40",
    "E",
    "us-npi",
];

/// Small random numbers, from the seed that the fuzzer gives.
pub struct Random(u64);

impl Random {
    /// From a seed.
    pub fn new(seed: u32) -> Self {
        Self(u64::from(seed) << 1 | 1)
    }

    /// One of 0 to `bound` - 1; 0 for no bound.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % bound.max(1)
    }

    fn of<'t>(&mut self, list: &[&'t str]) -> &'t str {
        list[self.below(list.len())]
    }
}

/// Changes one of the lines of `text` as a tree; `None` when that line is no JSON object.
pub fn change(text: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    let mut lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    let chosen = random.below(lines.len());
    let record: Object<'_> = from_slice_as(lines[chosen]).ok()?;
    let mut record = Value::Object(record.into_owned());
    for _ in 0..=random.below(3) {
        let donor = nth(&mut record, random)?.clone();
        let value = nth(&mut record, random)?;
        edit(value, donor, random);
    }
    let written = record.node().to_json();
    lines[chosen] = written.as_bytes();
    match random.below(12) {
        0 => lines.push(lines[chosen]),
        1 if lines.len() > 1 => drop(lines.remove(random.below(lines.len()))),
        _ => {}
    }
    Some(lines.join(&b'\n'))
}

/// Any of the values in a tree.
fn nth<'v>(tree: &'v mut Value<'static>, random: &mut Random) -> Option<&'v mut Value<'static>> {
    let mut at = random.below(count(tree));
    find(tree, &mut at)
}

fn count(value: &Value<'_>) -> usize {
    1 + match value {
        Value::List(list) => list.iter().map(count).sum(),
        Value::Object(object) => object.members.iter().map(|(_, value)| count(value)).sum(),
        _ => 0_usize,
    }
}

fn find<'v>(value: &'v mut Value<'static>, at: &mut usize) -> Option<&'v mut Value<'static>> {
    if *at == 0 {
        return Some(value);
    }
    *at -= 1;
    match value {
        Value::List(list) => list.iter_mut().find_map(|value| find(value, at)),
        Value::Object(object) => object.members.iter_mut().find_map(|(_, value)| find(value, at)),
        _ => None,
    }
}

/// Changes one value; `donor` is another value of the same record.
fn edit(value: &mut Value<'static>, donor: Value<'static>, random: &mut Random) {
    match value {
        Value::Object(object) if random.below(4) > 0 => members(object, donor, random),
        Value::List(list) if random.below(4) > 0 => {
            let at = random.below(list.len());
            match random.below(4) {
                0 => list.push(donor),
                1 if !list.is_empty() => drop(list.remove(at)),
                2 if !list.is_empty() => list.insert(at, list[at].clone()),
                _ => list.reverse(),
            }
        }
        Value::Number(_) if random.below(4) > 0 => *value = number(random),
        Value::Text(_) if random.below(4) > 0 => *value = text(random),
        _ => {
            *value = match random.below(9) {
                0 => Value::Null,
                1 => Value::Bool(true),
                2 => number(random),
                3 => text(random),
                4 => Value::List(vec![value.clone()]),
                5 => Value::List(Vec::new()),
                6 => Value::Object(Object::default()),
                _ => donor,
            }
        }
    }
}

fn members(object: &mut Object<'static>, donor: Value<'static>, random: &mut Random) {
    const NAMES: [&str; 16] = [
        "id",
        "value",
        "valueMoney",
        "valueString",
        "url",
        "code",
        "system",
        "extension",
        "contained",
        "item",
        "_birthDate",
        "resourceType",
        "sequence",
        "reference",
        "start",
        "another",
    ];
    let at = random.below(object.members.len());
    match random.below(6) {
        0 => object.members.push((Str::from(random.of(&NAMES)), donor)),
        1 if !object.members.is_empty() => drop(object.members.remove(at)),
        // A name that stands twice.
        2 if !object.members.is_empty() => {
            object.members.push((object.members[at].0.clone(), donor))
        }
        3 if !object.members.is_empty() => object.members[at].0 = Str::from(random.of(&NAMES)),
        _ => {
            let other = random.below(object.members.len());
            if !object.members.is_empty() {
                object.members.swap(at, other);
            }
        }
    }
}

fn number(random: &mut Random) -> Value<'static> {
    Decimal::new(random.of(&NUMBERS)).map_or(Value::Null, Value::Number)
}

fn text(random: &mut Random) -> Value<'static> {
    Value::Text(Str::from(random.of(&TEXTS)))
}

/// Makes [`change`] the mutator of a target: two times in three, else bytes are changed.
#[macro_export]
macro_rules! mutate_json {
    () => {
        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            let mut random = $crate::Random::new(seed);
            if random.below(3) > 0
                && let Some(changed) = $crate::change(&data[..size], &mut random)
                && changed.len() <= max_size
            {
                data[..changed.len()].copy_from_slice(&changed);
                return changed.len();
            }
            libfuzzer_sys::fuzzer_mutate(data, size, max_size)
        });
    };
}
