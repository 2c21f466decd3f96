//! Hashes of a fixed size that stand for texts and keys.

/// Bytes of a digest: two of 2^40 texts have one with a chance of 2^-49.
pub(crate) const DIGEST_BYTES: usize = 16;

/// 128 bits of a BLAKE3.
pub(crate) type Digest = [u8; DIGEST_BYTES];

/// That of a text, or of the fields of a key.
pub(crate) fn digest(bytes: impl AsRef<[u8]>) -> Digest {
    let mut digest = [0; DIGEST_BYTES];
    digest.copy_from_slice(&blake3::hash(bytes.as_ref()).as_bytes()[..DIGEST_BYTES]);
    digest
}

/// The first half of one, where so much is enough.
pub(crate) fn short([one, two, three, four, five, six, seven, eight, ..]: &Digest) -> u64 {
    u64::from_be_bytes([*one, *two, *three, *four, *five, *six, *seven, *eight])
}
