//! What versions 2 and 3 mean, stated by hand: the interpreter follows the same tables as the plan, and where a table is
//! wrong both are.

use super::*;

const R4: [Api; 2] = [Api::V2, Api::V3];

/// A claim of a version with further members, which begin with a comma; `kind` is the eob-type.
fn claim_of(api: Api, kind: &str, members: &str) -> String {
    let id = if kind == "PDE" { "pde_id" } else { "clm_id" };
    let (identifier, typed) = match api {
        Api::V1 => return claim(kind, members),
        Api::V2 => {
            (format!("'system':'V:{id}'"), format!("{{'system':'C:eob-type','code':'{kind}'}}"))
        }
        Api::V3 => (
            "'type':{'coding':[{'code':'uc',
            'system':'http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBIdentifierType'}]}"
                .to_owned(),
            format!(
                "{{'system':'F:CLM-TYPE-CD','code':'60'}},{{'system':'F:EOB-TYPE','code':'{kind}'}}"
            ),
        ),
    };
    json(&format!(
        "{{'id':'7','identifier':[{{{identifier},'value':'7'}}],'outcome':'complete',
        'patient':{{'reference':'Patient/-9'}},'resourceType':'ExplanationOfBenefit','status':'active',
        'type':{{'coding':[{typed}]}},'use':'claim'{members}}}"
    ))
}

/// Tags of a claim of version 3: its system, and whether it is final.
fn tags(system: &str, action: &str) -> String {
    let tag = |name: &str, code: &str| match code {
        "" => String::new(),
        code => format!("{{'system':'F:{name}','code':'{code}'}}"),
    };
    let tags = [tag("System-Type", system), tag("Final-Action", action)];
    let tags: Vec<&str> = tags.iter().map(String::as_str).filter(|tag| !tag.is_empty()).collect();
    format!(",'meta':{{'tag':[{}]}}", tags.join(","))
}

/// The Coverage of Patient -9 in a part, by its class.
fn coverage_of(part: &str, members: &str) -> String {
    json(&format!(
        "{{'beneficiary':{{'reference':'Patient/-9'}},'class':[{{'type':{{'coding':[{{'code':'plan',
        'system':'http://terminology.hl7.org/CodeSystem/coverage-class'}}]}},'value':'{part}'}}],
        'id':'{part}','resourceType':'Coverage','status':'active'{members}}}"
    ))
}

fn in_version(
    api: Api,
    lines: impl IntoIterator<Item = String>,
) -> cclf_crosswalk::interpret::Tables {
    let tables = Input::in_version(api, lines).tables();
    assert!(tables.rejected.is_empty(), "{api}: {:?}", tables.rejected);
    tables
}

#[test]
fn the_status_tells_what_is_final_in_version_2() {
    for (status, expected) in [
        ("\"active\"", "true"),
        ("\"cancelled\"", "false"),
        ("\"draft\"", "false"),
        ("\"\"", "false"),
        ("null", "false"),
    ] {
        let line = claim_of(Api::V2, "HHA", "").replace("\"active\"", status);
        let tables = in_version(Api::V2, [line]);
        assert_eq!(column(&tables, Table::Cclf1, "BCDA_FINAL"), [expected], "{status}");
        assert_eq!(column(&tables, Table::Cclf1, "BCDA_SYSTEM"), ["-"]);
    }
}

#[test]
fn tags_tell_what_is_final_in_version_3_and_where_it_comes_from() {
    for (system, action, expected) in [
        ("NationalClaimsHistory", "FinalAction", "true"),
        ("DDPS", "NotFinalAction", "false"),
        ("NationalClaimsHistory", "", "-"),
        ("", "FinalAction", "true"),
        ("SharedSystem", "FinalAction", "false"),
        ("SharedSystem", "", "false"),
    ] {
        let line = claim_of(Api::V3, "HHA", &tags(system, action));
        let tables = in_version(Api::V3, [line.clone()]);
        assert_eq!(column(&tables, Table::Cclf1, "BCDA_FINAL"), [expected], "{system} {action}");
        let named = if system.is_empty() { "-" } else { system };
        assert_eq!(column(&tables, Table::Cclf1, "BCDA_SYSTEM"), [named]);
        // What a shared system has not adjudicated to the end has a row only where that is asked for.
        let wanted = Wanted { partially_adjudicated: false, ..ALL };
        let tables = Input::in_version(Api::V3, [line]).wanted(wanted);
        let rows = usize::from(system != "SharedSystem");
        assert_eq!(tables.table(Table::Cclf1).rows.len(), rows, "{system} {action}");
        assert_eq!(tables.skipped.len(), 1 - rows);
    }
}

#[test]
fn what_is_no_claim_of_version_3() {
    let four_digits = claim_of(Api::V3, "HHA", "").replace("\"60\"", "\"2060\"");
    let asks = claim_of(Api::V3, "HHA", "").replace("\"claim\"", "\"preauthorization\"");
    let untyped = four_digits.replace("\"HHA\"", "\"\"");
    for (line, asked_for, otherwise) in [
        (claim_of(Api::V3, "HHA", ""), 1, 1),
        (four_digits, 1, 0),
        // It is of no type that is known.
        (untyped, 0, 0),
        (asks, 0, 0),
    ] {
        for (partially_adjudicated, rows) in [(true, asked_for), (false, otherwise)] {
            let input = Input::in_version(Api::V3, [line.clone()]);
            let tables = input.wanted(Wanted { partially_adjudicated, ..ALL });
            assert!(tables.rejected.is_empty());
            assert_eq!(tables.table(Table::Cclf1).rows.len(), rows, "{line}");
            assert_eq!(tables.skipped.len(), 1 - rows);
        }
    }
}

#[test]
fn claims_of_version_3_without_an_eob_type_go_by_their_number() {
    for (code, table) in [
        ("10", Some(Table::Cclf1)),
        ("20", Some(Table::Cclf1)),
        ("30", Some(Table::Cclf1)),
        ("40", Some(Table::Cclf1)),
        ("50", Some(Table::Cclf1)),
        ("60", Some(Table::Cclf1)),
        ("61", Some(Table::Cclf1)),
        ("62", Some(Table::Cclf1)),
        ("63", Some(Table::Cclf1)),
        ("64", Some(Table::Cclf1)),
        ("71", Some(Table::Cclf5)),
        ("72", Some(Table::Cclf5)),
        ("81", Some(Table::Cclf6)),
        ("82", Some(Table::Cclf6)),
        ("1", Some(Table::Cclf7)),
        ("2", Some(Table::Cclf7)),
        ("3", Some(Table::Cclf7)),
        ("4", Some(Table::Cclf7)),
        ("65", None),
    ] {
        let line = claim_of(Api::V3, "~", ",'item':[{'sequence':1}]");
        let line = line.replace("\"60\"", &format!("\"{code}\""));
        let input = Input::in_version(Api::V3, [line]);
        let tables = input.tables();
        let Some(table) = table else {
            assert_eq!(tables.rejected, [(0, 0, ErrorClass::ClaimType)], "{code}");
            continue;
        };
        assert_eq!(tables.table(table).rows.len(), 1, "{code}");
        let kind = match code {
            "1" | "2" | "3" | "4" => format!("0{code}"),
            _ => code.to_owned(),
        };
        assert_eq!(cell(&tables, table, 0, "CLM_TYPE_CD"), Some(kind));
    }
}

#[test]
fn the_version_of_the_icd_is_told_by_the_system() {
    for (api, system, expected) in [
        (Api::V2, "icd-10", "0"),
        (Api::V2, "http://hl7.org/fhir/sid/icd-10-cm", "0"),
        (Api::V2, "icd-9-cm", "9"),
        (Api::V2, "http://hl7.org/fhir/sid/unknown-icd-version", "U"),
        (Api::V3, "http://hl7.org/fhir/sid/icd-10-cm", "0"),
        (Api::V3, "icd-10", "0"),
        (Api::V3, "icd-9-cm", "9"),
    ] {
        let kind = "{'coding':[{'code':'principal','system':'http://terminology.hl7.org/CodeSystem/ex-diagnosistype'}]}";
        let entry = format!(
            ",'diagnosis':[{{'diagnosisCodeableConcept':{{'coding':[{{'code':'A00.1','system':'{system}'}}]}},
            'sequence':1,'type':[{kind}]}}]"
        );
        let tables = in_version(api, [claim_of(api, "INPATIENT", &entry)]);
        let of = |name| column(&tables, Table::Cclf1, name);
        assert_eq!(of("DGNS_PRCDR_ICD_IND"), [expected], "{api} {system}");
        let code = if api == Api::V3 { "A001" } else { "A00.1" };
        assert_eq!(of("PRNCPL_DGNS_CD"), [code], "{api} {system}");
    }
}

#[test]
fn the_greatest_reference_year_tells_the_dual_status_in_version_2() {
    let of = |part: &str, year: &str, code: &str| {
        let extensions = format!(
            ",'extension':[{{'url':'V:rfrnc_yr','valueDate':'{year}'}},{}]",
            months("dual_", &[code])
        );
        coverage_of(part, &extensions)
    };
    for (lines, expected) in [
        ([of("Part A", "2019", "04"), of("Part B", "2020", "02")], "02"),
        ([of("Part A", "2020", "04"), of("Part B", "2019", "02")], "04"),
        ([of("Part B", "2020", "02"), of("Part A", "2020", "04")], "04"),
    ] {
        let tables = in_version(Api::V2, lines.into_iter().chain([patient("-9", "")]));
        assert_eq!(column(&tables, Table::Cclf8, "BENE_DUAL_STUS_CD"), [expected]);
    }
}

#[test]
fn a_coverage_of_its_own_tells_the_dual_status_in_version_3() {
    let dual = |code: &str| {
        let extension = format!(
            ",'extension':[{{'url':'S:BENE-DUAL-STUS-CD','valueCoding':{{'code':'{code}'}}}}]"
        );
        coverage_of("Dual Medicare/Medicaid", &extension)
    };
    for (code, expected) in [("02", "02"), ("XX", "-"), ("**", "-")] {
        let tables = in_version(Api::V3, [dual(code), patient("-9", "")]);
        assert_eq!(column(&tables, Table::Cclf8, "BENE_DUAL_STUS_CD"), [expected], "{code}");
    }
    let refused = Input::in_version(Api::V2, [coverage_of("Dual Medicare/Medicaid", "")]).tables();
    assert_eq!(refused.rejected, [(0, 0, ErrorClass::Missing)]);
}

#[test]
fn what_is_hollow_in_version_3_is_neither_bad_nor_somebody() {
    let merged = "{'id':'-8','link':[{'other':{'reference':'Patient/-9'},'type':'replaced-by'}],
        'resourceType':'Patient'}";
    let lines =
        [json(merged), json("{'id':'part-a--9','resourceType':'Coverage'}"), patient("-9", "")];
    let tables = in_version(Api::V3, lines.clone());
    assert_eq!(tables.table(Table::Cclf8).rows.len(), 1);
    // Elsewhere such a Coverage is bad.
    let tables = Input::in_version(Api::V2, lines).tables();
    assert_eq!(tables.rejected, [(0, 1, ErrorClass::Missing)]);
}

#[test]
fn hospice_ranges_are_admission_periods_of_final_claims() {
    const CATEGORIES: &str = "http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBSupportingInfoType";
    let period = |category: &str, start: &str, end: &str| {
        format!(
            "{{'category':{{'coding':[{{'code':'{category}','system':'{CATEGORIES}'}}]}},'sequence':1,
            'timingPeriod':{{'start':'{start}','end':'{end}'}}}}"
        )
    };
    let stay = |api: Api, start: &str, end: &str, is_final: bool| {
        let other = period("clmrecvddate", "2019-01-01", "2029-12-31");
        let own = period("admissionperiod", start, end);
        let action = if is_final { "FinalAction" } else { "NotFinalAction" };
        let tags = if api == Api::V3 { tags("", action) } else { String::new() };
        let line = claim_of(api, "HOSPICE", &format!(",'supportingInfo':[{other},{own}]{tags}"));
        let status = if is_final { "\"active\"" } else { "\"cancelled\"" };
        line.replace("\"active\"", status)
    };
    for api in R4 {
        let lines = [
            stay(api, "2020-03-01", "2020-03-20", true),
            stay(api, "2020-01-01", "2020-01-20", true),
            stay(api, "2020-01-01", "2020-02-20", true),
            stay(api, "2020-05-01", "2020-05-20", false),
            patient("-9", ""),
        ];
        let tables = in_version(api, lines);
        let of = |name| column(&tables, Table::Cclf8, name);
        assert_eq!(of("BENE_RNG_BGN_DT"), ["2020-01-01", "2020-03-01"], "{api}");
        assert_eq!(of("BENE_RNG_END_DT"), ["2020-02-20", "2020-03-20"], "{api}");
    }
}

#[test]
fn mbis_of_version_3_have_their_days() {
    let mbi = |value: &str, period: &str| {
        format!("{{'system':'us-mbi','value':'{value}','period':{{{period}}}}}")
    };
    let of = |list: &[String], coverages: &[String]| {
        let person = patient("-9", &format!(",'identifier':[{}]", list.join(",")));
        let lines = coverages.iter().cloned().chain([person, claim_of(Api::V3, "HHA", "")]);
        let tables = in_version(Api::V3, lines);
        let past = ["PRVS_NUM", "PRVS_ID_EFCTV_DT", "PRVS_ID_OBSLT_DT"];
        let past = past.map(|name| column(&tables, Table::Cclf9, name));
        let current = column(&tables, Table::Cclf8, "BENE_MBI_ID");
        assert_eq!(column(&tables, Table::Cclf1, "BENE_MBI_ID"), current);
        (current[0].clone(), past)
    };
    let open = mbi("M1", "'start':'2020-01-01'");
    let later = mbi("M2", "'start':'2021-01-01'");
    let ended = mbi("M3", "'start':'2018-01-01T05:00:00Z','end':'2019-12-31'");
    let longer = mbi("M3", "'start':'2017-01-01','end':'2020-12-31'");
    let days = |texts: [&str; 3]| texts.map(|text| vec![text.to_owned()]);
    let (current, past) = of(&[open.clone(), ended.clone(), later.clone()], &[]);
    assert_eq!((current.as_str(), past), ("M2", days(["M3", "2018-01-01", "2019-12-31"])));
    let (_, past) = of(&[ended.clone(), longer, open], &[]);
    assert_eq!(past, days(["M3", "2017-01-01", "2020-12-31"]), "the period that ended last");
    // Without one in force the newest Coverage names it, if it is one.
    let says = |mbi: &str, updated: &str| {
        let members =
            format!(",'meta':{{'lastUpdated':'{updated}T00:00:00Z'}},'subscriberId':'{mbi}'");
        coverage_of("Part A", &members)
    };
    let (current, past) = of(std::slice::from_ref(&ended), &[says("1AA0AA0AA01", "2020-01-01")]);
    assert_eq!((current.as_str(), past), ("1AA0AA0AA01", days(["M3", "2018-01-01", "2019-12-31"])));
    let two = [says("1AA0AA0AA01", "2020-01-01"), says("1AA0AA0AA02", "2021-01-01")];
    assert_eq!(of(std::slice::from_ref(&ended), &two).0, "1AA0AA0AA02");
    assert_eq!(of(&[ended], &[says("short", "2020-01-01")]).0, "-");
}

/// Long lists are looked up by their sequences, short ones are looked through: with the same result.
#[test]
fn links_into_lists_of_any_length_are_those_of_the_slow_way() {
    let roles = ["rendering", "performing", "attending", "operating", "referring", "supervisor"];
    let category = |number: usize| {
        let name = ["CLM_BNFT_ENHNCMT_CD", "CLM_NGACO_PBPMT_SW", "RNDRG_PRVDR_FIPS_ST_CD"][number];
        format!("{{'coding':[{{'system':'F:Supporting-Information','code':'{name}'}}]}}")
    };
    let mut random = Random::new(7);
    for api in R4 {
        for (count, items) in [(3, 4), (63, 9), (64, 9), (65, 66)] {
            let sequences = |random: &mut Random| {
                let some: Vec<String> =
                    (0..random.below(4)).map(|_| random.below(count + 9).to_string()).collect();
                some.join(",")
            };
            let team: Vec<String> = (0..count)
                .map(|at| {
                    let role = roles[random.below(roles.len())];
                    member(i64::try_from(random.below(count)).unwrap(), role, &format!("{at:010}"))
                })
                .collect();
            let diagnoses: Vec<String> = (0..count)
                .map(|at| {
                    let sequence = i64::try_from(random.below(count)).unwrap();
                    diagnosis(sequence, "icd-10", &format!("A{}", at / count), "")
                })
                .collect();
            let information: Vec<String> = (0..count)
                .map(|at| {
                    let (sequence, category) = (random.below(count), category(random.below(3)));
                    format!(
                        "{{'category':{category},'code':{{'coding':[{{'code':'{at}'}}]}},
                        'sequence':{sequence}}}"
                    )
                })
                .collect();
            let items: Vec<String> = (1..=items)
                .map(|sequence| {
                    format!(
                        "{{'sequence':{sequence},'careTeamSequence':[{}],'diagnosisSequence':[{}],
                        'informationSequence':[{}]}}",
                        sequences(&mut random),
                        sequences(&mut random),
                        sequences(&mut random)
                    )
                })
                .collect();
            let members = format!(
                ",'careTeam':[{}],'diagnosis':[{}],'item':[{}],'supportingInfo':[{}]",
                team.join(","),
                diagnoses.join(","),
                items.join(","),
                information.join(",")
            );
            for kind in ["CARRIER", "OUTPATIENT"] {
                // A short claim comes after a long one: nothing of it is left.
                let lines = [claim_of(api, kind, &members), claim_of(api, kind, "")];
                in_version(api, lines.clone().into_iter().chain([lines[0].clone()]));
            }
        }
    }
}
