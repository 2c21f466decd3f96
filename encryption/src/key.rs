//! Keys from PEM files: RSA keys, which open and seal, and keys that sign.

use std::fmt;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{
    KeyPair, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey,
    PublicEncryptingKey, PublicKey as AnyPublicKey,
};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    RSA_PKCS1_SHA384,
};
use pem::Pem;
use zeroize::Zeroizing;

use crate::KeyError;

const PKCS1_PRIVATE: &str = "RSA PRIVATE KEY";
const PKCS8_PRIVATE: &str = "PRIVATE KEY";
const SEC1_PRIVATE: &str = "EC PRIVATE KEY";
const PKCS8_ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";
const SPKI_PUBLIC: &str = "PUBLIC KEY";
const PKCS1_PUBLIC: &str = "RSA PUBLIC KEY";

/// 1.2.840.113549.1.1.1, which PKCS#8 calls an RSA key.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

/// The organisation's private RSA key, which unwraps the keys of files. 2,048 to 8,192 bits.
#[derive(Clone)]
pub struct PrivateKey(pub(crate) PrivateDecryptingKey);

impl PrivateKey {
    /// Reads the first private key of a PEM text, PKCS#1 (`RSA PRIVATE KEY`) or PKCS#8 (`PRIVATE KEY`). Other
    /// sections and text between sections are passed over.
    ///
    /// # Errors
    /// [`KeyError::Passphrase`] when the key is protected, and what else keeps the text from being a key.
    pub fn from_pem(text: &[u8]) -> Result<Self, KeyError> {
        let section = private(text, &[PKCS1_PRIVATE, PKCS8_PRIVATE])?;
        let key = if section.tag == PKCS1_PRIVATE {
            pkcs1(&section.contents)
        } else {
            PrivateDecryptingKey::from_pkcs8(&section.contents).ok()
        };
        key.map(Self).ok_or(KeyError::NotRsa)
    }

    /// Bytes of the modulus, which are those of a wrapped key.
    pub fn modulus_bytes(&self) -> usize {
        self.0.key_size_bytes()
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.0.public_key())
    }

    pub(crate) fn oaep(&self) -> Option<OaepPrivateDecryptingKey> {
        OaepPrivateDecryptingKey::new(self.0.clone()).ok()
    }
}

/// The decrypting key takes PKCS#8 only; the library turns one into the other.
fn pkcs1(der: &[u8]) -> Option<PrivateDecryptingKey> {
    let pair = KeyPair::from_der(der).ok()?;
    let pkcs8 = pair.as_der().ok()?;
    PrivateDecryptingKey::from_pkcs8(pkcs8.as_ref()).ok()
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({} bits)", self.0.key_size_bits())
    }
}

/// A private key that signs, by the algorithms of JSON web signatures: RSA by RS384, EC on P-384 by ES384 and on P-256 by
/// ES256.
pub struct SigningKey(Signer);

enum Signer {
    Rsa(KeyPair),
    Ec(EcdsaKeyPair, &'static str),
}

impl SigningKey {
    /// Reads the first private key of a PEM text: PKCS#1 (`RSA PRIVATE KEY`), SEC 1 (`EC PRIVATE KEY`, as `openssl ecparam
    /// -genkey` writes it) or PKCS#8 (`PRIVATE KEY`). Other sections, such as `EC PARAMETERS`, are passed over.
    ///
    /// # Errors
    /// [`KeyError::Passphrase`] when the key is protected, and what else keeps the text from being a key.
    pub fn from_pem(text: &[u8]) -> Result<Self, KeyError> {
        let section = private(text, &[PKCS1_PRIVATE, SEC1_PRIVATE, PKCS8_PRIVATE])?;
        let der = &section.contents[..];
        if section.tag == PKCS1_PRIVATE || der.windows(RSA.len()).any(|part| part == RSA) {
            let pair = KeyPair::from_der(der).or_else(|_| KeyPair::from_pkcs8(der));
            return pair.map(|pair| Self(Signer::Rsa(pair))).map_err(|_| KeyError::NotRsa);
        }
        [(&ECDSA_P256_SHA256_FIXED_SIGNING, "ES256"), (&ECDSA_P384_SHA384_FIXED_SIGNING, "ES384")]
            .into_iter()
            .find_map(|(curve, name)| {
                let pair = EcdsaKeyPair::from_private_key_der(curve, der).ok()?;
                Some(Self(Signer::Ec(pair, name)))
            })
            .ok_or(KeyError::NotEc)
    }

    /// The name of its algorithm in the header of a JSON web signature.
    pub fn algorithm(&self) -> &'static str {
        match &self.0 {
            Signer::Rsa(_) => "RS384",
            Signer::Ec(_, name) => name,
        }
    }

    /// Signs a message; `None` where the key cannot.
    pub fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        match &self.0 {
            Signer::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA384, &random, message, &mut signature).ok()?;
                Some(signature)
            }
            Signer::Ec(pair, _) => Some(pair.sign(&random, message).ok()?.as_ref().to_vec()),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.algorithm())
    }
}

/// The organisation's public RSA key, for which the keys of files are wrapped. 2,048 to 8,192 bits.
#[derive(Clone)]
pub struct PublicKey(PublicEncryptingKey);

impl PublicKey {
    /// Reads the first public key of a PEM text, `PUBLIC KEY` or `RSA PUBLIC KEY`. A private key does not do: who
    /// only encrypts should not hold it.
    ///
    /// # Errors
    /// What keeps the text from being a key.
    pub fn from_pem(text: &[u8]) -> Result<Self, KeyError> {
        let sections = sections(text)?;
        let section =
            find(&sections, &[SPKI_PUBLIC, PKCS1_PUBLIC]).ok_or(KeyError::Missing("public key"))?;
        let key = AnyPublicKey::from_der(&section.contents).map_err(|_| KeyError::NotRsa)?;
        let spki = key.as_der().map_err(|_| KeyError::NotRsa)?;
        PublicEncryptingKey::from_der(spki.as_ref()).map(Self).map_err(|_| KeyError::NotRsa)
    }

    pub(crate) fn oaep(&self) -> Option<OaepPublicEncryptingKey> {
        OaepPublicEncryptingKey::new(self.0.clone()).ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({} bits)", self.0.key_size_bits())
    }
}

/// One section of a PEM text. Its bytes are wiped when it goes: they may be a private key.
struct Section {
    tag: String,
    passphrase: bool,
    contents: Zeroizing<Vec<u8>>,
}

fn sections(text: &[u8]) -> Result<Vec<Section>, KeyError> {
    let parsed = pem::parse_many(text).map_err(|_| KeyError::NotPem)?;
    if parsed.is_empty() {
        return Err(KeyError::NotPem);
    }
    let section = |pem: Pem| Section {
        tag: pem.tag().to_owned(),
        // How OpenSSL's older format says so: "Proc-Type: 4,ENCRYPTED".
        passphrase: pem.headers().get("Proc-Type").is_some_and(|kind| kind.contains("ENCRYPTED")),
        contents: Zeroizing::new(pem.into_contents()),
    };
    Ok(parsed.into_iter().map(section).collect())
}

/// The first private key of one of these kinds that no passphrase protects.
fn private(text: &[u8], tags: &[&str]) -> Result<Section, KeyError> {
    let mut sections = sections(text)?;
    let at = sections.iter().position(|section| tags.contains(&section.tag.as_str()));
    match at.map(|at| sections.swap_remove(at)) {
        Some(section) if section.passphrase => Err(KeyError::Passphrase),
        Some(section) => Ok(section),
        None if find(&sections, &[PKCS8_ENCRYPTED]).is_some() => Err(KeyError::Passphrase),
        None => Err(KeyError::Missing("private key")),
    }
}

fn find<'s>(sections: &'s [Section], tags: &[&str]) -> Option<&'s Section> {
    sections.iter().find(|section| tags.contains(&section.tag.as_str()))
}
