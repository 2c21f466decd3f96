//! The figures of a profile once more, from the rows of the Parquet files and with nothing of the crate that makes them.

use std::collections::{BTreeMap, BTreeSet};

use cclf_crosswalk::claim_type_name;

use crate::common::Work;
use crate::read_back::{cells, parquet_file};

/// A table: each column, and its cells as text.
pub(super) struct Rows(BTreeMap<String, Vec<Option<String>>>);

impl Rows {
    pub(super) fn read(work: &Work, table: &str) -> Self {
        let batch = parquet_file(work, &format!("tables/{table}.parquet"));
        let schema = batch.schema();
        let names = schema.fields().iter().map(|field| field.name().clone());
        Self(names.zip(batch.columns().iter().map(cells)).collect())
    }

    pub(super) fn column(&self, name: &str) -> Vec<Option<&str>> {
        self.0[name].iter().map(Option::as_deref).collect()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    fn select<const N: usize>(&self, names: [&str; N]) -> Vec<[&str; N]> {
        let columns = names.map(|name| self.column(name));
        let row = |row: usize| std::array::from_fn(|at| columns[at][row].unwrap_or(""));
        (0..columns[0].len()).map(row).collect()
    }
}

/// Claims, rows or people, what was paid, and whose they are.
#[derive(Clone, Debug, Default)]
pub(super) struct Sum {
    pub(super) count: u64,
    pub(super) cents: i128,
    pub(super) people: BTreeSet<String>,
}

impl Sum {
    fn take(&mut self, person: &str, cents: i128) {
        self.count += 1;
        self.cents += cents;
        self.people.insert(person.to_owned());
    }

    pub(super) fn of<'s>(sums: impl IntoIterator<Item = &'s Self>) -> Self {
        let mut all = Self::default();
        for own in sums {
            all.count += own.count;
            all.cents += own.cents;
            all.people.extend(own.people.iter().cloned());
        }
        all
    }

    pub(super) fn is_small(&self) -> bool {
        (1..11).contains(&self.people.len())
    }
}

/// By category.
pub(super) type Sums = BTreeMap<String, Sum>;
/// By row and claim type.
pub(super) type Cells = BTreeMap<(String, String), Sum>;

/// All that a profile may show.
#[derive(Default)]
pub(super) struct Facts {
    /// Claims by table, to see which tables are left out.
    pub(super) tables: Sums,
    /// Claim types by table.
    pub(super) types: BTreeMap<String, BTreeSet<String>>,
    pub(super) months: Cells,
    pub(super) amounts: Cells,
    pub(super) lines: Cells,
    /// By what it is cut by, and the table.
    pub(super) categories: BTreeMap<(&'static str, &'static str), Sums>,
    pub(super) part_d: Sums,
    pub(super) people: BTreeMap<&'static str, Sums>,
}

/// The tables of claims that were paid, and the columns of the date and of the amount.
const PAID: [(&str, &str, &str); 3] = [
    ("cclf1", "CLM_THRU_DT", "CLM_PMT_AMT"),
    ("cclf5", "CLM_THRU_DT", "CLM_LINE_CVRD_PD_AMT"),
    ("cclf6", "CLM_THRU_DT", "CLM_LINE_CVRD_PD_AMT"),
];
const CATEGORIES: [(&str, &str, &str, &str, Named); 4] = [
    ("DRG", "CCLF1", "DGNS_DRG_CD", "CLM_PMT_AMT", drg),
    ("place of service", "CCLF5", "CLM_POS_CD", "CLM_LINE_CVRD_PD_AMT", place),
    ("procedure", "CCLF5", "CLM_LINE_HCPCS_CD", "CLM_LINE_CVRD_PD_AMT", procedure),
    ("procedure", "CCLF6", "CLM_LINE_HCPCS_CD", "CLM_LINE_CVRD_PD_AMT", procedure),
];
/// What a code is called.
type Named = fn(&str) -> &'static str;
const PEOPLE: [(&str, &str, Named); 4] = [
    ("age", "BENE_AGE", age),
    ("sex", "BENE_SEX_CD", sex),
    ("dual status", "BENE_DUAL_STUS_CD", dual),
    ("Medicare status", "BENE_MDCR_STUS_CD", status),
];

struct Claim<'r> {
    day: &'r str,
    of_type: &'r str,
    person: &'r str,
    lines: u64,
    cents: i128,
}

fn claims<'r>(rows: &'r Rows, date: &str, amount: &str) -> Vec<Claim<'r>> {
    let mut claims: BTreeMap<&str, Claim<'r>> = BTreeMap::new();
    for [id, is_final, day, of_type, amount, person] in
        rows.select(["BCDA_EOB_ID", "BCDA_FINAL", date, "CLM_TYPE_CD", amount, "BENE_MBI_ID"])
    {
        if is_final == "true" {
            let new = Claim { day, of_type, person, lines: 0, cents: 0 };
            let claim = claims.entry(id).or_insert(new);
            claim.lines += 1;
            claim.cents += cents(amount);
        }
    }
    claims.into_values().collect()
}

fn cents(text: &str) -> i128 {
    if text.is_empty() { 0 } else { text.replace('.', "").parse().unwrap() }
}

fn month(day: &str) -> String {
    if day.is_empty() { "no date".to_owned() } else { day[..7].to_owned() }
}

impl Facts {
    /// From `tables`, without the tables that are left out.
    pub(super) fn read(work: &Work, left_out: &[&str]) -> Self {
        let mut facts = Self::default();
        for (table, date, amount) in PAID {
            let rows = Rows::read(work, table);
            let name = table.to_uppercase();
            for claim in claims(&rows, date, amount) {
                let Claim { day, of_type, person, lines, cents } = claim;
                facts.tables.entry(name.clone()).or_default().take(person, cents);
                if left_out.contains(&&*name) {
                    continue;
                }
                let of_type = claim_type_name(of_type).to_owned();
                facts.types.entry(name.clone()).or_default().insert(of_type.clone());
                let take = |cells: &mut Cells, row: String| {
                    cells.entry((row, of_type.clone())).or_default().take(person, cents);
                };
                take(&mut facts.months, month(day));
                take(&mut facts.amounts, amount_band(cents).to_owned());
                if table != "cclf1" {
                    take(&mut facts.lines, lines_band(lines).to_owned());
                }
            }
            for (by, of, code, amount, named) in CATEGORIES {
                if of != name || left_out.contains(&of) {
                    continue;
                }
                let columns = [code, amount, "BCDA_FINAL", "BENE_MBI_ID"];
                for [code, amount, is_final, person] in rows.select(columns) {
                    if is_final == "true" {
                        let sums = facts.categories.entry((by, of)).or_default();
                        sums.entry(named(code).to_owned()).or_default().take(person, cents(amount));
                    }
                }
            }
        }
        let events = Rows::read(work, "cclf7");
        for event in claims(&events, "CLM_LINE_FROM_DT", "CLM_LINE_BENE_PMT_AMT") {
            facts.tables.entry("CCLF7".to_owned()).or_default().take(event.person, event.cents);
            facts.part_d.entry(month(event.day)).or_default().take(event.person, event.cents);
        }
        let people = Rows::read(work, "cclf8");
        for (by, column, named) in PEOPLE {
            let (sums, mut seen) = (facts.people.entry(by).or_default(), BTreeSet::new());
            for [person, code] in people.select(["BENE_MBI_ID", column]) {
                if seen.insert(person) {
                    sums.entry(named(code).to_owned()).or_default().take(person, 0);
                }
            }
        }
        facts
    }
}

/// Bands of amounts, in their order, and the greatest of each in cents.
pub(super) const AMOUNTS: [(&str, i128); 10] = [
    ("below 0", -1),
    ("0", 0),
    ("up to 50", 5_000),
    ("up to 100", 10_000),
    ("up to 500", 50_000),
    ("up to 1,000", 100_000),
    ("up to 5,000", 500_000),
    ("up to 10,000", 1_000_000),
    ("up to 50,000", 5_000_000),
    ("above 50,000", i128::MAX),
];
/// The same of lines.
pub(super) const LINES: [(&str, i128); 6] = [
    ("1", 1),
    ("2", 2),
    ("3 to 5", 5),
    ("6 to 10", 10),
    ("11 to 20", 20),
    ("21 or more", i128::MAX),
];

fn amount_band(cents: i128) -> &'static str {
    AMOUNTS.iter().find(|(_, last)| cents <= *last).unwrap().0
}

fn lines_band(lines: u64) -> &'static str {
    LINES.iter().find(|(_, last)| i128::from(lines) <= *last).unwrap().0
}

/// Bands of age, in their order.
pub(super) const AGES: [(&str, i32); 8] = [
    ("not told", -1),
    ("under 65", 64),
    ("65 to 69", 69),
    ("70 to 74", 74),
    ("75 to 79", 79),
    ("80 to 84", 84),
    ("85 to 89", 89),
    ("90 or older", i32::MAX),
];

fn age(text: &str) -> &'static str {
    let years: i32 = text.parse().unwrap_or(-1);
    AGES.iter().find(|(_, last)| years <= *last).unwrap().0
}

fn sex(code: &str) -> &'static str {
    match code {
        "" => "not told",
        "1" => "male",
        "2" => "female",
        _ => "unknown",
    }
}

fn dual(code: &str) -> &'static str {
    match code.trim_start_matches('0') {
        _ if code.is_empty() => "not told",
        "" | "NA" => "Medicare only",
        "2" | "4" | "8" => "full Medicaid",
        "1" | "3" | "5" | "6" => "Medicare Savings Program only",
        _ => "other",
    }
}

fn status(code: &str) -> &'static str {
    match code {
        "" => "not told",
        "10" => "aged",
        "11" => "aged with kidney failure",
        "20" => "disabled",
        "21" => "disabled with kidney failure",
        "31" => "kidney failure only",
        _ => "other",
    }
}

fn place(code: &str) -> &'static str {
    match code.trim_start_matches('0') {
        _ if code.is_empty() => "not told",
        "11" | "49" | "50" | "71" | "72" => "office or clinic",
        "2" | "10" => "telehealth",
        "12" | "13" | "14" | "16" | "33" => "home or assisted living",
        "19" | "22" => "outpatient hospital",
        "21" | "51" | "61" => "inpatient hospital",
        "20" | "23" => "emergency or urgent care",
        "24" => "surgery center",
        "31" | "32" | "34" => "nursing facility or hospice",
        "65" => "dialysis",
        "81" => "laboratory",
        "41" | "42" => "ambulance",
        _ => "other",
    }
}

fn drg(code: &str) -> &'static str {
    if code.is_empty() {
        return "no DRG";
    }
    let Ok(number) = code.parse::<u32>() else { return "other" };
    match number {
        ..=19 => "transplants and ventilation",
        20..=103 => "nervous system",
        104..=125 => "eye",
        126..=159 => "ear, nose and throat",
        160..=208 => "respiratory system",
        209..=321 => "circulatory system",
        322..=395 => "digestive system",
        396..=446 => "liver and pancreas",
        447..=566 => "bones and joints",
        567..=607 => "skin and breast",
        608..=645 => "hormones and metabolism",
        646..=700 => "kidney and urinary tract",
        701..=730 => "male organs",
        731..=761 => "female organs",
        789..=795 => "newborns",
        762..=788 | 796..=798 | 805..=833 => "pregnancy and birth",
        799..=804 => "blood",
        834..=849 => "blood cancers",
        850..=872 => "infections",
        873..=887 => "mental diseases",
        888..=897 => "alcohol and drugs",
        898..=923 => "injuries and poisoning",
        924..=935 => "burns",
        936..=951 => "factors of health",
        952..=965 => "multiple injuries",
        966..=977 => "HIV",
        _ => "unrelated procedures or ungroupable",
    }
}

fn procedure(code: &str) -> &'static str {
    if code.is_empty() {
        return "no code";
    }
    if let Ok(number) = code.parse::<u32>() {
        return match number {
            ..=9_999 => "anesthesia",
            10_000..=69_999 => "surgery",
            70_000..=79_999 => "imaging",
            80_000..=89_999 => "laboratory",
            90_000..=99_199 => "medicine",
            99_200..=99_499 => "visits",
            _ => "other",
        };
    }
    match &code[..1] {
        "A" => "ambulance and supplies",
        "B" => "nutrition",
        "E" | "K" => "equipment",
        "G" => "services of Medicare's own",
        "J" | "Q" => "drugs",
        "L" => "braces and prostheses",
        "V" => "vision and hearing",
        _ => "other",
    }
}
