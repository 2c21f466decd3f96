//! The MBI of a Coverage, in the few bytes that every beneficiary has room for.

/// Places of an MBI.
const LEN: usize = 11;

/// An MBI, or none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mbi([u8; LEN]);

impl Mbi {
    /// A text that is as long as MBIs are; of others nothing is kept.
    pub(crate) fn new(text: &str) -> Self {
        text.as_bytes().try_into().map_or_else(|_| Self::default(), Self)
    }

    pub(crate) fn text(&self) -> Option<&str> {
        // It was a text when it came.
        std::str::from_utf8(&self.0).ok().filter(|_| self.0 != [0; LEN])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_texts_of_eleven_places_are_kept() {
        assert_eq!(Mbi::new("1S00E00AA00").text(), Some("1S00E00AA00"));
        for other in ["", "3456789", "1S00E00AA000"] {
            assert_eq!(Mbi::new(other).text(), None);
        }
        assert!(Mbi::new("1S00E00AA00") > Mbi::default());
    }
}
