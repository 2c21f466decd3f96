//! What can go wrong. No message holds a key, a byte of a file, or a file's name.

/// Why a file was not encrypted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncryptError {
    /// The file is larger than the cipher takes in one message.
    #[error("the file is larger than one message may be (64 GiB)")]
    TooLarge,
    /// The library refused.
    #[error("the cryptographic library failed")]
    Failed,
}

/// Why a file was not decrypted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecryptError {
    /// No wrapped key is known for the file. Never given by [`decrypt`](crate::decrypt): for its callers, who look
    /// keys up.
    #[error("no key for this file name; it needs the name that the service gave it")]
    NoKey,
    /// The wrapped key is not hexadecimal, or has an odd number of digits.
    #[error("the wrapped key is not hexadecimal: {0}")]
    NotHex(HexFault),
    /// The wrapped key is not as long as the modulus of the private key.
    #[error(
        "the wrapped key has {found} bytes, the private key wants {expected}: cut off, or made for another key"
    )]
    WrappedKeyLength {
        /// Bytes of the modulus.
        expected: usize,
        /// Bytes that the digits give.
        found: usize,
    },
    /// The wrapped key does not open.
    #[error(
        "the wrapped key does not open: the private key is another one, or the file was renamed"
    )]
    Unwrap,
    /// The wrapped key opened, but is no AES-256 key.
    #[error("the unwrapped key has {found} bytes, expected 32")]
    KeyLength {
        /// Bytes that were wrapped.
        found: usize,
    },
    /// The file is too short to hold a nonce and a tag.
    #[error("the file has {found} bytes, an encrypted one has at least 28: cut off")]
    TooShort {
        /// Bytes of the file.
        found: usize,
    },
    /// The tag does not fit what is in the file.
    #[error(
        "the tag does not match: the file was altered or cut off, or the key is another file's"
    )]
    Tag,
    /// What came out is not text.
    #[error("the decrypted file is not UTF-8")]
    NotUtf8,
    /// The file is not encrypted at all.
    #[error("the file is plain NDJSON already")]
    AlreadyPlain,
}

/// What is wrong with hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HexFault {
    /// An odd number of digits.
    #[error("an odd number of digits")]
    Odd,
    /// Something that is no digit.
    #[error("a character that is no digit")]
    Digit,
}

/// Why a PEM text gave no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// No PEM section can be read.
    #[error("not a PEM file, or a damaged one")]
    NotPem,
    /// There are PEM sections, but none of the wanted kind.
    #[error("no {0} in the PEM file")]
    Missing(&'static str),
    /// The key is protected by a passphrase.
    #[error(
        "the private key is protected by a passphrase; write one without it \
         (openssl pkey -in KEY.pem -out PLAIN.pem) to a file that only you can read"
    )]
    Passphrase,
    /// The section does not hold an RSA key of 2,048 to 8,192 bits.
    #[error("not an RSA key of 2048 to 8192 bits")]
    NotRsa,
    /// The section does not hold an EC key on one of the curves.
    #[error("not an EC key on the curve P-256 or P-384")]
    NotEc,
}
