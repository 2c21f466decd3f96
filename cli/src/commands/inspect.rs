//! `bcda inspect FILE:LINE [PATH]`: one record, to the person who asks, as it stands: numbers keep their
//! digits and members that come twice are shown twice.

use std::fmt::Write;

use clap::Args;
use json_walk::{Cursor, Kind, Limits};

use crate::failure::Failure;
use crate::named_record::{self, RecordArgs};

/// Show one record of a file.
#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    #[command(flatten)]
    pub(crate) record: RecordArgs,
    #[arg(help = "A part of the record, e.g. item[3].adjudication[7].amount.value")]
    pub(crate) path: Option<String>,
}

pub(crate) fn run(arguments: &InspectArgs) -> Result<u8, Failure> {
    let usage = |message: &str| Failure::new(2, message.to_owned());
    let line = named_record::read(&arguments.record)?;
    let shown = match &arguments.path {
        // Not JSON: shown as it is, so that the fault can be seen.
        None => pretty(&line).unwrap_or_else(|| String::from_utf8_lossy(&line).into_owned()),
        Some(path) => {
            let place = walk(&line, path)
                .map_err(|_| Failure::new(4, "the line is not JSON; leave the path out to see it"))?
                .ok_or_else(|| usage("the record has nothing at this path"))?;
            pretty(&line[place.clone()])
                .unwrap_or_else(|| String::from_utf8_lossy(&line[place]).into_owned())
        }
    };
    crate::streams::print(&format!("{shown}\n"))
}

/// The text with line breaks and indents, every token as it stands; `None` when it is not JSON.
fn pretty(text: &[u8]) -> Option<String> {
    let mut cursor = Cursor::new(text, Limits::default()).ok()?;
    let mut out = String::new();
    write_value(&mut cursor, 0, &mut out).ok()?;
    cursor.finish().ok()?;
    Some(out)
}

/// The recursion is bounded: the cursor refuses to nest deeper than its limit of 64.
fn write_value(
    cursor: &mut Cursor<'_>,
    depth: usize,
    out: &mut String,
) -> Result<(), json_walk::Error> {
    let indent = "  ".repeat(depth + 1);
    let mut first = true;
    let mut separate = |out: &mut String| {
        let comma = if std::mem::take(&mut first) { "" } else { "," };
        let _ = write!(out, "{comma}\n{indent}");
    };
    let close = match cursor.kind()? {
        Kind::Object => {
            out.push('{');
            let mut members = cursor.enter_object()?;
            while let Some(key) = cursor.next_key(&mut members)? {
                separate(out);
                let _ = write!(out, "\"{}\": ", key.raw());
                write_value(cursor, depth + 1, out)?;
            }
            '}'
        }
        Kind::Array => {
            out.push('[');
            let mut elements = cursor.enter_array()?;
            while cursor.next_element(&mut elements)? {
                separate(out);
                write_value(cursor, depth + 1, out)?;
            }
            ']'
        }
        _ => {
            let start = cursor.offset();
            cursor.skip()?;
            out.push_str(&cursor.text()[start..cursor.offset()]);
            return Ok(());
        }
    };
    if !first {
        let _ = write!(out, "\n{}", "  ".repeat(depth));
    }
    out.push(close);
    Ok(())
}

/// Where the value at a path such as `item[3].adjudication[7].amount.value` stands.
fn walk(line: &[u8], path: &str) -> Result<Option<std::ops::Range<usize>>, json_walk::Error> {
    let mut cursor = Cursor::new(line, Limits::default())?;
    for step in path.split('.') {
        let (name, indexes) = step.split_once('[').map_or((step, ""), |(name, rest)| (name, rest));
        if !name.is_empty() && !enter_member(&mut cursor, name)? {
            return Ok(None);
        }
        for index in indexes.split('[').filter(|index| !index.is_empty()) {
            let index = index.strip_suffix(']').and_then(|index| index.parse().ok());
            match index {
                Some(index) if enter_element(&mut cursor, index)? => {}
                _ => return Ok(None),
            }
        }
    }
    cursor.kind()?;
    let start = cursor.offset();
    cursor.skip()?;
    Ok(Some(start..cursor.offset()))
}

fn enter_member(cursor: &mut Cursor<'_>, name: &str) -> Result<bool, json_walk::Error> {
    if cursor.kind()? != Kind::Object {
        return Ok(false);
    }
    let mut members = cursor.enter_object()?;
    while let Some(key) = cursor.next_key(&mut members)? {
        if key.unescape() == name {
            return Ok(true);
        }
        cursor.skip()?;
    }
    Ok(false)
}

fn enter_element(cursor: &mut Cursor<'_>, wanted: usize) -> Result<bool, json_walk::Error> {
    if cursor.kind()? != Kind::Array {
        return Ok(false);
    }
    let mut elements = cursor.enter_array()?;
    for index in 0.. {
        if !cursor.next_element(&mut elements)? {
            return Ok(false);
        }
        if index == wanted {
            return Ok(true);
        }
        cursor.skip()?;
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &[u8] = br#"{"item":[{"a":1.50},{"b":[5,{"c":"x"}]}],"a":1,"a":2}"#;

    #[test]
    fn paths_of_errors_lead_to_values() {
        let at = |path| walk(RECORD, path).unwrap().map(|place| &RECORD[place]);
        assert_eq!(at("item[1].b[1].c"), Some(&b"\"x\""[..]));
        assert_eq!(at("item[0].a"), Some(&b"1.50"[..]));
        for nothing in ["item[2]", "item[x]", "nothing", "item.a", "a[0]"] {
            assert_eq!(at(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn a_record_is_shown_as_it_stands() {
        let shown = pretty(RECORD).unwrap();
        assert!(shown.contains("\"a\": 1.50\n"), "{shown}");
        assert!(shown.ends_with("\"a\": 1,\n  \"a\": 2\n}"), "{shown}");
        assert_eq!(pretty(b"{\"a\":[]}").unwrap(), "{\n  \"a\": []\n}");
        assert_eq!(pretty(b"{\"a\":"), None);
    }
}
