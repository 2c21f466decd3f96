//! Categories that are merged until none is small.

use super::FEWEST;

/// Groups of categories, by their places, such that no group is small: small categories make one group, with the smallest of
/// the others where they are too few. `people` counts the distinct people of some categories together. One group is left if
/// all of them together are small.
pub fn merged(count: usize, people: impl Fn(&[usize]) -> u64) -> Vec<Vec<usize>> {
    let mut places: Vec<usize> = (0..count).collect();
    places.sort_by_key(|place| people(&[*place]));
    let small = places.iter().take_while(|place| people(&[**place]) < FEWEST).count();
    let mut own = places.split_off(small);
    let mut pool = places;
    while !pool.is_empty() && !own.is_empty() && people(&pool) < FEWEST {
        pool.push(own.remove(0));
    }
    own.sort_unstable();
    pool.sort_unstable();
    let mut groups: Vec<Vec<usize>> = own.into_iter().map(|place| vec![place]).collect();
    if !pool.is_empty() {
        groups.push(pool);
    }
    groups
}

/// The same for categories that have an order: neighbours are merged, until each group has `fewest` people or more, which are
/// at least [`FEWEST`].
pub fn merged_in_order(
    count: usize,
    fewest: u64,
    people: impl Fn(&[usize]) -> u64,
) -> Vec<Vec<usize>> {
    let fewest = fewest.max(FEWEST);
    merged_until(count, |group| people(group) >= fewest)
}

/// The same where the first category is none of the order: what is left at the end is merged with it, if the two have enough.
pub fn merged_beside_first(
    count: usize,
    fewest: u64,
    people: impl Fn(&[usize]) -> u64,
) -> Vec<Vec<usize>> {
    let fewest = fewest.max(FEWEST);
    let (mut groups, mut group) = (Vec::new(), Vec::new());
    for place in 1..count {
        group.push(place);
        if people(&group) >= fewest {
            groups.push(std::mem::take(&mut group));
        }
    }
    group.insert(0, 0);
    if count == 0 || people(&group) < fewest {
        return merged_in_order(count, fewest, people);
    }
    groups.insert(0, group);
    groups
}

/// The same until each group is enough; what is left at the end goes into the last group.
pub fn merged_until(count: usize, is_enough: impl Fn(&[usize]) -> bool) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut group = Vec::new();
    for place in 0..count {
        group.push(place);
        if is_enough(&group) {
            groups.push(std::mem::take(&mut group));
        }
    }
    match groups.last_mut() {
        Some(last) => last.extend(group),
        None if !group.is_empty() => groups.push(group),
        None => {}
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_group_is_small() {
        let people = [3, 40, 5, 2, 12];
        let sum = |places: &[usize]| places.iter().map(|place| people[*place]).sum::<u64>();
        assert_eq!(merged(5, sum), [vec![1], vec![0, 2, 3, 4]]);
        assert_eq!(merged_in_order(5, 0, sum), [vec![0, 1], vec![2, 3, 4]]);
        assert_eq!(merged_in_order(4, 0, sum), [vec![0, 1, 2, 3]]);
        assert_eq!(merged_in_order(5, 50, sum), [vec![0, 1, 2, 3, 4]]);
        let beside = |people: &[u64]| {
            merged_beside_first(people.len(), 0, |places| {
                places.iter().map(|place| people[*place]).sum()
            })
        };
        assert_eq!(beside(&[9, 40, 5, 2]), [vec![0, 2, 3], vec![1]]);
        assert_eq!(beside(&[20, 4, 7]), [vec![0], vec![1, 2]]);
        assert_eq!(beside(&[3, 40, 5]), [vec![0, 1, 2]]);
        assert_eq!(merged(1, sum), [vec![0]]);
        assert!(merged(0, sum).is_empty() && merged_in_order(0, 0, sum).is_empty());
        assert!(beside(&[]).is_empty());
    }
}
