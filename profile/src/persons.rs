//! The people of CCLF8.

use cclf_crosswalk::Table;
use cclf_crosswalk::arrow::array::{Array, AsArray};
use cclf_crosswalk::arrow::datatypes::Int32Type;
use convert::{Cancel, Error};
use hashbrown::HashSet;
use results::Finished;

use crate::claims::{Cut, ROWS, text};
use crate::names;
use crate::people::People;

/// What people are cut by, and the column of it.
pub(crate) const CUTS: [(&str, &str); 4] = [
    ("age", "BENE_AGE"),
    ("sex", "BENE_SEX_CD"),
    ("dual status", "BENE_DUAL_STUS_CD"),
    ("Medicare status", "BENE_MDCR_STUS_CD"),
];

/// People by each of [`CUTS`]. A person has a row for each hospice range: the first counts.
///
/// # Errors
/// CCLF8 cannot be read, has not the columns, or the run was asked to end.
pub(crate) fn read(
    finished: &Finished,
    people: &People,
    cancel: &Cancel,
) -> Result<[Cut; 4], Error> {
    let stored = finished.table(Table::Cclf8);
    let names = ["BENE_MBI_ID"].into_iter().chain(CUTS.map(|(_, column)| column));
    let columns = names.map(|name| stored.place_of(name)).collect::<Result<Vec<_>, _>>()?;
    let (mut cuts, mut seen) = ([const { Cut::new() }; 4], HashSet::new());
    stored.each_batch(&columns, ROWS, cancel, |batch| {
        let texts = |column: usize| batch.column(column).as_string_opt::<i32>();
        let (Some(mbis), Some(ages), Some(sexes), Some(duals), Some(statuses)) = (
            texts(0),
            batch.column(1).as_primitive_opt::<Int32Type>(),
            texts(2),
            texts(3),
            texts(4),
        ) else {
            return Err(Error::unbuilt());
        };
        for (row, person) in people.numbers(mbis).into_iter().enumerate() {
            if !seen.insert(person) {
                continue;
            }
            let named = [
                names::age(ages.is_valid(row).then(|| ages.value(row))),
                names::sex(text(sexes, row)),
                names::dual(text(duals, row)),
                names::status(text(statuses, row)),
            ];
            for (cut, name) in cuts.iter_mut().zip(named) {
                cut.entry(name).or_default().take(person, 0);
            }
        }
        Ok(())
    })?;
    Ok(cuts)
}
