//! What is in tables: every figure once more from the rows, and nothing of a person in it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cclf_crosswalk::claim_type_name;
use serde_json::Value;

use crate::common::{Csv, Work};

/// Claims or rows, cents, and people.
type Sums = BTreeMap<(String, String), (u64, i128, BTreeSet<String>)>;

fn cents(text: &str) -> i128 {
    text.replace('.', "").parse().unwrap_or(0)
}

fn month(day: &str) -> String {
    day.get(..7).map_or_else(|| "no date".to_owned(), str::to_owned)
}

struct Claim {
    month: String,
    type_name: &'static str,
    lines: u64,
    cents: i128,
    person: String,
}

/// The final claims of a table, by their ids.
fn claims(csv: &Csv, date: &str, amount: &str) -> Vec<Claim> {
    let mut claims: HashMap<String, Claim> = HashMap::new();
    for [id, is_final, day, code, amount, mbi] in
        csv.select(["BCDA_EOB_ID", "BCDA_FINAL", date, "CLM_TYPE_CD", amount, "BENE_MBI_ID"])
    {
        if is_final == "true" {
            let claim = claims.entry(id.to_owned()).or_insert_with(|| Claim {
                month: month(day),
                type_name: claim_type_name(code),
                lines: 0,
                cents: 0,
                person: mbi.to_owned(),
            });
            claim.lines += 1;
            claim.cents += cents(amount);
        }
    }
    claims.into_values().collect()
}

fn sums<'c>(
    claims: impl Iterator<Item = &'c Claim>,
    key: impl Fn(&Claim) -> (String, String),
) -> Sums {
    let mut sums = Sums::new();
    for claim in claims {
        let own = sums.entry(key(claim)).or_default();
        own.0 += 1;
        own.1 += claim.cents;
        own.2.insert(claim.person.clone());
    }
    sums
}

#[track_caller]
fn same(figure: &Value, own: Option<&(u64, i128, BTreeSet<String>)>, has_amount: bool, at: &str) {
    let (count, cents, people) =
        own.map_or((0, 0, 0), |(count, cents, people)| (*count, *cents, people.len() as u64));
    assert_eq!(figure["count"], count, "{at}");
    assert_eq!(figure["people"], people, "{at}");
    if has_amount {
        assert_eq!(figure["cents"].as_i64().map(i128::from), Some(cents), "{at}");
    }
}

/// Every cell of a table that is cut two ways, and its totals.
fn same_cross(cross: &Value, sums: &Sums, has_amount: bool) {
    let columns: Vec<&str> =
        cross["columns"].as_array().unwrap().iter().map(|own| own.as_str().unwrap()).collect();
    let rows = cross["rows"].as_array().unwrap();
    let mut all = 0;
    for row in rows {
        let name = row["name"].as_str().unwrap();
        for (column, cell) in columns.iter().zip(row["cells"].as_array().unwrap()) {
            let own = sums.get(&(name.to_owned(), (*column).to_owned()));
            same(cell, own, has_amount, &format!("{name}, {column}"));
            all += own.map_or(0, |own| own.0);
        }
        let own: u64 = sums.iter().filter(|((own, _), _)| own == name).map(|(_, own)| own.0).sum();
        assert_eq!(row["total"]["count"], own);
    }
    assert_eq!(all, sums.values().map(|own| own.0).sum::<u64>(), "rows or columns are missing");
    assert_eq!(cross["total"]["count"], all);
    if has_amount {
        let cents: i128 = sums.values().map(|own| own.1).sum();
        assert_eq!(cross["total"]["cents"].as_i64().map(i128::from), Some(cents));
    }
}

fn profiled(work: &Work, options: &str) -> Value {
    let ran = work.bcda(&format!("profile tables --json {options}")).exits(0);
    serde_json::from_str(ran.text()).unwrap()
}

fn converted(api: &str) -> Work {
    let work = Work::new();
    work.synth("export", &format!("--beneficiaries 40 --seed 3 --api {api}"));
    work.bcda("convert --quiet export --out tables").exits(0);
    work.bcda("convert --quiet export --out csv --format csv").exits(0);
    work
}

fn amount_band(cents: i128) -> &'static str {
    match cents {
        ..0 => "below 0",
        0 => "0",
        1..=5_000 => "up to 50",
        5_001..=10_000 => "up to 100",
        10_001..=50_000 => "up to 500",
        50_001..=100_000 => "up to 1,000",
        100_001..=500_000 => "up to 5,000",
        500_001..=1_000_000 => "up to 10,000",
        1_000_001..=5_000_000 => "up to 50,000",
        _ => "above 50,000",
    }
}

#[test]
fn every_figure_is_that_of_the_rows() {
    for api in ["v1", "v3"] {
        let work = converted(api);
        let found = profiled(&work, "--show-small-cells");
        let part_a = claims(&work.csv("csv/cclf1.csv"), "CLM_THRU_DT", "CLM_PMT_AMT");
        let of_lines = |file| claims(&work.csv(file), "CLM_THRU_DT", "CLM_LINE_CVRD_PD_AMT");
        let (part_b, equipment) = (of_lines("csv/cclf5.csv"), of_lines("csv/cclf6.csv"));
        let paid = || part_a.iter().chain(&part_b).chain(&equipment);
        let of_type = |name: &str, own: &Claim| (name.to_owned(), own.type_name.to_owned());
        same_cross(&found["months"], &sums(paid(), |own| of_type(&own.month, own)), true);
        let bands = sums(paid(), |own| of_type(amount_band(own.cents), own));
        same_cross(&found["amounts"], &bands, false);
        let lines = |own: &Claim| match own.lines {
            1 => "1",
            2 => "2",
            3..=5 => "3 to 5",
            6..=10 => "6 to 10",
            11..=20 => "11 to 20",
            _ => "21 or more",
        };
        let bands = sums(part_b.iter().chain(&equipment), |own| of_type(lines(own), own));
        same_cross(&found["lines"], &bands, false);
        // Part D is apart: events, and what patients paid.
        let events =
            claims(&work.csv("csv/cclf7.csv"), "CLM_LINE_FROM_DT", "CLM_LINE_BENE_PMT_AMT");
        let by_month = sums(events.iter(), |own| (own.month.clone(), String::new()));
        let shown = found["part_d"]["lines"].as_array().unwrap();
        assert_eq!(shown.len(), by_month.len());
        for line in shown {
            let name = line["name"].as_str().unwrap();
            same(line, by_month.get(&(name.to_owned(), String::new())), true, name);
        }
        categories(&work, &found);
        people(&work, &found);
        fill(&work, &found);
    }
}

/// Categories have the rows and amounts of their tables, and those that can be told by a code are told by it.
fn categories(work: &Work, found: &Value) {
    let of = |by: &str, table: &str| {
        let all = found["categories"].as_array().unwrap();
        all.iter().find(|own| own["by"] == by && own["of"] == table).unwrap()
    };
    let line = |own: &Value, name: &str| {
        own["lines"].as_array().unwrap().iter().find(|line| line["name"] == name).cloned()
    };
    for (by, table, column, amount, name, is_of) in [
        (
            "DRG",
            "cclf1",
            "DGNS_DRG_CD",
            "CLM_PMT_AMT",
            "no DRG",
            (|code| code.is_empty()) as fn(&str) -> bool,
        ),
        (
            "place of service",
            "cclf5",
            "CLM_POS_CD",
            "CLM_LINE_CVRD_PD_AMT",
            "office or clinic",
            |code| ["11", "49", "50", "71", "72"].contains(&code),
        ),
        ("procedure", "cclf5", "CLM_LINE_HCPCS_CD", "CLM_LINE_CVRD_PD_AMT", "visits", |code| {
            code.parse().is_ok_and(|code: u32| (99_200..=99_499).contains(&code))
        }),
        ("procedure", "cclf6", "CLM_LINE_HCPCS_CD", "CLM_LINE_CVRD_PD_AMT", "equipment", |code| {
            code.starts_with(['E', 'K'])
        }),
    ] {
        let own = of(by, &table.to_uppercase());
        let (mut all, mut named) = ((0, 0, BTreeSet::new()), (0, 0, BTreeSet::new()));
        let csv = work.csv(&format!("csv/{table}.csv"));
        for [code, amount, is_final, mbi] in
            csv.select([column, amount, "BCDA_FINAL", "BENE_MBI_ID"])
        {
            let sums = [&mut all, &mut named];
            for (sum, counts) in sums.into_iter().zip([true, is_of(code)]) {
                if is_final == "true" && counts {
                    sum.0 += 1;
                    sum.1 += cents(amount);
                    sum.2.insert(mbi.to_owned());
                }
            }
        }
        same(&own["total"], Some(&all), true, by);
        match line(own, name) {
            Some(line) => same(&line, Some(&named), true, name),
            None => assert_eq!(named.0, 0, "{by}: {name}"),
        }
    }
}

fn people(work: &Work, found: &Value) {
    let csv = work.csv("csv/cclf8.csv");
    let mut seen = BTreeSet::new();
    let mut wanted: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for [mbi, age, sex] in csv.select(["BENE_MBI_ID", "BENE_AGE", "BENE_SEX_CD"]) {
        if seen.insert(mbi) {
            let band = match age.parse().unwrap_or(-1) {
                ..0 => "not told",
                0..65 => "under 65",
                65..70 => "65 to 69",
                70..75 => "70 to 74",
                75..80 => "75 to 79",
                80..85 => "80 to 84",
                85..90 => "85 to 89",
                _ => "90 or older",
            };
            *wanted.entry(("age", band)).or_default() += 1;
            let sex = match sex {
                "1" => "male",
                "2" => "female",
                "" => "not told",
                _ => "unknown",
            };
            *wanted.entry(("sex", sex)).or_default() += 1;
        }
    }
    let mut shown = BTreeMap::new();
    for own in found["people"].as_array().unwrap() {
        assert_eq!(own["total"]["count"], seen.len());
        let by = own["by"].as_str().unwrap();
        for line in own["lines"].as_array().unwrap() {
            assert_eq!(line["count"], line["people"]);
            if ["age", "sex"].contains(&by) {
                shown.insert((by, line["name"].as_str().unwrap()), line["count"].as_u64().unwrap());
            }
        }
    }
    assert_eq!(shown, wanted);
}

fn fill(work: &Work, found: &Value) {
    let tables = found["fill"].as_array().unwrap();
    assert_eq!(tables.len(), 11);
    for table in tables {
        let name = table["table"].as_str().unwrap().to_lowercase();
        let csv = work.csv(&format!("csv/{name}.csv"));
        let is_of_people = name == "cclf8";
        let finals = csv.header.iter().any(|column| column == "BCDA_FINAL");
        let finals = finals.then(|| csv.column("BCDA_FINAL"));
        let mbis = is_of_people.then(|| csv.column("BENE_MBI_ID"));
        let count = |is_of: &dyn Fn(usize) -> bool| {
            let rows = (0..csv.rows.len())
                .filter(|row| finals.as_ref().is_none_or(|own| own[*row] == "true") && is_of(*row));
            match &mbis {
                Some(mbis) => rows.map(|row| mbis[row]).collect::<BTreeSet<_>>().len(),
                None => rows.count(),
            }
        };
        assert_eq!(table["rows"], count(&|_| true), "{name}");
        for (column, shown) in csv.header.iter().zip(table["columns"].as_array().unwrap()) {
            assert_eq!(shown["column"], **column);
            let cells = csv.column(column);
            assert_eq!(shown["filled"], count(&|row| !cells[row].is_empty()), "{name}.{column}");
        }
    }
    let hic = &tables[0]["columns"].as_array().unwrap();
    let hic = hic.iter().find(|column| column["column"] == "BENE_HIC_NUM").unwrap();
    assert!(hic["no_source"].as_str().is_some_and(|why| !why.is_empty()));
}

/// Whether a cell is hidden; a hidden one says nothing else.
fn is_hidden(cell: &Value) -> bool {
    let hidden = cell["hidden"] == true;
    assert_eq!(hidden, cell.get("count").is_none());
    assert!(!hidden || cell.as_object().unwrap().len() == 1, "{cell}");
    hidden
}

#[test]
fn small_cells_are_hidden_and_nobody_is_named() {
    let work = converted("v3");
    let all = profiled(&work, "--show-small-cells");
    let found = profiled(&work, "");
    assert!(found["shows_small_cells"] == false && all["shows_small_cells"] == true);
    let people: BTreeMap<(&str, &str), u64> = {
        let columns = all["months"]["columns"].as_array().unwrap();
        let rows = all["months"]["rows"].as_array().unwrap().iter();
        let cells = rows.flat_map(|row| {
            let name = row["name"].as_str().unwrap();
            let cells = columns.iter().zip(row["cells"].as_array().unwrap());
            cells.map(move |(column, cell)| {
                ((name, column.as_str().unwrap()), cell["people"].as_u64().unwrap())
            })
        });
        cells.collect()
    };
    let mut hidden = 0;
    for name in ["months", "amounts", "lines"] {
        let columns = found[name]["columns"].as_array().unwrap();
        for row in found[name]["rows"].as_array().unwrap() {
            assert!(!is_hidden(&row["total"]));
            for (column, cell) in columns.iter().zip(row["cells"].as_array().unwrap()) {
                assert!(cell.get("people").is_none());
                hidden += u32::from(is_hidden(cell));
                let key = (row["name"].as_str().unwrap(), column.as_str().unwrap());
                let is_small =
                    name == "months" && people.get(&key).is_some_and(|own| (1..11).contains(own));
                assert!(!is_small || is_hidden(cell), "{key:?}");
            }
        }
    }
    assert!(hidden > 0);
    for own in found["people"].as_array().unwrap() {
        for line in own["lines"].as_array().unwrap() {
            assert!(line["count"].as_u64().unwrap() > 10, "{line}");
        }
    }
    // No text or number that names a person, a claim or a provider is in any of it.
    let mut named = BTreeSet::new();
    for (table, columns) in [
        ("cclf1", ["BENE_MBI_ID", "CUR_CLM_UNIQ_ID", "BCDA_EOB_ID", "FAC_PRVDR_NPI_NUM"]),
        ("cclf5", ["BENE_MBI_ID", "CUR_CLM_UNIQ_ID", "BCDA_EOB_ID", "RNDRG_PRVDR_NPI_NUM"]),
        ("cclf8", ["BENE_MBI_ID", "BENE_LAST_NAME", "BENE_DOB", "BENE_ZIP_CD"]),
    ] {
        let csv = work.csv(&format!("csv/{table}.csv"));
        let own = columns.iter().flat_map(|column| csv.column(column));
        named.extend(own.filter(|text| text.len() > 4).map(str::to_owned));
    }
    assert!(named.len() > 500, "{}", named.len());
    for options in ["", "--json", "--show-small-cells", "--show-small-cells --json"] {
        let ran = work.bcda(&format!("profile tables {options}")).exits(0);
        let words: BTreeSet<&str> =
            ran.text().split(|one: char| !one.is_alphanumeric() && !"-_".contains(one)).collect();
        let found: Vec<&str> = words.into_iter().filter(|word| named.contains(*word)).collect();
        assert!(found.is_empty(), "{options}: {found:?}");
        assert!(ran.stderr.is_empty());
    }
}

#[test]
fn lines_fit_the_width() {
    let work = converted("v1");
    for width in [40, 80, 132] {
        let mut command = work.command(&["profile", "tables"]);
        let shown = command.env("COLUMNS", width.to_string()).output().unwrap().stdout;
        let shown = String::from_utf8(shown).unwrap();
        let longest = shown.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(longest <= width && longest > width / 2, "{longest} of {width}");
        assert!(shown.contains("Paid by month") && shown.contains('█'));
    }
    work.bcda("profile csv").exits(2);
    work.bcda("profile nothing").exits(2);
    let help = work.bcda("profile --help").exits(0);
    assert!(help.text().contains("1 to 10 people"));
}
