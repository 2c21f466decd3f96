//! The source rows of v3 (tables of the Integrated Data Repository), and what a column should hold of them. Written from
//! the reference alone: nothing of the crosswalk is used to say what the crosswalk should give.

use std::collections::HashMap;

use cclf_crosswalk::Table;

use super::super::reference::{Fields, Row, Shared, States, parse};
use super::super::rif::{Expected, convert, filled, icd};

/// What identifies a claim in every table of claims.
const CLAIM_KEY: [&str; 4] = ["GEO_BENE_SK", "CLM_DT_SGNTR_SK", "CLM_TYPE_CD", "CLM_NUM_SK"];

/// The tables of headers and of lines, each with the columns that join it to its claim.
const HEADERS: [(&str, &[&str]); 4] = [
    ("CLM_DT_SGNTR", &["CLM_DT_SGNTR_SK"]),
    ("CLM_INSTNL", &CLAIM_KEY),
    ("CLM_PRFNL", &CLAIM_KEY),
    ("CLM_DCMTN", &CLAIM_KEY),
];
const LINES: [&str; 4] = ["CLM_LINE_INSTNL", "CLM_LINE_PRFNL", "CLM_LINE_RX", "CLM_LINE_DCMTN"];

/// All source rows.
pub(crate) struct Idr {
    tables: HashMap<String, Vec<Fields>>,
    pub(crate) states: States,
}

/// The source of one claim: its header, its lines and its diagnoses and procedures.
pub(crate) struct Source<'i> {
    idr: &'i Idr,
    header: Fields,
    lines: Vec<Fields>,
    codes: Vec<&'i Fields>,
}

/// A value as the tables hold it; blanks and placeholders are none.
pub(crate) fn value(row: &Fields, column: &str) -> Option<String> {
    let text = row.get(column)?.trim();
    let is_placeholder = text == "~"
        || ["9999-12-31", "0001-01-01", "1000-01-01"].iter().any(|day| text.starts_with(day));
    if is_placeholder { None } else { filled(text) }
}

/// Adds the columns of a row to another that has them not yet.
fn join(into: &mut Fields, row: &Fields) {
    for (name, value) in row {
        into.entry(name.clone()).or_insert_with(|| value.clone());
    }
}

/// Dates are days already; numbers have more digits than the server writes.
pub(crate) fn typed(row: &Row, value: Option<String>) -> Result<Option<String>, String> {
    let Some(value) = value else { return Ok(None) };
    if row.arrow_type == "date32" {
        return Ok(Some(value.chars().take(10).collect()));
    }
    let digits = row.arrow_type.strip_prefix("decimal128(").and_then(|rest| rest.split_once(','));
    let Some((_, scale)) = digits else { return convert(&row.arrow_type, &value).map(Some) };
    let scale: usize = scale.trim_end_matches(')').trim().parse().map_err(|_| "no scale")?;
    rounded(&value, scale).map(Some)
}

/// A number with `scale` digits after the point, halves away from zero.
fn rounded(text: &str, scale: usize) -> Result<String, String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let kept: String = fraction.chars().chain("0".repeat(scale).chars()).take(scale).collect();
    let number: i64 = format!("{whole}{kept}").parse().map_err(|_| format!("no number: {text}"))?;
    let up = fraction.chars().nth(scale).is_some_and(|digit| digit >= '5');
    let number = if up { number + 1 } else { number };
    let digits = format!("{number:0>width$}", width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    Ok(if scale == 0 { whole.to_owned() } else { format!("{whole}.{fraction}") })
}

impl Idr {
    pub(crate) fn read(shared: &Shared) -> Self {
        const TABLES: [&str; 20] = [
            "CLM",
            "CLM_DT_SGNTR",
            "CLM_INSTNL",
            "CLM_PRFNL",
            "CLM_DCMTN",
            "CLM_LINE",
            "CLM_LINE_INSTNL",
            "CLM_LINE_PRFNL",
            "CLM_LINE_RX",
            "CLM_LINE_DCMTN",
            "CLM_PROD",
            "PRVDR_HSTRY",
            "BENE_HSTRY",
            "BENE_XREF",
            "BENE_MBI_ID",
            "BENE_MDCR_STUS",
            "BENE_MDCR_ENTLMT_RSN",
            "BENE_TP",
            "BENE_MDCR_ENTLMT",
            "BENE_CMBND_DUAL_MDCR",
        ];
        let mut tables = HashMap::new();
        for name in TABLES {
            let text = shared.text(&format!("data/r4/v3/idr/{name}.csv"));
            tables.insert(name.to_owned(), parse(&text, b','));
        }
        Self { tables, states: shared.states() }
    }

    pub(crate) fn table(&self, name: &str) -> &[Fields] {
        self.tables.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// The rows of a table that have what another row has in the columns of a key.
    fn joined<'i>(
        &'i self,
        table: &str,
        key: &'i [&'i str],
        to: &'i Fields,
    ) -> impl Iterator<Item = &'i Fields> {
        let rows = self.table(table).iter();
        rows.filter(|row| key.iter().all(|name| row.get(*name) == to.get(*name)))
    }

    /// The source of the claim with this number, if there is one.
    pub(crate) fn claim(&self, number: &str) -> Option<Source<'_>> {
        let claim = self.table("CLM").iter().find(|row| row["CLM_UNIQ_ID"] == number)?;
        let mut header = claim.clone();
        for (table, key) in HEADERS {
            self.joined(table, key, claim).for_each(|row| join(&mut header, row));
        }
        let line_key: Vec<&str> = CLAIM_KEY.into_iter().chain(["CLM_LINE_NUM"]).collect();
        let mut lines: Vec<Fields> = Vec::new();
        for row in self.joined("CLM_LINE", &CLAIM_KEY, claim) {
            let mut line = row.clone();
            for table in LINES {
                let of_line = self.table(table).iter();
                let of_line =
                    of_line.filter(|other| line_key.iter().all(|name| other[*name] == row[*name]));
                of_line.for_each(|other| join(&mut line, other));
            }
            lines.push(line);
        }
        lines.sort_by_key(|line| line["CLM_LINE_NUM"].parse::<u32>().ok());
        let codes = self.joined("CLM_PROD", &CLAIM_KEY, claim).collect();
        Some(Source { idr: self, header, lines, codes })
    }

    /// The NPI, if the server knows its provider: it leaves out all others.
    fn known(&self, npi: Option<String>) -> Option<String> {
        npi.filter(|npi| self.table("PRVDR_HSTRY").iter().any(|row| row["PRVDR_NPI_NUM"] == *npi))
    }

    /// Whether the provider is an organization: a person has no CCN.
    fn is_organization(&self, npi: &str) -> bool {
        let mut rows = self.table("PRVDR_HSTRY").iter();
        rows.any(|row| row["PRVDR_NPI_NUM"] == npi && value(row, "PRVDR_LGL_NAME").is_some())
    }
}

impl Source<'_> {
    /// What the column of a reference row should hold, row by row.
    pub(crate) fn expected(&self, row: &Row, mbi: Option<&str>) -> Expected {
        let table = row.table().ok_or("no table")?;
        match table {
            Table::Cclf2 | Table::Cclf5 | Table::Cclf6 | Table::CclfB => {
                let lines = self.lines.iter();
                let lines = lines.filter(|line| table != Table::CclfB || has_switch(line));
                lines.map(|line| self.of_line(row, table, line, mbi)).collect()
            }
            Table::Cclf3 => {
                // The server has left out the procedure whose number is 0, which no sequence of FHIR can be.
                let rows = self.codes.iter().filter(|code| {
                    value(code, "CLM_PRCDR_CD").is_some() && code["CLM_VAL_SQNC_NUM"] != "0"
                });
                rows.map(|code| self.of_code(row, table, code, mbi)).collect()
            }
            Table::Cclf4 => {
                let mut rows: Vec<&&Fields> = self
                    .codes
                    .iter()
                    .filter(|code| matches!(code["CLM_PROD_TYPE_CD"].as_str(), "D" | "E"))
                    .collect();
                rows.sort_by_key(|code| {
                    (&code["CLM_PROD_TYPE_CD"], code["CLM_VAL_SQNC_NUM"].parse::<u32>().ok())
                });
                rows.into_iter().map(|code| self.of_code(row, table, code, mbi)).collect()
            }
            Table::CclfA if !has_switch(&self.header) => Ok(Vec::new()),
            Table::Cclf7 => {
                self.lines.iter().map(|line| self.of_line(row, table, line, mbi)).collect()
            }
            _ => Ok(vec![self.of_header(row, table, mbi)?]),
        }
    }

    /// The first code of a type.
    fn code(&self, kind: &str) -> Option<&Fields> {
        self.numbered_code(kind, 1)
    }

    fn numbered_code(&self, kind: &str, number: usize) -> Option<&Fields> {
        let number = number.to_string();
        let mut codes = self.codes.iter();
        codes
            .find(|code| code["CLM_PROD_TYPE_CD"] == kind && code["CLM_VAL_SQNC_NUM"] == number)
            .copied()
    }

    /// A value of a row of a diagnosis or procedure, else of the header.
    fn of_code(
        &self,
        row: &Row,
        table: Table,
        code: &Fields,
        mbi: Option<&str>,
    ) -> Result<Option<String>, String> {
        Ok(match row.column.as_str() {
            "CLM_VAL_SQNC_NUM" | "CLM_PRCDR_CD" | "CLM_PRCDR_PRFRM_DT" | "CLM_DGNS_CD"
            | "CLM_PROD_TYPE_CD" => value(code, &row.column),
            // The server tells it of other diagnoses only, and writes no 0.
            "CLM_POA_IND" => value(code, "CLM_POA_IND")
                .filter(|told| code["CLM_PROD_TYPE_CD"] == "D" && told != "0"),
            // The server takes a code without a version for one of ICD-9.
            "DGNS_PRCDR_ICD_IND" => {
                let version = value(code, "CLM_DGNS_PRCDR_ICD_IND");
                Some(version.map_or_else(|| "9".to_owned(), |own| icd(&own)))
            }
            _ => return self.of_header(row, table, mbi),
        })
    }

    /// A value of the header.
    fn of_header(
        &self,
        row: &Row,
        table: Table,
        mbi: Option<&str>,
    ) -> Result<Option<String>, String> {
        let own = |column: &str| value(&self.header, column);
        let of_code =
            |code: Option<&Fields>, column: &str| code.and_then(|code| value(code, column));
        // Of two names the second is that of this source.
        let variable = row.variable.rsplit(" / ").next().unwrap_or_default();
        let found = match (table, row.column.as_str()) {
            (_, "BENE_MBI_ID") => mbi.map(str::to_owned),
            (Table::Cclf7, "CLM_TYPE_CD") => own("CLM_TYPE_CD").map(|code| format!("{code:0>2}")),
            (_, "PRNCPL_DGNS_CD") => of_code(self.code("P"), "CLM_DGNS_CD"),
            (_, "ADMTG_DGNS_CD") => of_code(self.code("A"), "CLM_DGNS_CD"),
            (Table::Cclf1, "DGNS_PRCDR_ICD_IND") => {
                of_code(self.code("P"), "CLM_DGNS_PRCDR_ICD_IND").map(|version| icd(&version))
            }
            (Table::Cclf5, "DGNS_PRCDR_ICD_IND") => {
                of_code(self.code("D"), "CLM_DGNS_PRCDR_ICD_IND").map(|version| icd(&version))
            }
            (Table::Cclf5, name) if name.starts_with("CLM_DGNS_") => {
                let slot = name.trim_start_matches("CLM_DGNS_").trim_end_matches("_CD");
                let slot = slot.parse().map_err(|_| format!("no slot: {name}"))?;
                of_code(self.numbered_code("D", slot), "CLM_DGNS_CD")
            }
            // The server translates it.
            (_, "PRVDR_FAC_FIPS_ST_CD") => {
                own(variable).and_then(|state| self.idr.states.fips(&state))
            }
            (_, "DGNS_DRG_CD") => own(variable).map(|group| format!("{group:0>3}")),
            (_, "PRVDR_OSCAR_NUM" | "CLM_BLG_PRVDR_OSCAR_NUM" | "CLM_FAC_PRVDR_OSCAR_NUM") => {
                let biller = own("PRVDR_BLG_PRVDR_NPI_NUM");
                let told = biller.is_some_and(|npi| self.idr.is_organization(&npi));
                own(variable).filter(|_| told)
            }
            // In no record: it is told only where it differs.
            (_, "CLM_ORG_CNTL_NUM") => own("CLM_ORIG_CNTL_NUM")
                .filter(|number| own("CLM_CNTL_NUM").as_ref() != Some(number)),
            (Table::CclfA, name) if name.starts_with("CLM_DEMO_") => {
                nth_enhancement(&self.header, "CLM_BNFT_ENHNCMT", name)
            }
            (Table::Cclf7, "CLM_PRSBNG_PRVDR_GNRC_ID_NUM") => own("PRVDR_PRSCRBNG_PRVDR_NPI_NUM"),
            (Table::Cclf7, "PRVDR_SRVC_ID_QLFYR_CD" | "PRVDR_PRSBNG_ID_QLFYR_CD") => {
                own(&row.column)
            }
            // What the server does not write.
            (Table::Cclf7, "CLM_DSPNSNG_STUS_CD") => None,
            // The server writes the total of the claim, which has one line.
            (Table::Cclf7, "CLM_LINE_BENE_PMT_AMT") => own("CLM_BENE_PMT_AMT"),
            (_, name) if name.ends_with("NPI_NUM") => self.idr.known(own(variable)),
            _ => own(variable),
        };
        // An amount that is empty in the source is written as 0.
        let is_amount = row.arrow_type.starts_with("decimal");
        let found = found.or_else(|| is_amount.then(|| "0".to_owned()));
        typed(row, found)
    }

    /// A value of a line, else of the header.
    fn of_line(
        &self,
        row: &Row,
        table: Table,
        line: &Fields,
        mbi: Option<&str>,
    ) -> Result<Option<String>, String> {
        let own = |column: &str| value(line, column);
        let variable = row.variable.rsplit(" / ").next().unwrap_or_default();
        let found = match (table, row.column.as_str()) {
            // A line has these names too, with other meanings.
            (_, "CLM_FROM_DT" | "CLM_THRU_DT" | "CLM_TYPE_CD" | "CUR_CLM_UNIQ_ID")
            | (Table::Cclf7, "CLM_LINE_BENE_PMT_AMT" | "CLM_DSPNSNG_STUS_CD") => {
                return self.of_header(row, table, mbi);
            }
            (_, "CLM_LINE_FROM_DT" | "CLM_LINE_THRU_DT") if table != Table::Cclf7 => {
                let of_claim =
                    if row.column == "CLM_LINE_FROM_DT" { "CLM_FROM_DT" } else { "CLM_THRU_DT" };
                own(&row.column).or_else(|| value(&self.header, of_claim))
            }
            // The server gives the line's period, and this date only where the line has none.
            (_, "CLM_LINE_INSTNL_REV_CTR_DT") => {
                own("CLM_LINE_FROM_DT").or_else(|| own("CLM_LINE_INSTNL_REV_CTR_DT"))
            }
            (_, "RNDRG_PRVDR_FIPS_ST_CD") => {
                own(variable).and_then(|state| self.idr.states.fips(&state))
            }
            (_, "RNDRG_PRVDR_NPI_NUM" | "CLM_RNDRG_PRVDR_NPI_NUM") => self.idr.known(own(variable)),
            // Only when they are asked for.
            (_, "CLM_RNDRG_PRVDR_TAX_NUM") => None,
            // Right where all diagnoses of the claim are one code, else a wrong one could be told.
            (_, "CLM_LINE_DGNS_CD") => {
                let mut codes: Vec<_> =
                    self.codes.iter().filter_map(|code| value(code, "CLM_DGNS_CD")).collect();
                codes.dedup();
                own("CLM_LINE_DGNS_CD").filter(|_| codes.len() == 1)
            }
            (Table::CclfB, name) if name.starts_with("CLM_DEMO_") => {
                nth_enhancement(line, "CLM_LINE_BNFT_ENHNCMT", name)
            }
            (_, name) if name.starts_with("HCPCS_") && name.ends_with("_MDFR_CD") => {
                let number =
                    name["HCPCS_".len()..][..1].parse::<usize>().map_err(|_| "no number")?;
                let all = (1..=5).filter_map(|slot| own(&format!("HCPCS_{slot}_MDFR_CD")));
                all.into_iter().nth(number - 1)
            }
            _ => match own(variable) {
                Some(found) => Some(found),
                None => return self.of_header(row, table, mbi),
            },
        };
        typed(row, found)
    }
}

/// Whether a claim or line tells of a benefit enhancement.
fn has_switch(row: &Fields) -> bool {
    row.keys().any(|name| {
        let is_switch = ["NGACO", "CARE_MGMT_HCBS", "BNFT_ENHNCMT"].iter();
        let is_switch = is_switch.into_iter().any(|part| name.contains(part));
        is_switch && value(row, name).is_some_and(|value| value != "N")
    })
}

/// The n-th enhancement code of five slots, blank ones left out; `column` is `CLM_DEMO_1ST_NUM`.
fn nth_enhancement(row: &Fields, prefix: &str, column: &str) -> Option<String> {
    let number: usize = column.trim_start_matches("CLM_DEMO_").get(..1)?.parse().ok()?;
    let codes = (1..=5).filter_map(|slot| value(row, &format!("{prefix}_{slot}_CD")));
    codes.into_iter().nth(number - 1)
}
