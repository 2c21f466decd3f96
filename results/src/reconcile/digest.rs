//! What stands for the numbers of claims and the keys of rungs, in a fixed size.

pub(super) use crate::digest::{DIGEST_BYTES, Digest, short};

/// Stands for a key that is absent.
pub(super) const NONE: Digest = [0; DIGEST_BYTES];

/// Collects the fields of a key.
#[derive(Debug, Default)]
pub(super) struct Key {
    bytes: Vec<u8>,
    is_whole: bool,
}

impl Key {
    /// Begins another key, of this kind.
    pub(super) fn begin(&mut self, kind: u8) {
        self.bytes.clear();
        self.bytes.push(kind);
        self.is_whole = true;
    }

    /// Adds a field; a key that lacks one is none.
    pub(super) fn add(&mut self, field: Option<&[u8]>) {
        let Some(field) = field else {
            self.is_whole = false;
            return;
        };
        // With its length, so that no two lists of fields are the same bytes.
        self.bytes.extend_from_slice(&(field.len() as u64).to_le_bytes());
        self.bytes.extend_from_slice(field);
    }

    /// What stands for it.
    pub(super) fn digest(&self) -> Digest {
        if !self.is_whole {
            return NONE;
        }
        crate::digest::digest(&self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stay_apart() {
        let of = |kind: u8, fields: &[Option<&str>]| {
            let mut key = Key::default();
            key.begin(kind);
            for field in fields {
                key.add(field.map(str::as_bytes));
            }
            key.digest()
        };
        assert_eq!(of(1, &[Some("a"), Some("b")]), of(1, &[Some("a"), Some("b")]));
        assert_ne!(of(1, &[Some("ab"), Some("")]), of(1, &[Some("a"), Some("b")]));
        assert_ne!(of(1, &[Some("a")]), of(2, &[Some("a")]));
        assert_eq!(of(1, &[Some("a"), None]), NONE);
    }
}
