//! Columns that were asked for: a record is judged by its text, by what its rows need, and by their facts alone.

use super::*;
use cclf_crosswalk::interpret::Tables;
use cclf_crosswalk::{Columns, Crosswalk, Plan, Reader, Took};
use std::collections::BTreeSet;
use synth::ClaimType;

fn columns(api: Api, names: &str) -> Columns {
    let names: Vec<String> = names.split(',').map(str::to_owned).collect();
    let crosswalk = Crosswalk::of(api);
    let tables = Columns::tables_with(crosswalk, &Table::ALL, &names);
    Columns::only(crosswalk, &tables, true, &names).unwrap()
}

/// A record of each kind.
fn of_all_kinds(api: Api) -> Vec<String> {
    let claims = ClaimType::ALL.map(|kind| synth::eob_of(api, 3, kind));
    let coverages = synth::Part::ALL.map(|part| synth::coverage_of(api, 3, part));
    [vec![synth::patient_of(api, 3)], claims.to_vec(), coverages.to_vec()].concat()
}

#[test]
fn both_ways_judge_by_the_columns_that_are_named() {
    for api in Api::ALL {
        let lines = of_all_kinds(api);
        let (mut bad_for_some, mut bad_for_all) = (0, 0);
        for names in [
            "CLM_PMT_AMT",
            "BENE_MBI_ID,cclf5.CLM_LINE_FROM_DT,CLM_LINE_CVRD_PD_AMT,cclf8.BENE_DOB",
            "cclf4.CLM_DGNS_CD,cclf3.CLM_PRCDR_CD,RNDRG_PRVDR_NPI_NUM",
            "cclf7.CLM_LINE_NDC_CD,cclf9.PRVS_NUM,BCDA_LAST_UPDATED,FILE_NAME",
            "cclf8.BENE_DUAL_STUS_CD,cclf8.BENE_RACE_CD,cclf2.CLM_LINE_PROD_REV_CTR_CD",
        ] {
            let columns = columns(api, names);
            let whole = Input::in_version(api, lines.clone()).judged_by(&columns);
            assert!(whole.rejected.is_empty(), "{api} {names}");
            let changed = lines.iter().flat_map(|line| {
                (0..10).map(|number| mutated(line, number * 7_919 + 1, number + 6, false))
            });
            let changed: Vec<String> = changed.collect();
            let input = Input::in_version(api, changed);
            let (some, all) = (input.judged_by(&columns), input.slow(ALL));
            // What is bad for some columns is bad for all.
            let places = |tables: &Tables| -> BTreeSet<(usize, usize)> {
                tables.rejected.iter().map(|(source, line, _)| (*source, *line)).collect()
            };
            assert!(places(&some).is_subset(&places(&all)), "{api} {names}");
            bad_for_some += some.rejected.len();
            bad_for_all += all.rejected.len();
        }
        assert!(0 < bad_for_some && bad_for_some < bad_for_all, "{bad_for_some}, {bad_for_all}");
    }
}

#[test]
fn what_is_asked_for_has_the_values_that_it_has_among_all() {
    for api in Api::ALL {
        let input = Input::in_version(api, of_all_kinds(api));
        let names = "cclf1.CLM_PMT_AMT,cclf5.CLM_LINE_HCPCS_CD,cclf8.BENE_DOB,cclf1.BCDA_FINAL";
        let (some, all) = (input.judged_by(&columns(api, names)), input.slow(ALL));
        for name in names.split(',') {
            let (table, column) = name.split_once('.').unwrap();
            let table: Table = table.parse().unwrap();
            let of = |tables: &Tables| -> Vec<Option<String>> {
                let rows = tables.table(table);
                let place = rows.columns.iter().position(|own| own == column).unwrap();
                rows.rows.iter().map(|row| row[place].clone()).collect()
            };
            let values = of(&some);
            assert!(values == of(&all) && values.iter().any(Option::is_some), "{api} {name}");
        }
    }
}

#[test]
fn text_ids_and_repeated_names_count_whatever_is_asked_for() {
    let payment = columns(Api::V1, "cclf1.CLM_PMT_AMT");
    let dates = columns(Api::V1, "cclf5.CLM_LINE_FROM_DT");
    let judged = |line: &str, by: &Columns| -> Option<ErrorClass> {
        let tables = Input::of([line]).judged_by(by);
        tables.rejected.first().map(|(_, _, class)| *class)
    };
    let line = |item: &str| claim("OUTPATIENT", &format!(",'item':[{{'sequence':1{item}}}]"));
    let no_such_day = line(",'servicedPeriod':{'start':'2019-02-30'}");
    assert_eq!(judged(&no_such_day, &dates), Some(ErrorClass::Date));
    assert_eq!(judged(&no_such_day, &payment), None);
    // An object that is reached for another reason has each name once.
    let twice = line(",'quantity':{'value':1},'quantity':{'value':2}");
    assert_eq!(judged(&twice, &payment), Some(ErrorClass::DuplicateMember));
    let inside = line(",'servicedPeriod':{'start':'2019-02-03','start':'2019-02-03'}");
    assert_eq!(judged(&inside, &dates), Some(ErrorClass::DuplicateMember));
    // One that nothing reaches is not looked into. The slow way has no such object: it reads all of a record first.
    let mut reader = Reader::new(Plan::judging(Api::V1, &payment));
    assert!(matches!(reader.take(inside.as_bytes()), Took::Claim(_)));
    let good = line("");
    for (from, to, class) in
        [("}", ",}", ErrorClass::Syntax), ("'sequence':1", "'number':1", ErrorClass::Missing)]
    {
        let from = from.replace('\'', "\"");
        let bad = good.replacen(&from, &to.replace('\'', "\""), 1);
        assert_ne!(bad, good);
        assert_eq!(judged(&bad, &payment), Some(class));
    }
}
