//! Nothing that is hidden follows from what is shown: a linear program says so.

use microlp::{ComparisonOp, OptimizationDirection, Problem};
use profile::disclosure::{FEWEST, Grid, Hidden, hide, is_small};

/// The least or most that a hidden cell may be, from the totals, the cells that are shown, and that a hidden cell is not
/// empty.
fn bound(grid: &Grid, hidden: &Hidden, wanted: usize, most: bool) -> f64 {
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

#[test]
fn each_hidden_cell_may_have_eleven_and_is_not_known() {
    let (mut looked_at, mut without_any) = (0, 0);
    for seed in 0..4_000 {
        let (grid, sets) = random(seed);
        let count = |places: &[usize]| people(&sets, places);
        let columns = grid.columns;
        let rows = grid.counts.len() / columns;
        let lines: Vec<Vec<usize>> = (0..rows)
            .map(|row| (row * columns..(row + 1) * columns).collect())
            .chain(
                (0..columns).map(|column| (column..grid.counts.len()).step_by(columns).collect()),
            )
            .collect();
        // Totals are not small: categories were merged before.
        if lines.iter().any(|line| count(line) < FEWEST) {
            continue;
        }
        looked_at += 1;
        let hidden = hide(&grid, count);
        without_any += u32::from(hidden == Hidden::All);
        for place in 0..grid.counts.len() {
            if !hidden.is_hidden(place) {
                assert!(!is_small(grid.people[place]), "{seed}: {place} is shown");
                continue;
            }
            let most = bound(&grid, &hidden, place, true);
            assert!(most > 10.9 || grid.counts[place] == 0, "{seed}: {place} has {most} at most");
            if is_small(grid.people[place]) {
                let least = bound(&grid, &hidden, place, false);
                assert!(most - least > 0.5, "{seed}: {place} is known");
            }
        }
        if let Hidden::Cells(cells) = &hidden {
            for line in &lines {
                let own: Vec<usize> = line.iter().copied().filter(|place| cells[*place]).collect();
                assert!(!is_small(count(&own)), "{seed}: the sum of few people follows");
            }
        }
    }
    assert!(looked_at > 500 && without_any < looked_at, "{looked_at}, {without_any}");
}
