//! The same people and claims, exported by each version of the API: their tables are equal, but for what this page lists.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::common::{Csv, Work};

const DIRECTORY: &str = "v3 leaves out providers whom the directory does not know";

/// How the cells of a later version differ from those of v1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Differs {
    /// Null, where v1 has a value.
    Gone,
    /// A value, where v1 has none.
    There,
    /// Another value.
    Else,
}
use Differs::{Else, Gone, There};

/// A difference: in which versions, of which columns, how, and why.
struct Known {
    versions: &'static [&'static str],
    columns: &'static [&'static str],
    differs: &'static [Differs],
    why: &'static str,
}

const V2: &[&str] = &["v2"];
const V3: &[&str] = &["v3"];
const BOTH: &[&str] = &["v2", "v3"];

const KNOWN: &[Known] = &[
    Known { versions: BOTH, columns: &["BCDA_API"], differs: &[Else], why: "it names the version" },
    Known {
        versions: V3,
        columns: &["CUR_CLM_UNIQ_ID", "BCDA_EOB_ID"],
        differs: &[Else],
        why: "v3 has the numbers of CCLF, v1 and v2 those of the Chronic Conditions Warehouse",
    },
    Known {
        versions: V3,
        columns: &["BCDA_CLM_GRP_ID"],
        differs: &[Gone],
        why: "v3 has no claim groups",
    },
    Known {
        versions: V3,
        columns: &["BCDA_SYSTEM"],
        differs: &[There],
        why: "v3 alone tells the system",
    },
    Known {
        versions: V3,
        columns: &["BCDA_STATUS"],
        differs: &[Else],
        why: "v3 calls every claim active, and tells by a tag which are final",
    },
    Known {
        versions: BOTH,
        columns: &["CLM_QUERY_CD"],
        differs: &[There],
        why: "v1 has no query code of home health and hospice claims",
    },
    Known {
        versions: V2,
        columns: &["CLM_ORG_CNTL_NUM"],
        differs: &[Gone],
        why: "v2 does not tell the original control number",
    },
    Known {
        versions: V2,
        columns: &["cclf4.CLM_VAL_SQNC_NUM"],
        differs: &[Else],
        why: "the DRG is a diagnosis of v1, and has a place among them",
    },
    Known {
        versions: V2,
        columns: &["CLM_PROD_TYPE_CD"],
        differs: &[Else],
        why: "v2 does not tell the first external cause from the others",
    },
    Known {
        versions: BOTH,
        columns: &["CLM_PRVDR_SPCLTY_CD"],
        differs: &[Else],
        why: "v1 and v2 tell it once for all lines of a provider, which may be of several: the first stands",
    },
    Known {
        versions: BOTH,
        columns: &["ATNDG_PRVDR_NPI_NUM", "CLM_ATNDG_PRVDR_NPI_NUM"],
        differs: &[Gone],
        why: "v1 has one role for attending and performing providers: where none is attending it takes a performing one",
    },
    Known {
        versions: V3,
        columns: &[
            "PRVDR_OSCAR_NUM",
            "CLM_BLG_PRVDR_OSCAR_NUM",
            "CLM_FAC_PRVDR_OSCAR_NUM",
            "FAC_PRVDR_NPI_NUM",
            "CLM_BLG_PRVDR_NPI_NUM",
            "OPRTG_PRVDR_NPI_NUM",
            "CLM_OPRTG_PRVDR_NPI_NUM",
            "OTHR_PRVDR_NPI_NUM",
            "CLM_OTHR_PRVDR_NPI_NUM",
            "RNDRG_PRVDR_NPI_NUM",
            "CLM_RNDRG_PRVDR_NPI_NUM",
            "CLM_RFRG_PRVDR_NPI_NUM",
            "ORDRG_PRVDR_NPI_NUM",
            "PAYTO_PRVDR_NPI_NUM",
            "PRVDR_PRSBNG_ID_QLFYR_CD",
            "CLM_PRSBNG_PRVDR_GNRC_ID_NUM",
            "PRVDR_SRVC_ID_QLFYR_CD",
            "CLM_SRVC_PRVDR_GNRC_ID_NUM",
        ],
        differs: &[Gone],
        why: DIRECTORY,
    },
    Known {
        versions: V3,
        columns: &["PAYTO_PRVDR_NPI_NUM", "cclf6.CLM_BLG_PRVDR_NPI_NUM"],
        differs: &[Else],
        why: "v3 has one supplier of a claim, v1 one of each line",
    },
    Known {
        versions: V3,
        columns: &["RNDRG_PRVDR_TYPE_CD"],
        differs: &[Else, Gone],
        why: "v1 tells it once for all lines of a provider, v3 of each line",
    },
    Known {
        versions: V3,
        columns: &["CLM_IDR_LD_DT", "CLM_REV_APC_HIPPS_CD", "CLM_OP_SRVC_TYPE_CD"],
        differs: &[There],
        why: "v3 alone has them",
    },
    Known {
        versions: V3,
        columns: &["CLM_EFCTV_DT"],
        differs: &[There],
        why: "not every claim of v1 has a date of processing; every one of v3 has its effective date",
    },
    Known {
        versions: V3,
        columns: &[
            "CLM_MDCR_IP_PPS_CPTL_IME_AMT",
            "CLM_OPRTNL_IME_AMT",
            "CLM_MDCR_IP_PPS_DSPRPRTNT_AMT",
            "CLM_HIPPS_UNCOMPD_CARE_AMT",
            "CLM_OPRTNL_DSPRPRTNT_AMT",
        ],
        differs: &[There],
        why: "v3 says 0 where v1 says nothing",
    },
    Known {
        versions: V3,
        columns: &["cclf2.CLM_LINE_CVRD_PD_AMT", "CLM_LINE_INSTNL_REV_CTR_DT"],
        differs: &[There],
        why: "v3 has them of all claims, v1 not of inpatient and SNF claims",
    },
    Known {
        versions: V3,
        columns: &["cclf1.DGNS_PRCDR_ICD_IND", "cclf5.DGNS_PRCDR_ICD_IND"],
        differs: &[Else],
        why: "v3 knows ICD-9 and ICD-10 only",
    },
    Known {
        versions: V3,
        columns: &["DGNS_DRG_CD"],
        differs: &[Else],
        why: "v3 has a number: three places are filled up, and a fourth is lost",
    },
    Known {
        versions: V3,
        columns: &["CLM_LINE_DGNS_CD"],
        differs: &[Gone, Else],
        why: "v3 pairs lines with the wrong diagnoses: null unless those of the claim are one code, which the line of an \
              invented claim need not have",
    },
    Known {
        versions: V3,
        columns: &[
            "CLM_DGNS_2_CD",
            "CLM_DGNS_3_CD",
            "CLM_DGNS_4_CD",
            "CLM_DGNS_5_CD",
            "CLM_DGNS_6_CD",
            "CLM_DGNS_7_CD",
            "CLM_DGNS_8_CD",
            "CLM_DGNS_9_CD",
            "CLM_DGNS_10_CD",
            "CLM_DGNS_11_CD",
            "CLM_DGNS_12_CD",
        ],
        differs: &[Else, Gone, There],
        why: "v1 has no repeats and adds the diagnoses of the lines, v3 has the slots of the source",
    },
    Known {
        versions: V3,
        columns: &["HCPCS_BETOS_CD"],
        differs: &[Gone],
        why: "v3 has no BETOS codes",
    },
    Known {
        versions: V3,
        columns: &["CLM_DSPNSNG_STUS_CD"],
        differs: &[Gone],
        why: "the server of v3 does not write it",
    },
    Known {
        versions: V3,
        columns: &[
            "BENE_LINE_1_ADR",
            "BENE_LINE_2_ADR",
            "BENE_LINE_3_ADR",
            "BENE_LINE_4_ADR",
            "BENE_LINE_5_ADR",
            "BENE_LINE_6_ADR",
            "GEO_ZIP_PLC_NAME",
            "GEO_ZIP4_CD",
        ],
        differs: &[Gone],
        why: "of an address v3 has state and ZIP code",
    },
    Known {
        versions: V3,
        columns: &["BENE_SEX_CD"],
        differs: &[Gone],
        why: "v3 says nothing where v1 says unknown",
    },
    Known {
        versions: V3,
        columns: &["PRVS_ID_EFCTV_DT", "PRVS_ID_OBSLT_DT"],
        differs: &[There],
        why: "v3 alone tells when an MBI was in force",
    },
];

/// Tables whose rows are others in v3: of CCLF4 fewer, looked at below; CCLFA and CCLFB have rows in v3 alone.
const OTHER_ROWS: [&str; 3] = ["cclf4", "cclfa", "cclfb"];
const TABLES: [&str; 11] = [
    "cclf1", "cclf2", "cclf3", "cclf4", "cclf5", "cclf6", "cclf7", "cclf8", "cclf9", "cclfa",
    "cclfb",
];

/// By its number in the list, which difference one of a cell is.
fn known(version: &str, table: &str, column: &str, differs: Differs) -> Option<usize> {
    let named = format!("{table}.{column}");
    KNOWN.iter().position(|known| {
        known.versions.contains(&version)
            && known.differs.contains(&differs)
            && known.columns.iter().any(|own| *own == column || *own == named)
    })
}

fn tables(work: &Work, version: &str) -> HashMap<&'static str, Csv> {
    let words = format!("--api {version} --beneficiaries 60 --seed 5");
    work.synth(&format!("in-{version}"), &words);
    let words = format!("convert in-{version} --out {version} --format csv --quiet");
    assert_eq!(work.bcda(&words).code, Some(0), "{version}");
    TABLES.into_iter().map(|table| (table, work.csv(&format!("{version}/{table}.csv")))).collect()
}

#[test]
fn the_same_claims_give_the_same_tables_in_every_version() {
    let work = Work::new();
    let first = tables(&work, "v1");
    let mut met = BTreeSet::new();
    let mut gone: BTreeMap<&str, usize> = BTreeMap::new();
    let mut unknown: BTreeMap<(&str, &str, String, Differs), usize> = BTreeMap::new();
    for version in ["v2", "v3"] {
        let later = tables(&work, version);
        for table in TABLES {
            let (ours, theirs) = (&first[table], &later[table]);
            assert_eq!(ours.header, theirs.header, "{table} of {version}");
            if version == "v3" && OTHER_ROWS.contains(&table) {
                assert_ne!(ours.rows.len(), theirs.rows.len(), "{table}");
                continue;
            }
            // The claims of all versions are in one order, and so are their lines.
            assert_eq!(ours.rows.len(), theirs.rows.len(), "{table} of {version}");
            for (own, other) in ours.rows.iter().zip(&theirs.rows) {
                for ((own, other), column) in own.iter().zip(other).zip(&ours.header) {
                    let differs = match (own.as_str(), other.as_str()) {
                        (own, other) if own == other => continue,
                        (_, "") => Gone,
                        ("", _) => There,
                        _ => Else,
                    };
                    match known(version, table, column, differs) {
                        Some(number) => {
                            met.insert(number);
                            if KNOWN[number].why == DIRECTORY {
                                *gone.entry(column).or_default() += 1;
                            }
                        }
                        None => {
                            *unknown
                                .entry((version, table, column.clone(), differs))
                                .or_default() += 1;
                        }
                    }
                }
            }
        }
        if version == "v3" {
            diagnoses_of_v3(&first, &later);
        }
    }
    // These are few: a column that is looked for in the wrong place is not among them.
    for (column, gone) in gone {
        let values = first.values().filter(|table| table.header.iter().any(|own| own == column));
        let values = values.flat_map(|table| table.column(column)).filter(|cell| !cell.is_empty());
        let values = values.count();
        assert!(gone * 5 < values, "{column}: {gone} of {values} are gone");
    }
    assert!(unknown.is_empty(), "differences without a reason: {unknown:#?}");
    let never: Vec<&[&str]> = (0..KNOWN.len())
        .filter(|number| !met.contains(number))
        .map(|number| KNOWN[number].columns)
        .collect();
    assert!(never.is_empty(), "these are not met here: {never:?}");
}

/// Of a claim CCLF4 of v3 lists the other diagnoses and the external causes, with repeats: all of them are of v1's.
fn diagnoses_of_v3(first: &HashMap<&str, Csv>, later: &HashMap<&str, Csv>) {
    let claims = |tables: &HashMap<&str, Csv>, table: &str| -> Vec<String> {
        tables[table].column("CUR_CLM_UNIQ_ID").into_iter().map(str::to_owned).collect()
    };
    let old: HashMap<String, String> =
        claims(later, "cclf1").into_iter().zip(claims(first, "cclf1")).collect();
    let codes = |tables: &HashMap<&str, Csv>| -> Vec<(String, String)> {
        let codes = tables["cclf4"].column("CLM_DGNS_CD").into_iter().map(str::to_owned);
        claims(tables, "cclf4").into_iter().zip(codes).collect()
    };
    let ours: HashSet<(String, String)> = codes(first).into_iter().collect();
    let theirs = codes(later);
    assert!(theirs.len() > ours.len() / 2, "{} of {}", theirs.len(), ours.len());
    for (claim, code) in theirs {
        assert!(ours.contains(&(old[&claim].clone(), code)), "a diagnosis that v1 does not have");
    }
}
