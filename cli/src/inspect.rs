//! `bcda inspect FILE:LINE [PATH]`: one record, to the person who asks.

use std::ops::ControlFlow;

use ndjson_io::{Line, ReadOptions, SourceFile, read_records};
use serde_json::Value;

use crate::Failure;
use crate::args::InspectArgs;

pub(crate) fn run(arguments: &InspectArgs) -> Result<u8, Failure> {
    let usage = |message: &str| Failure::new(2, message.to_owned());
    let (file, number) = arguments
        .place
        .rsplit_once(':')
        .ok_or_else(|| usage("expected FILE:LINE, for example export/part.ndjson:12"))?;
    let number: u64 = number
        .parse()
        .ok()
        .filter(|number| *number > 0)
        .ok_or_else(|| usage("the line is a number from 1 up"))?;
    let line = line(file, number)?;
    let shown = match &arguments.path {
        None => match serde_json::from_slice::<Value>(&line) {
            Ok(value) => pretty(&value),
            // Not JSON: shown as it is, so that the fault can be seen.
            Err(_) => String::from_utf8_lossy(&line).into_owned(),
        },
        Some(path) => {
            let value: Value = serde_json::from_slice(&line)
                .map_err(|_| Failure::new(4, "the line is not JSON; leave the path out to see it"))?;
            let found = walk(&value, path)
                .ok_or_else(|| usage("the record has nothing at this path"))?;
            pretty(found)
        }
    };
    crate::print(&format!("{shown}\n"))
}

/// The bytes of one line of a file, plain or compressed.
fn line(file: &str, number: u64) -> Result<Vec<u8>, Failure> {
    let failed = |error: ndjson_io::Error| {
        Failure::new(if error.is_usage() { 2 } else { 1 }, error.to_string())
    };
    let source = SourceFile::from_path(file).map_err(failed)?;
    let mut options = ReadOptions::default();
    options.threads = 1;
    let mut found = None;
    let parse = |line: Line<'_>| {
        let wanted = line.number == number;
        Ok::<_, std::convert::Infallible>(wanted.then(|| line.bytes.to_vec()))
    };
    read_records(&[source], &options, parse, |record| {
        if let Ok(Some(bytes)) = record.value {
            found = Some(bytes);
        }
        if record.number >= number { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .map_err(failed)?;
    found.ok_or_else(|| {
        Failure::new(2, format!("{file} has no record at line {number} (it may be blank or too long)"))
    })
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// The value at a path such as `item[3].adjudication[7].amount.value`.
fn walk<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |value, step| {
        let (name, indexes) = step.split_once('[').map_or((step, ""), |(name, rest)| (name, rest));
        let value = if name.is_empty() { value } else { value.get(name)? };
        indexes
            .split('[')
            .filter(|index| !index.is_empty())
            .try_fold(value, |value, index| {
                value.get(index.strip_suffix(']')?.parse::<usize>().ok()?)
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_errors_lead_to_values() {
        let value: Value =
            serde_json::from_str(r#"{"item":[{"a":1},{"b":[5,{"c":"x"}]}]}"#).unwrap();
        assert_eq!(walk(&value, "item[1].b[1].c"), Some(&Value::from("x")));
        assert_eq!(walk(&value, "item[0].a"), Some(&Value::from(1)));
        assert_eq!(walk(&value, "item[2]"), None);
        assert_eq!(walk(&value, "item[x]"), None);
        assert_eq!(walk(&value, "nothing"), None);
    }
}
