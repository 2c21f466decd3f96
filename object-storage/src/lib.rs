//! Objects of S3, Google Cloud Storage, Azure and HTTP servers, as files to read and as a place for results.
//!
//! ```text
//! address   what is meant: s3://BUCKET/KEY, gs://BUCKET/KEY, az://CONTAINER/KEY, https://HOST/PATH
//! store     the connection to a bucket, with the credentials that the environment gives
//! listing   an object, or all objects below a prefix
//! reader    an object as a stream: ranges fetched side by side, given in order
//! publish   files to objects: all parts first, then each object at once, the manifest last
//! ```
//!
//! This is the only crate that knows `object_store`. Whoever uses it sees addresses, objects, `std::io::Read` and one
//! error type; the threads of the network live in a [`Storage`] and end with it.
//!
//! # Memory
//!
//! An object that is read holds at most [`PARTS_AT_ONCE`] parts of [`PART_BYTES`]; the beginnings of the next objects
//! that are fetched ahead hold at most [`AHEAD_BYTES`] together. An upload holds at most [`publish::PARTS_AT_ONCE`]
//! parts. None of it grows with the objects.
//!
//! # What is in messages
//!
//! Messages hold addresses without user names and queries, and our own words. They never hold what a server or
//! `object_store` says, because such texts quote addresses with signatures, and bodies.
//!
//! # Example
//!
//! ```
//! use object_storage::Address;
//!
//! let address: Address = "s3://exports/2024-06/".parse()?;
//! assert_eq!(address.to_string(), "s3://exports/2024-06/");
//! assert!(object_storage::is_address("gs://bucket/a.ndjson"));
//! assert!(!object_storage::is_address("folder/a.ndjson"));
//! # Ok::<(), object_storage::Error>(())
//! ```
#![forbid(unsafe_code)]

mod address;
mod again;
mod error;
mod existing;
mod fetch;
mod listing;
mod object;
pub mod publish;
mod reader;
mod storage;
mod store;
#[cfg(test)]
mod tests;

pub use address::{Address, is_address, without_secrets};
pub use error::{Error, ErrorKind};
pub use listing::Found;
pub use object::Object;
pub use reader::{AHEAD_BYTES, ObjectReader, PART_BYTES, PARTS_AT_ONCE, Purpose};
pub use storage::Storage;
