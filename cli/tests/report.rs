//! The page of tables: it has the figures of the profile, needs nothing else, and takes the place of no other file.

use serde_json::Value;

use crate::common::Work;

/// The rows of the table with this caption, cell by cell, without bars.
fn rows(page: &str, caption: &str) -> Vec<Vec<String>> {
    let begin = format!("<caption>{caption}</caption>");
    let table = page.split_once(&begin).unwrap_or_else(|| panic!("no table {caption}")).1;
    let table = table.split_once("</table>").unwrap().0;
    // A cell ends where its tag does, and begins where the tag before has ended.
    let cells = |row: &str| -> Vec<String> {
        let cells = row.split("</t").filter_map(|cell| {
            let (_, cell) = cell.split_once("<t")?;
            let (tag, text) = cell.split_once('>')?;
            let is_cell = matches!(tag.split(' ').next(), Some("h" | "d"));
            (is_cell && !tag.contains("bar")).then(|| plain(text))
        });
        cells.collect()
    };
    table.split("<tr>").skip(1).map(cells).collect()
}

/// Text without tags.
fn plain(text: &str) -> String {
    let mut parts = text.split('<');
    let mut out = parts.next().unwrap_or_default().to_owned();
    out.extend(parts.filter_map(|part| part.split_once('>')).map(|(_, text)| text));
    out
}

fn grouped(digits: &str) -> String {
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn count(figure: &Value) -> String {
    figure["count"].as_u64().map_or("hidden".to_owned(), |count| grouped(&count.to_string()))
}

fn dollars(figure: &Value) -> String {
    figure["cents"].as_i64().map_or("hidden".to_owned(), |cents| {
        let sign = if cents < 0 { "-" } else { "" };
        let cents = cents.unsigned_abs();
        format!("{sign}{}.{:02}", grouped(&(cents / 100).to_string()), cents % 100)
    })
}

/// A table that is cut two ways has all figures of the profile, and no others.
fn same_cross(page: &str, caption: &str, own: &Value, text: fn(&Value) -> String) {
    let list = |value: &Value| value.as_array().unwrap().clone();
    let line = |name: &str, total: &Value, cells: &Value| -> Vec<String> {
        let mut line = vec![name.to_owned(), text(total)];
        line.extend(list(cells).iter().map(text));
        line
    };
    let mut wanted = vec![vec![own["by"].as_str().unwrap().to_owned(), "total".to_owned()]];
    wanted[0].extend(list(&own["columns"]).iter().map(|name| name.as_str().unwrap().to_owned()));
    for row in list(&own["rows"]) {
        let mut name = row["name"].as_str().unwrap().to_owned();
        if row["incomplete"] == true {
            name.push_str(" still to come");
        }
        wanted.push(line(&name, &row["total"], &row["cells"]));
    }
    wanted.push(line("total", &own["total"], &own["totals"]));
    assert_eq!(rows(page, caption), wanted, "{caption}");
}

fn converted(api: &str) -> Work {
    let work = Work::new();
    work.synth("export", &format!("--beneficiaries 120 --seed 3 --api {api}"));
    work.bcda("convert --quiet export --out tables").exits(0);
    work
}

#[test]
fn the_page_has_the_figures_of_the_profile() {
    for (api, options) in [("v1", ""), ("v1", "--show-small-cells"), ("v3", "")] {
        let work = converted(api);
        let found = work.bcda(&format!("profile tables --json {options}")).exits(0);
        let found: Value = serde_json::from_str(found.text()).unwrap();
        work.bcda(&format!("report tables --quiet {options}")).exits(0);
        let page = work.read_text("report.html");
        same_cross(&page, "Paid by month, in dollars", &found["months"], dollars);
        same_cross(&page, "Claims by month", &found["months"], count);
        same_cross(&page, "Claims by dollars paid for each", &found["amounts"], count);
        same_cross(&page, "Claims of CCLF5 and CCLF6 by lines", &found["lines"], count);
        for own in found["categories"].as_array().unwrap() {
            let (by, of) = (own["by"].as_str().unwrap(), own["of"].as_str().unwrap());
            let shown = rows(&page, &format!("Paid by {by} of {of}"));
            let lines = own["lines"].as_array().unwrap();
            assert_eq!(shown.len(), lines.len() + 2);
            for line in lines {
                let name = line["name"].as_str().unwrap();
                let row = shown.iter().find(|row| row[0] == name).unwrap();
                assert_eq!(row[1..3], [count(line), dollars(line)], "{name}");
            }
            assert_eq!(
                shown[lines.len() + 1][1..3],
                [count(&own["total"]), dollars(&own["total"])]
            );
        }
        for own in found["people"].as_array().unwrap() {
            let shown = rows(&page, &format!("People by {}", own["by"].as_str().unwrap()));
            for (line, row) in own["lines"].as_array().unwrap().iter().zip(&shown[1..]) {
                assert_eq!(row[..2], [line["name"].as_str().unwrap().to_owned(), count(line)]);
            }
        }
        for table in found["fill"].as_array().unwrap() {
            let name = table["table"].as_str().unwrap();
            if table["rows"] == 0 {
                continue;
            }
            let shown = rows(&page, &format!("Filled columns of {name}"));
            let columns = table["columns"].as_array().unwrap();
            assert_eq!(shown.len(), columns.len() + 1);
            for (column, row) in columns.iter().zip(&shown[1..]) {
                assert_eq!(row[0], column["column"].as_str().unwrap());
                let filled = column["filled"].as_u64();
                let wanted = filled.map_or("hidden".to_owned(), |own| grouped(&own.to_string()));
                assert_eq!(row[1], wanted, "{name}.{}", row[0]);
            }
        }
        assert_eq!(page.contains("Cells of 1 to 10 people are shown"), !options.is_empty());
        // Nothing is fetched and nothing runs; the figures may be large, the page is not.
        for part in ["://", "<script", "<link", "<img", "@import", "url(", "javascript:", "onclick"]
        {
            assert!(!page.contains(part), "{part}");
        }
        assert!(page.len() < 1_000_000 && page.contains("default-src 'none'"));
    }
}

#[test]
fn a_run_writes_the_page_of_its_tables() {
    let work = Work::new();
    work.synth("series", "--weeks 2 --beneficiaries 60 --seed 1");
    let ran = work
        .bcda("convert series/week-01 --updatable --out tables --report-html page.html")
        .exits(0);
    assert!(ran.stderr.contains("page.html"), "{}", ran.stderr);
    let first = work.read_text("page.html");
    work.bcda("update tables series/week-02 --quiet --report-html page.html").exits(0);
    let second = work.read_text("page.html");
    assert!(first != second && first.contains("Filled columns"));
    assert!(!first.contains("<th class=\"n\" scope=\"col\">last run, %"));
    work.bcda("report tables --quiet --show-small-cells --out all.html").exits(0);
    assert!(work.read_text("all.html").contains("<th class=\"n\" scope=\"col\">last run, %"));
    // It is the page of what is there now.
    work.bcda("report tables --quiet --out again.html").exits(0);
    assert_eq!(second, work.read_text("again.html"));
    let ran = work.bcda("reconcile tables tables --report-html both.html").exits(0);
    let both = work.read_text("both.html");
    assert!(both.contains("Within the tolerance.") && both.contains("Paid by month"));
    assert!(ran.stderr.contains("both.html"), "{}", ran.stderr);
    work.assert_clean();
}

#[test]
fn no_other_file_is_replaced_and_no_part_of_tables_shown() {
    let work = converted("v1");
    work.write("mine.html", "<!DOCTYPE html><title>mine</title>");
    work.write("empty.html", "");
    let words = [
        ("report tables --out mine.html", "is no report of an earlier run"),
        ("report tables --out tables/report.html", "outside of the output"),
        ("report tables --out nowhere/report.html", "a folder that exists"),
        ("report tables --out -", "report.html"),
        ("report nothing", "no folder is there"),
        ("convert export --out other --report-html mine.html", "is no report of an earlier run"),
        ("convert export --out other --format csv --report-html p.html", "--format"),
        ("convert export --out other --tables cclf5 --report-html p.html", "--tables"),
        ("convert export --out other --no-lineage --report-html p.html", "--no-lineage"),
        ("convert export --out s3://bucket/x --report-html p.html", "object storage"),
        ("convert export --out other --report p.html --report-html p.html", "name one file"),
        ("update --undo tables --report-html p.html", "cannot be used with"),
    ];
    for (words, said) in words {
        let ran = work.bcda(words).exits(2);
        assert!(ran.stderr.contains(said), "{words}: {}", ran.stderr);
    }
    assert!(!work.exists("other") && !work.exists("p.html") && !work.exists("report.html"));
    assert!(work.read_text("mine.html").contains("mine"));
    work.bcda("report tables --quiet --out empty.html").exits(0);
    work.bcda("report tables --quiet --out empty.html").exits(0);
    // Rejects are patient data: who passes tables on may leave them out.
    work.write("bad.ndjson", "{bad\n{\"resourceType\":\"Patient\",\"id\":\"p\"}\n");
    work.bcda("convert bad.ndjson --out bad --max-rejects 100% --quiet").exits(3);
    work.bcda("report bad --quiet --out with.html").exits(0);
    assert!(work.read_text("with.html").contains("Rejected, by class, file and place"));
    std::fs::remove_dir_all(work.path("bad/rejects")).unwrap();
    work.bcda("report bad --quiet --out without.html").exits(0);
    assert!(work.read_text("without.html").contains("is not with the tables any more"));
    // Without all tables there is nothing to show.
    work.bcda("convert export --out one --tables cclf5 --quiet").exits(0);
    let ran = work.bcda("report one").exits(2);
    assert!(ran.stderr.contains("all tables are needed"), "{}", ran.stderr);
}
