//! What the crosswalk says, against what is written of it: the data dictionary, the translations and the states. A table
//! that was changed by mistake is noticed here even where no record at hand has the value.

use cclf_crosswalk::{
    Api, ColumnType, Crosswalk, FactKind, STU3, Sources, Table, TableDef, V2, V3,
};

/// FIPS digits and SSA codes of each state, by its USPS letters.
const STATES: &str = "\
    AK 02 02; AL 01 01; AR 05 04; AS 60 64; AZ 04 03; CA 06 05 55; CO 08 06; CT 09 07; DC 11 09; DE 10 08; FL 12 \
    10 68 69; GA 13 11; GU 66 65 98; HI 15 12; IA 19 16; ID 16 13; IL 17 14; IN 18 15; KS 20 17 70; KY 21 18; LA \
    22 19 71; MA 25 22; MD 24 21 80; ME 23 20; MI 26 23; MN 27 24; MO 29 26; MP 69 66 97; MS 28 25; MT 30 27; NC \
    37 34; ND 38 35; NE 31 28; NH 33 30; NJ 34 31; NM 35 32; NV 32 29; NY 36 33; OH 39 36 72; OK 40 37; OR 41 38; \
    PA 42 39 73; PR 72 40; RI 44 41; SC 45 42; SD 46 43; TN 47 44; TX 48 45 67 74; UT 49 46; VA 51 49; VI 78 48; \
    VT 50 47; WA 53 50; WI 55 52; WV 54 51; WY 56 53";

type Translations = &'static [(&'static str, &'static str)];

/// What each map gives for which code, and for others and none.
const MAPS: [(&str, Translations); 11] = [
    ("final", &[("active", "true"), ("(other)", "false"), ("(absent)", "false")]),
    ("adjustment_frequency", &[("8", "1"), ("7", "2")]),
    ("adjustment_query", &[("0", "1"), ("5", "2")]),
    ("adjustment_disposition", &[("3", "1"), ("03", "1"), ("(other)", "0"), ("(absent)", "0")]),
    (
        "adjustment_event",
        &[("D", "1"), ("A", "2"), ("R", "2"), ("(other)", "0"), ("(absent)", "0")],
    ),
    ("event_type", &[("A", "02"), ("D", "03"), ("R", "04"), ("(absent)", "01"), ("(other)", "")]),
    (
        "icd",
        &[
            ("http://hl7.org/fhir/sid/icd-9-cm", "9"),
            ("http://hl7.org/fhir/sid/icd-10", "0"),
            ("http://hl7.org/fhir/sid/icd-10-cm", "0"),
            ("http://hl7.org/fhir/sid/icd-10-pcs", "0"),
            ("(other)", "U"),
        ],
    ),
    (
        "diagnosis_category",
        &[("external", "E"), ("external-first", "1"), ("(other)", "D"), ("(absent)", "D")],
    ),
    (
        "pharmacy_id",
        &[
            ("NPI", "01"),
            ("UPIN", "06"),
            ("NCPDP", "07"),
            ("DL", "08"),
            ("TAX", "11"),
            ("(other)", "99"),
        ],
    ),
    ("sex", &[("male", "1"), ("female", "2"), ("unknown", "0"), ("other", "0"), ("(other)", "")]),
    ("coverage_part", &[("Part A", "A"), ("Part B", "B"), ("Part C", "C"), ("Part D", "D")]),
];

/// What is read of a record besides columns; a mark where the record is rejected without it.
const RECORD: &str = "\
    ExplanationOfBenefit id text; ExplanationOfBenefit claim_id text !; ExplanationOfBenefit eob_type text !; \
    ExplanationOfBenefit patient text; ExplanationOfBenefit status text; ExplanationOfBenefit last_updated \
    timestamp; ExplanationOfBenefit claim_group text; ExplanationOfBenefit hospice_start date; \
    ExplanationOfBenefit hospice_end date; ExplanationOfBenefit item.sequence int64 !; ExplanationOfBenefit \
    item.care_team links; ExplanationOfBenefit item.diagnosis int64; ExplanationOfBenefit care_team.sequence \
    int64; ExplanationOfBenefit careTeam.keys keys; ExplanationOfBenefit diagnosis.keys keys; ExplanationOfBenefit \
    diagnosis.sequence int64; ExplanationOfBenefit diagnosis.coded present; Patient id \
    text !; Patient last_updated timestamp; Patient identifier.mbi text; Patient identifier.currency text; Patient \
    birth date; Patient death date; Coverage id text; Coverage beneficiary text !; Coverage part text !; Coverage last_updated \
    timestamp; Coverage reference_year text";

/// The rows that the dictionary has of a table: column, type, the source in each version, note.
fn written<'d>(dictionary: &'d str, def: &TableDef) -> (&'d str, Vec<[String; 6]>) {
    let heading = format!("## {} {}: ", def.table, def.title);
    let section = dictionary.split_once(&heading).unwrap_or_else(|| panic!("no {heading}")).1;
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| #"));
    let row = |line: &str| {
        // A bar within a cell is escaped.
        let line = line.replace("\\|", "\u{1}");
        let cells: Vec<String> =
            line.split('|').map(|cell| cell.trim().replace('\u{1}', "|")).collect();
        let [_, _, name, kind, v1, v2, v3, note, _] = &cells[..] else { panic!("cells: {line}") };
        [name, kind, v1, v2, v3, note].map(Clone::clone)
    };
    (section.lines().next().unwrap(), rows.map(row).collect())
}

/// What a version has of a column: its name, type, source and note.
type Told<'c> = (&'c str, ColumnType, &'c str, &'c str);

fn told(crosswalk: &'static Crosswalk, table: Table) -> Vec<Told<'static>> {
    let own = crosswalk.table(table).columns.iter();
    let own = own.map(|own| (&*own.name, own.column_type, &*own.source, &*own.note));
    let lineage = crosswalk.lineage_of(table);
    own.chain(lineage.map(|own| (&*own.name, own.column_type, &*own.source, &*own.note))).collect()
}

#[test]
fn the_data_dictionary_is_that_of_the_crosswalks() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/data-dictionary.md");
    let dictionary = std::fs::read_to_string(path).unwrap();
    let mut count = 0;
    for table in Table::ALL {
        let (what, rows) = written(&dictionary, Crosswalk::stu3().table(table));
        count += rows.len();
        for (number, api) in Api::ALL.into_iter().enumerate() {
            let crosswalk = Crosswalk::of(api);
            let columns = told(crosswalk, table);
            assert_eq!(rows.len(), columns.len(), "{table} of {api}");
            for (row, (name, kind, source, note)) in rows.iter().zip(&columns) {
                assert_eq!((&*row[0], &*row[1]), (*name, &*kind.to_string()), "{table} of {api}");
                let cell = &row[2 + number];
                let said = match cell.strip_prefix("as v") {
                    Some(earlier) => &row[1 + earlier.parse::<usize>().unwrap()],
                    None => cell,
                };
                let said = if said == "none" { "-" } else { said.trim_matches('`') };
                assert_eq!(said, *source, "{table}.{name} of {api}");
                assert!(row[5].contains(note), "{table}.{name} of {api}: {note}");
            }
            let def = crosswalk.table(table);
            let here =
                what.split("; ").find(|part| !part.contains(": ") || part.contains(api.name()));
            let here = here.unwrap_or_else(|| panic!("{what}"));
            assert_eq!(def.has_rows, !here.contains("no rows"), "{table} of {api}: {what}");
            for claim_type in cclf_crosswalk::ClaimType::ALL.into_iter().filter(|_| def.has_rows) {
                let listed = here.split([' ', ',']).any(|word| word == claim_type.code());
                assert_eq!(listed, def.claim_types.contains(claim_type), "{table} of {api}");
            }
            assert!(!def.has_rows || here.contains(&format!("a row per {}", per(def))), "{here}");
        }
    }
    let rows = dictionary.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| #"));
    assert_eq!(count, rows.count());
}

/// What a row of a table is, as the dictionary says it.
fn per(def: &TableDef) -> &'static str {
    match def.per.name() {
        "patient" => "Patient and hospice range",
        "mbi" => "earlier MBI",
        "summary" => "table written",
        name => name,
    }
}

#[test]
fn every_code_is_translated_as_it_should() {
    for (name, translations) in MAPS {
        let map = Crosswalk::stu3().map(name).unwrap_or_else(|| panic!("no map {name}"));
        let special = |name: &str| {
            translations.iter().find(|(code, _)| *code == name).map(|(_, becomes)| *becomes)
        };
        for (code, becomes) in translations.iter().filter(|(code, _)| !code.starts_with('(')) {
            assert_eq!(map.get(Some(code)), Some(*becomes), "{name}: {code}");
        }
        // Nothing to write for others: the list is closed, and they are counted.
        let closed = special("(other)") == Some("");
        assert_eq!(map.get(Some("?")), special("(other)").filter(|_| !closed), "{name}: others");
        assert_eq!(map.lacks(Some("?")), closed, "{name}: others");
        assert!(!map.lacks(None) && !map.lacks(Some(translations[0].0)), "{name}");
        assert_eq!(map.get(None), special("(absent)"), "{name}: none");
    }
    let text = STU3.maps;
    let stated: usize = MAPS.iter().map(|(_, translations)| translations.len()).sum();
    assert_eq!(text.lines().skip(1).filter(|line| !line.is_empty()).count(), stated);
}

#[test]
fn every_state_has_its_codes() {
    let states = Crosswalk::stu3().states();
    let mut count = 0;
    for state in STATES.split("; ") {
        let mut words = state.split_whitespace();
        let (usps, fips) = (words.next().unwrap(), words.next().unwrap());
        for code in words.clone().chain([usps]) {
            assert_eq!((states.usps(code), states.fips(code)), (Some(usps), Some(fips)), "{code}");
        }
        count += words.count();
    }
    let text = STU3.states;
    assert_eq!(text.lines().skip(1).filter(|line| !line.is_empty()).count(), count);
}

#[test]
fn what_is_read_of_each_record() {
    let kind = |kind: FactKind| match kind {
        FactKind::Value(column_type) => column_type.to_string(),
        FactKind::Links => "links".to_owned(),
        FactKind::Present => "present".to_owned(),
        FactKind::Keys => "keys".to_owned(),
    };
    let facts = Crosswalk::stu3().record_facts().iter().map(|fact| {
        let mark = if fact.required { " !" } else { "" };
        format!("{} {} {}{mark}", fact.resource.name(), fact.name, kind(fact.kind))
    });
    assert_eq!(facts.collect::<Vec<_>>(), RECORD.split("; ").collect::<Vec<_>>());
}

/// A released build does not check them when it starts.
#[test]
fn the_built_in_crosswalks_hold_together() {
    for sources in [STU3, V2, V3] {
        let fault = Crosswalk::load(&sources).err().map(|fault| fault.to_string());
        assert_eq!(fault, None, "{}", sources.api);
    }
}

/// What is wrong with a table of lineage columns, if anything.
fn fault_of(lineage: &'static str) -> Option<String> {
    let sources = Sources { lineage, ..STU3 };
    Crosswalk::load(&sources).err().map(|fault| fault.to_string())
}

#[test]
fn a_boolean_is_made_of_true_and_false_and_what_has_no_source_has_a_reason() {
    for (lineage, fault) in [
        ("A,boolean,claims,status > map(final),", None),
        ("A,boolean,claims,status > const(true) | 'false',", None),
        ("A,boolean,all,-,Nobody tells", None),
        ("A,boolean,claims,status,", Some("not every value is `true` or `false`")),
        ("A,boolean,claims,status > map(icd),", Some("not every value is `true` or `false`")),
        ("A,boolean,claims,'yes',", Some("not every value is `true` or `false`")),
        ("A,boolean,claims,status > map(finally),", Some("no map is called `finally`")),
        ("A,boolean,all,-,", Some("no source and no reason")),
    ] {
        let text = format!("column,type,on,where,note\n{lineage}\n");
        let found = fault_of(text.leak());
        let expected = fault.map(|fault| format!("lineage.csv, A: {fault}"));
        assert_eq!(found, expected, "{lineage}");
    }
}
