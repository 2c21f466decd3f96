//! Files that another implementation encrypted (see `vector/README.md`), and each class of failure.

use encryption::{
    DecryptError, HexFault, KeyError, PrivateKey, PublicKey, decrypt, encrypt, is_plain,
};

const NAME: &str = "1a2b3c4d-5e6f-4a1b-8c2d-3e4f5a6b7c8d.ndjson";
const FILE: &[u8] = include_bytes!("vector/1a2b3c4d-5e6f-4a1b-8c2d-3e4f5a6b7c8d.ndjson");
const PLAIN: &str = include_str!("vector/plain.ndjson");
const WRAPPED: &str = include_str!("vector/wrapped-key.hex");
const PKCS8: &[u8] = include_bytes!("vector/private-pkcs8.pem");
const PKCS1: &[u8] = include_bytes!("vector/private-pkcs1.pem");
const SPKI: &[u8] = include_bytes!("vector/public-spki.pem");

fn private() -> PrivateKey {
    PrivateKey::from_pem(PKCS8).expect("the key of the vector")
}

fn fault(file: &[u8], name: &str, wrapped: &str, key: &PrivateKey) -> DecryptError {
    decrypt(&mut file.to_vec(), name, wrapped, key).expect_err("must not decrypt")
}

#[test]
fn a_file_of_another_implementation_opens_with_either_form_of_the_key() {
    for pem in [PKCS8, PKCS1] {
        let key = PrivateKey::from_pem(pem).expect("a private key");
        let mut file = FILE.to_vec();
        assert_eq!(decrypt(&mut file, NAME, WRAPPED, &key).expect("the vector opens"), PLAIN);
    }
}

#[test]
fn upper_case_digits_and_blanks_around_them_are_read() {
    let wrapped = format!("  {}\n", WRAPPED.to_ascii_uppercase());
    let mut file = FILE.to_vec();
    assert_eq!(decrypt(&mut file, NAME, &wrapped, &private()).expect("opens"), PLAIN);
}

#[test]
fn what_we_encrypt_we_decrypt() {
    for pem in [SPKI, include_bytes!("vector/public-pkcs1.pem")] {
        let public = PublicKey::from_pem(pem).expect("a public key");
        for text in ["", "{}\n", PLAIN] {
            let mut sealed = encrypt(text.as_bytes(), "a.ndjson", &public).expect("encrypts");
            assert_eq!(sealed.bytes.len(), text.len() + 28);
            assert_eq!(sealed.wrapped_key_hex.len(), 512);
            assert_eq!(sealed.wrapped_key_hex, sealed.wrapped_key_hex.to_ascii_lowercase());
            let opened =
                decrypt(&mut sealed.bytes, "a.ndjson", &sealed.wrapped_key_hex, &private());
            assert_eq!(opened, Ok(text));
        }
    }
    let public = private().public_key();
    let one = encrypt(b"{}", "a", &public).expect("encrypts");
    assert_ne!(one, encrypt(b"{}", "a", &public).expect("encrypts"), "each file has its own key");
}

#[test]
fn each_class_of_failure_has_its_name() {
    let key = private();
    let wrapped = WRAPPED.trim();
    let odd = DecryptError::NotHex(HexFault::Odd);
    assert_eq!(fault(FILE, NAME, &wrapped[1..], &key), odd);
    let digit = DecryptError::NotHex(HexFault::Digit);
    assert_eq!(fault(FILE, NAME, &wrapped.replacen(&wrapped[..2], "xy", 1), &key), digit);
    let length = DecryptError::WrappedKeyLength { expected: 256, found: 255 };
    assert_eq!(fault(FILE, NAME, &wrapped[2..], &key), length);
    let none = DecryptError::WrappedKeyLength { expected: 256, found: 0 };
    assert_eq!(fault(FILE, NAME, "", &key), none);

    let other = PrivateKey::from_pem(include_bytes!("vector/other-private.pem")).expect("a key");
    assert_eq!(fault(FILE, NAME, wrapped, &other), DecryptError::Unwrap);
    assert_eq!(fault(FILE, "renamed.ndjson", wrapped, &key), DecryptError::Unwrap);
    let short_key = include_str!("vector/wrapped-key-of-16-bytes.hex");
    assert_eq!(fault(FILE, NAME, short_key, &key), DecryptError::KeyLength { found: 16 });

    let short = DecryptError::TooShort { found: 27 };
    assert_eq!(fault(&FILE[..27], NAME, wrapped, &key), short);
    assert_eq!(fault(&FILE[..28], NAME, wrapped, &key), DecryptError::Tag);
    assert_eq!(fault(&FILE[..FILE.len() - 1], NAME, wrapped, &key), DecryptError::Tag);
    for at in [0, 12, FILE.len() - 1] {
        let mut altered = FILE.to_vec();
        altered[at] ^= 1;
        assert_eq!(fault(&altered, NAME, wrapped, &key), DecryptError::Tag, "byte {at}");
    }
    let not_text = include_bytes!("vector/not-utf8.bin");
    assert_eq!(fault(not_text, NAME, wrapped, &key), DecryptError::NotUtf8);

    for plain in ["{}", PLAIN, "\n  {\"resourceType\":\"Patient\",\"id\":\"0123456789\"}\n"] {
        assert_eq!(fault(plain.as_bytes(), NAME, wrapped, &key), DecryptError::AlreadyPlain);
        assert_eq!(fault(plain.as_bytes(), NAME, "", &key), DecryptError::AlreadyPlain);
    }
}

#[test]
fn nothing_is_left_in_the_buffer_of_a_file_that_does_not_verify() {
    let mut altered = FILE.to_vec();
    *altered.last_mut().expect("not empty") ^= 1;
    assert!(decrypt(&mut altered, NAME, WRAPPED, &private()).is_err());
    assert!(altered[12..].iter().all(|&byte| byte == 0));
}

#[test]
fn an_encrypted_file_that_begins_with_a_brace_is_not_taken_for_plain() {
    let mut file = FILE.to_vec();
    file[0] = b'{';
    assert!(!is_plain(&file));
}

#[test]
fn what_is_no_key_is_named() {
    let private = |pem: &[u8]| PrivateKey::from_pem(pem).map(|_| ());
    let public = |pem: &[u8]| PublicKey::from_pem(pem).map(|_| ());
    for protected in [
        include_bytes!("vector/private-pkcs1-passphrase.pem").as_slice(),
        include_bytes!("vector/private-pkcs8-passphrase.pem"),
    ] {
        assert_eq!(private(protected), Err(KeyError::Passphrase));
    }
    assert_eq!(private(b""), Err(KeyError::NotPem));
    assert_eq!(private(b"-----BEGIN PRIVATE KEY-----\n!!\n"), Err(KeyError::NotPem));
    assert_eq!(private(SPKI), Err(KeyError::Missing("private key")));
    assert_eq!(public(PKCS8), Err(KeyError::Missing("public key")));
    let empty = b"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
    assert_eq!(private(empty), Err(KeyError::NotRsa));
    let empty = b"-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n";
    assert_eq!(public(empty), Err(KeyError::NotRsa));
    // Other sections before the key do no harm.
    let both = [SPKI, b"\nthe private half:\n", PKCS1].concat();
    assert!(private(&both).is_ok() && public(&both).is_ok());
}

#[test]
fn keys_do_not_show_themselves() {
    assert_eq!(format!("{:?}", private()), "PrivateKey(2048 bits)");
    assert_eq!(format!("{:?}", private().public_key()), "PublicKey(2048 bits)");
    let sealed = encrypt(b"{}", "a", &private().public_key()).expect("encrypts");
    assert_eq!(format!("{sealed:?}"), "Encrypted(30 bytes)");
}
