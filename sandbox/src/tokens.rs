//! Tokens: who has one, and until when.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

/// Tokens that are good at a time; the table is emptied of expired ones before, and refuses no one.
const MOST: usize = 10_000;

/// The tokens that were given out. They are random: nothing but this table makes one good.
#[derive(Default)]
pub(crate) struct Tokens(Mutex<HashMap<String, Token>>);

struct Token {
    client: usize,
    until: Instant,
    /// Requests for which it is still good, where they are counted.
    requests: Option<u32>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(..)")
    }
}

impl Tokens {
    /// A new token of the client, three parts joined by points as those of the service are.
    pub(crate) fn give(&self, client: usize, life: Duration, requests: Option<u32>) -> String {
        let part = || Uuid::new_v4().simple().to_string();
        let token = format!("{}.{}.{}", part(), part(), part());
        let now = Instant::now();
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.len() >= MOST {
            tokens.retain(|_, token| now < token.until);
        }
        if tokens.len() >= MOST {
            tokens.clear();
        }
        tokens.insert(token.clone(), Token { client, until: now + life, requests });
        token
    }

    /// Whose token it is, if it is good; a request is counted.
    pub(crate) fn check(&self, token: &str) -> Option<usize> {
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = tokens.get_mut(token)?;
        let good = Instant::now() < known.until && known.requests != Some(0);
        if !good {
            tokens.remove(token);
            return None;
        }
        known.requests = known.requests.map(|left| left - 1);
        Some(known.client)
    }
}
