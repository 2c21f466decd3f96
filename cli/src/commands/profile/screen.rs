//! A profile for people: figures, and small bars beside them.

use std::fmt::Write;

use profile::{Cross, Figure, Lines, Profile, Run, TableFill, grouped};

use crate::show::wrapped;

/// Characters of the longest bar.
const BAR: usize = 20;
/// What stands for a hidden figure.
const HIDDEN: &str = "*";
/// Characters of a name that is wider than that are left out.
const NAME: usize = 32;
/// Spaces between columns.
const GAP: usize = 2;

pub(super) fn text(found: &Profile, width: usize) -> String {
    let mut out = Out { text: String::new(), width };
    out.words(&found.verdict_line());
    for unusual in &found.unusual {
        out.words(&format!("Unusual: {unusual}."));
    }
    if found.shows_small_cells {
        out.words("Cells of 1 to 10 people are shown: this is not to be shared.");
    } else {
        out.words(&format!(
            "{HIDDEN} is hidden: cells of 1 to 10 people, and others from which they would follow."
        ));
    }
    if !found.left_out.is_empty() {
        let tables = found.left_out.join(", ");
        out.words(&format!("Left out, because their claims are of 1 to 10 people: {tables}."));
    }
    if let Some(months) = &found.months {
        out.cross(
            "Paid by month and claim type, in dollars (~ claims are still to come)",
            months,
            dollars,
        );
        out.cross("Claims by month and claim type", months, count);
    }
    if let Some(amounts) = &found.amounts {
        out.cross("Claims by dollars paid for each", amounts, count);
    }
    if let Some(lines) = &found.lines {
        out.cross("Claims of CCLF5 and CCLF6 by lines", lines, count);
    }
    for own in &found.categories {
        out.lines(&format!("Paid by {} ({}), in dollars", own.by, own.of), own, dollars, true);
    }
    if let Some(own) = &found.part_d {
        out.lines("Part D: events by month", own, count, false);
        out.lines(
            "Part D: what patients paid by month, in dollars, no part of paid",
            own,
            dollars,
            false,
        );
    }
    for own in &found.people {
        out.lines(&format!("People by {}", own.by), own, count, false);
    }
    out.fill(&found.fill);
    out.input(&found.run);
    out.text
}

fn count(figure: &Figure) -> Option<i128> {
    figure.count.map(i128::from)
}

/// Whole dollars.
fn dollars(figure: &Figure) -> Option<i128> {
    figure.cents.map(|cents| (cents + if cents < 0 { -50 } else { 50 }) / 100)
}

fn number(value: Option<i128>) -> String {
    value.map_or_else(|| HIDDEN.to_owned(), grouped)
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// A name in so many characters.
fn cut(name: &str, most: usize) -> String {
    if length(name) <= most {
        return name.to_owned();
    }
    let begin: String = name.chars().take(most.saturating_sub(1)).collect();
    format!("{begin}…")
}

fn bar(value: Option<i128>, most: i128, characters: usize) -> String {
    let value = value.unwrap_or(0).max(0);
    let eighths = characters as i128 * 8 * value / most.max(1);
    let (whole, rest) = (eighths / 8, eighths % 8);
    let mut bar = "█".repeat(usize::try_from(whole).unwrap_or(0));
    let part = usize::try_from(rest).ok().and_then(|rest| " ▏▎▍▌▋▊▉".chars().nth(rest));
    bar.extend(part.filter(|_| rest > 0));
    bar
}

struct Out {
    text: String,
    width: usize,
}

impl Out {
    fn words(&mut self, words: &str) {
        let width = u16::try_from(self.width).ok();
        let _ = writeln!(self.text, "{}", wrapped(words, width));
    }

    fn title(&mut self, title: &str) {
        self.text.push('\n');
        self.words(title);
    }

    fn line(&mut self, line: &str) {
        let line: String = line.trim_end().chars().take(self.width).collect();
        let _ = writeln!(self.text, "{line}");
    }

    fn lines(&mut self, title: &str, own: &Lines, value: fn(&Figure) -> Option<i128>, sort: bool) {
        self.title(title);
        let mut lines: Vec<(String, Option<i128>)> =
            own.lines.iter().map(|line| (cut(&line.name, NAME), value(&line.figure))).collect();
        if sort {
            lines.sort_by_key(|(_, value)| std::cmp::Reverse(*value));
        }
        let most = lines.iter().filter_map(|(_, value)| *value).max().unwrap_or(0);
        let total = ("total".to_owned(), value(&own.total));
        let all = || lines.iter().chain([&total]);
        let names = all().map(|(name, _)| length(name)).max().unwrap_or(0);
        let figures = all().map(|(_, value)| number(*value).len()).max().unwrap_or(0);
        let left = self.width.saturating_sub(names + figures + 2 * GAP).min(BAR);
        for (name, value) in &lines {
            let bar = bar(*value, most, left);
            self.line(&format!("{name:names$}  {:>figures$}  {bar}", number(*value)));
        }
        self.line(&format!("{:names$}  {:>figures$}", total.0, number(total.1)));
    }

    fn cross(&mut self, title: &str, own: &Cross, value: fn(&Figure) -> Option<i128>) {
        self.title(title);
        let most = own.rows.iter().filter_map(|row| value(&row.total)).max().unwrap_or(0);
        let mut head = vec![own.by.to_owned(), "total".to_owned()];
        head.extend(own.columns.iter().map(|name| cut(name, NAME)));
        let mut table = vec![head];
        for row in &own.rows {
            let name = format!("{}{}", row.name, if row.incomplete { " ~" } else { "" });
            let mut line = vec![cut(&name, NAME), number(value(&row.total))];
            line.extend(row.cells.iter().map(|cell| number(value(cell))));
            table.push(line);
        }
        let mut last = vec!["total".to_owned(), number(value(&own.total))];
        last.extend(own.totals.iter().map(|total| number(value(total))));
        table.push(last);
        let widths: Vec<usize> = (0..own.columns.len() + 2)
            .map(|column| table.iter().map(|line| length(&line[column])).max().unwrap_or(0))
            .collect();
        // As many columns as fit; a bar of the total has what is left.
        let mut used = 0;
        let fit = widths.iter().take_while(|width| {
            used += **width + GAP;
            used <= self.width + GAP
        });
        let fit = fit.count().max(1);
        let used: usize = widths[..fit].iter().map(|width| width + GAP).sum();
        let left = self.width.saturating_sub(used).min(BAR);
        for (at, line) in table.iter().enumerate() {
            let mut text = format!("{:width$}", line[0], width = widths[0]);
            for (cell, width) in line[1..fit].iter().zip(&widths[1..fit]) {
                let _ = write!(text, "  {cell:>width$}");
            }
            if let Some(row) = at.checked_sub(1).and_then(|at| own.rows.get(at)) {
                let _ = write!(text, "  {}", bar(value(&row.total), most, left));
            }
            self.line(&text);
        }
        let more = widths.len() - fit;
        if more > 0 {
            self.words(&format!("{more} more columns do not fit"));
        }
    }

    fn input(&mut self, run: &Run) {
        self.title("Input");
        let seconds = run.seconds.map_or_else(String::new, |seconds| format!(" in {seconds:.1} s"));
        let [files, bytes, lines] =
            [run.files, run.bytes, run.lines].map(|own| grouped(own.into()));
        self.words(&format!("{files} files, {bytes} bytes, {lines} lines{seconds}"));
        for (ending, count) in &run.left_aside {
            self.words(&format!("left aside: {} {ending}", grouped((*count).into())));
        }
        for stage in &run.stages {
            self.words(&format!("stage {}: {:.2} s", stage.name, stage.seconds));
        }
        if let Some(drift) = &run.drift {
            let records = grouped(drift.records.into());
            self.words(&format!("{records} records were looked through for what is not known"));
            for own in &drift.findings {
                let records = number(own.records.map(i128::from));
                self.words(&format!("unknown: {}, {}, {records} records", own.parent, own.name));
            }
        }
        for own in &run.rejects {
            let place = if own.place.is_empty() { "the record" } else { &own.place };
            let count = grouped(own.count.into());
            self.words(&format!("rejected: {count} {}, {place}, in {}", own.class, own.file));
        }
        if run.other_rejects > 0 {
            let count = grouped(run.other_rejects.into());
            self.words(&format!("rejected: {count} of other kinds"));
        }
    }

    fn fill(&mut self, tables: &[TableFill]) {
        self.title(
            "Filled columns, in percent of rows of final claims (of CCLF8 in percent of people)",
        );
        for table in tables {
            let rows = number(table.rows.map(i128::from));
            self.title(&format!("{}: {rows}", table.table));
            let Some(rows) = table.rows.filter(|rows| *rows > 0) else { continue };
            for column in &table.columns {
                let name = cut(&column.column, NAME);
                if let Some(why) = &column.no_source {
                    self.line(&format!("{name:NAME$}     -  {why}"));
                    continue;
                }
                // A column that is filled but for a few rows is not shown as if it were full.
                let tenths =
                    column.filled.map(|filled| i128::from(filled) * 1_000 / i128::from(rows));
                let percent = tenths.map_or_else(
                    || HIDDEN.to_owned(),
                    |tenths| format!("{}.{}", tenths / 10, tenths % 10),
                );
                let left = self.width.saturating_sub(NAME + 5 + 2 * GAP).min(BAR);
                let bar = bar(tenths, 1_000, left);
                let before = column
                    .percent_before
                    .map_or_else(String::new, |percent| format!("  last run {percent}"));
                self.line(&format!("{name:NAME$}  {percent:>5}  {bar:left$}{before}"));
            }
        }
    }
}
