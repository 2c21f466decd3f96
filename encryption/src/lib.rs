//! The payload encryption of BCDA's exports from November 2018 to February 2020.
//!
//! In those years the Beneficiary Claims Data API (BCDA) encrypted each NDJSON file of a finished job for the
//! organisation that had asked for it. The whole file is one AES-256-GCM message under a fresh key. That key is wrapped
//! for the organisation's RSA key by OAEP (SHA-256, MGF1 with SHA-256), with the file's name as the label. Nothing here
//! knows what is in a file, opens one, or follows a manifest: bytes, a name and keys go in, bytes come out.
//!
//! ```text
//! file          nonce (12 bytes) || ciphertext || tag (16 bytes)
//! wrapped key   hex, two characters for each byte of the RSA modulus; found in a finished job's body as
//!               KeyMap["<name>"] or output[].encryptedKey
//! label         the base name that the service gave the file, "<uuid>.ndjson": a renamed file needs its old name
//! ```
//!
//! # Example
//! ```
//! use encryption::{PrivateKey, PublicKey, decrypt, encrypt};
//! let public = PublicKey::from_pem(include_bytes!("../tests/vector/public-spki.pem"))?;
//! let private = PrivateKey::from_pem(include_bytes!("../tests/vector/private-pkcs8.pem"))?;
//!
//! let name = "1a2b3c4d-5e6f-4a1b-8c2d-3e4f5a6b7c8d.ndjson";
//! let mut sealed = encrypt(b"{\"resourceType\":\"Patient\"}\n", name, &public)?;
//! let text = decrypt(&mut sealed.bytes, name, &sealed.wrapped_key_hex, &private)?;
//! assert_eq!(text, "{\"resourceType\":\"Patient\"}\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What to expect
//! - The cipher needs the whole file at once, so memory holds it. [`decrypt`] opens it in place, in the caller's
//!   buffer, and gives nothing before the tag has been verified; a buffer that does not verify is wiped.
//! - Each way in which decryption fails is a variant of [`DecryptError`].
//! - [`SigningKey`] is no part of that: with it clients of other servers sign who they are.
//! - Keys have a `Debug` that shows their size only, and their memory is wiped when they go.
#![forbid(unsafe_code)]

mod error;
mod file;
mod key;

pub use error::{DecryptError, EncryptError, HexFault, KeyError};
pub use file::{
    Encrypted, MAX_PLAINTEXT_BYTES, NONCE_BYTES, TAG_BYTES, decrypt, encrypt, is_plain,
};
pub use key::{PrivateKey, PublicKey, SigningKey};
