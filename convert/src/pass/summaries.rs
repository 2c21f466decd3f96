//! What comes after the last claim: the rows of people.

use cclf_crosswalk::{Lineage, PeopleTables, Table};

use crate::error::Error;
use crate::out::tables::Rows;
use crate::pass::context::{Found, Pass};

/// Rows of people that are built before they are written.
const PEOPLE_ROWS: usize = 8_192;

/// Writes CCLF8 and CCLF9, where they are wanted.
pub(crate) fn write(
    pass: &Pass<'_>,
    found: &mut Found,
    tables: &mut impl Rows,
) -> Result<(), Error> {
    let mut wanted = tables.names();
    wanted.retain(|table| matches!(table, Table::Cclf8 | Table::Cclf9));
    let beneficiaries = found.index.in_order();
    if wanted.is_empty() || beneficiaries.is_empty() {
        return Ok(());
    }
    let lineages: Vec<Lineage> = pass.input.lineages().cloned().collect();
    let mut people =
        PeopleTables::new(pass.plan, &wanted, pass.columns).with_age_at(pass.input.age_at());
    let mut write = |people: &mut PeopleTables| {
        let batches = people.finish().map_err(|_| Error::unbuilt())?;
        batches.into_iter().try_for_each(|(table, batch)| tables.write(table, batch))
    };
    for beneficiary in beneficiaries {
        people.append(&found.index, beneficiary, &found.hospice, &lineages);
        if people.rows() >= PEOPLE_ROWS {
            if pass.reading.cancel.is_cancelled() {
                return Err(Error::cancelled());
            }
            write(&mut people)?;
        }
    }
    write(&mut people)?;
    found.counts.untranslated(people.take_untranslated());
    Ok(())
}
