//! The data dictionary in Markdown: of one version of the API, or of all beside each other.

use std::fmt::Write;

use cclf_crosswalk::{Api, Crosswalk, Table};

use super::lines::{Line, lines, rows};

/// Where the columns of a table, or of all tables, come from.
pub(super) fn dictionary(api: Option<Api>, only: Option<Table>) -> String {
    let versions: Vec<Api> = api.map_or(Api::ALL.to_vec(), |api| vec![api]);
    let mut text =
        "# Data dictionary\n\nWhere each column of the CCLF tables comes from. ".to_owned();
    text.push_str(match versions[..] {
        [_] => "A source is a path in the FHIR resource; ",
        _ => {
            "Names, types and order of the columns are the same in all versions of\nthe API. A source is a path in the \
             FHIR resource, which is STU3 in v1, and R4 in v2 and v3; "
        }
    });
    text.push_str(
        "`[name]` keeps\nthe entries of that variable, code system, category or role; `[a,b*,-]` the first of these that has \
         a value: a name, the\nbeginning of names, no name at all; `|` is the next best source; `>` a conversion;\n\
         `@` another entry or record. `none`: BCDA does not deliver it, and the note says why.\n\n",
    );
    for table in Table::ALL.into_iter().filter(|table| only.is_none_or(|only| only == *table)) {
        let defs: Vec<_> = versions.iter().map(|api| Crosswalk::of(*api).table(table)).collect();
        let what = told(&versions, &defs.iter().map(|def| rows(def)).collect::<Vec<_>>());
        let _ = writeln!(text, "## {table} {}: {what}\n", defs[0].title);
        let names: Vec<&str> = match versions[..] {
            [_] => vec!["source"],
            _ => versions.iter().map(|api| api.name()).collect(),
        };
        let rules = "---|".repeat(names.len());
        let _ = writeln!(text, "| # | column | type | {} | note |", names.join(" | "));
        let _ = writeln!(text, "|--:|---|---|{rules}---|");
        let of_versions: Vec<Vec<Line<'_>>> =
            versions.iter().zip(&defs).map(|(api, def)| lines(Crosswalk::of(*api), def)).collect();
        for (number, line) in of_versions[0].iter().enumerate() {
            let same: Vec<&Line<'_>> =
                of_versions.iter().filter_map(|lines| lines.get(number)).collect();
            let sources = sources(&versions, &same);
            let notes: Vec<String> = same.iter().map(|line| cell(line.note)).collect();
            let Line { position, name, column_type, .. } = line;
            let _ = writeln!(
                text,
                "| {position} | {name} | {column_type} | {} | {} |",
                sources.join(" | "),
                told(&versions, &notes)
            );
        }
        text.push('\n');
    }
    text
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// The source in each version; one that is as in an earlier version says so.
fn sources(versions: &[Api], lines: &[&Line<'_>]) -> Vec<String> {
    let source = |number: usize, line: &Line<'_>| {
        let earlier = lines[..number].iter().position(|earlier| earlier.source == line.source);
        match (line.source, earlier) {
            ("-", _) => "none".to_owned(),
            (_, Some(earlier)) => format!("as {}", versions[earlier]),
            (source, None) => format!("`{}`", cell(source)),
        }
    };
    lines.iter().enumerate().map(|(number, line)| source(number, line)).collect()
}

/// What is said of each version, once where it is said of several: `v1: a row; v2, v3: another`.
fn told(versions: &[Api], texts: &[String]) -> String {
    let mut groups: Vec<(Vec<&str>, &str)> = Vec::new();
    for (api, text) in versions.iter().zip(texts).filter(|(_, text)| !text.is_empty()) {
        match groups.iter_mut().find(|(_, known)| known == text) {
            Some((names, _)) => names.push(api.name()),
            None => groups.push((vec![api.name()], text)),
        }
    }
    match &groups[..] {
        [(names, text)] if names.len() == versions.len() => (*text).to_owned(),
        _ => {
            let groups = groups.iter().map(|(names, text)| format!("{}: {text}", names.join(", ")));
            groups.collect::<Vec<_>>().join("; ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_several_versions_stands_once() {
        let told = |texts: [&str; 3]| told(&Api::ALL, &texts.map(str::to_owned));
        assert_eq!(told(["a", "a", "a"]), "a");
        assert_eq!(told(["", "", ""]), "");
        assert_eq!(told(["a", "b", "b"]), "v1: a; v2, v3: b");
        assert_eq!(told(["a", "", "a"]), "v1, v3: a");
    }
}
