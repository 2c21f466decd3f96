//! Which rows of an earlier table stay, and whose MBI they get.

use std::ops::Range;
use std::sync::Arc;

use cclf_crosswalk::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, StringArray, StringBuilder,
};
use cclf_crosswalk::arrow::buffer::{BooleanBuffer, BooleanBufferBuilder};
use cclf_crosswalk::arrow::compute::{FilterBuilder, FilterPredicate};
use cclf_crosswalk::arrow::error::ArrowError;

/// What becomes of the rows of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate<'m> {
    /// They stay as they are.
    Stays,
    /// They are left out.
    Gone,
    /// They stay, with this MBI of their beneficiary, or with none.
    Mbi(Option<&'m str>),
}

impl Fate<'_> {
    /// Whether the rows are not as they were.
    pub(super) fn is_other(self) -> bool {
        self != Self::Stays
    }

    /// The same where only rows with another MBI are wanted.
    pub(super) fn only_other(self) -> Self {
        if let Self::Mbi(_) = self { self } else { Self::Gone }
    }
}

/// Rows that get an MBI, or none.
type Mbis<'m> = Vec<(Range<usize>, Option<&'m str>)>;

/// Which rows of a row group stay.
#[derive(Debug)]
pub(super) struct Kept<'m> {
    row_group: usize,
    rows: usize,
    /// A bit for each row that says whether it stays, where not all do.
    mask: Option<BooleanBuffer>,
    /// Rows that stay.
    staying: usize,
    mbis: Mbis<'m>,
}

impl<'m> Kept<'m> {
    /// Asks for the fate of each claim, once for rows of it that stand together. A row without an id is of no claim
    /// that could be told, and stays.
    pub(super) fn of(
        row_group: usize,
        ids: &StringArray,
        fate: &(impl Fn(&str) -> Fate<'m> + Sync),
    ) -> Self {
        let mut kept =
            Self { row_group, rows: ids.len(), mask: None, staying: 0, mbis: Vec::new() };
        let mut mask = BooleanBufferBuilder::new(ids.len());
        let mut start = 0;
        while start < ids.len() {
            let id = ids.is_valid(start).then(|| ids.value(start));
            let same = |row: &usize| ids.is_valid(*row).then(|| ids.value(*row)) == id;
            let end = (start + 1..ids.len()).take_while(same).last().map_or(start, |row| row) + 1;
            let fate = id.map_or(Fate::Stays, fate);
            mask.append_n(end - start, fate != Fate::Gone);
            match fate {
                Fate::Gone => {}
                Fate::Stays => kept.staying += end - start,
                Fate::Mbi(mbi) => {
                    kept.staying += end - start;
                    kept.mbis.push((start..end, mbi));
                }
            }
            start = end;
        }
        if kept.staying < kept.rows {
            kept.mask = Some(mask.finish());
        }
        kept
    }

    /// All its rows.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// The rows that stay.
    pub(super) fn kept(&self) -> usize {
        self.staying
    }

    /// The rows that get an MBI, or none.
    pub(super) fn with_mbi(&self) -> usize {
        self.mbis.iter().map(|(rows, _)| rows.len()).sum()
    }

    /// The end of the rows from `from` on among which `most` stay, or all that there are, and how many stay.
    fn end(&self, from: usize, most: usize) -> (usize, usize) {
        let Some(mask) = &self.mask else {
            let rows = most.min(self.rows - from);
            return (from + rows, rows);
        };
        let mut kept = 0;
        for (start, end) in mask.slice(from, self.rows - from).set_slices() {
            if kept + (end - start) >= most {
                return (from + start + (most - kept), most);
            }
            kept += end - start;
        }
        (self.rows, kept)
    }
}

/// Rows of a row group that stand together, and which of them stay.
pub(super) struct Segment<'k, 'm> {
    pub(super) row_group: usize,
    pub(super) rows: Range<usize>,
    /// None where all stay.
    filter: Option<FilterPredicate>,
    /// Of rows of the row group.
    mbis: &'k [(Range<usize>, Option<&'m str>)],
}

impl Segment<'_, '_> {
    /// The values of a column, of which the segment's are given, in the rows that stay.
    pub(super) fn keep(&self, column: ArrayRef, is_mbi: bool) -> Result<ArrayRef, ArrowError> {
        let column = if is_mbi && !self.mbis.is_empty() { self.put_mbis(&column)? } else { column };
        match &self.filter {
            Some(filter) => filter.filter(&column),
            None => Ok(column),
        }
    }

    fn put_mbis(&self, column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
        let earlier = column.as_string_opt::<i32>();
        let fault = || ArrowError::SchemaError("these rows have no MBI".to_owned());
        let earlier = earlier.ok_or_else(fault)?;
        let mut builder = StringBuilder::with_capacity(earlier.len(), earlier.value_data().len());
        let mut mbis = self.mbis.iter().peekable();
        for (row, known) in self.rows.clone().zip(earlier) {
            while mbis.next_if(|(rows, _)| rows.end <= row).is_some() {}
            let new = mbis.peek().filter(|(rows, _)| rows.contains(&row));
            builder.append_option(new.map_or(known, |(_, mbi)| *mbi));
        }
        Ok(Arc::new(builder.finish()))
    }
}

/// How far the rows of a table were given on.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    /// Row groups that were.
    done: usize,
    /// Rows of the next one that were.
    row: usize,
}

impl Cursor {
    /// The next rows of which `most` stay, or what is left, and where they end.
    pub(super) fn next<'k, 'm>(
        &self,
        all: &'k [Kept<'m>],
        most: usize,
    ) -> (Vec<Segment<'k, 'm>>, Self) {
        let (mut segments, mut wanted) = (Vec::new(), most);
        let mut row = self.row;
        for (done, own) in all.iter().enumerate().skip(self.done) {
            if wanted == 0 {
                return (segments, Self { done, row });
            }
            let (end, kept) = own.end(row, wanted);
            wanted -= kept;
            if kept > 0 {
                segments.push(segment(own, row..end, kept));
            }
            if end < own.rows {
                return (segments, Self { done, row: end });
            }
            row = 0;
        }
        (segments, Self { done: all.len(), row: 0 })
    }
}

fn segment<'k, 'm>(own: &'k Kept<'m>, rows: Range<usize>, kept: usize) -> Segment<'k, 'm> {
    let filter = own.mask.as_ref().filter(|_| kept < rows.len()).map(|mask| {
        let mask = BooleanArray::new(mask.slice(rows.start, rows.len()), None);
        FilterBuilder::new(&mask).optimize().build()
    });
    let first = own.mbis.partition_point(|(mbi_rows, _)| mbi_rows.end <= rows.start);
    let end = own.mbis.partition_point(|(mbi_rows, _)| mbi_rows.start < rows.end);
    Segment {
        row_group: own.row_group,
        rows,
        filter,
        mbis: own.mbis.get(first..end).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of the claims with these numbers.
    fn fate(id: &str) -> Fate<'static> {
        match id.parse::<usize>().unwrap() % 5 {
            0 | 3 => Fate::Gone,
            1 => Fate::Mbi(Some("new")),
            2 => Fate::Mbi(None),
            _ => Fate::Stays,
        }
    }

    #[test]
    fn rows_are_cut_anywhere_and_none_is_lost() {
        // Row groups of any size, among them those of which nothing stays.
        let groups: [&[usize]; 6] =
            [&[4, 4, 0, 1, 1, 1, 2], &[0, 3, 5], &[2], &[3, 9, 9, 9, 9], &[5, 6, 6, 5], &[4]];
        let kept: Vec<Kept<'_>> = groups
            .iter()
            .enumerate()
            .map(|(number, claims)| {
                let ids = claims.iter().map(|claim| Some(claim.to_string()));
                Kept::of(number, &ids.collect::<StringArray>(), &fate)
            })
            .collect();
        let expected: Vec<(usize, Option<&str>)> = groups
            .iter()
            .flat_map(|claims| claims.iter())
            .filter_map(|claim| match fate(&claim.to_string()) {
                Fate::Gone => None,
                Fate::Stays => Some((*claim, Some("old"))),
                Fate::Mbi(mbi) => Some((*claim, mbi)),
            })
            .collect();
        assert_eq!(kept.iter().map(Kept::kept).sum::<usize>(), expected.len());
        for most in 1..=expected.len() + 1 {
            let (mut cursor, mut found) = (Cursor::default(), Vec::new());
            loop {
                let (segments, next) = cursor.next(&kept, most);
                let before = found.len();
                for segment in &segments {
                    let claims = &groups[segment.row_group][segment.rows.clone()];
                    let ids: ArrayRef = Arc::new(
                        claims.iter().map(|claim| Some(claim.to_string())).collect::<StringArray>(),
                    );
                    let old: ArrayRef = Arc::new(StringArray::from(vec!["old"; claims.len()]));
                    let (ids, mbis) =
                        (segment.keep(ids, false).unwrap(), segment.keep(old, true).unwrap());
                    let ids = ids.as_string::<i32>().iter().map(|id| id.unwrap().parse().unwrap());
                    let mbis = mbis.as_string::<i32>().iter();
                    let rows = ids.zip(mbis).map(|(id, mbi)| (id, mbi.map(str::to_owned)));
                    found.extend(rows);
                }
                cursor = next;
                if segments.is_empty() {
                    break;
                }
                assert!(found.len() - before == most || found.len() == expected.len(), "{most}");
            }
            let expected = expected.iter().map(|(id, mbi)| (*id, mbi.map(str::to_owned)));
            assert!(found.into_iter().eq(expected), "{most}");
        }
    }

    #[test]
    fn rows_without_an_id_stay() {
        let ids = StringArray::from(vec![None, Some("0"), None, None, Some("1")]);
        let kept = Kept::of(0, &ids, &fate);
        assert_eq!((kept.rows(), kept.kept(), kept.with_mbi()), (5, 4, 1));
    }
}
