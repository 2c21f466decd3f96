//! From source rows to what the server makes of them, and to what a column should hold. Written from the
//! reference alone: nothing of the crosswalk is used to say what the crosswalk should give.

use std::collections::HashSet;

use cclf_crosswalk::{ClaimType, Table};

use super::reference::{Fields, Row, States};

/// A golden claim and the source rows it comes from, one for each line.
pub(crate) struct Golden {
    pub(crate) claim_type: ClaimType,
    /// The record.
    pub(crate) line: String,
    /// Its source rows in the order of the record's items.
    pub(crate) lines: Vec<Fields>,
    /// Whether tax numbers were asked for when the record was served.
    pub(crate) tax_numbers: bool,
}

/// What a column should hold: one value for each row of its table.
pub(crate) type Expected = Result<Vec<Option<String>>, String>;

/// Blank is null.
pub(crate) fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// The value of a source column; an error when the rows have no such column.
fn field(row: &Fields, column: &str) -> Result<Option<String>, String> {
    row.get(column).map(|value| filled(value)).ok_or_else(|| format!("no source column {column}"))
}

/// The value of a source column that not every claim type has.
pub(crate) fn optional(row: &Fields, column: &str) -> Option<String> {
    row.get(column).and_then(|value| filled(value))
}

/// `DD-MON-YYYY`, or `YYYYMMDD`, as `YYYY-MM-DD`.
fn date(text: &str) -> Result<String, String> {
    const MONTHS: &str = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";
    if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]));
    }
    let parts: Vec<&str> = text.split('-').collect();
    let [day, month, year] = parts[..] else { return Err(format!("no date: {text}")) };
    let month =
        MONTHS.find(&month.to_ascii_uppercase()).ok_or_else(|| format!("no date: {text}"))?;
    Ok(format!("{year}-{:02}-{day}", month / 3 + 1))
}

/// A number with exactly `scale` digits after the point.
fn decimal(text: &str, scale: usize) -> Result<String, String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > scale {
        return Err(format!("{text} does not fit {scale} decimals"));
    }
    Ok(format!("{whole}.{fraction:0<scale$}"))
}

/// A source value as the column's type writes it.
pub(crate) fn convert(arrow_type: &str, value: &str) -> Result<String, String> {
    match arrow_type {
        "utf8" | "int32" | "int64" => Ok(value.to_owned()),
        "date32" => date(value),
        _ => {
            let scale = arrow_type
                .strip_prefix("decimal128(")
                .and_then(|rest| rest.strip_suffix(')'))
                .and_then(|rest| rest.split_once(',')?.1.parse().ok())
                .ok_or_else(|| format!("unknown type {arrow_type}"))?;
            decimal(value, scale)
        }
    }
}

/// A diagnosis entry as the server lists it.
pub(crate) struct Diagnosis {
    /// Its sequence number: a DRG stands before all of them.
    pub(crate) sequence: usize,
    /// Its type; empty where the server gives none.
    pub(crate) kind: &'static str,
    pub(crate) code: String,
    /// 9, 0, or whatever stands in the source.
    pub(crate) version: String,
    /// Present on admission: inpatient only.
    pub(crate) on_admission: Option<String>,
}

/// The diagnosis entries that the server makes of a claim: slots in its order, each left out when the same
/// code of the same ICD version is there already, then line diagnoses that are not on the header.
pub(crate) fn diagnoses(claim_type: ClaimType, lines: &[Fields]) -> Vec<Diagnosis> {
    let secondary = if claim_type == ClaimType::Inpatient { "other" } else { "" };
    // Code column, version column, type, present on admission.
    let mut slots: Vec<(String, String, &'static str, String)> = Vec::new();
    let mut slot = |code: String, version: String, kind, on_admission: String| {
        slots.push((code, version, kind, on_admission));
    };
    let own = |name: &str| (format!("{name}_CD"), format!("{name}_VRSN_CD"));
    let numbered = |name: &str, number: usize| {
        (format!("{name}_CD{number}"), format!("{name}_VRSN_CD{number}"))
    };
    let (code, version) = own("ADMTG_DGNS");
    slot(code, version, "admitting", String::new());
    let (code, version) = numbered("ICD_DGNS", 1);
    slot(code, version, "principal", "CLM_POA_IND_SW1".to_owned());
    let (code, version) = own("PRNCPAL_DGNS");
    slot(code, version, "principal", String::new());
    for number in 2..=25 {
        let (code, version) = numbered("ICD_DGNS", number);
        slot(code, version, secondary, format!("CLM_POA_IND_SW{number}"));
    }
    let (code, version) = numbered("ICD_DGNS_E", 1);
    slot(code, version, "external-first", "CLM_E_POA_IND_SW1".to_owned());
    let (code, version) = own("FST_DGNS_E");
    slot(code, version, "external-first", String::new());
    for number in 2..=12 {
        let (code, version) = numbered("ICD_DGNS_E", number);
        slot(code, version, "external", format!("CLM_E_POA_IND_SW{number}"));
    }
    for number in 1..=3 {
        let (code, version) = numbered("RSN_VISIT", number);
        slot(code, version, "reason-for-visit", String::new());
    }
    let header = lines.iter().take(1).flat_map(|row| slots.iter().map(move |slot| (row, slot)));
    let line_slot =
        ("LINE_ICD_DGNS_CD".to_owned(), "LINE_ICD_DGNS_VRSN_CD".to_owned(), "", String::new());
    let of_lines = lines.iter().map(|row| (row, &line_slot));

    let before =
        usize::from(lines.first().is_some_and(|row| optional(row, "CLM_DRG_CD").is_some()));
    let mut seen = HashSet::new();
    let mut entries: Vec<Diagnosis> = Vec::new();
    for (row, (code, version, kind, on_admission)) in header.chain(of_lines) {
        let Some(code) = optional(row, code) else { continue };
        let version = optional(row, version).unwrap_or_default();
        if seen.insert((code.clone(), version.clone())) {
            let on_admission = optional(row, on_admission);
            let sequence = before + entries.len() + 1;
            entries.push(Diagnosis { sequence, kind, code, version, on_admission });
        }
    }
    entries
}

/// A procedure entry as the server lists it.
struct Procedure {
    code: String,
    version: String,
    date: Option<String>,
}

/// The procedure entries: the same code of the same ICD version once, with its first date.
fn procedures(row: &Fields) -> Result<Vec<Procedure>, String> {
    let mut seen = HashSet::new();
    let mut entries = Vec::new();
    for number in 1..=25 {
        let Some(code) = optional(row, &format!("ICD_PRCDR_CD{number}")) else { continue };
        let version = optional(row, &format!("ICD_PRCDR_VRSN_CD{number}")).unwrap_or_default();
        if seen.insert((code.clone(), version.clone())) {
            let day = optional(row, &format!("PRCDR_DT{number}"));
            entries.push(Procedure { code, version, date: day.as_deref().map(date).transpose()? });
        }
    }
    Ok(entries)
}

/// ICD version of the source as the column writes it.
pub(crate) fn icd(version: &str) -> String {
    match version {
        "9" | "0" => version.to_owned(),
        _ => "U".to_owned(),
    }
}

/// What the column of a reference row should hold on a golden claim, row by row.
pub(crate) fn of_claim(row: &Row, golden: &Golden, mbi: Option<&str>, states: &States) -> Expected {
    let table = row.table().ok_or("no table")?;
    let header = golden.lines.first().ok_or("no source row")?;
    let scalar = |line: &Fields| value(row, table, golden, line, mbi, states);
    match table {
        Table::Cclf2 | Table::Cclf5 | Table::Cclf6 | Table::CclfB => {
            golden.lines.iter().map(scalar).collect()
        }
        Table::Cclf3 => procedures(header)?
            .into_iter()
            .enumerate()
            .map(|(index, entry)| match row.column.as_str() {
                "CLM_VAL_SQNC_NUM" => Ok(Some((index + 1).to_string())),
                "CLM_PRCDR_CD" => Ok(Some(entry.code)),
                "CLM_PRCDR_PRFRM_DT" => Ok(entry.date),
                "DGNS_PRCDR_ICD_IND" => Ok(Some(icd(&entry.version))),
                _ => scalar(header),
            })
            .collect(),
        Table::Cclf4 => diagnoses(golden.claim_type, &golden.lines)
            .into_iter()
            .map(|entry| match row.column.as_str() {
                "CLM_VAL_SQNC_NUM" => Ok(Some(entry.sequence.to_string())),
                "CLM_PROD_TYPE_CD" => Ok(Some(
                    match entry.kind {
                        "external" => "E",
                        "external-first" => "1",
                        _ => "D",
                    }
                    .to_owned(),
                )),
                "CLM_DGNS_CD" => Ok(Some(entry.code)),
                "CLM_POA_IND" => Ok(entry.on_admission),
                "DGNS_PRCDR_ICD_IND" => Ok(Some(icd(&entry.version))),
                _ => scalar(header),
            })
            .collect(),
        _ => Ok(vec![scalar(header)?]),
    }
}

/// What the column should hold on one row, from the source row of its line.
fn value(
    row: &Row,
    table: Table,
    golden: &Golden,
    line: &Fields,
    mbi: Option<&str>,
    states: &States,
) -> Result<Option<String>, String> {
    let source = |column: &str| field(line, column);
    let typed =
        |value: Option<String>| value.map(|value| convert(&row.arrow_type, &value)).transpose();
    let code = |code: &str| Ok(Some(code.to_owned()));
    match (table, row.column.as_str()) {
        (_, "BENE_MBI_ID") => Ok(mbi.map(str::to_owned)),
        (_, "PRVDR_FAC_FIPS_ST_CD" | "RNDRG_PRVDR_FIPS_ST_CD") => {
            Ok(source(&row.variable)?.and_then(|state| states.fips(&state)))
        }
        (Table::Cclf1, "CLM_ADJSMT_TYPE_CD") => {
            let emitted = matches!(
                golden.claim_type,
                ClaimType::Inpatient | ClaimType::Outpatient | ClaimType::Snf
            );
            let query = if emitted { source("CLAIM_QUERY_CODE")? } else { None };
            let by_frequency = match source("CLM_FREQ_CD")?.as_deref() {
                Some("8") => Some("1"),
                Some("7") => Some("2"),
                _ => None,
            };
            let by_query = match query.as_deref() {
                Some("0") => Some("1"),
                Some("5") => Some("2"),
                _ => None,
            };
            code(by_frequency.or(by_query).unwrap_or("0"))
        }
        (Table::Cclf5 | Table::Cclf6, "CLM_ADJSMT_TYPE_CD") => {
            match source("CLM_DISP_CD")?.as_deref() {
                Some("3" | "03") => code("1"),
                _ => code("0"),
            }
        }
        (Table::Cclf7, "CLM_ADJSMT_TYPE_CD") => match source("ADJSTMT_DLTN_CD")?.as_deref() {
            Some("D") => code("1"),
            Some("A" | "R") => code("2"),
            _ => code("0"),
        },
        (Table::Cclf7, "CLM_TYPE_CD") => match source("ADJSTMT_DLTN_CD")?.as_deref() {
            None => code("01"),
            Some("A") => code("02"),
            Some("D") => code("03"),
            Some("R") => code("04"),
            Some(_) => Ok(None),
        },
        // The principal that was merged into the admitting entry has the same code.
        (Table::Cclf1, "DGNS_PRCDR_ICD_IND") => {
            Ok(source(&row.variable)?.map(|version| icd(&version)))
        }
        (Table::Cclf2, "CLM_LINE_FROM_DT" | "CLM_LINE_THRU_DT") => {
            let of_claim =
                if row.column == "CLM_LINE_FROM_DT" { "CLM_FROM_DT" } else { "CLM_THRU_DT" };
            // Inpatient and SNF source rows have no line date at all.
            typed(optional(line, &row.variable).or(source(of_claim)?))
        }
        (Table::Cclf2, "CLM_LINE_PROD_REV_CTR_CD") => {
            Ok(source(&row.variable)?.map(|center| format!("{center:0>4}")))
        }
        // A required number that was blank in the source became 0.
        (Table::Cclf2, "CLM_LINE_SRVC_UNIT_QTY") => {
            typed(Some(source(&row.variable)?.unwrap_or_else(|| "0".to_owned())))
        }
        (Table::Cclf2, "CLM_LINE_CVRD_PD_AMT") => match golden.claim_type {
            ClaimType::Hha => typed(source("REV_CNTR_PMT_AMT_AMT")?),
            _ => typed(source(&row.variable)?),
        },
        (Table::Cclf5, "CLM_RNDRG_PRVDR_TAX_NUM") if !golden.tax_numbers => Ok(None),
        (Table::Cclf5, name) if name.starts_with("CLM_DGNS_") => {
            let slot = name.trim_start_matches("CLM_DGNS_").trim_end_matches("_CD");
            let slot: usize = slot.parse().map_err(|_| format!("no slot: {name}"))?;
            let entries = diagnoses(golden.claim_type, &golden.lines);
            Ok(entries.into_iter().find(|entry| entry.sequence == slot).map(|entry| entry.code))
        }
        (Table::CclfA, "CLM_ACTV_CARE_FROM_DT") if golden.claim_type == ClaimType::Hospice => {
            typed(source("CLM_HOSPC_START_DT_ID")?)
        }
        (Table::CclfA, "CLM_1_REV_CNTR_ANSI_GRP_CD") => {
            Ok(source(&row.variable)?.and_then(|reason| filled(reason.get(..2)?)))
        }
        (Table::CclfA, "CLM_1_REV_CNTR_ANSI_RSN_CD") => {
            Ok(source(&row.variable)?.and_then(|reason| filled(reason.get(2..)?)))
        }
        _ => typed(source(&row.variable)?),
    }
}

/// The source rows of a person.
pub(crate) struct Person {
    /// The beneficiary row.
    pub(crate) beneficiary: Fields,
    /// Rows of the beneficiary history.
    pub(crate) history: Vec<Fields>,
    /// Source rows of the hospice claims.
    pub(crate) hospice: Vec<Fields>,
}

/// The last month whose code says something.
fn latest_month(
    row: &Fields,
    columns: impl DoubleEndedIterator<Item = String>,
) -> Result<Option<String>, String> {
    for column in columns.rev() {
        if let Some(code) = field(row, &column)?
            && !matches!(code.as_str(), "**" | "XX")
        {
            return Ok(Some(code));
        }
    }
    Ok(None)
}

/// What the column of a reference row should hold for a person; `file_date` is YYYY-MM-DD.
pub(crate) fn of_person(row: &Row, person: &Person, states: &States, file_date: &str) -> Expected {
    const MONTHS: [&str; 12] =
        ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEPT", "OCT", "NOV", "DEC"];
    let source = |column: &str| field(&person.beneficiary, column);
    let typed =
        |value: Option<String>| value.map(|value| convert(&row.arrow_type, &value)).transpose();
    let mbi = source("MBI_NUM")?;
    if row.table() == Some(Table::Cclf9) {
        let mut previous: Vec<String> = Vec::new();
        for row in &person.history {
            previous.extend(field(row, "MBI_NUM")?.filter(|number| mbi.as_ref() != Some(number)));
        }
        previous.sort_unstable();
        previous.dedup();
        return match row.column.as_str() {
            "HICN_MBI_XREF_IND" => Ok(vec![Some("M".to_owned()); previous.len()]),
            "CRNT_NUM" => Ok(vec![mbi; previous.len()]),
            "PRVS_NUM" => Ok(previous.into_iter().map(Some).collect()),
            other => Err(format!("no rule for {other}")),
        };
    }
    let value = match row.column.as_str() {
        "BENE_RNG_BGN_DT" | "BENE_RNG_END_DT" => {
            return person
                .hospice
                .iter()
                .map(|claim| typed(field(claim, &row.variable)?))
                .collect();
        }
        "BENE_FIPS_STATE_CD" => source(&row.variable)?.and_then(|state| states.fips(&state)),
        "GEO_USPS_STATE_CD" => source(&row.variable)?.and_then(|state| states.usps(&state)),
        "BENE_ZIP_CD" | "GEO_ZIP5_CD" => {
            source(&row.variable)?.and_then(|zip| zip.get(..5).map(str::to_owned))
        }
        "GEO_ZIP4_CD" => {
            let zip = source(&row.variable)?.filter(|zip| zip.len() == 9);
            zip.and_then(|zip| zip.get(5..).map(str::to_owned))
        }
        "BENE_AGE" => {
            let birth = source("BENE_BIRTH_DT")?.ok_or("no birth date")?;
            let birth = date(&birth)?;
            let death = source("DEATH_DT")?.map(|death| date(&death)).transpose()?;
            let until = death.filter(|death| death.as_str() < file_date);
            let until = until.as_deref().unwrap_or(file_date);
            let year = |day: &str| day[..4].parse::<i32>().map_err(|fault| fault.to_string());
            // Texts of months and days are in the order of the calendar.
            let before_birthday = i32::from(until[5..] < birth[5..]);
            Some((year(until)? - year(&birth)? - before_birthday).to_string())
        }
        "BENE_DUAL_STUS_CD" => latest_month(
            &person.beneficiary,
            MONTHS.iter().map(|month| format!("META_DUAL_ELGBL_STUS_{month}_CD")),
        )?,
        "BENE_ENTLMT_BUYIN_IND" => latest_month(
            &person.beneficiary,
            (1..=12).map(|month| format!("MDCR_ENTLMT_BUYIN_{month}_IND")),
        )?,
        _ => typed(source(&row.variable)?)?,
    };
    Ok(vec![value; person.hospice.len().max(1)])
}
