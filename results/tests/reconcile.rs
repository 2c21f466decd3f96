//! Results that differ in known ways, and what is said of them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use cclf_crosswalk::Table;
use cclf_crosswalk::arrow::array::{Array, AsArray, Date32Array, RecordBatch};
use cclf_crosswalk::arrow::compute::concat_batches;
use cclf_crosswalk::arrow::datatypes::Date32Type;
use convert::ErrorKind;
use results::{
    Both, Kind, Reason, ReasonReport, ReconcileOptions, Rung, RungReport, Side, Source, Tolerance,
    reconcile,
};
use synth::Api;

use copies::{
    Copy, FILE_DATE, cents, claims, column, compared, differences, finals, lacking, only, read,
    renamed, result, sums_apart, text, with, with_amounts, with_days, with_texts, write,
};

mod copies;

#[test]
fn with_itself_nothing_differs() {
    for api in [Api::V1, Api::V2, Api::V3] {
        let made = result(api);
        let folder = &made.folder();
        let report = compared(folder, folder);
        assert!(report.are_numbers_shared && report.kinds.is_empty(), "{:?}", report.kinds);
        assert_eq!((differences(&report), lacking(&report)), (BTreeMap::new(), Vec::new()));
        for table in &report.claims {
            assert_eq!(table.all, Both { left: table.matched, right: table.matched });
            assert_eq!((table.ambiguous, table.only), (Both::default(), Both::default()));
            let rung = RungReport { rung: Rung::ClaimNumber, claims: table.matched };
            assert_eq!(table.by_rung, [rung], "{}", table.table);
        }
        for table in &report.tables {
            let rows = read(folder, table.table.parse().unwrap());
            let of_people = matches!(table.table, "CCLF8" | "CCLF9");
            let wanted = if of_people { rows.num_rows() } else { finals(&rows).len() };
            assert_eq!(table.matched, wanted as u64, "{}", table.table);
            for column in &table.columns {
                assert_eq!(column.equal + column.both_null, table.matched, "{}", column.column);
            }
        }
        for sum in &report.sums {
            assert_eq!((sum.all.left, sum.matched.left), (sum.all.right, sum.matched.right));
            assert_eq!((sum.all.left, sum.apart_cents), (sum.matched.left, 0));
        }
        assert_eq!(report.people.all.left, report.people.matched);
        assert!(report.is_within(&Tolerance::default()));
    }
}

#[test]
fn sums_are_those_of_final_rows() {
    let made = result(Api::V3);
    let folder = &made.folder();
    let report = compared(folder, folder);
    for (table, amount) in [
        (Table::Cclf1, "CLM_PMT_AMT"),
        (Table::Cclf5, "CLM_LINE_CVRD_PD_AMT"),
        (Table::Cclf6, "CLM_LINE_CVRD_PD_AMT"),
        (Table::Cclf7, "CLM_LINE_BENE_PMT_AMT"),
    ] {
        let rows = read(folder, table);
        let wanted: i64 = finals(&rows).into_iter().map(|row| cents(&rows, amount, row)).sum();
        let own = report.sums.iter().filter(|sum| sum.table == table.name());
        assert_eq!(own.map(|sum| sum.all.left.cents).sum::<i64>(), wanted, "{table}");
        assert!(wanted > 0);
    }
}

#[test]
fn dropped_claims_are_told_with_their_sums() {
    let made = result(Api::V3);
    let folder = &made.folder();
    let copy = Copy::of(folder);
    // Every tenth claim of CCLF1, without its rows elsewhere; its persons have other claims.
    let all = read(folder, Table::Cclf1);
    let dropped: Vec<usize> = finals(&all).into_iter().step_by(10).collect();
    let numbers: Vec<_> = dropped.iter().map(|row| text(&all, "CUR_CLM_UNIQ_ID", *row)).collect();
    for table in [Table::Cclf1, Table::Cclf2, Table::Cclf3, Table::Cclf4, Table::CclfA] {
        copy.change(table, |batch| {
            only(&batch, |row| !numbers.contains(&text(&batch, "CUR_CLM_UNIQ_ID", row)))
        });
    }
    let report = compared(folder, copy.folder());
    let own = claims(&report, "CCLF1");
    let wanted = dropped.len() as u64;
    assert_eq!(own.only, Both { left: wanted, right: 0 });
    assert_eq!((own.matched, own.all.left - wanted), (own.all.right, own.all.right));
    let sum: i64 = dropped.iter().map(|row| cents(&all, "CLM_PMT_AMT", *row)).sum();
    assert_eq!(own.by_reason.iter().map(|one| one.cents).sum::<i64>(), sum);
    assert_eq!(sums_apart(&report), -sum);
    // What is still there is as it was.
    assert_eq!((differences(&report), lacking(&report)), (BTreeMap::new(), Vec::new()));
    let share = wanted * 1_000_000
        / report.claims.iter().map(|table| table.all.left + table.all.right).sum::<u64>();
    let within = |unmatched_millionths: u64, cents: i64| {
        let unmatched_millionths = u32::try_from(unmatched_millionths).unwrap();
        report.is_within(&Tolerance { unmatched_millionths, cents: cents.unsigned_abs() })
    };
    assert!(within(share + 1, sum) && !within(share - 1, sum) && !within(share + 1, 0));
    // The other way round the other side has them.
    let turned = compared(copy.folder(), folder);
    assert_eq!(claims(&turned, "CCLF1").only, Both { left: 0, right: wanted });
    assert_eq!(sums_apart(&turned), sum);
}

#[test]
fn dropped_rows_of_claims_are_told() {
    let made = result(Api::V3);
    let folder = &made.folder();
    let copy = Copy::of(folder);
    let mut wanted = Vec::new();
    for table in [Table::Cclf2, Table::Cclf3, Table::Cclf4] {
        copy.change(table, |batch| {
            let dropped: Vec<usize> = finals(&batch).into_iter().step_by(7).collect();
            wanted.push((table.name(), dropped.len() as u64, 0));
            only(&batch, |row| !dropped.contains(&row))
        });
    }
    let report = compared(folder, copy.folder());
    assert_eq!(lacking(&report), wanted);
    assert!(differences(&report).is_empty() && report.is_within(&Tolerance::default()));
}

#[test]
fn changed_amounts_and_dates_are_told_by_kind() {
    let made = result(Api::V3);
    let folder = &made.folder();
    let copy = Copy::of(folder);
    // The third final line of CCLF5 is greater by a cent, the fifth by a dollar, and so on.
    let changes: [(usize, i128); 4] = [(2, 1), (4, 100), (6, -12_345), (8, -1)];
    let all = read(folder, Table::Cclf5);
    let lines = finals(&all);
    let by_row: BTreeMap<usize, i128> =
        changes.iter().map(|(place, more)| (lines[*place], *more)).collect();
    copy.change(Table::Cclf5, |batch| {
        with_amounts(&batch, "CLM_LINE_CVRD_PD_AMT", |row| *by_row.get(&row).unwrap_or(&0))
    });
    let heads = finals(&read(folder, Table::Cclf1));
    copy.change(Table::Cclf1, |batch| {
        with_days(&batch, "CLM_EFCTV_DT", |row| {
            if row == heads[0] { 1 } else { 40 * i32::from(row == heads[1]) }
        })
    });
    let report = compared(folder, copy.folder());
    let line = |name: &str| name.to_owned();
    assert_eq!(
        differences(&report),
        BTreeMap::from([
            (("CCLF1", line("CLM_EFCTV_DT")), (0, 0, 2)),
            (("CCLF5", line("CLM_LINE_CVRD_PD_AMT")), (0, 0, 4)),
        ])
    );
    let kinds: BTreeMap<Kind, u64> = report.kinds.iter().map(|one| (one.kind, one.rows)).collect();
    let one = |kind: Kind| (kind, 1);
    assert_eq!(
        kinds,
        BTreeMap::from([
            one(Kind::RightIsGreaterByCent),
            one(Kind::RightIsGreaterByDollar),
            one(Kind::RightIsLess),
            one(Kind::RightIsLessByCent),
            one(Kind::RightIsLaterByDay),
            one(Kind::RightIsLater),
        ])
    );
    assert_eq!(sums_apart(&report), 1 + 100 - 12_345 - 1);
    let of_claims = |claims: &[usize]| {
        let mut by_claim: BTreeMap<_, i128> = BTreeMap::new();
        for row in claims {
            *by_claim.entry(text(&all, "CUR_CLM_UNIQ_ID", *row)).or_default() +=
                by_row.get(row).unwrap_or(&0);
        }
        by_claim.into_values().map(i128::unsigned_abs).sum::<u128>()
    };
    let apart: u64 = report.sums.iter().map(|sum| sum.apart_cents).sum();
    assert_eq!(u128::from(apart), of_claims(&lines));
    assert!(report.claims.iter().all(|table| table.only == Both::default()));
    assert!(!report.is_within(&Tolerance { unmatched_millionths: 1_000_000, cents: 0 }));
    assert!(report.is_within(&Tolerance { unmatched_millionths: 0, cents: 12_447 }));
}

#[test]
fn swapped_mbis_are_found_by_number_and_lost_without() {
    let made = result(Api::V3);
    let folder = &made.folder();
    let copy = Copy::of(folder);
    let all = read(folder, Table::Cclf1);
    let rows = finals(&all);
    let first = text(&all, "BENE_MBI_ID", rows[0]);
    let second = *rows.iter().find(|row| text(&all, "BENE_MBI_ID", **row) != first).unwrap();
    let swapped = [rows[0], second];
    copy.change(Table::Cclf1, |batch| {
        with_texts(&batch, "BENE_MBI_ID", |row, own| {
            match swapped.iter().position(|one| *one == row) {
                Some(place) => text(&batch, "BENE_MBI_ID", swapped[1 - place]),
                None => own,
            }
        })
    });
    let report = compared(folder, copy.folder());
    assert_eq!(
        differences(&report),
        BTreeMap::from([(("CCLF1", "BENE_MBI_ID".to_owned()), (0, 0, 2))])
    );
    assert!(report.is_within(&Tolerance::default()));
    // As if of a source with other numbers, the two go unmatched, whose keys have the MBI.
    let renamed = renamed(copy.folder());
    let report = compared(folder, renamed.folder());
    let own = claims(&report, "CCLF1");
    assert_eq!((own.only, own.matched), (Both { left: 2, right: 2 }, own.all.left - 2));
    assert!(own.by_reason.iter().all(|one| one.reason != Reason::PersonNotOnOtherSide));
}

#[test]
fn earlier_mbis_are_the_same_person() {
    let made = result(Api::V3);
    let folder = &made.folder();
    let copy = Copy::of(folder);
    let people = read(folder, Table::Cclf8);
    let mbi = text(&people, "BENE_MBI_ID", 0).unwrap();
    // The copy knows the person by a later MBI, and CCLF9 says so.
    for table in Table::ALL.into_iter().filter(|one| !matches!(one, Table::Cclf0 | Table::Cclf9)) {
        copy.change(table, |batch| {
            let later = |own: String| if own == mbi { "9ZZ9ZZ9ZZ99".to_owned() } else { own };
            with_texts(&batch, "BENE_MBI_ID", |_, own| own.map(later))
        });
    }
    let apart = compared(folder, copy.folder());
    assert_eq!(apart.people.only, Both { left: 1, right: 1 });
    copy.change(Table::Cclf9, |batch| {
        let first = batch.slice(0, 1);
        let first = with_texts(&first, "CRNT_NUM", |_, _| Some("9ZZ9ZZ9ZZ99".to_owned()));
        let first = with_texts(&first, "PRVS_NUM", |_, _| Some(mbi.clone()));
        concat_batches(&batch.schema(), [&batch, &first]).unwrap()
    });
    let report = compared(folder, copy.folder());
    assert_eq!(
        (report.people.only, report.people.matched),
        (Both::default(), report.people.all.left)
    );
    assert_eq!((differences(&report), lacking(&report)), (BTreeMap::new(), vec![("CCLF9", 0, 1)]));
}

#[test]
fn repeated_keys_pair_by_amount_and_are_never_multiplied() {
    let made = result(Api::V3);
    let folder = &made.folder();
    // Without numbers and control numbers in common, three claims get one natural key.
    let all = read(folder, Table::Cclf1);
    let rows = finals(&all);
    let (first, repeated) = (rows[0], &rows[..3]);
    let same = |batch: RecordBatch| {
        let batch = with_texts(&batch, "CLM_CNTL_NUM", |_, _| None);
        let batch =
            ["PRVDR_OSCAR_NUM", "CLM_BLG_PRVDR_OSCAR_NUM", "FAC_PRVDR_NPI_NUM", "BENE_MBI_ID"]
                .iter()
                .fold(batch, |batch, name| {
                    let of_first = text(&all, name, first).or(Some("1".to_owned()));
                    with_texts(&batch, name, |row, own| {
                        // A claim that lacks one of them has a key of its own.
                        let own = own.or_else(|| Some(format!("X{row}")));
                        if repeated.contains(&row) { of_first.clone() } else { own }
                    })
                });
        ["CLM_FROM_DT", "CLM_THRU_DT"].iter().fold(batch, |batch, name| {
            let days = column(&all, name).as_primitive::<Date32Type>().clone();
            with_days(&batch, name, |row| {
                if repeated.contains(&row) { days.value(first) - days.value(row) } else { 0 }
            })
        })
    };
    let left = Copy::of(folder);
    left.change(Table::Cclf1, same);
    let right = renamed(left.folder());
    let report = compared(left.folder(), right.folder());
    let own = claims(&report, "CCLF1");
    assert!(own.by_rung.iter().any(|one| one.rung == Rung::ProviderOscar && one.claims >= 3));
    // Claims without a date have no key.
    let base = own.only.left;
    assert_eq!((own.ambiguous, own.matched), (Both::default(), own.all.left - base), "{own:?}");
    // One has another amount: the two others are pairs, and it is nobody's for sure.
    right.change(Table::Cclf1, |batch| {
        with_amounts(&batch, "CLM_PMT_AMT", |row| if row == first { 77_777_777 } else { 0 })
    });
    let report = compared(left.folder(), right.folder());
    let own = claims(&report, "CCLF1");
    assert_eq!(
        (own.ambiguous, own.only),
        (Both { left: 1, right: 1 }, Both { left: base, right: base })
    );
    // It is gone: the one that is left is not ambiguous.
    right.change(Table::Cclf1, |batch| only(&batch, |row| row != first));
    let own_report = compared(left.folder(), right.folder());
    let own = claims(&own_report, "CCLF1");
    assert_eq!((own.ambiguous, own.only), (Both::default(), Both { left: base + 1, right: base }));
}

#[test]
fn reasons_are_told_by_side() {
    let made = result(Api::V3);
    let folder = &made.folder();
    let copy = Copy::of(folder);
    let all = read(folder, Table::Cclf7);
    let rows = finals(&all);
    // The first drug events are on the left only: of last week, and loaded after the right side was made.
    let timely = |batch: RecordBatch, row: usize, name: &str, to: i32| {
        let days = column(&batch, name).as_primitive::<Date32Type>().clone();
        let new: Date32Array =
            (0..batch.num_rows())
                .map(|own| {
                    if own == row { Some(to) } else { days.is_valid(own).then(|| days.value(own)) }
                })
                .collect();
        with(&batch, name, Arc::new(new))
    };
    let left = Copy::of(folder);
    left.change(Table::Cclf7, |batch| {
        let batch = timely(batch, rows[0], "CLM_LINE_FROM_DT", FILE_DATE - 7);
        let batch = timely(batch, rows[0], "CLM_IDR_LD_DT", FILE_DATE - 7);
        // So that the other side's history goes so far.
        let batch = timely(batch, rows[2], "CLM_LINE_FROM_DT", FILE_DATE);
        let batch = timely(batch, rows[2], "CLM_IDR_LD_DT", FILE_DATE);
        timely(batch, rows[1], "CLM_IDR_LD_DT", FILE_DATE + 1)
    });
    write(copy.folder(), Table::Cclf7, read(left.folder(), Table::Cclf7));
    copy.change(Table::Cclf7, |batch| only(&batch, |row| row != rows[0] && row != rows[1]));
    let report = compared(left.folder(), copy.folder());
    let reasons = &claims(&report, "CCLF7").by_reason;
    let of = |reason: Reason, row: usize| ReasonReport {
        side: Side::Left,
        reason,
        claims: 1,
        cents: cents(&all, "CLM_LINE_BENE_PMT_AMT", row),
        people: 1,
    };
    let wanted = [of(Reason::LoadedLater, rows[1]), of(Reason::PartDTiming, rows[0])];
    assert_eq!(reasons[..], wanted);
}

#[test]
fn examples_go_to_their_owner_only_and_nothing_else_has_values() {
    let made = result(Api::V3);
    let folder = &made.folder();
    let copy = Copy::of(folder);
    copy.change(Table::Cclf5, |batch| {
        with_texts(&batch, "CLM_POS_CD", |_, own| own.map(|_| "a,\"b\"".to_owned()))
    });
    let gone = finals(&read(folder, Table::Cclf7));
    copy.change(Table::Cclf7, |batch| only(&batch, |row| !gone[..5].contains(&row)));
    let work = tempfile::tempdir().unwrap();
    let run = |threads: usize, name: &str| {
        let out = work.path().join(name);
        let mut options = ReconcileOptions::new(folder.to_owned(), copy.folder().to_owned());
        (options.examples, options.threads) = (Some((3, out.clone())), threads);
        (reconcile(&options).unwrap(), out)
    };
    let (report, out) = run(1, "one");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&out), 0o700);
    let read = |out: &Path, name: &str| fs::read_to_string(out.join(name)).unwrap();
    for name in ["claims.csv", "unmatched.csv", "examples-manifest.json"] {
        assert_eq!(mode(&out.join(name)), 0o600, "{name}");
    }
    let text = read(&out, "claims.csv");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(
        lines[1].contains("\"a,\"\"b\"\"\"") && lines[1].starts_with("\"CCLF5\",\"CLM_POS_CD\",")
    );
    let reasons = &claims(&report, "CCLF7").by_reason;
    let wanted: u64 = reasons.iter().map(|one| one.claims.min(3)).sum();
    assert_eq!(read(&out, "unmatched.csv").lines().count() as u64, 1 + wanted);
    let json = report.to_json();
    assert!(!json.contains("a,") && !json.contains("BENE_MBI_ID\": \""));
    // Threads do not matter, to the examples either.
    let (again, second) = run(3, "two");
    assert_eq!(again, report);
    for name in ["claims.csv", "unmatched.csv"] {
        assert_eq!(read(&out, name), read(&second, name));
    }
    // What is there is not replaced.
    let mut options = ReconcileOptions::new(folder.to_owned(), folder.to_owned());
    options.examples = Some((1, out));
    assert_eq!(reconcile(&options).unwrap_err().kind(), ErrorKind::Usage);
}

#[test]
fn a_run_that_is_cancelled_ends() {
    let made = result(Api::V1);
    let options = ReconcileOptions::new(made.folder(), made.folder());
    options.cancel.cancel();
    assert_eq!(reconcile(&options).unwrap_err().kind(), ErrorKind::Cancelled);
}

#[test]
fn a_source_that_contradicts_the_manifest_is_refused() {
    let made = result(Api::V1);
    let mut options = ReconcileOptions::new(made.folder(), made.folder());
    options.left_source = Some(Source::Cclf);
    assert_eq!(reconcile(&options).unwrap_err().kind(), ErrorKind::Usage);
}

#[test]
fn v1_and_v3_of_the_same_people_match_by_their_keys() {
    let (one, other) = (result(Api::V1), result(Api::V3));
    let report = compared(&one.folder(), &other.folder());
    assert!(!report.are_numbers_shared);
    for table in &report.claims {
        // All but the claims of persons whose Patient is missing: without an MBI there is no key.
        assert!(table.by_reason.iter().all(|one| one.reason == Reason::NoKey), "{table:?}");
        assert_eq!((table.only.left, table.all.left), (table.only.right, table.all.right));
        assert_eq!(table.matched + table.only.left, table.all.left, "{table:?}");
        assert_eq!(table.ambiguous, Both::default());
    }
    assert_eq!((sums_apart(&report), report.people.only), (0, Both::default()));
    // v3 has IDR dates and no BETOS codes; what it cannot fill is told by column.
    let columns = differences(&report);
    let of = |table: &'static str, name: &str| columns[&(table, name.to_owned())];
    let lines = report.tables.iter().find(|table| table.table == "CCLF5").unwrap();
    assert_eq!(of("CCLF5", "CLM_IDR_LD_DT"), (0, lines.matched, 0));
    assert!(of("CCLF5", "HCPCS_BETOS_CD").0 > 0);
    assert_eq!(lines.not_compared, ["CUR_CLM_UNIQ_ID"]);
    // Diagnoses are the same line by their code, since v1 numbers them otherwise.
    assert!(!columns.contains_key(&("CCLF4", "CLM_DGNS_CD".to_owned())));
    assert!(!columns.keys().any(|(_, column)| column == "CLM_LINE_NUM" || column == "BENE_MBI_ID"));
}

#[test]
fn v1_and_v2_number_claims_alike() {
    let (one, other) = (result(Api::V1), result(Api::V2));
    let report = compared(&one.folder(), &other.folder());
    assert!(report.are_numbers_shared);
    for table in &report.claims {
        assert_eq!((table.matched, table.only), (table.all.left, Both::default()), "{table:?}");
    }
}

#[test]
fn numbers_are_matched_without_the_zeros_before_them() {
    let made = result(Api::V3);
    let folder = &made.folder();
    let copy = Copy::of(folder);
    let people = [Table::Cclf0, Table::Cclf8, Table::Cclf9];
    for table in Table::ALL.into_iter().filter(|table| !people.contains(table)) {
        copy.change(table, |batch| {
            with_texts(&batch, "CUR_CLM_UNIQ_ID", |_, own| own.map(|own| format!("00{own}")))
        });
    }
    let report = compared(copy.folder(), folder);
    assert!(report.is_within(&Tolerance::default()));
    assert!(report.claims.iter().all(|table| table.by_rung[0].rung == Rung::ClaimNumber));
    // They are told, since they are other texts.
    assert!(report.kinds.iter().all(|one| one.kind == Kind::LeftHasMoreZeros));
    assert!(report.kinds.iter().all(|one| one.column == "CUR_CLM_UNIQ_ID"));
    assert_eq!((report.kinds.len(), lacking(&report)), (9, Vec::new()));
}

#[test]
fn rows_of_a_line_that_comes_twice_go_with_their_likes() {
    let made = result(Api::V3);
    let folder = &made.folder();
    let copy = Copy::of(folder);
    let all = read(folder, Table::Cclf2);
    let line = finals(&all)[0];
    // The line twice, one of them changed; the other side has it once.
    copy.change(Table::Cclf2, |batch| {
        let changed =
            with_texts(&batch.slice(line, 1), "CLM_LINE_HCPCS_CD", |_, _| Some("ZZZZZ".to_owned()));
        concat_batches(&batch.schema(), [&changed, &batch]).unwrap()
    });
    let report = compared(folder, copy.folder());
    assert_eq!((differences(&report), lacking(&report)), (BTreeMap::new(), vec![("CCLF2", 0, 1)]));
}
