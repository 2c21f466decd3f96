//! A record of the model: read, written, read again; borrowed and owned; judged. It is refused exactly where the
//! model says so, and what is accepted comes back without loss.
#![no_main]

use fhir_model::{IntoOwned, Object, Value, from_reader, from_slice, from_slice_as};
use json_walk::{Duplicates, Limits, check};

bcda_fuzz::mutate_json!();

/// Members in one order.
fn sorted(value: &mut Value<'_>) {
    match value {
        Value::List(list) => list.iter_mut().for_each(sorted),
        Value::Object(object) => sort(object),
        _ => {}
    }
}

fn sort(object: &mut Object<'_>) {
    object.members.sort_by(|a, b| a.0.cmp(&b.0));
    object.members.iter_mut().for_each(|(_, value)| sorted(value));
}

fn tree(text: &[u8]) -> Object<'_> {
    let mut object: Object<'_> = from_slice_as(text).expect("it was read as a record");
    sort(&mut object);
    object
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let strict = check(data, Limits::default(), Duplicates::Refuse);
    let resource = match from_slice(data) {
        Ok(resource) => resource,
        Err(fault) => {
            assert!(fault.offset() <= data.len());
            assert!(from_reader(data).is_err());
            return;
        }
    };
    assert!(strict.is_ok());
    let written = resource.to_json();
    assert_eq!(tree(written.as_bytes()), tree(data));
    assert!(from_slice(written.as_bytes()).is_ok_and(|again| again == resource));
    assert_eq!(serde_json::to_string(&resource).expect("a record can be written"), written);
    let owned = resource.clone().into_owned();
    assert_eq!(format!("{:?}", owned.findings()), format!("{:?}", resource.findings()));
    assert_eq!(owned.validate(), resource.validate());
    assert_eq!(owned, resource);
    assert!(from_reader(data).is_ok_and(|read| read == owned));
});
