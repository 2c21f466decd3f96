//! Elements that are recognised by their shape: what a reader has met before never shows in what it makes of a line.

use cclf_crosswalk::arrow::array::RecordBatch;
use cclf_crosswalk::{Api, ClaimTables, Lineage, Plan, Reader, RecordError, Skipped, Table, Took};
use json_walk::{Index, Limits};

/// What becomes of a line.
#[derive(Debug, PartialEq)]
enum Became {
    Rows(Vec<(Table, RecordBatch)>),
    Person(String),
    Skipped(Skipped),
    Foreign(Api),
    Bad(RecordError),
}

fn became(reader: &mut Reader, tables: &mut ClaimTables, line: &str) -> Became {
    match reader.take(line.as_bytes()) {
        Took::Claim(claim) => {
            tables.append(&claim, Some("1S00E00AA00"), &Lineage::default());
            Became::Rows(tables.finish().unwrap())
        }
        Took::Person(record) => Became::Person(format!("{:?}", record.pack())),
        Took::Skipped(why) => Became::Skipped(why),
        Took::Foreign(api) => Became::Foreign(api),
        Took::Bad(error) => Became::Bad(error),
    }
}

fn lines(api: Api) -> Vec<String> {
    let of_seed = |seed| {
        let claims = synth::ClaimType::ALL.map(|kind| synth::eob_of(api, seed, kind));
        let coverages = synth::Part::ALL.map(|part| synth::coverage_of(api, seed, part));
        [claims.to_vec(), coverages.to_vec(), vec![synth::patient_of(api, seed)]].concat()
    };
    (1..4).flat_map(of_seed).collect()
}

/// The line with one value in the place of another: of a value in so many.
fn changed(line: &str, one_in: usize, from: usize) -> Vec<String> {
    let mut index = Index::new();
    let document = index.read(line.as_bytes(), Limits::default()).unwrap();
    let places: Vec<usize> = document.tokens().iter().map(|place| *place as usize).collect();
    let values = places.windows(2).filter_map(|pair| {
        let (start, next) = (pair[0], pair[1]);
        // What follows a colon is no name.
        let is_value = start > 0 && line.as_bytes()[start - 1] == b':';
        match line.as_bytes()[start] {
            b'"' if is_value => Some((start, next + 1)),
            b'-' | b'0'..=b'9' if is_value => {
                let len = line[start..].find([',', '}', ']'])?;
                Some((start, start + len))
            }
            _ => None,
        }
    });
    let others =
        [r#""~""#, r#""""#, r#""\u0041 b""#, "null", "12.5", "1e400", "true", "{}", r#"["x"]"#];
    let chosen = values.skip(from).step_by(one_in).enumerate();
    chosen
        .map(|(number, (start, end))| {
            let other = others[(number + from) % others.len()];
            format!("{}{other}{}", &line[..start], &line[end..])
        })
        .collect()
}

#[test]
fn what_came_before_does_not_show() {
    for api in Api::ALL {
        let (plan, lines) = (Plan::of(api), lines(api));
        let mut tables = ClaimTables::new(plan, &Table::ALL, &true.into());
        let mut warm = Reader::new(plan);
        for line in lines.iter().chain(&lines) {
            let cold = became(&mut Reader::new(plan), &mut tables, line);
            assert!(!matches!(cold, Became::Bad(_)), "{api}");
            assert_eq!(became(&mut warm, &mut tables, line), cold, "{api}");
        }
        let (mut bad, mut good) = (0, 0);
        for (from, line) in lines.iter().enumerate() {
            for changed in changed(line, 11, from % 11) {
                let cold = became(&mut Reader::new(plan), &mut tables, &changed);
                if matches!(cold, Became::Bad(_)) {
                    bad += 1;
                } else {
                    good += 1;
                }
                assert_eq!(became(&mut warm, &mut tables, &changed), cold, "{api}: {changed}");
            }
            // White space between tokens is read too, by the walk alone.
            let spaced = line.replace("\":", "\": ");
            let cold = became(&mut Reader::new(plan), &mut tables, &spaced);
            assert_eq!(became(&mut warm, &mut tables, &spaced), cold, "{api}");
        }
        assert!(bad > 100 && good > 100, "{api}: {bad} bad, {good} good");
    }
}
