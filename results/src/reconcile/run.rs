//! The run: claims, then pairs, then rows.

use std::sync::{Mutex, PoisonError};

use cclf_crosswalk::Table;
use convert::Error;
use convert::building::open_temporary;
use hashbrown::HashMap;
use publish::Spools;

use super::claims::{CLAIM_TABLES, Known, read};
use super::compare::compare;
use super::cut::Cut;
use super::examples::{Examples, Unmatched};
use super::identity::Names;
use super::kind::Kind;
use super::matching::{Matching, Pairs};
use super::opened::Opened;
use super::options::ReconcileOptions;
use super::people::People;
use super::reason::OtherSide;
use super::report::{
    ClaimsReport, KindReport, Reconciliation, SCHEMA_VERSION, SideReport, SumReport, TableReport,
};
use super::rungs::Rung;
use super::shape::Shape;
use super::side::{Both, Side};
use super::spill::{Lookup, spill};
use super::tally::Wanted;
use crate::mbis::Mbis;
use crate::rows::Reader;

/// Kinds of difference that are told.
const MOST_KINDS: usize = 20;

/// Says where two results agree. Spools lie in the folder for temporary files.
///
/// # Errors
/// A folder is no result of this program or not whole; a table cannot be read; the folder of examples is not empty; a
/// spool fails; the run was asked to end.
pub fn reconcile(options: &ReconcileOptions) -> Result<Reconciliation, Error> {
    run(options).map_err(|error| error.spelled(options.spelling))
}

fn run(options: &ReconcileOptions) -> Result<Reconciliation, Error> {
    if let Some((_, folder)) = &options.examples
        && [&options.left, &options.right].into_iter().any(|own| publish::overlaps(own, folder))
    {
        return Err(Error::usage(format!(
            "{}: examples do not go among the tables that are compared; name another folder",
            folder.display()
        )));
    }
    let left = Opened::open(&options.left, options.left_source)?;
    let right = Opened::open(&options.right, options.right_source)?;
    let (most, mut examples) = match &options.examples {
        Some((most, folder)) => (*most, Some(Examples::begin(folder)?)),
        None => (0, None),
    };
    let scratch = open_temporary("reconcile")?;
    let spools = scratch.spools();
    let reader = Reader { threads: options.threads.max(1), cancel: &options.cancel };
    let mbis = Mbis::read(&left, reader)?.with(&Mbis::read(&right, reader)?);
    let of = |finished| Opened::of(finished, reader, spools, &mbis);
    let sides = Both { left: of(left)?, right: of(right)? };
    let names = Names {
        are_shared: sides.left.finished.source.shares_numbers_with(sides.right.finished.source),
    };
    let run = Run { names, mbis: &mbis, sides: &sides, reader, spools, most };

    let (matched, people, newest) = run.claims()?;
    let unmatched = Unmatched::of(matched.wanted.into_iter());
    let lookup = Lookup {
        names,
        mbis: &mbis,
        pairs: &matched.pairs,
        is_on_both: &|person| people.is_on_both(person),
        unmatched: &|digest, batch, row| unmatched.see(digest, batch, row),
        with_ids: examples.is_some(),
    };
    let (tables, kinds) = run.rows(&lookup, examples.as_mut())?;
    let report = Reconciliation {
        schema_version: SCHEMA_VERSION,
        version: env!("CARGO_PKG_VERSION"),
        crosswalk_version: cclf_crosswalk::CROSSWALK_VERSION,
        sides: run.sides(newest),
        are_numbers_shared: names.are_shared,
        claims: matched.claims,
        people: people.report(),
        tables,
        sums: matched.sums,
        kinds,
    };
    if options.cancel.is_cancelled() {
        return Err(Error::cancelled());
    }
    if let Some(examples) = examples {
        examples.publish(unmatched)?;
    }
    Ok(report)
}

/// What the claims come to.
struct Matched {
    pairs: Pairs,
    claims: Vec<ClaimsReport>,
    sums: Vec<SumReport>,
    wanted: HashMap<[u8; 16], Wanted>,
}

struct Run<'a> {
    names: Names,
    mbis: &'a Mbis,
    sides: &'a Both<Opened>,
    reader: Reader<'a>,
    spools: &'a Spools,
    most: usize,
}

impl Run<'_> {
    /// Reads the claims and people of both sides, and matches the claims. Also says the newest FILE_DATE of each side.
    fn claims(&self) -> Result<(Matched, People, Both<Option<i32>>), Error> {
        let mut people = People::default();
        for side in Side::ALL {
            people.read(side, &self.sides[side], self.mbis, self.reader)?;
        }
        let (mut cuts, mut newest) = (Vec::new(), Both::default());
        let mut months: Both<HashMap<Table, (i32, i32)>> = Both::default();
        for table in CLAIM_TABLES {
            let cut = Cut::new(self.spools);
            for side in Side::ALL {
                let ids = (self.names, self.mbis);
                let known: Known = read((table, side), &self.sides[side], ids, self.reader, &cut)?;
                people.with_claims(side, &known.people);
                newest[side] = known.newest.max(newest[side]);
                months[side].extend(known.months);
            }
            cuts.push((table, cut));
        }
        let pairs = Mutex::new(Pairs::default());
        let (mut claims, mut sums, mut wanted) = (Vec::new(), Vec::new(), HashMap::new());
        for (table, cut) in cuts {
            let other = |side: Side| OtherSide {
                months: months[side.other()].get(&table).copied(),
                newest: newest[side.other()],
                has_person: false,
            };
            let matching = Matching {
                table,
                are_numbers_shared: self.names.are_shared,
                others: Both { left: other(Side::Left), right: other(Side::Right) },
                has_person: &|side, person| people.is_on(side, person),
                threads: self.reader.threads,
                cancel: self.reader.cancel,
                most: self.most,
            };
            let next = Rung::below_number(table).iter().map(|_| Cut::new(self.spools)).collect();
            let tally = matching.run(cut, next, &pairs)?;
            let (report, own_sums) = tally.report(table);
            wanted.extend(tally.wanted(table));
            claims.push(report);
            sums.extend(own_sums);
        }
        let pairs = pairs.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok((Matched { pairs, claims, sums, wanted }, people, newest))
    }

    /// Compares the rows of all tables.
    fn rows(
        &self,
        lookup: &Lookup<'_>,
        mut examples: Option<&mut Examples>,
    ) -> Result<(Vec<TableReport>, Vec<KindReport>), Error> {
        let (mut tables, mut kinds) = (Vec::new(), Vec::new());
        for table in Table::ALL.into_iter().filter(|table| *table != Table::Cclf0) {
            let shape = Shape::of(table, self.names.are_shared);
            let spilled = spill(&shape, self.sides, lookup, self.reader, self.spools)?;
            let reader = (self.reader.threads, self.reader.cancel);
            let compared = compare(&shape, &spilled, self.most, reader)?;
            let (report, own_kinds) = compared.report(&shape);
            kinds.extend(
                own_kinds.into_iter().map(|(column, kind, rows)| (rows, table, column, kind)),
            );
            if let Some(examples) = &mut examples {
                examples.add(&shape, compared.examples)?;
            }
            tables.push(report);
        }
        Ok((tables, self.most_frequent(kinds)))
    }

    /// The kinds of difference that most rows have.
    fn most_frequent(&self, mut kinds: Vec<(u64, Table, usize, Kind)>) -> Vec<KindReport> {
        kinds.sort_by_key(|(rows, table, column, kind)| {
            (std::cmp::Reverse(*rows), *table, *column, *kind)
        });
        let report = |(rows, table, column, kind): (u64, Table, usize, Kind)| {
            let shape = Shape::of(table, self.names.are_shared);
            KindReport {
                table: table.name(),
                column: shape.columns[column].name.clone(),
                kind,
                rows,
            }
        };
        kinds.into_iter().take(MOST_KINDS).map(report).collect()
    }

    fn sides(&self, newest: Both<Option<i32>>) -> Both<SideReport> {
        let of = |side: Side| SideReport {
            source: self.sides[side].finished.source.name(),
            newest_file_date: newest[side].map(|day| {
                let (year, month, day) = cclf_crosswalk::civil_from_days(day);
                format!("{year:04}-{month:02}-{day:02}")
            }),
            resolved: self.sides[side].resolved.clone(),
        };
        Both { left: of(Side::Left), right: of(Side::Right) }
    }
}
