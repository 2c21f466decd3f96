use super::*;
use crate::people::digest::pack_text;
use crate::people::mbi::Mbi;
use cms::MedicarePart as Part;

fn patient(id: &str, mbi: &str, updated: i64) -> Beneficiary {
    let mut packed = Vec::new();
    pack_text(&mut packed, Some(mbi));
    pack_text(&mut packed, None);
    Beneficiary { id: id.into(), updated, packed, unknown_marks: 0 }
}

#[test]
fn the_newest_version_stays_and_of_equal_ones_the_last() {
    let mut index = Index::new();
    index.add_patient(&patient("-1", "A", 5), 0, None).unwrap();
    index.add_patient(&patient("-2", "B", 5), 0, None).unwrap();
    index.add_patient(&patient("-1", "C", 4), 1, None).unwrap();
    index.add_patient(&patient("-2", "D", 5), 1, None).unwrap();
    let mbi = |id| index.mbi(index.find(id).unwrap());
    assert_eq!(mbi("-1"), Some("A"));
    assert_eq!(mbi("-2"), Some("D"));
    assert_eq!(index.superseded_patients(), 2);
    assert_eq!(index.patients(), 2);
    let order: Vec<_> = index.in_order().into_iter().map(|number| index.mbi(number)).collect();
    assert_eq!(order, [Some("A"), Some("D")]);
}

#[test]
fn a_coverage_alone_is_no_beneficiary() {
    let mut index = Index::new();
    let coverage = Enrolment {
        id: None,
        beneficiary: "7".into(),
        part: Part::B.into(),
        updated: 0,
        subscriber: Mbi::default(),
        packed: vec![0],
    };
    index.add_coverage(&coverage, None).unwrap();
    assert_eq!(index.find("7"), None);
    index.add_patient(&patient("7", "M", 0), 0, None).unwrap();
    let number = index.find("7").unwrap();
    assert!(index.coverage(number, Part::B as usize).is_some());
    assert!(index.coverage(number, Part::A as usize).is_none());
}

#[test]
fn versions_that_are_replaced_cost_nothing() {
    let mut index = Index::new();
    index.add_patient(&patient("other", "KEPT", 0), 0, None).unwrap();
    let mut memory = 0;
    for round in 0..200_000_i64 {
        let mut one = patient("1", &format!("M{round}"), round);
        one.packed.resize(one.packed.len() + usize::try_from(round % 90).unwrap(), 0);
        index.add_patient(&one, 0, None).unwrap();
        let mut packed = round.to_le_bytes().to_vec();
        packed.resize(10 + usize::try_from(round % 70).unwrap(), b'c');
        let beneficiary = "1".to_owned();
        let coverage = Enrolment {
            id: None,
            beneficiary,
            part: Part::B.into(),
            updated: round,
            subscriber: Mbi::default(),
            packed,
        };
        index.add_coverage(&coverage, None).unwrap();
        if round == 1_000 {
            memory = index.heap_bytes();
        }
        if round % 10_000 == 1 {
            let number = index.find("1").unwrap();
            assert_eq!(index.mbi(number).unwrap(), format!("M{round}"));
            assert!(index.coverage(number, Part::B as usize).is_some());
        }
    }
    assert!(index.heap_bytes() < memory + 1_000, "{}", index.heap_bytes());
    assert_eq!(index.mbi(index.find("other").unwrap()), Some("KEPT"));
}

#[test]
fn a_coverage_that_others_have_stays_when_one_leaves_it() {
    let mut index = Index::new();
    let coverage = |beneficiary: &str, updated, packed: &[u8]| Enrolment {
        id: None,
        beneficiary: beneficiary.to_owned(),
        part: Part::A.into(),
        updated,
        subscriber: Mbi::default(),
        packed: packed.to_vec(),
    };
    for id in ["1", "2"] {
        index.add_patient(&patient(id, "M", 0), 0, None).unwrap();
        index.add_coverage(&coverage(id, 0, &[7, 0]), None).unwrap();
    }
    index.add_coverage(&coverage("1", 1, &[8, 0]), None).unwrap();
    index.add_coverage(&coverage("1", 2, &[9, 0]), None).unwrap();
    let packed = |id| {
        let digest = index.entry(index.find(id).unwrap().0).coverage[Part::A as usize];
        index.arena.get(index.digests[digest as usize].place)
    };
    assert_eq!((packed("1"), packed("2")), (&[9, 0][..], &[7, 0][..]));
    assert_eq!((index.digests.len(), index.free_digests.len()), (3, 1));
}

#[test]
fn beyond_its_limit_an_index_takes_nobody_more() {
    let mut index = Index::bounded(IndexLimit { people: 3, ..IndexLimit::default() });
    for id in ["1", "2", "3", "2"] {
        index.add_patient(&patient(id, "M", 0), 0, None).unwrap();
    }
    assert_eq!(index.add_patient(&patient("4", "M", 0), 0, None), Err(IndexFull::People(3)));
    let coverage = Enrolment {
        id: None,
        beneficiary: "5".into(),
        part: Part::B.into(),
        updated: 0,
        subscriber: Mbi::default(),
        packed: vec![0],
    };
    assert_eq!(index.add_coverage(&coverage, None), Err(IndexFull::People(3)));

    let bytes = 20_000_000;
    let mut index = Index::bounded(IndexLimit { bytes, ..IndexLimit::default() });
    let mut full = Ok(());
    for number in 0..1_000_000_u32 {
        full = index.add_patient(&patient(&number.to_string(), "M", 0), 0, None);
        if full.is_err() {
            break;
        }
        assert!(index.heap_bytes() <= bytes);
    }
    assert_eq!(full, Err(IndexFull::Bytes(bytes)));
    assert!(index.heap_bytes() > bytes / 2, "{}", index.heap_bytes());
    // Who is known may still change.
    index.add_patient(&patient("1", "N", 1), 0, None).unwrap();

    let mut index = Index::new();
    index.add_patient(&patient("1", "M", 0), 0, None).unwrap();
    index.set_room(1_000_000);
    let all = index.heap_bytes() + 1_000_000;
    let mut added =
        (2..1_000_000).map(|id| index.add_patient(&patient(&id.to_string(), "M", 0), 0, None));
    assert_eq!(added.find_map(Result::err), Some(IndexFull::Bytes(all)));
}

#[test]
fn a_million_beneficiaries_fit_in_300_megabytes() {
    // A tenth of it, packed as wide as real rows are: names, address, dates.
    let mut index = Index::new();
    let mut person = patient("", "1S00E00AA00", 0);
    person.packed.extend_from_slice(&[b'x'; 110]);
    for number in 0..100_000u32 {
        person.id = format!("-100000{number:08}");
        index.add_patient(&person, 0, None).unwrap();
        for part in Part::ALL {
            // Every third digest is one of its own: start dates differ.
            let packed = (number / 3).to_le_bytes().repeat(6);
            index
                .add_coverage(
                    &Enrolment {
                        id: None,
                        beneficiary: person.id.clone(),
                        part: part.into(),
                        updated: 0,
                        subscriber: Mbi::new("1S00E00AA00"),
                        packed,
                    },
                    None,
                )
                .unwrap();
        }
    }
    assert!(index.heap_bytes() < 30_000_000, "{} bytes", index.heap_bytes());
}
