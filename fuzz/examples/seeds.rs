//! Writes the first inputs of every target: `seeds FOLDER` makes FOLDER/<target>/<name>. Synthetic records, whole
//! and with their lists cut short, so that most of what a record may have fits in few bytes.

use std::path::Path;
use std::{env, error, fs, io};

use fhir_model::{IntoOwned, Object, Value, from_slice_as};
use synth::{Api, ClaimType, Part};

const MANIFEST: &str = r#"{"transactionTime":"2020-01-02T03:04:05.123Z","request":"https://bulk.example/api/v1/Patient/$export","requiresAccessToken":true,"output":[{"type":"Patient","url":"https://bulk.example/data/1/a.ndjson?sig=1","encryptedKey":"0b"},{"type":"Coverage","url":"/data/1/b.ndjson"}],"error":[{"type":"OperationOutcome","url":"https://bulk.example/data/1/a-error.ndjson"}],"KeyMap":{"b.ndjson":"0a"},"JobID":1}"#;
const OUTCOMES: [&str; 3] = [
    r#"{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"structure","diagnostics":"Invalid group 1EG4TE5MK73"}]}"#,
    r#"{"resourceType":"OperationOutcome","issue":[{"severity":"Error","code":"Exception","details":{"coding":[{"code":"Blue Button Error","display":"Error retrieving -10000010288391"}],"text":"x"}}]}"#,
    "Unauthorized\u{1b}[2J 12345",
];
const VALUES: [&str; 16] = [
    "0",
    "-0.00",
    "37.50",
    "120.00",
    "1E-17",
    "-12345678901234567.89",
    "9223372036854775808",
    "1e400",
    "2147483648",
    "2018",
    "2018-02",
    "2016-02-29",
    "2018-02-28T23:59:60.123456Z",
    "2018-02-28T10:00:00-05:00",
    "1000-01-01",
    "13:10:00",
];

/// The record with no list longer than `most`.
fn cut(value: &mut Value<'_>, most: usize) {
    match value {
        Value::List(list) => {
            list.truncate(most);
            list.iter_mut().for_each(|value| cut(value, most));
        }
        Value::Object(object) => {
            object.members.iter_mut().for_each(|(_, value)| cut(value, most));
        }
        _ => {}
    }
}

fn shortened(record: &str, most: usize) -> Result<String, fhir_model::Error> {
    let record: Object<'_> = from_slice_as(record.as_bytes())?;
    let mut record = Value::Object(record.into_owned());
    cut(&mut record, most);
    Ok(record.node().to_json())
}

fn main() -> Result<(), Box<dyn error::Error>> {
    let folder = env::args_os().nth(1).ok_or("seeds FOLDER")?;
    let put = |target: &str, name: &str, bytes: &[u8]| -> io::Result<()> {
        let folder = Path::new(&folder).join(target);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(name), bytes)
    };
    let people = [
        ("patient".to_owned(), synth::patient(1)),
        ("coverage-a".to_owned(), synth::coverage(1, Part::A)),
        ("coverage-d".to_owned(), synth::coverage(1, Part::D)),
    ];
    let claims = ClaimType::ALL.map(|kind| (format!("{kind:?}"), synth::eob(1, kind)));
    for api in Api::ALL {
        let mut records = vec![synth::patient_of(api, 1), synth::coverage_of(api, 1, Part::A)];
        records.extend(ClaimType::ALL.map(|kind| synth::eob_of(api, 1, kind)));
        for (number, record) in records.iter().enumerate() {
            let (short, name) = (shortened(record, 2)?, format!("{api}-{number}"));
            put("versions", &name, short.as_bytes())?;
            let with = format!("{short}\n{}", shortened(&records[0], 2)?);
            put("crosswalk", &name, with.as_bytes())?;
        }
    }
    for (name, record) in people.iter().chain(&claims) {
        for most in [1, 4] {
            let short = shortened(record, most)?;
            let name = format!("{name}-{most}");
            put("json", &name, short.as_bytes())?;
            put("records", &name, short.as_bytes())?;
            let with =
                |other: &str| shortened(other, most).map(|other| format!("{short}\n{other}"));
            put("crosswalk", &name, with(&people[0].1)?.as_bytes())?;
            put("crosswalk", &format!("{name}-a"), with(&people[1].1)?.as_bytes())?;
        }
    }
    put("records", "outcome", OUTCOMES[0].as_bytes())?;
    put("manifest", "manifest", MANIFEST.as_bytes())?;
    for (number, outcome) in OUTCOMES.iter().enumerate() {
        put("manifest", &format!("outcome-{number}"), outcome.as_bytes())?;
    }
    for (number, value) in VALUES.iter().enumerate() {
        put("values", &number.to_string(), value.as_bytes())?;
    }
    let text = b"\xef\xbb\xbf{\"a\":1}\r\n\n \t\n{\"b\":22}\n{\"a line that is longer than the others\":333}\n\r\nlast";
    for (number, head) in [[0, 255, 0], [7, 12, 4], [63, 0, 11]].iter().enumerate() {
        put("lines", &number.to_string(), &[&head[..], text, b"\xfe", text].concat())?;
    }
    for form in 0..8_u8 {
        put("compressed", &form.to_string(), &[&[form, 5, 0][..], text].concat())?;
        put(
            "compressed",
            &format!("{form}-changed"),
            &[&[form, 5, 1, 20, 0, 8][..], text].concat(),
        )?;
        put("decryption", &form.to_string(), &[&[form, 1, 20, 0, 8][..], &text[3..]].concat())?;
    }
    for form in [1, 2] {
        let stored = match form {
            1 => include_bytes!(
                "../../testdata/export/1b19c695-023e-4287-8adf-e9aec79d842a.ndjson.gz"
            ),
            _ => &[0x28, 0xb5, 0x2f, 0xfd, 0x24, 1, 9, 0, 0, b'\n'][..],
        };
        put(
            "compressed",
            &format!("raw-{form}"),
            &[&[0, 5, 0][..], &stored[..stored.len().min(3000)]].concat(),
        )?;
    }
    Ok(())
}
