//! Which entry of a claim's list is the one that a column means.

use crate::claim_type::ClaimType;

/// Who attended: of the care team's entries of role `primary` the one with the lowest sequence that no item links to.
/// If items link to all of them, because the attending physician also rendered services, the one with the lowest
/// sequence. Entries come with their sequences; those without one are the last. Of equal ones the first counts.
pub fn attending<E>(
    primaries: impl Iterator<Item = (Option<i64>, E)> + Clone,
    is_linked: impl Fn(i64) -> bool,
) -> Option<E> {
    let lowest = |entry: &(Option<i64>, E)| entry.0.unwrap_or(i64::MAX);
    let unlinked = primaries.clone().filter(|(sequence, _)| !sequence.is_some_and(&is_linked));
    let chosen = unlinked.min_by_key(lowest).or_else(|| primaries.min_by_key(lowest));
    chosen.map(|(_, entry)| entry)
}

/// The principal diagnosis: the last entry that is typed so, because the server writes the first slot before the
/// principal one and calls both so. Without any, on inpatient and skilled nursing claims, the first admitting one: the
/// server merges equal codes.
pub fn principal<E>(
    claim_type: Option<ClaimType>,
    mut diagnoses: impl Iterator<Item = E> + Clone,
    is_principal: impl Fn(&E) -> bool,
    is_admitting: impl Fn(&E) -> bool,
) -> Option<E> {
    diagnoses.clone().filter(is_principal).last().or_else(|| {
        let merged = matches!(claim_type, Some(ClaimType::Inpatient | ClaimType::Snf));
        merged.then(|| diagnoses.find(is_admitting))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_attending_physician_is_linked_by_no_item() {
        let team = [(Some(3), 'a'), (None, 'b'), (Some(2), 'c'), (Some(2), 'd'), (Some(1), 'e')];
        let chosen = |links: &[i64]| attending(team.into_iter(), |own| links.contains(&own));
        assert_eq!(chosen(&[]), Some('e'));
        assert_eq!(chosen(&[1]), Some('c'));
        assert_eq!(chosen(&[1, 2]), Some('a'));
        assert_eq!(chosen(&[1, 2, 3]), Some('b'));
        let linked = attending(team[2..].iter().copied(), |_| true);
        assert_eq!(
            (linked, attending([(None, ())].into_iter().skip(1), |_| true)),
            (Some('e'), None)
        );
    }

    #[test]
    fn the_principal_diagnosis_is_the_last_typed_so() {
        let typed = [(1, "principal"), (2, "principal"), (3, "admitting"), (4, "admitting")];
        let chosen = |claim_type, from: usize| {
            let is = |kind| move |entry: &(i32, &str)| entry.1 == kind;
            let typed = typed[from..].iter().copied();
            principal(claim_type, typed, is("principal"), is("admitting")).map(|(entry, _)| entry)
        };
        for claim_type in ClaimType::ALL {
            assert_eq!(chosen(Some(claim_type), 0), Some(2));
            let merged = matches!(claim_type, ClaimType::Inpatient | ClaimType::Snf);
            assert_eq!(chosen(Some(claim_type), 2), merged.then_some(3), "{claim_type}");
        }
        assert_eq!(chosen(None, 2), None);
    }
}
