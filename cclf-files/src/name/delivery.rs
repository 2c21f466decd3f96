//! The names of a delivery that is written.

use super::file_name::{FileName, Part};
use super::parse::exists;
use super::program::{NameError, Program};

/// When a delivery was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// 2000 to 2099.
    pub year: i32,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
    /// 0 to 23.
    pub hour: u32,
    /// 0 to 59.
    pub minute: u32,
    /// 0 to 59.
    pub second: u32,
    /// Tenths of a second, 0 to 9.
    pub tenth: u32,
}

impl Moment {
    fn is_nameable(&self) -> bool {
        (2000..=2099).contains(&self.year)
            && exists((self.year, self.month, self.day))
            && self.hour < 24
            && self.minute < 60
            && self.second < 60
            && self.tenth < 10
    }
}

/// What the names of all files of one delivery have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The name of its zip.
    zip: FileName,
}

impl Delivery {
    /// A delivery to one entity; `year` is the last two digits of the performance year.
    ///
    /// # Errors
    /// The identifier is not one of the program, the program has no run-out files, the year has more than two digits, or
    /// the moment does not exist.
    ///
    /// # Example
    /// ```
    /// use cclf_crosswalk::Table;
    /// use cclf_files::{Delivery, Moment, Part, Program};
    ///
    /// let made = Moment { year: 2026, month: 11, day: 11, hour: 14, minute: 35, second: 56, tenth: 0 };
    /// let delivery = Delivery::new(Program::Mssp, "A9999", 26, false, made)?;
    /// assert_eq!(delivery.name(Part::Zip).to_string(), "P.A9999.ACO.ZCY26.D261111.T1435560.zip");
    /// assert_eq!(
    ///     delivery.name(Part::One(Table::CclfA)).to_string(),
    ///     "P.A9999.ACO.ZCAY26.D261111.T1435560"
    /// );
    /// # Ok::<(), cclf_files::NameError>(())
    /// ```
    pub fn new(
        program: Program,
        entity: &str,
        year: u8,
        runout: bool,
        made: Moment,
    ) -> Result<Self, NameError> {
        program.check(entity)?;
        if runout && !program.has_runout() {
            return Err(NameError::Runout(program));
        }
        if year > 99 {
            return Err(NameError::Year);
        }
        if !made.is_nameable() {
            return Err(NameError::Moment);
        }
        let Moment { hour, minute, second, tenth, .. } = made;
        Ok(Self {
            zip: FileName {
                test: false,
                entity: entity.to_owned(),
                bcda: false,
                part: Part::Zip,
                weekly: false,
                runout,
                year,
                window: None,
                date: (made.year, made.month, made.day),
                time: format!("{hour:02}{minute:02}{second:02}{tenth}"),
            },
        })
    }

    /// The name of one of its files, or of its zip.
    pub fn name(&self, part: Part) -> FileName {
        FileName { part, ..self.zip.clone() }
    }
}
