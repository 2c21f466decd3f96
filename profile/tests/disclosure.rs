//! Nothing that is hidden follows from what is shown: a linear program says so.

#![allow(clippy::cast_precision_loss, reason = "the figures are far below 2^52")]

use microlp::{ComparisonOp, OptimizationDirection, Problem};
use profile::disclosure::{FEWEST, Grid, Hidden, Known, hide, is_small};

/// The least or most that a hidden cell may be, from the totals, the cells that are shown, what else is known, and that a
/// hidden cell is not empty.
fn bound(grid: &Grid, known: &Known, hidden: &Hidden, wanted: usize, most: bool) -> f64 {
    let columns = grid.columns;
    let direction =
        if most { OptimizationDirection::Maximize } else { OptimizationDirection::Minimize };
    let mut problem = Problem::new(direction);
    let least = if *hidden == Hidden::All { 0.0 } else { 1.0 };
    let cells: Vec<_> = (0..grid.counts.len())
        .map(|place| {
            let own = f64::from(u32::try_from(grid.counts[place]).unwrap());
            let limits = if hidden.is_hidden(place) { (least, f64::INFINITY) } else { (own, own) };
            problem.add_var(f64::from(u8::from(place == wanted)), limits)
        })
        .collect();
    let rows = grid.counts.len() / columns;
    let lines = (0..rows)
        .map(|row| (row * columns..(row + 1) * columns).collect::<Vec<_>>())
        .chain((0..columns).map(|column| (column..cells.len()).step_by(columns).collect()));
    for line in lines {
        let total: u64 = line.iter().map(|place| grid.counts[*place]).sum();
        let sum: Vec<_> = line.iter().map(|place| (cells[*place], 1.0)).collect();
        let total = f64::from(u32::try_from(total).unwrap());
        problem.add_constraint(&sum[..], ComparisonOp::Eq, total);
    }
    for (of, sum) in &known.sums {
        for (is_least, op) in [(true, ComparisonOp::Le), (false, ComparisonOp::Ge)] {
            let side = |row: usize| {
                let (least, most) = known.bounds[row];
                if is_least { least } else { most }
            };
            let own: Vec<_> = (0..cells.len())
                .filter(|place| of.contains(&(place % columns)))
                .filter(|place| grid.counts[*place] > 0 || *hidden == Hidden::All)
                .collect();
            // Without a bound for one of them there is none for the sum.
            if let Some(own) = own
                .into_iter()
                .map(|place| Some((cells[place], side(place / columns)? as f64)))
                .collect::<Option<Vec<_>>>()
            {
                problem.add_constraint(&own[..], op, *sum as f64);
            }
        }
    }
    match problem.solve().unwrap() {
        microlp::SolveOutcome::Solution(solution) => solution.objective(),
        other @ microlp::SolveOutcome::Interrupted(_) => panic!("{other:?}"),
    }
}

/// A table of random people, of whom each has some claims in some cells.
fn random(seed: u64) -> (Grid, Vec<u128>) {
    let mut random = fastrand::Rng::with_seed(seed);
    let (rows, columns) = (random.usize(1..9), random.usize(1..6));
    let mut grid =
        Grid { columns, counts: vec![0; rows * columns], people: vec![0; rows * columns] };
    let mut sets = vec![0_u128; rows * columns];
    for (place, set) in sets.iter_mut().enumerate() {
        let people = match random.u8(0..10) {
            0 | 1 => 0,
            2 | 3 => random.u64(1..11),
            _ => random.u64(11..60),
        };
        while u64::from(set.count_ones()) < people {
            *set |= 1 << random.u8(0..128);
        }
        grid.people[place] = people;
        grid.counts[place] = people * random.u64(1..4) + people.min(1) * random.u64(0..3);
    }
    (grid, sets)
}

fn people(sets: &[u128], places: &[usize]) -> u64 {
    let all = places.iter().fold(0, |all, place| all | sets[*place]);
    all.count_ones().into()
}

/// Amounts of the claims: each row is a band, and the sums of the columns are shown elsewhere.
fn amounts(grid: &Grid, seed: u64) -> Known {
    let mut random = fastrand::Rng::with_seed(seed);
    let rows = grid.counts.len() / grid.columns;
    let edges: Vec<i128> = (0..rows).map(|row| (1 << row) * 100).collect();
    let is_open = random.bool();
    let bounds: Vec<_> = (0..rows)
        .map(|row| (Some(edges[row]), (row + 1 < rows || !is_open).then(|| edges[row] * 2 - 1)))
        .collect();
    let near = random.i128(0..100);
    let sum = |column: usize| {
        let of_row = |row: usize| {
            let claims = i128::from(grid.counts[row * grid.columns + column]);
            (0..claims).map(|_| edges[row] + random.i128(0..=edges[row] * near / 100)).sum::<i128>()
        };
        (vec![column], (0..rows).map(of_row).sum())
    };
    Known { sums: (0..grid.columns).map(sum).collect(), bounds }
}

/// Hidden cells whose sum follows from the totals are those that all lead out of some rows and columns: with these rows' sums
/// less these columns' there is nothing else in it. Looks at all such sums.
fn sums_that_follow(grid: &Grid, hidden: &[bool], mut seen: impl FnMut(&[usize])) {
    let columns = grid.columns;
    let rows = grid.counts.len() / columns;
    let cells: Vec<usize> = (0..hidden.len()).filter(|place| hidden[*place]).collect();
    for within in 1..(1_u32 << (rows + columns)) {
        let is_row_in = |place: usize| within >> (place / columns) & 1 == 1;
        let is_column_in = |place: usize| within >> (rows + place % columns) & 1 == 1;
        if cells.iter().any(|place| is_column_in(*place) && !is_row_in(*place)) {
            continue;
        }
        let leads_out = |place: &&usize| is_row_in(**place) && !is_column_in(**place);
        let sum: Vec<usize> = cells.iter().filter(leads_out).copied().collect();
        seen(&sum);
    }
}

#[test]
fn each_hidden_cell_may_have_eleven_and_is_not_known() {
    let (mut looked_at, mut with_cells, mut without_any, mut narrowed, mut sums) = (0, 0, 0, 0, 0);
    for seed in 0..4_000 {
        let (grid, sets) = random(seed);
        let columns = grid.columns;
        let rows = grid.counts.len() / columns;
        let mut lines = (0..rows)
            .map(|row| (row * columns..(row + 1) * columns).collect::<Vec<_>>())
            .chain((0..columns).map(|column| (column..sets.len()).step_by(columns).collect()));
        // Totals are not small: categories were merged before.
        if lines.any(|line| people(&sets, &line) < FEWEST) {
            continue;
        }
        looked_at += 1;
        let fresh = |places: &[usize]| {
            let mut before = 0_u128;
            let fresh = places.iter().map(|place| {
                let own = (sets[*place] & !before).count_ones();
                before |= sets[*place];
                u64::from(own)
            });
            fresh.collect()
        };
        let known = if seed % 2 == 0 { Known::default() } else { amounts(&grid, seed) };
        let Some(hidden) = hide(&grid, &known, fresh) else {
            assert!(!known.sums.is_empty(), "{seed}: totals alone tell no small cell");
            narrowed += 1;
            continue;
        };
        for place in 0..grid.counts.len() {
            if !hidden.is_hidden(place) {
                assert!(!is_small(grid.people[place]), "{seed}: {place} is shown");
                continue;
            }
            let most = bound(&grid, &known, &hidden, place, true);
            assert!(most > 10.9 || grid.counts[place] == 0, "{seed}: {place} has {most} at most");
            if is_small(grid.people[place]) {
                let least = bound(&grid, &known, &hidden, place, false);
                assert!(most - least > 0.5, "{seed}: {place} is known");
            }
        }
        let Hidden::Cells(cells) = &hidden else {
            without_any += 1;
            continue;
        };
        with_cells += u32::from(cells.contains(&true));
        if rows + columns <= 10 {
            sums_that_follow(&grid, cells, |places| {
                sums += 1;
                assert!(!is_small(people(&sets, places)), "{seed}: {places:?} follow");
            });
        }
    }
    let counts = [looked_at, with_cells, without_any, narrowed, sums];
    assert!(counts.iter().all(|count| *count >= 10), "{counts:?}");
    assert!(looked_at > 500 && with_cells > 300 && sums > 10_000, "{counts:?}");
}
