//! The programs whose deliveries can be written, and what they ask of a name.

use std::fmt;
use std::str::FromStr;

/// A program of CMS that gets CCLF files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Program {
    /// Medicare Shared Savings Program.
    Mssp,
    /// ACO REACH, which was Direct Contracting.
    Reach,
    /// Vermont All-Payer ACO Model.
    Vtapm,
    /// Kidney Care Choices.
    Kcc,
    /// Primary Care First.
    Pcf,
}

/// Why a name cannot be made.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// There is no such program.
    #[error("no such program: the programs are mssp, reach, vtapm, kcc and pcf")]
    Program,
    /// The identifier is not one of the program.
    #[error("{entity} is no identifier of the program {program}: that is {}", program.form())]
    Entity {
        /// The program.
        program: Program,
        /// What was given.
        entity: String,
    },
    /// The program has no run-out files.
    #[error("the program {0} has no run-out files")]
    Runout(Program),
    /// The year has more than two digits.
    #[error("the performance year has two digits in a name")]
    Year,
    /// The moment does not exist, or is not of the years 2000 to 2099.
    #[error("the moment of making does not exist, or is not of the years 2000 to 2099")]
    Moment,
}

impl Program {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Mssp, Self::Reach, Self::Vtapm, Self::Kcc, Self::Pcf];

    /// Its name in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mssp => "mssp",
            Self::Reach => "reach",
            Self::Vtapm => "vtapm",
            Self::Kcc => "kcc",
            Self::Pcf => "pcf",
        }
    }

    /// The form of its identifiers, in words.
    pub const fn form(self) -> &'static str {
        match self {
            Self::Mssp => "A and four digits",
            Self::Reach => "D and four digits",
            Self::Vtapm => "F and three digits",
            Self::Kcc => "K or C and four digits",
            Self::Pcf => "P and six digits",
        }
    }

    /// Whether it has run-out files.
    pub const fn has_runout(self) -> bool {
        matches!(self, Self::Mssp | Self::Reach | Self::Vtapm)
    }

    /// Whether this is an identifier of the program.
    pub fn fits(self, entity: &str) -> bool {
        let (letters, digits) = match self {
            Self::Mssp => ("A", 4),
            Self::Reach => ("D", 4),
            Self::Vtapm => ("F", 3),
            Self::Kcc => ("KC", 4),
            Self::Pcf => ("P", 6),
        };
        let mut characters = entity.chars();
        characters.next().is_some_and(|letter| letters.contains(letter))
            && entity.len() == 1 + digits
            && characters.all(|digit| digit.is_ascii_digit())
    }

    /// The program that an identifier is of.
    pub fn of(entity: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|program| program.fits(entity))
    }

    /// Checks that the identifier is one of the program.
    ///
    /// # Errors
    /// [`NameError::Entity`].
    pub fn check(self, entity: &str) -> Result<(), NameError> {
        if self.fits(entity) {
            return Ok(());
        }
        Err(NameError::Entity { program: self, entity: entity.to_owned() })
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Program {
    type Err = NameError;

    /// Upper and lower case are the same.
    fn from_str(name: &str) -> Result<Self, NameError> {
        Self::ALL
            .into_iter()
            .find(|program| program.name().eq_ignore_ascii_case(name))
            .ok_or(NameError::Program)
    }
}
