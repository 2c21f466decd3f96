//! The parts of Medicare.

use std::fmt;

/// The four parts of Medicare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MedicarePart {
    /// Hospital insurance.
    A,
    /// Medical insurance.
    B,
    /// Medicare Advantage.
    C,
    /// Prescription drugs.
    D,
}

impl MedicarePart {
    /// All parts, A to D.
    pub const ALL: [Self; 4] = [Self::A, Self::B, Self::C, Self::D];

    /// Its name in a Coverage: `Part A`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::A => "Part A",
            Self::B => "Part B",
            Self::C => "Part C",
            Self::D => "Part D",
        }
    }

    /// The part of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.name() == name)
    }

    /// The part of this letter, upper or lower case.
    pub fn from_letter(letter: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.name()["Part ".len()..].eq_ignore_ascii_case(letter))
    }
}

impl fmt::Display for MedicarePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_names_and_letters() {
        for (part, letters) in MedicarePart::ALL.into_iter().zip(["Aa", "Bb", "Cc", "Dd"]) {
            assert_eq!(MedicarePart::from_name(part.name()), Some(part));
            for letter in letters.split("").filter(|letter| !letter.is_empty()) {
                assert_eq!(MedicarePart::from_letter(letter), Some(part));
            }
        }
        for other in ["", "E", "Part A", "aa", "part a"] {
            assert_eq!(MedicarePart::from_letter(other), None);
        }
        assert_eq!(MedicarePart::from_name("part a"), None);
    }
}
