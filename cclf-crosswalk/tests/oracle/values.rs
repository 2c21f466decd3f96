//! Values that say nothing, or nothing that is on a closed list.

use cclf_crosswalk::{
    Beneficiaries, Crosswalk, ErrorClass, Plan, Reader, RecordCounts, STU3, Sources, Table,
    TableStream, TableStreamOptions, Took,
};

use super::*;

/// What a run over these people and claims counts.
fn counts(people: &[String], claims: &[String]) -> RecordCounts {
    counts_in(Api::V1, people, claims)
}

/// The same of a version.
fn counts_in(api: Api, people: &[String], claims: &[String]) -> RecordCounts {
    let mut known = Beneficiaries::new(Plan::of(api));
    for line in people {
        assert_eq!(known.push(line.as_bytes()), Ok(true));
    }
    let stream = TableStream::new(known, &Table::ALL, &TableStreamOptions::default());
    let mut batches = stream.batches(claims);
    assert!(batches.by_ref().all(|batch| batch.is_ok()));
    batches.counts()
}

#[test]
fn codes_of_nothing_but_tildes_are_null() {
    let line = claim(
        "CARRIER",
        ",'disposition':'~','information':[],'item':[{'sequence':1,
        'locationCodeableConcept':{'coding':[{'code':' ~~ ','system':'V:line_place_of_srvc_cd'},
        {'code':'11','system':'V:line_place_of_srvc_cd'}],
        'extension':[{'url':'V:prvdr_state_cd','valueCoding':{'code':'~'}}]},
        'modifier':[{'coding':[{'code':'\\u007e','system':'C:hcpcs'}]},
        {'coding':[{'code':'~A','system':'C:hcpcs'}]}]}]",
    );
    let of = |name| only(line.clone(), Table::Cclf5, name);
    assert_eq!(of("CLM_DISP_CD"), None);
    assert_eq!(of("CLM_ADJSMT_TYPE_CD").as_deref(), Some("0"));
    assert_eq!(of("CLM_POS_CD").as_deref(), Some("11"), "the first that is not null");
    assert_eq!(of("RNDRG_PRVDR_FIPS_ST_CD"), None);
    assert_eq!(of("HCPCS_1_MDFR_CD"), None);
    assert_eq!(of("HCPCS_2_MDFR_CD").as_deref(), Some("~A"));
    // Nothing is counted: they say nothing.
    let made = counts(&[], &[line]);
    assert_eq!((made.untranslated_states, made.untranslated_codes), (0, 0));
    let event = claim("PDE", &format!(",'information':[{}]", information("adjstmt_dltn_cd", "~")));
    assert_eq!(only(event.clone(), Table::Cclf7, "CLM_TYPE_CD").as_deref(), Some("01"));
    assert_eq!(only(event, Table::Cclf7, "CLM_ADJSMT_TYPE_CD").as_deref(), Some("0"));
    let person = patient(
        "-9",
        &format!(
            ",'address':[{{'city':'~','postalCode':'~','state':'~'}}],'extension':[{}],'gender':'~',
            'identifier':[{}]",
            months("dual_", &["02", "~"]),
            mbi("M1", "~"),
        ),
    );
    let tables = Input::of([person]).tables();
    let of = |name| column(&tables, Table::Cclf8, name).remove(0);
    for name in ["BENE_SEX_CD", "GEO_USPS_STATE_CD", "BENE_FIPS_STATE_CD", "GEO_ZIP5_CD"] {
        assert_eq!(of(name), "-", "{name}");
    }
    assert_eq!(of("BENE_DUAL_STUS_CD"), "02");
    assert_eq!(of("BENE_MBI_ID"), "M1", "no mark");
    // A name is no code.
    assert_eq!(of("GEO_ZIP_PLC_NAME"), "~");
    assert_eq!(refused(claim("~", "")), Some(ErrorClass::Missing));
}

#[test]
fn sexes_are_words_of_a_closed_list_in_every_version() {
    for api in Api::ALL {
        for (gender, expected, unlisted) in [
            ("male", "1", 0),
            ("female", "2", 0),
            ("unknown", "0", 0),
            ("other", "0", 0),
            ("M", "-", 1),
            ("Male", "-", 1),
            ("0", "-", 1),
            ("", "-", 0),
        ] {
            let person = patient("-9", &format!(",'gender':'{gender}'"));
            let tables = Input::in_version(api, [person.clone()]).tables();
            assert_eq!(column(&tables, Table::Cclf8, "BENE_SEX_CD"), [expected], "{api} {gender}");
            let counted = counts_in(api, &[person], &[]).untranslated_codes;
            assert_eq!(counted, unlisted, "{api} {gender}");
        }
    }
}

#[test]
fn words_outside_their_list_are_null_and_counted() {
    for (code, expected, unlisted) in [("A", "02", 0), ("Z", "-", 1)] {
        let event =
            claim("PDE", &format!(",'information':[{}]", information("adjstmt_dltn_cd", code)));
        let tables = Input::of([event.clone()]).tables();
        assert_eq!(column(&tables, Table::Cclf7, "CLM_TYPE_CD"), [expected]);
        assert_eq!(counts(&[], &[event]).untranslated_codes, unlisted, "{code}");
    }
    let person = |state: &str| patient("-9", &format!(",'address':[{{'state':'{state}'}}]"));
    for (state, unknown) in [("22", 0), ("ca", 0), ("99", 2), ("56", 2), ("", 0), ("~", 0)] {
        assert_eq!(counts(&[person(state)], &[]).untranslated_states, unknown, "{state}");
    }
}

#[test]
fn postal_codes_with_letters_are_null_and_counted() {
    for (zip, five, four, unknown) in [
        ("12345-6789", "12345", "6789", 0),
        (" 12345 6789 ", "12345", "6789", 0),
        ("123", "123", "-", 0),
        ("1234567", "12345", "-", 0),
        ("12345-67890", "12345", "-", 0),
        ("K1A 0B1", "-", "-", 3),
        ("12345-678X", "-", "-", 3),
        ("SW1A 1AA", "-", "-", 3),
        ("12345\u{e9}", "-", "-", 3),
        ("-", "-", "-", 0),
    ] {
        let person = patient("-9", &format!(",'address':[{{'postalCode':'{zip}'}}]"));
        let tables = Input::of([person.clone()]).tables();
        let of = |name| column(&tables, Table::Cclf8, name);
        assert_eq!((of("GEO_ZIP5_CD"), of("GEO_ZIP4_CD")), (vec![five.into()], vec![four.into()]));
        assert_eq!(of("BENE_ZIP_CD"), [five], "{zip}");
        assert_eq!(counts(&[person], &[]).untranslated_zips, unknown, "{zip}");
    }
}

#[test]
fn sentinel_dates_are_null_and_impossible_ones_bad() {
    let person = |member: &str| patient("-9", &format!(",{member}"));
    for sentinel in ["0001-01-01", "1000-01-01", "9999-12-31"] {
        let tables = Input::of([person(&format!("'birthDate':'{sentinel}'"))]).tables();
        assert_eq!(column(&tables, Table::Cclf8, "BENE_DOB"), ["-"], "{sentinel}");
        let dated = format!("'deceasedDateTime':'{sentinel}T00:00:00Z'");
        let tables = Input::of([person(&dated)]).tables();
        assert_eq!(column(&tables, Table::Cclf8, "BENE_DEATH_DT"), ["-"], "{sentinel}");
        let updated = format!(",'meta':{{'lastUpdated':'{sentinel}T00:00:00Z'}}");
        let updated = only(claim("INPATIENT", &updated), Table::Cclf1, "BCDA_LAST_UPDATED");
        assert_eq!(updated, None);
    }
    for bad in ["0000", "0000-01", "0000-01-01", "2019-02-30", "1900-02-29"] {
        assert_eq!(
            refused(person(&format!("'birthDate':'{bad}'"))),
            Some(ErrorClass::Date),
            "{bad}"
        );
    }
}

#[test]
fn times_are_legal_as_a_whole() {
    let procedure = |date: &str| {
        let entry = format!(
            "{{'date':'{date}','procedureCodeableConcept':{{'coding':[{{'code':'0TT'}}]}},'sequence':1}}"
        );
        claim("INPATIENT", &format!(",'procedure':[{entry}]"))
    };
    let midnight = procedure("2016-01-16T00:00:00-05:00");
    let day = only(midnight, Table::Cclf3, "CLM_PRCDR_PRFRM_DT");
    assert_eq!(day.as_deref(), Some("2016-01-16"));
    for bad in [
        "2016-01-16T99:99:99",
        "2016-01-16T99:99:99Z",
        "2016-01-16T",
        "2016-01-16T00:00:00",
        "2016-01-16T00:00Z",
        "2016-01-16T24:00:00Z",
        "2016-01-16T00:00:00+14:30",
        "2016-01-16T00:00:00Zx",
        "9999-12-31T99:99:99Z",
    ] {
        assert_eq!(refused(procedure(bad)), Some(ErrorClass::Date), "{bad}");
        let updated = claim("INPATIENT", &format!(",'meta':{{'lastUpdated':'{bad}'}}"));
        assert_eq!(refused(updated), Some(ErrorClass::Date), "{bad}");
        let died = patient("-9", &format!(",'deceasedDateTime':'{bad}'"));
        assert_eq!(refused(died), Some(ErrorClass::Date), "{bad}");
    }
}

#[test]
fn marks_of_currency() {
    for (marks, current, historic, unknown) in [
        (&[("M1", "current"), ("M2", "historic")][..], "M1", &["M2"][..], 0),
        (&[("M2", "historic"), ("M1", "current")], "M1", &["M2"], 0),
        (&[("M1", "current"), ("M2", "current")], "M1", &["M2"], 0),
        (&[("M2", "current"), ("M1", "current"), ("M2", "historic")], "M2", &["M1"], 0),
        (&[("M1", "old"), ("M2", "")], "M1", &["M2"], 1),
        (&[("M1", "Current"), ("M2", "current")], "M2", &["M1"], 1),
        (&[("M1", "historic"), ("M2", "x"), ("M3", "y")], "M2", &["M1", "M3"], 2),
        (&[("M1", "historic")], "-", &["M1"], 0),
        (&[("M1", "current"), ("M1", "current")], "M1", &[], 0),
    ] {
        let mbis: Vec<String> = marks.iter().map(|(value, mark)| mbi(value, mark)).collect();
        let person = patient("-9", &format!(",'identifier':[{}]", mbis.join(",")));
        let tables = Input::of([person.clone(), claim("INPATIENT", "")]).tables();
        assert_eq!(column(&tables, Table::Cclf8, "BENE_MBI_ID"), [current], "{marks:?}");
        assert_eq!(column(&tables, Table::Cclf1, "BENE_MBI_ID"), [current], "{marks:?}");
        assert_eq!(column(&tables, Table::Cclf9, "PRVS_NUM"), historic, "{marks:?}");
        assert_eq!(counts(&[person], &[]).untranslated_codes, unknown, "{marks:?}");
    }
}

#[test]
fn statuses_are_texts_and_others_than_active_are_not_final_and_counted() {
    let of = |status: &str| claim("INPATIENT", "").replace("\"active\"", status);
    let lines: Vec<String> = [
        "\"active\"",
        "\"cancelled\"",
        "\"cancelled\"",
        "\"draft\"",
        "\"Active\"",
        "\" \"",
        "null",
    ]
    .map(of)
    .into();
    let tables = Input::of(lines.clone()).tables();
    let expected = ["active", "cancelled", "cancelled", "draft", "Active", "-", "-"];
    assert_eq!(column(&tables, Table::Cclf1, "BCDA_STATUS"), expected);
    let expected = ["true", "false", "false", "false", "false", "false", "false"];
    assert_eq!(column(&tables, Table::Cclf1, "BCDA_FINAL"), expected);
    let found = counts(&[], &lines).not_final;
    let by_status = [
        ("active", 0),
        ("cancelled", 2),
        ("draft", 1),
        ("entered-in-error", 0),
        ("other", 1),
        ("absent", 2),
    ];
    assert_eq!((found.by_status(), found.untold), (by_status, 0));
}

/// Where something else than the status tells what is final, a claim may be active and not final, or tell nothing.
#[test]
fn what_is_final_is_told_by_its_lineage_column_and_not_by_the_status() {
    let lineage = "column,type,on,where,note\nBCDA_FINAL,boolean,claims,disposition > map(told),\n";
    let maps = format!("{}told,01,true\ntold,02,false\n", STU3.maps);
    let sources = Sources { lineage, maps: maps.leak(), ..STU3 };
    let crosswalk: &'static Crosswalk = Box::leak(Box::new(Crosswalk::load(&sources).unwrap()));
    let plan: &'static Plan = Box::leak(Box::new(Plan::new(crosswalk).unwrap()));
    let mut reader = Reader::new(plan);
    let mut counts = RecordCounts::default();
    for (status, disposition, expected) in [
        ("active", "01", Some(true)),
        ("cancelled", "01", Some(true)),
        ("active", "02", Some(false)),
        ("cancelled", "02", Some(false)),
        ("active", "03", None),
        ("cancelled", "~", None),
    ] {
        let line = claim("HOSPICE", &format!(",'disposition':'{disposition}'"));
        let line = line.replace("\"active\"", &format!("\"{status}\""));
        let Took::Claim(claim) = reader.take(line.as_bytes()) else { panic!("{line}") };
        assert_eq!(claim.is_final(), expected, "{status} {disposition}");
        counts.claim(&claim, 1);
    }
    let found = counts.not_final;
    assert_eq!((found.active, found.cancelled, found.untold), (1, 1, 2));
}
