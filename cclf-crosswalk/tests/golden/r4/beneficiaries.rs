//! What the columns of people should hold of the source rows of v3. Written from the reference alone.

use cclf_crosswalk::Table;

use super::super::reference::{Fields, Row};
use super::super::rif::Expected;
use super::idr::{Idr, typed, value};

/// The rows of a table for a beneficiary that are in force.
fn rows<'i>(idr: &'i Idr, table: &str, number: &str) -> Vec<&'i Fields> {
    let rows = idr.table(table).iter();
    rows.filter(|row| row["BENE_SK"] == number && row["IDR_LTST_TRANS_FLG"] == "Y").collect()
}

/// Every MBI that a beneficiary has or had, with the last day of each that has ended: those of the people that were merged
/// into the beneficiary too.
fn mbis<'i>(idr: &'i Idr, number: &str) -> Vec<(String, Option<&'i Fields>, Option<String>)> {
    let own = idr.table("BENE_HSTRY").iter();
    let own = own.filter(|row| row["BENE_XREF_EFCTV_SK"] == number || row["BENE_SK"] == number);
    // A beneficiary who was linked to another by a key that is no longer believed stays out.
    let merged = |row: &&Fields| {
        row["BENE_SK"] == number
            || idr.table("BENE_XREF").iter().any(|link| {
                link["BENE_SK"] == number
                    && link["BENE_XREF_SK"] == row["BENE_SK"]
                    && link["BENE_KILL_CRED_CD"] == "2"
            })
    };
    let mut found: Vec<(String, Option<&Fields>, Option<String>)> = Vec::new();
    for row in own.filter(merged) {
        let Some(mbi) = value(row, "BENE_MBI_ID") else { continue };
        if found.iter().any(|(known, ..)| *known == mbi) {
            continue;
        }
        let days = idr.table("BENE_MBI_ID").iter().find(|days| days["BENE_MBI_ID"] == mbi);
        let end = days.and_then(|days| value(days, "BENE_MBI_OBSLT_DT"));
        found.push((mbi, days, end));
    }
    found
}

/// The MBI that the Patient record calls current: the one that has not ended.
pub(crate) fn current_mbi(idr: &Idr, number: &str) -> Option<String> {
    mbis(idr, number).into_iter().find(|(.., end)| end.is_none()).map(|(mbi, ..)| mbi)
}

/// What comes of Coverages.
pub(crate) const OF_COVERAGE: [&str; 6] = [
    "BENE_MDCR_STUS_CD",
    "BENE_DUAL_STUS_CD",
    "BENE_ORGNL_ENTLMT_RSN_CD",
    "BENE_ENTLMT_BUYIN_IND",
    "BENE_PART_A_ENRLMT_BGN_DT",
    "BENE_PART_B_ENRLMT_BGN_DT",
];

/// What the column of a reference row of CCLF8 or CCLF9 should hold. Of those who have a Coverage among the golden records,
/// it tells the MBI where their Patient does not.
pub(crate) fn expected(
    row: &Row,
    idr: &Idr,
    number: &str,
    has_coverage: bool,
    file_date: &str,
) -> Expected {
    let current = current_mbi(idr, number);
    if row.table() == Some(Table::Cclf9) {
        let ended = mbis(idr, number).into_iter().filter(|(.., end)| end.is_some());
        return ended
            .map(|(mbi, days, end)| match row.column.as_str() {
                "HICN_MBI_XREF_IND" => Ok(Some("M".to_owned())),
                "CRNT_NUM" => Ok(current.clone()),
                "PRVS_NUM" => Ok(Some(mbi)),
                "PRVS_ID_EFCTV_DT" => {
                    typed(row, days.and_then(|days| value(days, "BENE_MBI_EFCTV_DT")))
                }
                "PRVS_ID_OBSLT_DT" => typed(row, end),
                other => Err(format!("no rule for {other}")),
            })
            .collect();
    }
    let person = rows(idr, "BENE_HSTRY", number).into_iter().next().ok_or("no beneficiary")?;
    let own = |column: &str| value(person, column);
    // What is told of part A, else of part B.
    let of_part = |table: &str, kind: &str, column: &str, parts: &[&str]| {
        let of_one = |part: &&str| {
            let mut rows = rows(idr, table, number).into_iter().filter(|row| row[kind] == *part);
            rows.find_map(|row| value(row, column))
        };
        parts.iter().find_map(of_one)
    };
    // Of several times of entitlement that are in force, the server gives the first.
    let begin = |part: &str| {
        let rows = rows(idr, "BENE_MDCR_ENTLMT", number).into_iter();
        let rows = rows.filter(|row| row["BENE_MDCR_ENTLMT_TYPE_CD"] == part);
        rows.filter_map(|row| value(row, "BENE_RNG_BGN_DT")).min()
    };
    let first = |table: &str, column: &str| {
        rows(idr, table, number).into_iter().find_map(|row| value(row, column))
    };
    let variable = row.variable.rsplit(" / ").next().unwrap_or_default();
    let found = match row.column.as_str() {
        name if !has_coverage && OF_COVERAGE.contains(&name) => None,
        "BENE_MBI_ID" if has_coverage => current.or_else(|| own("BENE_MBI_ID")),
        "BENE_MBI_ID" => current,
        "BENE_FIPS_STATE_CD" => own("GEO_USPS_STATE_CD").and_then(|state| idr.states.fips(&state)),
        "BENE_AGE" => {
            let birth = own("BENE_BRTH_DT").ok_or("no birth date")?;
            let year = |day: &str| day[..4].parse::<i32>().map_err(|fault| fault.to_string());
            let before_birthday = i32::from(file_date[5..] < birth[5..]);
            Some((year(file_date)? - year(&birth)? - before_birthday).to_string())
        }
        // Only a verified one is told.
        "BENE_DEATH_DT" => own("BENE_DEATH_DT").filter(|_| person["BENE_VRFY_DEATH_DAY_SW"] == "Y"),
        "BENE_MDCR_STUS_CD" => first("BENE_MDCR_STUS", "BENE_MDCR_STUS_CD"),
        "BENE_ORGNL_ENTLMT_RSN_CD" => first("BENE_MDCR_ENTLMT_RSN", "BENE_MDCR_ENTLMT_RSN_CD"),
        "BENE_DUAL_STUS_CD" => first("BENE_CMBND_DUAL_MDCR", "BENE_DUAL_STUS_CD"),
        "BENE_ENTLMT_BUYIN_IND" => {
            of_part("BENE_TP", "BENE_TP_TYPE_CD", "BENE_BUYIN_CD", &["A", "B"])
        }
        "BENE_PART_A_ENRLMT_BGN_DT" => begin("A"),
        "BENE_PART_B_ENRLMT_BGN_DT" => begin("B"),
        // No hospice claim has source rows; the dictionary has a city, and the server writes none.
        "BENE_RNG_BGN_DT" | "BENE_RNG_END_DT" | "GEO_ZIP_PLC_NAME" => None,
        _ => own(variable),
    };
    Ok(vec![typed(row, found)?])
}
