//! The files of one delivery: of one layout, and counted by its CCLF0.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use cclf_crosswalk::Table;
use cclf_files::{Day, Layout, SummaryRow, summary};
use convert::{Error, Setting, said};
use ndjson_io::Sniffer;

use super::inputs::Member;

/// Bytes at the beginning of a file among which a record is looked for.
const LOOK_BYTES: usize = 64 << 10;

/// A CCLF0 has twelve lines of 70 places: larger files are none.
const MOST_SUMMARY_BYTES: usize = 64 << 10;

/// A file, and the layout of its records.
pub(super) struct Laid {
    pub(super) member: Member,
    pub(super) layout: Layout,
    /// It is not CMS's.
    pub(super) is_own: bool,
    /// What CCLF0 says of it.
    pub(super) counted: Option<SummaryRow>,
}

/// What tells one delivery from another. The time is not part of it: members of one delivery may have several.
type Key = (PathBuf, String, bool, u8, bool, Day);

fn key(member: &Member) -> Key {
    let name = &member.name;
    (member.container.clone(), name.entity.clone(), name.runout, name.year, name.weekly, name.date)
}

/// The CCLF0 of a file: of several deliveries of a day the one that was made at the same time.
fn summary_of<'s>(summaries: &'s [Summary], member: &Member) -> Option<&'s Summary> {
    let of_day = || summaries.iter().filter(|own| key(&own.member) == key(member));
    let same_time = of_day().find(|own| own.member.name.time == member.name.time);
    same_time.or_else(|| of_day().next().filter(|_| of_day().count() == 1))
}

/// A CCLF0, and what it counts.
struct Summary {
    member: Member,
    rows: Vec<SummaryRow>,
}

/// The files of all deliveries but their CCLF0, each with its layout.
///
/// # Errors
/// Records of a file have a length that no layout has; files of one delivery are of two layouts; a CCLF0 cannot be read.
pub(super) fn laid(
    members: Vec<Member>,
    own: Option<&Path>,
    warnings: &mut Vec<String>,
) -> Result<Vec<Laid>, Error> {
    let own = own.map(own_layouts).transpose()?.unwrap_or_default();
    let (summaries, files): (Vec<_>, Vec<_>) =
        members.into_iter().partition(|member| member.table == Table::Cclf0);
    let read = |member: Member| read_summary(&member).map(|rows| Summary { member, rows });
    let summaries = summaries.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let mut sniffer = Sniffer::default();
    let mut laid = Vec::new();
    let mut versions: BTreeMap<Key, (RangeInclusive<u8>, String)> = BTreeMap::new();
    for member in files {
        let given = own.iter().find(|layout| layout.table() == member.table);
        let layout = match given {
            Some(layout) => layout.clone(),
            None => layout_of(&member, &mut sniffer)?,
        };
        if given.is_none() && member.source.len() != Some(0) {
            let (start, end) = (*layout.versions().start(), *layout.versions().end());
            let (before, first) =
                versions.entry(key(&member)).or_insert((start..=end, member.called.clone()));
            let both = start.max(*before.start())..=end.min(*before.end());
            if both.is_empty() {
                return Err(Error::usage(format!(
                    "{first} is of layout {}, and {} of the same delivery has records of {} bytes, as layout {} has: files \
                     of one delivery have one layout",
                    words(before),
                    member.called,
                    layout.record_length(),
                    words(layout.versions())
                )));
            }
            *before = both;
        }
        if let Some(doubt) = layout.doubt() {
            warnings.push(format!("{}: {doubt}", member.called));
        }
        let rows = summary_of(&summaries, &member).map(|summary| &summary.rows);
        let counted =
            rows.and_then(|rows| rows.iter().find(|row| row.table == member.table)).copied();
        laid.push(Laid { member, layout, is_own: given.is_some(), counted });
    }
    for summary in &summaries {
        for row in summary.rows.iter().filter(|row| row.rows > 0) {
            let is_its_own = |file: &Laid| {
                let own = summary_of(&summaries, &file.member);
                file.member.table == row.table && own.is_some_and(|own| std::ptr::eq(own, summary))
            };
            if !laid.iter().any(is_its_own) {
                warnings.push(format!(
                    "{} counts {} records of {}, and no such file is among the inputs",
                    summary.member.called, row.rows, row.table
                ));
            }
        }
    }
    let without = laid.iter().filter(|file| summary_of(&summaries, &file.member).is_none());
    let without: BTreeSet<&Path> = without.map(|file| file.member.container.as_path()).collect();
    for container in without {
        warnings.push(format!(
            "{}: files have no CCLF0 beside them, so that nothing tells how many records they should have",
            container.display()
        ));
    }
    Ok(laid)
}

/// Versions, for messages.
pub(super) fn words(versions: &RangeInclusive<u8>) -> String {
    if versions.start() == versions.end() {
        return versions.start().to_string();
    }
    format!("{} to {}", versions.start(), versions.end())
}

/// The layouts of a file that somebody gives.
fn own_layouts(path: &Path) -> Result<Vec<Layout>, Error> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Error::usage(format!("{shown}: cannot read: {error}")))?;
    Layout::from_csv(&text).map_err(|error| Error::usage(format!("{shown}: {error}")))
}

/// The layout by the length of the first record that has a known one: what comes before it is bad.
fn layout_of(member: &Member, sniffer: &mut Sniffer) -> Result<Layout, Error> {
    let beginning = sniffer.beginning(&member.source, LOOK_BYTES, |_| false)?;
    let beginning = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning);
    let is_whole = beginning.len() < LOOK_BYTES;
    let mut lines: Vec<&[u8]> = beginning.split(|byte| *byte == b'\n').collect();
    if lines.len() > 1 || !is_whole {
        // What comes after the last line feed is nothing, or the beginning of a record.
        let last = lines.pop();
        lines.extend(last.filter(|last| is_whole && !last.is_empty()));
    }
    let lengths = lines.into_iter().map(|line| line.strip_suffix(b"\r").unwrap_or(line).len());
    let mut first = None;
    for length in lengths.filter(|length| *length > 0) {
        match Layout::of_length(member.table, length) {
            Ok(layout) => return Ok(layout),
            Err(unknown) => drop(first.get_or_insert(unknown)),
        }
    }
    match first {
        Some(unknown) => Err(Error::usage(said![
            format!("{}: {unknown}, with ", member.called),
            Setting::Layout
        ])),
        // A file without records is of any layout.
        None => Layout::current(member.table).ok_or_else(Error::unbuilt),
    }
}

fn read_summary(member: &Member) -> Result<Vec<SummaryRow>, Error> {
    let mut sniffer = Sniffer::default();
    let bytes = sniffer.beginning(&member.source, MOST_SUMMARY_BYTES, |_| false)?;
    summary::parse(bytes).map_err(|error| Error::usage(format!("{}: {error}", member.called)))
}
