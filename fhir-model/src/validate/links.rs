//! Lines of a claim link to its care team, diagnoses, procedures and information by sequence.

use std::collections::HashSet;

use crate::node::{Element, Node};
use crate::schema::Release;
use crate::validate::class::IssueClass;
use crate::validate::finding::Member;
use crate::validate::walk::{Place, Walk};

/// The member of an item, and the list of the claim whose sequences it names.
type Rows = [(&'static str, &'static str); 4];

const STU3: Rows = [
    ("careTeamLinkId", "careTeam"),
    ("diagnosisLinkId", "diagnosis"),
    ("procedureLinkId", "procedure"),
    ("informationLinkId", "information"),
];
const R4: Rows = [
    ("careTeamSequence", "careTeam"),
    ("diagnosisSequence", "diagnosis"),
    ("procedureSequence", "procedure"),
    ("informationSequence", "supportingInfo"),
];

const fn rows(release: Release) -> &'static Rows {
    match release {
        Release::Stu3 => &STU3,
        Release::R4 => &R4,
    }
}

/// The sequences of a claim, per row of its release.
#[derive(Default)]
pub(super) struct Links<'t>([HashSet<&'t str>; 4]);

impl<'t> Links<'t> {
    /// Empty for everything but a claim.
    pub(super) fn of(release: Release, record: &'t dyn Element) -> Self {
        if record.type_name() != "ExplanationOfBenefit" {
            return Self::default();
        }
        Self(rows(release).map(|(_, list)| {
            let entries = record.child(list).into_iter().flat_map(Node::iter);
            let sequences = entries.filter_map(|entry| entry.child("sequence")?.as_number());
            sequences.map(crate::Decimal::as_str).collect()
        }))
    }
}

impl<'t> Walk<'t> {
    /// Checks the links of an item.
    pub(super) fn check_links(&mut self, item: Place<'t>) {
        for (row, (name, _)) in rows(self.schema.release()).iter().enumerate() {
            let (Some(list), Some(member)) = (item.element.child(name), item.def.member(name))
            else {
                continue;
            };
            self.path.enter(member, Member::Value);
            for (index, link) in list.iter().enumerate() {
                if link.as_number().is_some_and(|link| !self.links.0[row].contains(link.as_str())) {
                    self.path.at_index(index);
                    self.report(
                        IssueClass::Link,
                        "expected a sequence that the claim's list has; a join by it finds nothing",
                    );
                }
            }
            self.path.leave();
        }
    }
}
