//! The payload encryption: any bytes are refused in order, what is altered never opens, what we encrypt opens.
#![no_main]

use std::sync::LazyLock;

use encryption::{PrivateKey, PublicKey, decrypt, encrypt, is_plain};

const PUBLIC: &[u8] = include_bytes!("../../encryption/tests/vector/public-spki.pem");
const PRIVATE: &[u8] = include_bytes!("../../encryption/tests/vector/private-pkcs8.pem");

static KEYS: LazyLock<(PublicKey, PrivateKey)> = LazyLock::new(|| {
    let public = PublicKey::from_pem(PUBLIC).expect("our key");
    (public, PrivateKey::from_pem(PRIVATE).expect("our key"))
});

/// Bytes with some of them changed: three bytes of `changes` each. False when nothing changed.
fn alter(bytes: &mut Vec<u8>, changes: &[u8]) -> bool {
    let before = bytes.clone();
    for change in changes.chunks_exact(3) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % (bytes.len() + 1);
        match change[2] {
            0 => bytes.truncate(at),
            by if at < bytes.len() => bytes[at] ^= by,
            more => bytes.push(more),
        }
    }
    *bytes != before
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (public, private) = &*KEYS;
    let [what, count, rest @ ..] = data else { return };
    let changes = (usize::from(*count) % 8 * 3).min(rest.len() / 3 * 3);
    let (changes, rest) = rest.split_at(changes);
    match what % 4 {
        0 => {
            // A key file of any bytes, or ours changed.
            let mut pem = if what & 4 == 0 { PRIVATE.to_vec() } else { PUBLIC.to_vec() };
            alter(&mut pem, changes);
            if what & 8 != 0 {
                pem = rest.to_vec();
            }
            if let Ok(key) = PrivateKey::from_pem(&pem) {
                assert!(key.modulus_bytes() >= 256);
            }
            let _ = PublicKey::from_pem(&pem);
        }
        1 => {
            // Any bytes as file and as wrapped key.
            let half = rest.len() / 2;
            let (file, key) = rest.split_at(half);
            let key = String::from_utf8_lossy(key);
            assert!(decrypt(&mut file.to_vec(), "a.ndjson", &key, private).is_err());
        }
        _ => {
            let name = if what & 4 == 0 { "a.ndjson" } else { "é.ndjson" };
            let sealed = encrypt(rest, name, public).expect("it is not too large");
            let opened = |bytes: &[u8], name: &str, key: &str| {
                let mut bytes = bytes.to_vec();
                decrypt(&mut bytes, name, key, private).map(str::to_owned)
            };
            let text = std::str::from_utf8(rest).ok();
            let whole = opened(&sealed.bytes, name, &sealed.wrapped_key_hex);
            assert_eq!(whole.as_deref().ok(), text);
            // Changed in the file or in its key, or under another name: never opened.
            let mut bytes = sealed.bytes.clone();
            if alter(&mut bytes, changes) {
                assert!(opened(&bytes, name, &sealed.wrapped_key_hex).is_err());
            }
            let mut key = sealed.wrapped_key_hex.clone().into_bytes();
            if alter(&mut key, changes) {
                let key = String::from_utf8_lossy(&key);
                // The case of its digits and blanks around it mean nothing.
                if !key.trim().eq_ignore_ascii_case(&sealed.wrapped_key_hex) {
                    assert!(opened(&sealed.bytes, name, &key).is_err());
                }
            }
            assert!(opened(&sealed.bytes, "b.ndjson", &sealed.wrapped_key_hex).is_err());
            let _ = is_plain(rest);
        }
    }
});
