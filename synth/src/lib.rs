//! A deterministic generator of synthetic BCDA exports.
