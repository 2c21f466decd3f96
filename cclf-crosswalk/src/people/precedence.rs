//! Which version of a record counts.

/// Bits of a tie that tell the bytes of the line.
const LINE_BITS: u32 = 44;

/// What decides between versions of one record that were last changed at one time: the greater time of the export, then the
/// greater BLAKE3 of the line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tie {
    /// The rank of the export's time, and then what tells the line from others.
    order: u64,
    /// Part of a hash of the resource's id, for whoever has to find it again; zero where nobody has.
    id: u64,
}

impl Tie {
    /// The tie of a line, with the rank of its export's time among those of the others, and its BLAKE3. Of two lines with the
    /// same 44 bits of it nothing tells that they are different.
    pub fn new(rank: u32, line: &[u8; 32]) -> Self {
        let first = line.first_chunk().copied().unwrap_or_default();
        let most = u64::MAX >> LINE_BITS;
        let line = u64::from_be_bytes(first) >> (u64::BITS - LINE_BITS);
        Self::from_bits(u64::from(rank).min(most) << LINE_BITS | line)
    }

    /// The rank of the export's time.
    pub fn rank(self) -> u32 {
        u32::try_from(self.order >> LINE_BITS).unwrap_or(u32::MAX)
    }

    /// The same, with part of a hash of the resource's id.
    #[must_use]
    pub fn with_id(self, id: u64) -> Self {
        Self { id, ..self }
    }

    /// The part of the hash of the id.
    pub fn id(self) -> u64 {
        self.id
    }

    /// The same, of an export whose time has another rank.
    #[must_use]
    pub fn with_rank(self, rank: u32) -> Self {
        let most = u64::MAX >> LINE_BITS;
        Self { order: u64::from(rank).min(most) << LINE_BITS | self.line(), ..self }
    }

    /// As a number, in the same order, without the id.
    pub fn to_bits(self) -> u64 {
        self.order
    }

    /// The tie of this number.
    pub fn from_bits(bits: u64) -> Self {
        Self { order: bits, id: 0 }
    }

    /// What tells the line from others.
    fn line(self) -> u64 {
        self.order & (u64::MAX >> (u64::BITS - LINE_BITS))
    }
}

/// A version of a record: when it was last changed, and what decides where that is equal. Without a tie the version that
/// comes last counts.
pub type Version = (i64, Option<Tie>);

/// Which of two versions counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precedence {
    /// That which is known.
    Known,
    /// The two are one line, which came again: what is known stays, and is as new as the newer of the two.
    Same,
    /// That which came.
    New,
}

/// Which of two versions of a record counts, that which is known or that which comes after it in the input.
pub fn precedence(known: Version, new: Version) -> Precedence {
    let same = |(one, other): (Tie, Tie)| one.line() == other.line();
    if known.0 == new.0 && known.1.zip(new.1).is_some_and(same) {
        return Precedence::Same;
    }
    if known > new { Precedence::Known } else { Precedence::New }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tie(rank: u32, line: u8) -> Tie {
        Tie::new(rank, &[line; 32])
    }

    #[test]
    fn time_then_export_then_line() {
        use Precedence::{Known, New, Same};
        for (known, new, wanted) in [
            ((1, Some(tie(9, 9))), (2, Some(tie(0, 0))), New),
            ((2, Some(tie(0, 0))), (1, Some(tie(9, 9))), Known),
            ((1, Some(tie(1, 9))), (1, Some(tie(2, 0))), New),
            ((1, Some(tie(2, 0))), (1, Some(tie(1, 9))), Known),
            ((1, Some(tie(1, 8))), (1, Some(tie(1, 9))), New),
            ((1, Some(tie(1, 9))), (1, Some(tie(1, 8))), Known),
            ((1, Some(tie(1, 9))), (1, Some(tie(2, 9))), Same),
            ((1, Some(tie(2, 9))), (1, Some(tie(1, 9))), Same),
            // Another text of another time.
            ((1, Some(tie(1, 9))), (2, Some(tie(1, 9))), New),
            ((1, None), (1, None), New),
            ((2, None), (1, None), Known),
        ] {
            assert_eq!(precedence(known, new), wanted, "{known:?} {new:?}");
        }
    }

    #[test]
    fn a_tie_has_its_rank() {
        for rank in [0, 1, 77, (1 << 20) - 1] {
            let tie = Tie::new(rank, &[255; 32]);
            assert_eq!((tie.rank(), Tie::from_bits(tie.to_bits())), (rank, tie));
            let other = tie.with_rank(5).with_id(9);
            assert_eq!((other.rank(), other.id(), other.line()), (5, 9, tie.line()));
        }
        assert!(Tie::new(u32::MAX, &[0; 32]) >= Tie::new((1 << 20) - 1, &[0; 32]));
    }
}
