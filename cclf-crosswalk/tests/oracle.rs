//! Two readings of the crosswalk against each other, and both against values stated by hand.

#[path = "oracle/judged.rs"]
mod judged;
#[path = "oracle/large.rs"]
mod large;
#[path = "oracle/shapes.rs"]
mod shapes;
#[path = "oracle/stated.rs"]
mod stated;
#[path = "oracle/systems.rs"]
mod systems;
#[path = "oracle/values.rs"]
mod values;
#[path = "oracle/versions.rs"]
mod versions;

use crate::common::{
    ALL, FILE_DATE, Input, Random, cell, column, golden, json, leaves, parse, shuffle, write,
};
use cclf_crosswalk::interpret::Wanted;
use cclf_crosswalk::{Api, ErrorClass, Table};
use fhir_model::{Decimal, Str, Value};

/// Records of `seeds` people: a Patient, four Coverages and a claim of each type.
fn synthetic(seeds: std::ops::Range<u64>) -> Vec<String> {
    seeds
        .flat_map(|seed| {
            let claims = synth::ClaimType::ALL.map(|claim_type| synth::eob(seed, claim_type));
            let coverages = synth::Part::ALL.map(|part| synth::coverage(seed, part));
            claims.into_iter().chain(coverages).chain([synth::patient(seed)])
        })
        .collect()
}

/// A whole export of the generator, file by file.
fn export(options: &synth::Options) -> Input {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct File(Arc<Mutex<Vec<u8>>>);
    impl Write for File {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    let mut files: Vec<(String, File)> = Vec::new();
    synth::generate(options, |name| {
        let file = File::default();
        files.push((name.to_owned(), file.clone()));
        Ok(file)
    })
    .unwrap();
    let files = files
        .into_iter()
        .filter(|(name, _)| name != synth::MANIFEST_NAME)
        .enumerate()
        .map(|(number, (name, file))| {
            let text = String::from_utf8(file.0.lock().unwrap().clone()).unwrap();
            let date = FILE_DATE + i32::try_from(number).unwrap();
            (name, Some(date), text.lines().map(str::to_owned).collect())
        })
        .collect();
    Input { api: options.api, files }
}

#[expect(clippy::print_stderr, reason = "whoever runs the tests should know what was not run")]
fn golden_or_skip(folder: &str) -> Option<Vec<String>> {
    let lines = golden(folder);
    if lines.is_none() {
        eprintln!("skipped: no ../shared");
    }
    lines
}

mod whole_tables {
    use super::*;

    #[test]
    fn of_synthetic_records() {
        let tables = Input::of(synthetic(0..40)).tables();
        assert!(tables.rejected.is_empty());
    }

    #[test]
    fn of_a_synthetic_export() {
        let options = synth::Options {
            beneficiaries: 12,
            seed: 5,
            beneficiaries_per_file: 3,
            claims_per_beneficiary: Some(12),
            ..synth::Options::default()
        };
        let tables = export(&options).tables();
        assert!(tables.rejected.is_empty());
        for rows in &tables.tables {
            assert!(!rows.rows.is_empty(), "{} has no row", rows.table);
        }
    }

    #[test]
    fn of_golden_records() {
        for folder in ["", "identifiers", "seed-samples"] {
            if let Some(lines) = golden_or_skip(folder) {
                let tables = Input::of(lines).tables();
                assert!(tables.rejected.is_empty(), "{folder}: {:?}", tables.rejected);
            }
        }
    }

    #[test]
    fn without_lineage() {
        let input = Input::of(synthetic(0..3));
        input.wanted(Wanted { lineage: false, ..ALL });
    }

    #[test]
    fn in_any_order_of_members() {
        let mut lines = synthetic(100..110);
        for folder in ["", "identifiers", "seed-samples"] {
            lines.extend(golden_or_skip(folder).unwrap_or_default());
        }
        let before = Input::of(lines.clone()).tables();
        for seed in 1..4 {
            let mut random = Random::new(seed);
            let shuffled = lines.iter().map(|line| {
                let mut record = parse(line);
                shuffle(&mut record, &mut random);
                write(record)
            });
            let input = Input::of(shuffled);
            assert!(before == input.tables(), "the order of members changed a table");
        }
    }
}

#[test]
fn entries_behind_those_that_are_read_are_not_judged() {
    let people = patient(
        "-9",
        ",'address':[{'line':['1','2','3','4','5','6',7],'state':'NM'},'x',7],
        'birthDate':'1927-09-18','name':[{'family':'F','given':['G','H',7]},'x']",
    );
    let tables = Input::of([people]).tables();
    assert!(tables.rejected.is_empty(), "{:?}", tables.rejected);
    assert_eq!(cell(&tables, Table::Cclf8, 0, "BENE_LINE_6_ADR").as_deref(), Some("6"));
    // Before them they are.
    for bad in ["'address':['x']", "'name':[{'given':['G',7]}]"] {
        let tables = Input::of([patient("-9", &format!(",{bad}"))]).tables();
        assert_eq!(tables.rejected, [(0, 0, ErrorClass::WrongType)], "{bad}");
    }
}

#[test]
fn two_values_of_one_choice_hide_no_other_fault() {
    let two = "'extension':[{'url':'x','valueString':'a','valueCode':'b'}]";
    let tables = Input::of([patient("-9", &format!(",{two}"))]).tables();
    assert!(tables.rejected.is_empty(), "{:?}", tables.rejected);
    let worse = format!(",{two},'identifier':[{{'extension':['x'],'system':'us-mbi'}}]");
    let tables = Input::of([patient("-9", &worse)]).tables();
    assert_eq!(tables.rejected, [(0, 0, ErrorClass::WrongType)]);
}

/// A claim of an eob-type with further members, which begin with a comma.
fn claim(eob_type: &str, members: &str) -> String {
    let id = if eob_type == "PDE" { "pde_id" } else { "clm_id" };
    json(&format!(
        "{{'id':'x--7','identifier':[{{'system':'V:{id}','value':'-7'}}],
        'patient':{{'reference':'Patient/-9'}},'resourceType':'ExplanationOfBenefit','status':'active',
        'type':{{'coding':[{{'system':'C:eob-type','code':'{eob_type}'}},
        {{'system':'V:nch_clm_type_cd','code':'60'}}]}}{members}}}"
    ))
}

/// A Patient of an id with further members.
fn patient(id: &str, members: &str) -> String {
    json(&format!("{{'id':'{id}','resourceType':'Patient'{members}}}"))
}

/// The Coverage of Patient -9 in a part, with further members.
fn coverage(part: &str, members: &str) -> String {
    json(&format!(
        "{{'id':'part-{part}--9','beneficiary':{{'reference':'Patient/-9'}},
        'grouping':{{'subGroup':'Medicare','subPlan':'Part {part}'}},'resourceType':'Coverage'{members}}}"
    ))
}

/// An MBI, marked with a currency unless that is empty.
fn mbi(value: &str, currency: &str) -> String {
    let mark = match currency {
        "" => String::new(),
        code => format!(
            "'extension':[{{'url':'C:identifier-currency','valueCoding':{{'code':'{code}'}}}}],"
        ),
    };
    format!("{{{mark}'system':'us-mbi','value':'{value}'}}")
}

/// A care team entry.
fn member(sequence: i64, role: &str, npi: &str) -> String {
    format!(
        "{{'provider':{{'identifier':{{'system':'us-npi','value':'{npi}'}}}},
        'role':{{'coding':[{{'code':'{role}'}}]}},'sequence':{sequence}}}"
    )
}

/// A diagnosis entry; `types` has one code or none.
fn diagnosis(sequence: i64, system: &str, code: &str, types: &str) -> String {
    let typed = match types {
        "" => String::new(),
        code => format!(",'type':[{{'coding':[{{'system':'C:diagnosis-type','code':'{code}'}}]}}]"),
    };
    format!(
        "{{'diagnosisCodeableConcept':{{'coding':[{{'code':'{code}','system':'{system}'}}]}},
        'sequence':{sequence}{typed}}}"
    )
}

/// An information entry with a code.
fn information(variable: &str, code: &str) -> String {
    format!(
        "{{'category':{{'coding':[{{'code':'V:{variable}','system':'C:information'}}]}},
        'code':{{'coding':[{{'code':'{code}','system':'V:{variable}'}}]}},'sequence':1}}"
    )
}

/// An adjudication with an amount.
fn amount(variable: &str, value: &str) -> String {
    format!(
        "{{'amount':{{'value':{value}}},'category':{{'coding':[{{'code':'V:{variable}',
        'system':'C:adjudication'}}]}}}}"
    )
}

/// Twelve or fewer monthly extensions from January on.
fn months(stem: &str, codes: &[&str]) -> String {
    let extensions: Vec<String> = codes
        .iter()
        .zip(1..)
        .map(|(code, month)| {
            format!("{{'url':'V:{stem}{month:02}','valueCoding':{{'code':'{code}'}}}}")
        })
        .collect();
    extensions.join(",")
}

/// The one row of a table that one record gives.
fn only(line: String, table: Table, name: &str) -> Option<String> {
    let tables = Input::of([line]).tables();
    assert!(tables.rejected.is_empty(), "{:?}", tables.rejected);
    assert_eq!(tables.table(table).rows.len(), 1);
    cell(&tables, table, 0, name)
}

/// What a leaf becomes.
fn mutation(number: usize) -> Value<'static> {
    let text = |text: &'static str| Value::Text(Str::from(text));
    let number_of = |text: &'static str| Value::Number(Decimal::new(text).unwrap());
    match number {
        0 => Value::Null,
        1 => text(""),
        2 => text("2019-02-30"),
        3 => text("2019-02"),
        4 => text("1000-01-01"),
        5 => text("2020-02-29T23:59:59.9999999-05:00"),
        6 => number_of("1.00500"),
        7 => number_of("1E40"),
        8 => number_of("-12.50"),
        9 => number_of("5"),
        10 => Value::Bool(true),
        _ => text("8"),
    }
}

fn mutated(line: &str, leaf: usize, to: usize, same_kind: bool) -> String {
    let mut record = parse(line);
    let mut all = leaves(&mut record);
    let place = leaf % all.len();
    let leaf = all.swap_remove(place);
    let to = match (same_kind, &*leaf) {
        (true, Value::Text(_)) => [0, 1, 2, 3, 4, 5, 11][to % 7],
        (true, Value::Number(_)) => [0, 6, 7, 8, 9][to % 5],
        _ => to % 12,
    };
    *leaf = mutation(to);
    write(record)
}

/// The class for which a record is refused, by both ways.
fn refused(line: String) -> Option<ErrorClass> {
    Input::of([line]).tables().rejected.first().map(|(_, _, class)| *class)
}

mod claims {
    use super::*;

    fn text(cell: Option<&str>) -> Option<String> {
        cell.map(str::to_owned)
    }

    #[test]
    fn the_last_principal_is_the_principal() {
        let of = |eob_type: &str, entries: &[String]| {
            let line = claim(eob_type, &format!(",'diagnosis':[{}]", entries.join(",")));
            let tables = Input::of([line]).tables();
            let get = |name| cell(&tables, Table::Cclf1, 0, name);
            (get("PRNCPL_DGNS_CD"), get("DGNS_PRCDR_ICD_IND"), get("ADMTG_DGNS_CD"))
        };
        let admitting = diagnosis(1, "icd-10", "A00", "admitting");
        let slot_1 = diagnosis(2, "icd-10", "B00", "principal");
        let true_one = diagnosis(3, "icd-9-cm", "7840", "principal");
        let other = diagnosis(4, "icd-10", "D00", "other");
        let all = [admitting.clone(), slot_1, true_one, other.clone()];
        assert_eq!(of("INPATIENT", &all), (text(Some("7840")), text(Some("9")), text(Some("A00"))));
        let merged = [admitting, other];
        let (zero, code) = (text(Some("0")), text(Some("A00")));
        assert_eq!(of("SNF", &merged), (code.clone(), zero, code.clone()));
        assert_eq!(of("OUTPATIENT", &merged), (None, None, code));
        let unknown = diagnosis(1, "http://hl7.org/fhir/sid/unknown-icd-version", "X", "principal");
        assert_eq!(of("HHA", &[unknown]), (text(Some("X")), text(Some("U")), None));
        let no_system = "{'diagnosisCodeableConcept':{'coding':[{'code':'X'}]},
            'type':[{'coding':[{'code':'principal'}]}]}"
            .to_owned();
        assert_eq!(of("HHA", &[no_system]), (text(Some("X")), text(Some("U")), None));
    }

    #[test]
    fn attending_is_the_primary_that_no_item_links_to() {
        let of = |team: &[String], links: &str| {
            let members = format!(
                ",'careTeam':[{}],'item':[{{'careTeamLinkId':[{links}],'sequence':1}},{{'sequence':2}}]",
                team.join(",")
            );
            only_claim(claim("INPATIENT", &members), "ATNDG_PRVDR_NPI_NUM")
        };
        let team =
            [member(4, "primary", "N4"), member(3, "primary", "N3"), member(2, "assist", "N2")];
        assert_eq!(of(&team, "3"), text(Some("N4")), "the other is linked");
        assert_eq!(of(&team, "2"), text(Some("N3")), "of two the lowest sequence");
        assert_eq!(of(&team, "3,4"), text(Some("N3")), "all linked");
        assert_eq!(of(&team, "99"), text(Some("N3")), "a link to nothing");
        assert_eq!(of(&team[2..], ""), None);
    }

    fn only_claim(line: String, name: &str) -> Option<String> {
        only(line, Table::Cclf1, name)
    }

    #[test]
    fn assist_and_other_have_the_lowest_sequence() {
        let team = [member(9, "other", "N9"), member(5, "other", "N5"), member(7, "assist", "N7")];
        let line = claim("OUTPATIENT", &format!(",'careTeam':[{}]", team.join(",")));
        assert_eq!(only_claim(line.clone(), "OTHR_PRVDR_NPI_NUM"), text(Some("N5")));
        assert_eq!(only_claim(line.clone(), "OPRTG_PRVDR_NPI_NUM"), text(Some("N7")));
        assert_eq!(only_claim(line, "ATNDG_PRVDR_NPI_NUM"), None);
    }

    #[test]
    fn frequency_and_query_code_tell_adjustments() {
        let of = |frequency: &str, query: &str| {
            let mut members = String::new();
            if !frequency.is_empty() {
                let entry = information("clm_freq_cd", frequency);
                members = format!(",'information':[{entry}]");
            }
            if !query.is_empty() {
                members = format!(
                    "{members},'billablePeriod':{{'extension':[{{'url':'V:claim_query_cd',
                    'valueCoding':{{'code':'{query}'}}}}]}}"
                );
            }
            only_claim(claim("INPATIENT", &members), "CLM_ADJSMT_TYPE_CD").unwrap()
        };
        for (frequency, query, expected) in [
            ("8", "", "1"),
            ("7", "", "2"),
            ("8", "5", "1"),
            ("7", "0", "2"),
            ("1", "0", "1"),
            ("1", "5", "2"),
            ("", "0", "1"),
            ("", "5", "2"),
            ("1", "3", "0"),
            ("", "3", "0"),
            ("", "", "0"),
            (" ", "5", "2"),
        ] {
            assert_eq!(of(frequency, query), expected, "{frequency:?} {query:?}");
        }
    }

    #[test]
    fn disposition_tells_cancellations_of_part_b() {
        for (disposition, expected, code) in [
            (",'disposition':'03'", "1", Some("03")),
            (",'disposition':'3'", "1", Some("3")),
            (",'disposition':'1'", "0", Some("1")),
            (",'disposition':'01'", "0", Some("01")),
            (",'disposition':' '", "0", None),
            (",'disposition':null", "0", None),
            ("", "0", None),
        ] {
            for (eob_type, table) in [("CARRIER", Table::Cclf5), ("DME", Table::Cclf6)] {
                let line = claim(eob_type, &format!(",'item':[{{'sequence':6}}]{disposition}"));
                let adjustment = only(line.clone(), table, "CLM_ADJSMT_TYPE_CD");
                assert_eq!(adjustment.as_deref(), Some(expected), "{disposition}");
                assert_eq!(only(line, table, "CLM_DISP_CD").as_deref(), code);
            }
        }
    }

    #[test]
    fn deletions_and_adjustments_of_drug_events() {
        for (code, adjustment, claim_type) in [
            (Some("A"), Some("2"), Some("02")),
            (Some("R"), Some("2"), Some("04")),
            (Some("D"), Some("1"), Some("03")),
            (Some("Q"), Some("0"), None),
            (Some(""), Some("0"), Some("01")),
            (None, Some("0"), Some("01")),
        ] {
            let entry = code.map(|code| information("adjstmt_dltn_cd", code)).unwrap_or_default();
            let line = claim("PDE", &format!(",'information':[{entry}]"));
            let get = |name| only(line.clone(), Table::Cclf7, name);
            assert_eq!(get("CLM_ADJSMT_TYPE_CD").as_deref(), adjustment, "{code:?}");
            assert_eq!(get("CLM_TYPE_CD").as_deref(), claim_type, "{code:?}");
        }
    }

    #[test]
    fn one_payment_never_stands_for_another() {
        let item = format!(
            ",'item':[{{'adjudication':[{},{}],'sequence':1}},{{'adjudication':[{}],'sequence':2}}]",
            amount("rev_cntr_pmt_amt_amt", "10.1"),
            amount("rev_cntr_prvdr_pmt_amt", "2E1"),
            amount("rev_cntr_pmt_amt_amt", "-0.50"),
        );
        for (eob_type, expected) in [
            ("HHA", ["10.10", "-0.50"]),
            ("OUTPATIENT", ["20.00", "-"]),
            ("HOSPICE", ["20.00", "-"]),
            ("INPATIENT", ["-", "-"]),
            ("SNF", ["-", "-"]),
        ] {
            let tables = Input::of([claim(eob_type, &item)]).tables();
            assert_eq!(
                column(&tables, Table::Cclf2, "CLM_LINE_CVRD_PD_AMT"),
                expected,
                "{eob_type}"
            );
        }
    }

    #[test]
    fn a_drg_is_a_place_and_no_row() {
        let drg =
            "{'packageCode':{'coding':[{'code':'695','system':'V:clm_drg_cd'}]},'sequence':1}";
        let members = format!(
            ",'diagnosis':[{drg},{},{},{}]",
            diagnosis(2, "icd-10", "A00", "external-first"),
            diagnosis(3, "icd-9-cm", "E0", "external"),
            diagnosis(4, "icd-10", "", "reason-for-visit"),
        );
        let tables = Input::of([claim("SNF", &members)]).tables();
        let of = |name| column(&tables, Table::Cclf4, name);
        assert_eq!(of("CLM_VAL_SQNC_NUM"), ["2", "3", "4"]);
        assert_eq!(of("CLM_DGNS_CD"), ["A00", "E0", "-"]);
        assert_eq!(of("CLM_PROD_TYPE_CD"), ["1", "E", "D"]);
        assert_eq!(of("DGNS_PRCDR_ICD_IND"), ["0", "9", "0"]);
        assert_eq!(column(&tables, Table::Cclf1, "DGNS_DRG_CD"), ["695"]);
        let only_drg = claim("INPATIENT", &format!(",'diagnosis':[{drg}]"));
        let tables = Input::of([only_drg]).tables();
        assert!(tables.table(Table::Cclf4).rows.is_empty());
        assert_eq!(cell(&tables, Table::Cclf1, 0, "DGNS_PRCDR_ICD_IND"), None);
    }

    #[test]
    fn present_on_admission_whatever_its_number() {
        let entry = |variable: &str| {
            format!(
                "{{'diagnosisCodeableConcept':{{'coding':[{{'code':'A'}}]}},'extension':[
                {{'url':'V:race','valueCoding':{{'code':'9'}}}},
                {{'url':'V:{variable}','valueCoding':{{'code':'Y'}}}}]}}"
            )
        };
        let variables = ["clm_poa_ind_sw1", "clm_poa_ind_sw25", "clm_e_poa_ind_sw12", "clm_drg_cd"];
        let entries = variables.map(entry).join(",");
        let tables = Input::of([claim("INPATIENT", &format!(",'diagnosis':[{entries}]"))]).tables();
        assert_eq!(column(&tables, Table::Cclf4, "CLM_POA_IND"), ["Y", "Y", "Y", "-"]);
        assert_eq!(column(&tables, Table::Cclf4, "DGNS_PRCDR_ICD_IND"), ["U"; 4]);
    }

    #[test]
    fn items_without_links_have_no_provider() {
        let members = format!(
            ",'careTeam':[{},{},{},{}],'diagnosis':[{},{}],'item':[
            {{'careTeamLinkId':[5,3,2],'diagnosisLinkId':[2,1],'sequence':3}},
            {{'careTeamLinkId':[],'sequence':1}},
            {{'careTeamLinkId':[4],'diagnosisLinkId':[7],'sequence':2}}]",
            member(3, "primary", "N3"),
            member(2, "primary", "N2"),
            member(4, "other", "N4"),
            "{'provider':{'identifier':{'system':'http://terminology.hl7.org/CodeSystem/v2-0203','value':'T5'}},
             'role':{'coding':[{'code':'other'}]},'sequence':5}",
            diagnosis(1, "icd-10", "A00", "principal"),
            diagnosis(2, "icd-10", "B00", ""),
        );
        let tables = Input::of([claim("CARRIER", &members)]).tables();
        let of = |name| column(&tables, Table::Cclf5, name);
        assert_eq!(of("CLM_LINE_NUM"), ["3", "1", "2"]);
        assert_eq!(of("RNDRG_PRVDR_NPI_NUM"), ["N3", "-", "-"]);
        assert_eq!(of("CLM_RNDRG_PRVDR_TAX_NUM"), ["T5", "-", "-"]);
        assert_eq!(of("CLM_LINE_DGNS_CD"), ["B00", "-", "-"]);
        assert_eq!(of("CLM_DGNS_2_CD"), ["B00"; 3]);
        assert_eq!(of("CLM_DGNS_3_CD"), ["-"; 3]);
        assert_eq!(of("DGNS_PRCDR_ICD_IND"), ["0"; 3]);
    }

    #[test]
    fn modifiers_by_place_and_padded_revenue_centers() {
        let members =
            ",'item':[{'modifier':[{'coding':[{'code':'25'}]},{'coding':[{'code':'LT'}]}],
            'revenue':{'coding':[{'code':'1','system':'V:rev_cntr'}]},'sequence':1},
            {'modifier':[{'coding':[{'code':''}]},{'coding':[{'code':'RT'}]}],
            'revenue':{'coding':[{'code':'00450','system':'V:rev_cntr'}]},'sequence':2}]";
        let tables = Input::of([claim("OUTPATIENT", members)]).tables();
        let of = |name| column(&tables, Table::Cclf2, name);
        assert_eq!(of("HCPCS_1_MDFR_CD"), ["25", "-"]);
        assert_eq!(of("HCPCS_2_MDFR_CD"), ["LT", "RT"]);
        assert_eq!(of("HCPCS_3_MDFR_CD"), ["-", "-"]);
        assert_eq!(of("CLM_LINE_PROD_REV_CTR_CD"), ["0001", "00450"]);
    }

    #[test]
    fn line_dates_fall_back_to_the_period() {
        let members = ",'billablePeriod':{'end':'2020-01-31','start':'2020-01-01'},'item':[
            {'sequence':1,'servicedDate':'2020-01-05'},{'sequence':2},
            {'sequence':3,'servicedDate':'2020-01'},{'sequence':4,'servicedDate':'1000-01-01'}]";
        let tables = Input::of([claim("HHA", members)]).tables();
        let of = |name| column(&tables, Table::Cclf2, name);
        let first = "2020-01-05";
        assert_eq!(of("CLM_LINE_FROM_DT"), [first, "2020-01-01", "2020-01-01", "2020-01-01"]);
        assert_eq!(of("CLM_LINE_THRU_DT"), [first, "2020-01-31", "2020-01-31", "2020-01-31"]);
        assert_eq!(of("CLM_LINE_INSTNL_REV_CTR_DT"), [first, "-", "-", "-"]);
    }

    #[test]
    fn procedures_count_from_one() {
        let entry = |system: &str, date: &str| {
            format!(
                "{{{date}'procedureCodeableConcept':{{'coding':[{{'code':'0TT','system':'{system}'}}]}},
                'sequence':9}}"
            )
        };
        let entries = [
            entry("icd-9-cm", "'date':'2016-01-16T00:00:00-05:00',"),
            entry("icd-10", ""),
            entry("http://www.cms.gov/Medicare/Coding/ICD10", "'date':'2016',"),
        ];
        let line = claim("INPATIENT", &format!(",'procedure':[{}]", entries.join(",")));
        let tables = Input::of([line]).tables();
        let of = |name| column(&tables, Table::Cclf3, name);
        assert_eq!(of("CLM_VAL_SQNC_NUM"), ["1", "2", "3"]);
        assert_eq!(of("CLM_PRCDR_PRFRM_DT"), ["2016-01-16", "-", "-"]);
        assert_eq!(of("DGNS_PRCDR_ICD_IND"), ["9", "0", "U"]);
    }

    #[test]
    fn states_by_ssa_code_or_letters() {
        for (state, fips) in [
            ("22", Some("25")),
            ("MA", Some("25")),
            ("05", Some("06")),
            ("99", None),
            ("ZZ", None),
            ("", None),
            ("5", None),
            ("64", Some("60")),
        ] {
            let members =
                format!(",'item':[{{'locationAddress':{{'state':'{state}'}},'sequence':1}}]");
            let found = only_claim(claim("SNF", &members), "PRVDR_FAC_FIPS_ST_CD");
            assert_eq!(found.as_deref(), fips, "{state}");
        }
        assert_eq!(only_claim(claim("SNF", ""), "PRVDR_FAC_FIPS_ST_CD"), None);
    }

    #[test]
    fn pharmacies_and_prescribers_are_qualified() {
        let of = |identifier: &str, name: &str| {
            let team = member(2, "primary", "N2");
            let members = format!(",'careTeam':[{team}],'facility':{{{identifier}}}");
            only(claim("PDE", &members), Table::Cclf7, name)
        };
        for (code, expected) in [
            ("NPI", "01"),
            ("UPIN", "06"),
            ("NCPDP", "07"),
            ("DL", "08"),
            ("TAX", "11"),
            ("X", "99"),
        ] {
            let identifier =
                format!("'identifier':{{'type':{{'coding':[{{'code':'{code}'}}]}},'value':'P1'}}");
            let found = of(&identifier, "PRVDR_SRVC_ID_QLFYR_CD");
            assert_eq!(found.as_deref(), Some(expected), "{code}");
            let number = of(&identifier, "CLM_SRVC_PRVDR_GNRC_ID_NUM");
            assert_eq!(number.as_deref(), Some("P1"));
        }
        assert_eq!(of("", "PRVDR_SRVC_ID_QLFYR_CD"), None);
        let untyped = "'identifier':{'value':'P1'}";
        assert_eq!(of(untyped, "PRVDR_SRVC_ID_QLFYR_CD").as_deref(), Some("99"));
        let npi = "'identifier':{'system':'us-npi','value':'P1'}";
        assert_eq!(of(npi, "PRVDR_SRVC_ID_QLFYR_CD").as_deref(), Some("01"));
        assert_eq!(of("", "PRVDR_PRSBNG_ID_QLFYR_CD").as_deref(), Some("01"));
    }

    #[test]
    fn numbers_in_text_columns_are_plain() {
        for (number, expected) in [
            ("3", "3"),
            ("3.0", "3"),
            ("1E2", "100"),
            ("0.50", "0.5"),
            ("-0", "0"),
            ("2.50e1", "25"),
        ] {
            let members = format!(
                ",'item':[{{'quantity':{{'extension':[{{'url':'V:fill_num',
                'valueQuantity':{{'value':{number}}}}}],'value':12.5}},'sequence':1}}]"
            );
            let line = claim("PDE", &members);
            let found = only(line.clone(), Table::Cclf7, "CLM_LINE_RX_FILL_NUM");
            assert_eq!(found.as_deref(), Some(expected), "{number}");
            let quantity = only(line, Table::Cclf7, "CLM_LINE_SRVC_UNIT_QTY");
            assert_eq!(quantity.as_deref(), Some("12.5000"));
        }
    }

    #[test]
    fn ids_and_lineage() {
        let line = claim("HOSPICE", ",'meta':{'lastUpdated':'2021-08-17T13:43:00.037-04:00'}");
        let tables = Input::of([line.replace("\"active\"", "\"cancelled\"")]).tables();
        let get = |name| cell(&tables, Table::Cclf1, 0, name);
        assert_eq!(get("CUR_CLM_UNIQ_ID").as_deref(), Some("-7"));
        assert_eq!(get("BENE_MBI_ID"), None);
        assert_eq!(get("CLM_ADJSMT_TYPE_CD").as_deref(), Some("0"));
        assert_eq!(get("FILE_NAME").as_deref(), Some("a.ndjson"));
        assert_eq!(get("FILE_DATE").as_deref(), Some("2021-08-17"));
        assert_eq!(get("BCDA_EOB_ID").as_deref(), Some("x--7"));
        assert_eq!(get("BCDA_STATUS").as_deref(), Some("cancelled"));
        assert_eq!(get("BCDA_LAST_UPDATED").as_deref(), Some("1629222180037000"));
        assert_eq!(get("BCDA_CLM_GRP_ID"), None);
        assert_eq!(get("BCDA_FINAL").as_deref(), Some("false"));
        assert_eq!(get("BCDA_API").as_deref(), Some("v1"));
        assert_eq!(get("BCDA_SYSTEM"), None);
    }

    #[test]
    fn a_claim_finds_its_patient_by_any_literal_reference() {
        let person = patient("-9", &format!(",'identifier':[{}]", mbi("M1", "current")));
        for (reference, expected) in [
            ("Patient/-9", Some("M1")),
            ("https://example.org/v1/fhir/Patient/-9", Some("M1")),
            ("Patient/-9/_history/2", Some("M1")),
            ("Patient/9", None),
            ("Patient/", None),
            ("Group/-9", None),
            ("#-9", None),
        ] {
            let line = claim("INPATIENT", "").replace("Patient/-9", reference);
            let tables = Input::of([line, person.clone()]).tables();
            assert_eq!(cell(&tables, Table::Cclf1, 0, "BENE_MBI_ID").as_deref(), expected);
        }
    }

    #[test]
    fn what_is_not_read_is_not_judged() {
        for members in [
            ",'created':5",
            ",'benefitBalance':[5]",
            ",'item':[{'detail':[{'sequence':'x'}],'sequence':1}]",
            ",'_status':5",
            ",'somethingNew':{'a':[null]}",
            ",'extension':[{'url':'V:fi_num','valueIdentifier':{'value':'1'},'valueString':'x'}]",
        ] {
            assert_eq!(refused(claim("INPATIENT", members)), None, "{members}");
        }
    }

    #[test]
    fn missing_and_blank_elements_are_null() {
        for eob_type in ["INPATIENT", "CARRIER", "DME", "PDE", "HHA"] {
            let bare = Input::of([claim(eob_type, "")]).tables();
            assert!(bare.rejected.is_empty());
            let blank = claim(
                eob_type,
                ",'billablePeriod':{'start':' '},'careTeam':[],'diagnosis':[],'disposition':'',
                'extension':[{'url':'V:fi_num'}],'facility':{},'information':null,'item':[],
                'payment':{'amount':{}},'provider':{'identifier':{'system':'V:prvdr_num'}}",
            );
            assert_eq!(Input::of([blank]).tables().tables, bare.tables);
        }
    }
}

mod people {
    use super::*;

    fn person(members: &str) -> String {
        patient("-9", members)
    }

    fn identifiers(list: &[String]) -> String {
        person(&format!(",'identifier':[{}]", list.join(",")))
    }

    #[test]
    fn current_and_historic_mbis() {
        for (list, current, historic) in [
            (&[("M2", "historic"), ("M1", "current")][..], "M1", &["M2"][..]),
            (&[("M3", ""), ("M1", "current"), ("M2", "current")], "M1", &["M2", "M3"]),
            (&[("M3", ""), ("M2", ""), ("M1", "historic")], "M3", &["M1", "M2"]),
            (&[("M2", "historic"), ("M1", "historic"), ("M2", "historic")], "-", &["M1", "M2"]),
            (&[("M1", "current"), ("M1", "historic")], "M1", &[]),
            (&[(" ", "current"), ("M2", "")], "M2", &[]),
            (&[], "-", &[]),
        ] {
            let list: Vec<String> = list.iter().map(|(value, mark)| mbi(value, mark)).collect();
            let tables = Input::of([claim("HHA", ""), identifiers(&list)]).tables();
            assert_eq!(column(&tables, Table::Cclf8, "BENE_MBI_ID"), [current]);
            assert_eq!(column(&tables, Table::Cclf1, "BENE_MBI_ID"), [current]);
            assert_eq!(column(&tables, Table::Cclf9, "PRVS_NUM"), *historic);
            assert!(column(&tables, Table::Cclf9, "CRNT_NUM").iter().all(|mbi| mbi == current));
        }
    }

    #[test]
    fn the_newest_patient_stands_where_it_stood() {
        let version = |id: &str, updated: &str, name: &str| {
            let updated = match updated {
                "" => String::new(),
                time => format!(",'meta':{{'lastUpdated':'{time}'}}"),
            };
            patient(id, &format!(",'name':[{{'family':'{name}'}}]{updated}"))
        };
        let first = "2020-01-01T00:00:00+00:00";
        // The same moment in another zone.
        let same = "2019-12-31T19:00:00-05:00";
        let later = "2020-01-01T00:00:00.001Z";
        for (lines, expected) in [
            (vec![("-9", first, "a"), ("-8", first, "b"), ("-9", later, "c")], ["b", "c"]),
            (vec![("-9", later, "a"), ("-8", first, "b"), ("-9", first, "c")], ["a", "b"]),
            (vec![("-9", first, "a"), ("-8", first, "b"), ("-9", same, "c")], ["b", "c"]),
            (vec![("-9", "", "a"), ("-8", "", "b"), ("-9", "", "c")], ["b", "c"]),
            (vec![("-9", first, "a"), ("-8", "", "b"), ("-9", "", "c")], ["a", "b"]),
        ] {
            let lines = lines.into_iter().map(|(id, updated, name)| version(id, updated, name));
            let tables = Input::of(lines).tables();
            assert_eq!(column(&tables, Table::Cclf8, "BENE_LAST_NAME"), expected);
        }
    }

    #[test]
    fn the_patients_own_file_dates_its_age() {
        let born = person(",'birthDate':'1940-02-29'");
        let input = Input {
            api: Api::V1,
            files: vec![
                ("claims".to_owned(), Some(FILE_DATE), vec![claim("HHA", "")]),
                ("people/b".to_owned(), Some(17_955), vec![born]),
            ],
        };
        let tables = input.tables();
        assert_eq!(column(&tables, Table::Cclf8, "FILE_NAME"), ["people/b"]);
        assert_eq!(column(&tables, Table::Cclf8, "FILE_DATE"), ["2019-02-28"]);
        assert_eq!(column(&tables, Table::Cclf8, "BENE_AGE"), ["78"]);
        assert_eq!(column(&tables, Table::Cclf1, "FILE_NAME"), ["claims"]);
    }

    #[test]
    fn ages() {
        for (members, expected) in [
            (",'birthDate':'1940-08-17'", "81"),
            (",'birthDate':'1940-08-18'", "80"),
            (",'birthDate':'1940-08-18','deceasedDateTime':'2000-08-18'", "60"),
            (",'birthDate':'1940-08-18','deceasedDateTime':'2030-01-01'", "80"),
            (",'birthDate':'1940-08-18','deceasedDateTime':'2000'", "80"),
            (",'birthDate':'1940-08-18','deceasedDateTime':'1939-01-01'", "-"),
            (",'birthDate':'1940-08'", "-"),
            (",'birthDate':'2022-01-01'", "-"),
            ("", "-"),
        ] {
            let tables = Input::of([person(members)]).tables();
            assert_eq!(column(&tables, Table::Cclf8, "BENE_AGE"), [expected], "{members}");
        }
    }

    #[test]
    fn zip_codes() {
        for (zip, five, four) in [
            ("12345", "12345", "-"),
            ("123456789", "12345", "6789"),
            ("12345-6789", "12345", "6789"),
            ("", "-", "-"),
        ] {
            let line = person(&format!(",'address':[{{'postalCode':'{zip}','state':'40'}}]"));
            let tables = Input::of([line]).tables();
            let of = |name| column(&tables, Table::Cclf8, name);
            assert_eq!(of("GEO_ZIP5_CD"), [five]);
            assert_eq!(of("BENE_ZIP_CD"), [five]);
            assert_eq!(of("GEO_ZIP4_CD"), [four]);
            assert_eq!(of("GEO_USPS_STATE_CD"), ["PR"]);
            assert_eq!(of("BENE_FIPS_STATE_CD"), ["72"]);
        }
    }

    #[test]
    fn dual_status_of_the_latest_month_that_says_something() {
        let year = |year: &str| format!("{{'url':'V:rfrnc_yr','valueDate':'{year}'}}");
        let dual = |own: &str, coverages: &[(&str, String)]| {
            let mut lines = vec![person(&format!(",'extension':[{own}]"))];
            for (part, extensions) in coverages {
                lines.push(coverage(part, &format!(",'extension':[{extensions}]")));
            }
            let tables = Input::of(lines).tables();
            column(&tables, Table::Cclf8, "BENE_DUAL_STUS_CD").remove(0)
        };
        let with = |of: &str, codes: &[&str]| format!("{},{}", year(of), months("dual_", codes));
        let eleven = ["02"; 11];
        assert_eq!(dual(&months("dual_", &["01", "02", "**", "XX", "", " "]), &[]), "02");
        assert_eq!(dual(&months("dual_", &["**", "XX"]), &[]), "-");
        assert_eq!(dual("", &[]), "-");
        let two = [("A", with("2019", &["04"])), ("C", with("2020", &eleven))];
        assert_eq!(dual("", &two), "02", "the greatest year");
        let tie = [("D", with("2020", &["08"])), ("B", with("2020", &["03"]))];
        assert_eq!(dual("", &tie), "03", "of equal years the first part");
        let unusable = [("A", with("2019", &["04"])), ("B", with("2020", &["**"]))];
        assert_eq!(dual("", &unusable), "-", "the newest decides, whatever it says");
        let no_months = [("A", with("2019", &["04"])), ("B", year("2020"))];
        assert_eq!(dual("", &no_months), "04", "a Coverage without months does not count");
        let no_year = [("A", months("dual_", &["04"])), ("B", with("2001", &["05"]))];
        assert_eq!(dual("", &no_year), "05");
        assert_eq!(dual(&months("dual_", &["01"]), &two), "01", "the Patient's own come first");
    }

    #[test]
    fn coverages_fill_what_belongs_to_their_part() {
        let code = |name: &str, code: &str| {
            format!("{{'url':'V:{name}','valueCoding':{{'code':'{code}'}}}}")
        };
        let b = format!(
            ",'extension':[{},{}],'period':{{'start':'2010-02-01'}}",
            code("ms_cd", "11"),
            months("buyin", &["3", "0", "**"]),
        );
        let a = format!(",'extension':[{}],'period':{{'start':'2010-01-01'}}", code("orec", "1"));
        let d = format!(",'extension':[{},{}]", code("ms_cd", "20"), months("buyin", &["9"]));
        let lines = [coverage("D", &d), coverage("B", &b), coverage("A", &a), person("")];
        let tables = Input::of(lines).tables();
        let of = |name| column(&tables, Table::Cclf8, name).remove(0);
        assert_eq!(of("BENE_MDCR_STUS_CD"), "11");
        assert_eq!(of("BENE_ORGNL_ENTLMT_RSN_CD"), "1");
        assert_eq!(of("BENE_ENTLMT_BUYIN_IND"), "0");
        assert_eq!(of("BENE_PART_A_ENRLMT_BGN_DT"), "2010-01-01");
        assert_eq!(of("BENE_PART_B_ENRLMT_BGN_DT"), "2010-02-01");
        let newer = format!("{a},'meta':{{'lastUpdated':'2020-01-01T00:00:00Z'}}");
        let older = ",'period':{'start':'2011-01-01'}";
        let lines = [coverage("A", &newer), coverage("A", older), person("")];
        let tables = Input::of(lines).tables();
        let start = column(&tables, Table::Cclf8, "BENE_PART_A_ENRLMT_BGN_DT");
        assert_eq!(start, ["2010-01-01"]);
    }

    #[test]
    fn hospice_ranges() {
        let stay = |period: &str| claim("HOSPICE", &format!(",'hospitalization':{{{period}}}"));
        let lines = [
            stay("'start':'2020-03-01'"),
            stay("'end':'2020-01-20','start':'2020-01-01'"),
            stay("'end':'2020-02-20','start':'2020-01-01'"),
            stay("'end':'2020-03-20','start':'2020-03-01'"),
            stay("'end':'2020-04-20'"),
            stay("'end':'2020-05-20','start':'2020-05-01'").replace("\"active\"", "\"cancelled\""),
            stay("'end':'9999-12-31','start':'2020-06-01'"),
            stay("'end':'2020-07-20','start':'2020-07-01'").replace("HOSPICE", "HHA"),
            stay("'end':'2020-08-20','start':'2020-08-01'").replace("Patient/-9", "Patient/9"),
            person(""),
            patient("-8", ""),
        ];
        let tables = Input::of(lines).tables();
        assert!(tables.rejected.is_empty());
        let begin = column(&tables, Table::Cclf8, "BENE_RNG_BGN_DT");
        assert_eq!(begin, ["2020-01-01", "2020-03-01", "2020-06-01", "-"]);
        let end = column(&tables, Table::Cclf8, "BENE_RNG_END_DT");
        assert_eq!(end, ["2020-02-20", "-", "-", "-"]);
    }

    #[test]
    fn the_summary_counts_rows() {
        let lines = [claim("CARRIER", ",'item':[{'sequence':1},{'sequence':2}]"), person("")];
        let tables = Input::of(lines).tables();
        let of = |name| column(&tables, Table::Cclf0, name);
        let rows = ["0", "0", "0", "0", "2", "0", "0", "1", "0", "0", "2"];
        assert_eq!(of("NUMBER_OF_RECORDS"), rows);
        let lengths = ["437", "199", "114", "112", "388", "247", "195", "549", "55", "324", "128"];
        assert_eq!(of("LENGTH_OF_RECORD"), lengths);
    }
}

mod verdicts {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_must_be_there() {
        let full = claim("PDE", ",'item':[{'sequence':1}]");
        assert_eq!(refused(full.clone()), None);
        for (from, to, class) in [
            ("\"-7\"", "\" \"", ErrorClass::Missing),
            ("\"sequence\":1", "\"x\":1", ErrorClass::Missing),
            ("\"sequence\":1", "\"sequence\":null", ErrorClass::Missing),
            ("\"PDE\"", "\"\"", ErrorClass::Missing),
            ("\"PDE\"", "\"pde\"", ErrorClass::ClaimType),
            ("\"PDE\"", "5", ErrorClass::WrongType),
            ("\"sequence\":1", "\"sequence\":\"1\"", ErrorClass::WrongType),
            ("\"sequence\":1", "\"sequence\":1.5", ErrorClass::Number),
            ("\"sequence\":1", "\"sequence\":9223372036854775808", ErrorClass::Number),
            ("ExplanationOfBenefit", "Explanation", ErrorClass::ResourceType),
            ("ExplanationOfBenefit", "Bundle", ErrorClass::Bundle),
            ("\"status\"", "\"id\"", ErrorClass::DuplicateMember),
            ("\"resourceType\"", "\"kind\"", ErrorClass::ResourceType),
        ] {
            assert!(full.contains(from));
            assert_eq!(refused(full.replacen(from, to, 1)), Some(class), "{from} -> {to}");
        }
        assert_eq!(refused(full[..full.len() - 1].to_owned()), Some(ErrorClass::Syntax));
        assert_eq!(refused(patient(" ", "")), Some(ErrorClass::Missing));
        assert_eq!(refused(coverage("A", "")), None);
        assert_eq!(refused(coverage("E", "")), Some(ErrorClass::Missing));
    }

    #[test]
    fn values_that_do_not_fit_refuse_the_record_whichever_wins() {
        let item =
            |members: &str| claim("INPATIENT", &format!(",'item':[{{{members}'sequence':1}}]"));
        let money = |value: &str| amount("rev_cntr_pmt_amt_amt", value);
        for (line, class) in [
            // The guard of the column leaves inpatient claims out; the fact is of the record.
            (item(&format!("'adjudication':[{}],", money("1.005"))), Some(ErrorClass::Number)),
            (
                item(&format!("'adjudication':[{},{}],", money("1"), money("1.005"))),
                Some(ErrorClass::Number),
            ),
            (item(&format!("'adjudication':[{}],", amount("prpayamt", "1.005"))), None),
            (item("'servicedDate':'2019-02-30',"), Some(ErrorClass::Date)),
            (item("'servicedDate':'2019-02',"), None),
            (item("'servicedDate':'9999-12-31',"), None),
            (item("'quantity':{'value':1.23456},"), Some(ErrorClass::Number)),
            (item("'quantity':{'value':1.2345000},"), None),
            (item("'quantity':{'value':123456789012345678.1},"), None),
            (item("'quantity':{'value':1234567890123456789},"), Some(ErrorClass::Number)),
            (patient("-9", ",'birthDate':'1940-13-01'"), Some(ErrorClass::Date)),
            (patient("-9", ",'meta':{'lastUpdated':'yesterday'}"), Some(ErrorClass::Date)),
            // Part C has no such column, but the fact is of every Coverage.
            (coverage("C", ",'period':{'start':'2019-00-01'}"), Some(ErrorClass::Date)),
        ] {
            assert_eq!(refused(line.clone()), class, "{line}");
        }
    }

    fn records() -> &'static [String] {
        static RECORDS: std::sync::LazyLock<Vec<String>> = std::sync::LazyLock::new(|| {
            let mut lines = synthetic(200..203);
            for folder in ["", "identifiers", "seed-samples"] {
                lines.extend(golden(folder).unwrap_or_default());
            }
            lines
        });
        &RECORDS
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..Default::default() })]

        #[test]
        fn agree_on_records_with_one_leaf_changed(
            record in 0..1000_usize,
            leaf in 0..100_000_usize,
            to in 0..100_usize,
            same_kind in prop::bool::weighted(0.8),
        ) {
            let lines = records();
            let line = mutated(&lines[record % lines.len()], leaf, to, same_kind);
            Input::of([line, patient("-9", "")]).tables();
        }

        #[test]
        fn agree_on_people_with_leaves_changed(
            seed in 0..5_u64,
            changes in prop::collection::vec((0..9_usize, 0..100_000_usize, 0..100_usize), 1..4),
        ) {
            let mut lines = vec![
                synth::patient(seed),
                synth::eob(seed, synth::ClaimType::Hospice),
                synth::eob(seed, synth::ClaimType::Carrier),
                synth::patient(seed),
            ];
            lines.extend(synth::Part::ALL.map(|part| synth::coverage(seed, part)));
            for (line, leaf, to) in changes {
                let place = line % lines.len();
                let changed = mutated(&lines[place], leaf, to, true);
                // Several faults of a record may be of several classes: each is a change of a good one.
                if Input::of([changed.clone()]).slow(ALL).rejected.is_empty() {
                    lines[place] = changed;
                }
            }
            Input::of(lines).tables();
        }
    }
}
