//! The first rows of a table.

use crate::common::Work;

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

#[test]
fn the_first_rows_fit_the_width() {
    let work = Work::new();
    work.synth("export", "--beneficiaries 5 --seed 1");
    work.bcda("convert --quiet export --out tables").exits(0);
    work.bcda("convert --quiet export --out csv --format csv").exits(0);
    let wanted = work.csv("csv/cclf5.csv");
    let first: Vec<[&str; 2]> = wanted.select(["BENE_MBI_ID", "CLM_LINE_NUM"]);
    for file in ["tables/cclf5.parquet", "csv/cclf5.csv"] {
        for (columns, width) in [(None, 100), (Some("60"), 60), (Some("x"), 100)] {
            let mut command = work.command(&["head", file, "-n", "3"]);
            command.env_remove("COLUMNS").envs(columns.map(|columns| ("COLUMNS", columns)));
            let shown = command.output().unwrap().stdout;
            let shown = String::from_utf8(shown).unwrap();
            let longest = lines(&shown).iter().map(|line| line.chars().count()).max().unwrap();
            assert!(longest <= width && longest > width / 2, "{file}: {longest} of {width}");
            let last = *lines(&shown).last().unwrap();
            let of = if file.ends_with("csv") {
                String::new()
            } else {
                format!(" of {}", wanted.rows.len())
            };
            assert!(last.starts_with(&format!("3 rows{of}; ")), "{last}");
            // Those that are shown and those that are counted are all of them.
            let head = lines(&shown)[1].matches('┆').count() + 1;
            let more: usize = last.rsplit(' ').nth(2).unwrap().parse().unwrap();
            assert_eq!(head + more, wanted.header.len(), "{last}");
        }
        let ran = work.bcda(&format!("head {file} --columns clm_line_num,BENE_MBI_ID -n 2"));
        let ran = ran.exits(0);
        let rows = lines(ran.text());
        assert!(rows[1].contains("CLM_LINE_NUM ┆ BENE_MBI_ID"), "{}", rows[1]);
        for (row, [mbi, number]) in rows[3..5].iter().zip(&first) {
            let cells: Vec<&str> = row.split(['│', '┆']).map(str::trim).collect();
            assert_eq!(cells[1..3], [*number, *mbi]);
        }
        assert!(!rows.last().unwrap().contains("more"));
        // No more than there are.
        let all = work.bcda(&format!("head {file} --columns BENE_MBI_ID --rows 9999")).exits(0);
        assert_eq!(lines(all.text()).len(), wanted.rows.len() + 5);
        work.bcda(&format!("head {file} --columns NOBODY")).exits(2);
    }
    assert!(work.bcda("head --help").exits(0).text().contains("patient data"));
}

#[test]
fn what_is_no_table_is_told_without_a_value() {
    let work = Work::new();
    work.write("bad.csv", "A,B\n1,Qzjxkv,3\n");
    work.write("bad.parquet", "PAR1Qzjxkv");
    for file in ["bad.csv", "bad.parquet", "missing.parquet"] {
        let ran = work.bcda(&format!("head {file}")).exits(2);
        assert!(ran.stderr.contains(file) && !ran.stderr.contains("Qzjxkv"), "{}", ran.stderr);
        assert!(ran.stdout.is_empty());
    }
    // A terminal does not obey a cell.
    work.write("odd.csv", "A\n\u{1b}[2J\n");
    assert!(!work.bcda("head odd.csv").exits(0).text().contains('\u{1b}'));
}
