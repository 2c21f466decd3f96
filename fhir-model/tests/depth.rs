//! Records that nest without end: every way in refuses them, on the stack that a thread has by default. A record of
//! the 64 levels that are allowed goes through everything that is done with records, by recursion or not.

use fhir_model::stu3::Patient;
use fhir_model::{ErrorKind, IntoOwned, Object, Resource, from_reader, from_slice, from_slice_as};
use synth::nested;

const SHAPES: [&str; 3] = ["[", "{\"a\":", "[{\"a\":"];
/// Deep where the model knows the element: each level is an extension of an extension.
const EXTENSIONS: &str = "[{\"url\":\"u\",\"extension\":";

fn on_a_thread(work: impl FnOnce() + Send + 'static) {
    std::thread::spawn(work).join().expect("the thread does not panic");
}

#[test]
fn bombs_are_refused_by_every_way_in() {
    on_a_thread(|| {
        for levels in [100, 1_000, 10_000, 100_000, 1_000_000] {
            for shape in SHAPES.iter().chain([&EXTENSIONS]) {
                let bomb = nested(shape, levels);
                for member in ["zzz", "extension", "contained", "name", "_gender"] {
                    if levels == 1_000_000 && member != "zzz" && member != "extension" {
                        continue;
                    }
                    let text = format!("{{\"{member}\":{bomb},\"resourceType\":\"Patient\"}}");
                    let what = format!("{member} {levels} {shape}");
                    let deep = |error: fhir_model::Error| error.kind() == ErrorKind::TooDeep;
                    assert!(from_slice(text.as_bytes()).is_err_and(deep), "{what}");
                    let typed = from_slice_as::<Patient<'_>>(text.as_bytes());
                    assert!(typed.is_err_and(deep), "{what}");
                    let object = from_slice_as::<Object<'_>>(text.as_bytes());
                    assert!(object.is_err_and(deep), "{what}");
                    assert!(from_reader(text.as_bytes()).is_err(), "{what}");
                    assert!(serde_json::from_str::<Resource<'_>>(&text).is_err(), "{what}");
                    assert!(serde_json::from_str::<Patient<'_>>(&text).is_err(), "{what}");
                    // Never closed: the same verdict.
                    let open = &text[..text.find('1').unwrap()];
                    assert!(from_slice(open.as_bytes()).is_err_and(deep), "{what}");
                }
                assert!(from_slice(bomb.as_bytes()).is_err(), "{levels} {shape}");
            }
        }
    });
}

#[test]
fn sixty_four_levels_go_through_everything() {
    on_a_thread(|| {
        // Extensions end in a text, not in another list; the record is a level too.
        let extensions =
            format!("{}[]{}", "[{\"url\":\"u\",\"extension\":".repeat(31), "}]".repeat(31));
        let mut members: Vec<(&str, String)> =
            SHAPES.iter().map(|shape| ("zzz", nested(shape, 62))).collect();
        members.push(("extension", extensions));
        for (member, value) in members {
            let text = format!("{{\"resourceType\":\"Patient\",\"{member}\":{value}}}");
            let record = from_slice(text.as_bytes()).unwrap();
            let json = record.to_json();
            assert_eq!(from_slice(json.as_bytes()).unwrap(), record, "{member}");
            assert!(!format!("{record:?}").is_empty());
            let _ = record.findings();
            let owned = record.clone().into_owned();
            assert_eq!(owned.to_json(), json);
            assert_eq!(serde_json::from_str::<Resource<'_>>(&text).unwrap(), owned);
            assert_eq!(from_reader(text.as_bytes()).unwrap(), owned);
            assert_eq!(serde_json::to_string(&owned).unwrap(), json);
        }
    });
}
