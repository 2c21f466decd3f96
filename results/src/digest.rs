//! Hashes that stand for texts.

/// 128 bits of a BLAKE3: two texts that are not equal have two, as far as anybody knows.
pub(crate) type Digest = u128;

/// That of a text.
pub(crate) fn digest(text: &str) -> Digest {
    let mut bytes = [0; size_of::<Digest>()];
    bytes.copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..size_of::<Digest>()]);
    Digest::from_be_bytes(bytes)
}
