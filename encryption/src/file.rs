//! One file: sealed under a key of its own, and opened again.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rand;
use aws_lc_rs::rsa::OAEP_SHA256_MGF1SHA256;
use hex::FromHexError;
use zeroize::{Zeroize, Zeroizing};

use crate::error::HexFault;
use crate::{DecryptError, EncryptError, PrivateKey, PublicKey};

/// Bytes of the nonce at the front of a file.
pub const NONCE_BYTES: usize = 12;
/// Bytes of the tag at the end of a file.
pub const TAG_BYTES: usize = 16;
/// Bytes of an AES-256 key.
const KEY_BYTES: usize = 32;
/// The most bytes that the service encrypted in one file: what GCM takes in one message, 64 GiB.
pub const MAX_PLAINTEXT_BYTES: u64 = (1 << 36) - 32;

/// An encrypted file and the key that belongs to it.
#[derive(Clone, PartialEq, Eq)]
pub struct Encrypted {
    /// What the file holds: nonce, ciphertext, tag.
    pub bytes: Vec<u8>,
    /// The file's key, wrapped, in lower-case hexadecimal digits: what `KeyMap` has for its name.
    pub wrapped_key_hex: String,
}

impl fmt::Debug for Encrypted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Encrypted({} bytes)", self.bytes.len())
    }
}

/// Encrypts a whole file of the name `file_name` (a base name, no folder) for the holder of the private key.
///
/// # Errors
/// [`EncryptError::TooLarge`] above [`MAX_PLAINTEXT_BYTES`].
pub fn encrypt(
    plaintext: &[u8],
    file_name: &str,
    key: &PublicKey,
) -> Result<Encrypted, EncryptError> {
    if plaintext.len() as u64 > MAX_PLAINTEXT_BYTES {
        return Err(EncryptError::TooLarge);
    }
    let mut file_key = Zeroizing::new([0; KEY_BYTES]);
    let mut nonce = [0; NONCE_BYTES];
    let failed = |_| EncryptError::Failed;
    rand::fill(file_key.as_mut_slice()).map_err(failed)?;
    rand::fill(&mut nonce).map_err(failed)?;

    let mut bytes = Vec::with_capacity(NONCE_BYTES + plaintext.len() + TAG_BYTES);
    bytes.extend_from_slice(&nonce);
    bytes.extend_from_slice(plaintext);
    let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &*file_key).map_err(failed)?);
    let tag = cipher
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::empty(),
            &mut bytes[NONCE_BYTES..],
        )
        .map_err(failed)?;
    bytes.extend_from_slice(tag.as_ref());

    let oaep = key.oaep().ok_or(EncryptError::Failed)?;
    let mut wrapped = vec![0; oaep.ciphertext_size()];
    let wrapped = oaep
        .encrypt(
            &OAEP_SHA256_MGF1SHA256,
            file_key.as_slice(),
            &mut wrapped,
            Some(file_name.as_bytes()),
        )
        .map_err(failed)?;
    Ok(Encrypted { bytes, wrapped_key_hex: hex::encode(wrapped) })
}

/// Decrypts a whole file in place and gives its text, a part of `file`.
///
/// `file_name` is the base name that the service gave the file; blanks around `wrapped_key_hex` are passed over.
/// When the tag does not verify, or what came out is no text, `file` holds zeros.
///
/// # Errors
/// Each variant of [`DecryptError`] but [`NoKey`](DecryptError::NoKey).
pub fn decrypt<'file>(
    file: &'file mut [u8],
    file_name: &str,
    wrapped_key_hex: &str,
    key: &PrivateKey,
) -> Result<&'file str, DecryptError> {
    if file.len() < NONCE_BYTES + TAG_BYTES {
        let fault = DecryptError::TooShort { found: file.len() };
        return Err(if is_plain(file) { DecryptError::AlreadyPlain } else { fault });
    }
    // The first byte of a nonce may be any: only a file that is text throughout is taken for plain.
    let plain = is_plain(file);
    let file_key = match unwrap_key(file_name, wrapped_key_hex, key) {
        Ok(file_key) => file_key,
        Err(_) if plain => return Err(DecryptError::AlreadyPlain),
        Err(fault) => return Err(fault),
    };
    let cipher = UnboundKey::new(&AES_256_GCM, &file_key).map_err(|_| DecryptError::Tag)?;
    let (nonce, sealed) = file.split_at_mut(NONCE_BYTES);
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| DecryptError::Tag)?;
    if LessSafeKey::new(cipher).open_in_place(nonce, Aad::empty(), sealed).is_err() {
        sealed.zeroize();
        return Err(if plain { DecryptError::AlreadyPlain } else { DecryptError::Tag });
    }
    let text = sealed.len() - TAG_BYTES;
    if str::from_utf8(&sealed[..text]).is_err() {
        sealed.zeroize();
        return Err(DecryptError::NotUtf8);
    }
    str::from_utf8(&sealed[..text]).map_err(|_| DecryptError::NotUtf8)
}

/// Whether a whole file is NDJSON that nobody encrypted: text, whose first character that is no blank is `{`.
///
/// ```
/// assert!(encryption::is_plain(b"\n {\"resourceType\":\"Patient\"}\n"));
/// assert!(!encryption::is_plain(b"{\xff\x00"));
/// ```
pub fn is_plain(file: &[u8]) -> bool {
    file.trim_ascii_start().first() == Some(&b'{') && str::from_utf8(file).is_ok()
}

/// The file's key from its wrapping.
fn unwrap_key(
    file_name: &str,
    wrapped_key_hex: &str,
    key: &PrivateKey,
) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
    let wrapped = hex::decode(wrapped_key_hex.trim_ascii()).map_err(|fault| {
        DecryptError::NotHex(match fault {
            FromHexError::OddLength => HexFault::Odd,
            _ => HexFault::Digit,
        })
    })?;
    let expected = key.modulus_bytes();
    if wrapped.len() != expected {
        return Err(DecryptError::WrappedKeyLength { expected, found: wrapped.len() });
    }
    let oaep = key.oaep().ok_or(DecryptError::Unwrap)?;
    let mut room = Zeroizing::new(vec![0; oaep.min_output_size()]);
    let label = Some(file_name.as_bytes());
    let found = oaep
        .decrypt(&OAEP_SHA256_MGF1SHA256, &wrapped, &mut room, label)
        .map_err(|_| DecryptError::Unwrap)?
        .len();
    if found != KEY_BYTES {
        return Err(DecryptError::KeyLength { found });
    }
    room.truncate(KEY_BYTES);
    Ok(room)
}
