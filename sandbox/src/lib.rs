//! A local stand-in for the Beneficiary Claims Data API (BCDA), versions 1 to 3: version 1 as its guides describe it.
//!
//! A token for client id and secret, metadata, `$export`, the status of a job, the files: with the statuses, headers
//! and bodies of the service. A client can be tried and tested against it without credentials and without a network;
//! [`Fault`]s let it meet what it would meet on a bad day. The data is a folder of NDJSON files or synthetic
//! beneficiaries. With a public key the files are encrypted as they were until February 2020.
//!
//! # Example
//! ```
//! use sandbox::{Data, Options, Sandbox};
//! use std::io::{Read, Write};
//!
//! let data = Data::Synthetic { beneficiaries: 1, seed: 1, weeks: None };
//! let running = Sandbox::start(Options::new(data))?;
//! let mut connection = std::net::TcpStream::connect(running.address())?;
//! write!(connection, "GET /_version HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
//! let mut answer = String::new();
//! connection.read_to_string(&mut answer)?;
//! assert!(answer.starts_with("HTTP/1.1 200 OK"));
//! running.stop();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How a request goes
//! ```text
//! server      accepts connections, limits heads and idle time
//! app         around every request: the Host and Origin headers, the body, the counts; tokens
//! router      which path leads to what
//! auth        POST /auth/token                    jobs   start, status, list, cancel
//! attribution before a job for a group: whose data it has
//! parameters  Accept, Prefer, _type, _since       work   what a job does, on a thread of its own
//! type_filter _typeFilter of version 3            sources  the records of each version
//! data        a job's file: Range, ETag, gzip     info, metadata  what the service says of itself
//! openapi     /api/vN/swagger                     page   /, /page.css, /page.js
//! ```
//!
//! # What to expect
//! - It listens on loopback only, and answers to the names of this machine only, and in a browser to no page but its own.
//!   Files are reached through a job's list of names and in no other way; links in a data folder are not followed.
//! - All errors of clients, hostile ones too, end in an answer; heads, bodies, idle time and connections are limited
//!   ([`Limits`]).
//! - It prints nothing and ends no process. Its own files lie in a folder that only the user can enter, and go when
//!   it ends.
//! - It is no service for data of real people: credentials are the published ones, and there is no TLS.
#![forbid(unsafe_code)]

mod answer;
mod app;
mod attribution;
mod auth;
mod compress;
mod data;
mod error;
mod fault;
mod faults;
mod file_body;
mod guides;
mod idle;
mod info;
mod job;
mod jobs;
mod manifest;
mod metadata;
mod openapi;
mod options;
mod page;
mod parameters;
mod places;
mod range;
mod resource;
mod router;
mod search_date;
mod server;
mod source;
mod sources;
mod statistics;
mod synthetic;
mod tokens;
mod type_filter;
mod version;
mod work;

pub use cms::Api;
pub use encryption::PublicKey;
pub use error::Error;
pub use fault::{ExpiresIn, Fault, FaultError, Requests, Times};
pub use options::{Credentials, Data, Limits, Options};
pub use resource::ResourceType;
pub use server::{Running, Sandbox};
pub use statistics::Statistics;
