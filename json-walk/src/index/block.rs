//! What an engine says about 512 bytes: one bit for each byte, the first byte's lowest.

/// Bytes in a block: one machine word of bits.
pub(super) const BLOCK_BYTES: usize = 64;

/// Blocks in a group: one vector register of words.
pub(super) const GROUP_BLOCKS: usize = 8;

/// Bytes in a group.
pub(super) const GROUP_BYTES: usize = BLOCK_BYTES * GROUP_BLOCKS;

/// A bit for each byte of a group.
pub(super) type Words = [u64; GROUP_BLOCKS];

/// Where in a group each byte that means something stands. Not yet known: what is inside a string.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) quote: Words,
    pub(super) backslash: Words,
    /// Bytes below 0x20.
    pub(super) control: Words,
    /// Space, tab, line feed, carriage return. When no white space is expected: all bytes up to 0x20.
    pub(super) white: Words,
    pub(super) open_object: Words,
    pub(super) open_array: Words,
    /// Both closing brackets.
    pub(super) close: Words,
    pub(super) colon: Words,
    pub(super) comma: Words,
    /// A byte above 0x7f is there.
    pub(super) high: bool,
}

/// What the grammar wants written down of a group.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    /// Quotes, brackets, first bytes of numbers and literals.
    pub(super) tokens: Words,
    pub(super) brackets: Words,
    /// Brackets before which, since the last bracket, a colon stands: the container must be an object.
    pub(super) in_object: Words,
    /// Brackets before which, since the last bracket, a value without a name stands: it must be an array.
    pub(super) in_array: Words,
    /// First bytes of numbers and literals.
    pub(super) scalars: Words,
}

/// Bit 7 of a bracket's code: something before it says that the container is an object.
pub(super) const IN_OBJECT: u8 = 0x80;

/// Bit 0 of a bracket's code, which all four brackets have set: *clear* when something before it says that
/// the container is an array.
pub(super) const NOT_IN_ARRAY: u8 = 0x01;

/// Bit 1 of a bracket's code, as in ASCII: it opens.
pub(super) const OPENS: u32 = 1;

/// Bit 5 of a bracket's code, as in ASCII: it is a brace.
pub(super) const BRACE: u32 = 5;
