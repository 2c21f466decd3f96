//! The claim tables of an earlier result on their way into the new one.

use cclf_crosswalk::Plan;

use super::carry::{Carried, Earlier, carry};
use super::fates::Fates;
use super::kept::Fate;
use crate::error::Error;
use crate::options::Reading;
use crate::out::tables::Rows;
use crate::report::CarriedReport;
use crate::state::State;

/// Carries the rows of all claims over that are still there.
pub(crate) fn carry_all(
    state: &State,
    fates: &Fates,
    plan: &'static Plan,
    reading: &Reading,
    rows: &mut impl Rows,
) -> Result<CarriedReport, Error> {
    carry_these(state, |id| fates.of_claim(id), plan, reading, rows)
}

/// Carries rows over, as `fate` says of the claim with an id.
pub(super) fn carry_these<'m>(
    state: &State,
    fate: impl Fn(&str) -> Fate<'m> + Sync,
    plan: &'static Plan,
    reading: &Reading,
    rows: &mut impl Rows,
) -> Result<CarriedReport, Error> {
    let mut report = CarriedReport::default();
    for table in rows.names().into_iter().filter(|table| plan.is_of_claims(*table)) {
        let Some(file) = state.table(table) else { continue };
        let earlier = Earlier {
            table,
            file: &file,
            plan,
            threads: reading.threads(),
            cancel: &reading.cancel,
        };
        let Carried { rows, gone, with_mbi } = carry(&earlier, &fate, rows)?;
        report.rows += rows;
        report.gone += gone;
        report.with_other_mbi += with_mbi;
    }
    Ok(report)
}
