//! The pieces that v2 and v3 write alike.

use crate::fhir::{self, System};
use crate::json::Json;

/// A code with its system; left out when the code is blank.
pub(crate) type Systematic<'a> = (System, (&'a str, &'a str));

/// `"name":{"coding":[..]}` of several codings.
pub(crate) fn codings(json: &mut Json, name: &str, all: &[Systematic<'_>]) {
    json.open_key(name);
    json.list_key("coding");
    for &(system, coded) in all {
        if !coded.0.is_empty() {
            fhir::coding(json, system, coded);
        }
    }
    json.close_list();
    json.close();
}

/// `"name":{"currency":"USD","value":n}`
pub(crate) fn money(json: &mut Json, name: &str, cents: i64) {
    json.open_key(name);
    json.raw(r#""currency":"USD","value":"#);
    json.decimal(cents, 2);
    json.close();
}

/// `"name":[1,2]`; nothing when there is none.
pub(crate) fn numbers(json: &mut Json, name: &str, all: &[u32]) {
    if all.is_empty() {
        return;
    }
    json.list_key(name);
    for (place, &number) in all.iter().enumerate() {
        if place > 0 {
            json.raw(",");
        }
        json.unsigned(u64::from(number));
    }
    json.close_list();
}

/// The entries of a list that may stay empty, and is then not written.
pub(crate) struct List<'a> {
    pub(crate) json: &'a mut Json,
    name: &'static str,
    len: u32,
}

impl<'a> List<'a> {
    pub(crate) fn new(json: &'a mut Json, name: &'static str) -> Self {
        Self { json, name, len: 0 }
    }

    /// Opens an entry; gives its number, from 1.
    pub(crate) fn open(&mut self) -> u32 {
        if self.len == 0 {
            self.json.list_key(self.name);
        }
        self.json.open();
        self.len += 1;
        self.len
    }

    pub(crate) fn end(self) {
        if self.len > 0 {
            self.json.close_list();
        }
    }
}
