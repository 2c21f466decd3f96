//! Ground facts of Medicare's claims in FHIR, each in one place, for the typed model and for the tables: the eight
//! claim types, the four parts, which MBI is current, who attended, which diagnosis is the principal one, what a
//! reference refers to, which resource types there are, how FHIR R4 is told from STU3, and which cells are too small to be shown.
//!
//! Nothing here knows JSON, a record's types or a table: rules take what they judge as iterators.
//!
//! ```
//! use cms::{ClaimType, MedicarePart, Mbis, id_in};
//!
//! assert_eq!(ClaimType::from_code("SNF"), Some(ClaimType::Snf));
//! assert_eq!(MedicarePart::from_name("Part D"), Some(MedicarePart::D));
//! assert_eq!(id_in("https://example.org/v1/fhir/Patient/-1000", "Patient"), Some("-1000"));
//! // Marks of currency: what is neither current nor historic counts as none.
//! let marked = [("1AA0AA0AA01", Some("former")), ("1AA0AA0AA02", Some("historic"))];
//! let mbis = Mbis::choose(marked);
//! assert_eq!((mbis.current, &mbis.historic[..]), (Some("1AA0AA0AA01"), &["1AA0AA0AA02"][..]));
//! ```
#![forbid(unsafe_code)]

mod api;
mod claim_type;
mod mbi;
mod part;
pub mod r4;
mod reference;
mod resource_types;
mod rules;
mod shape;
mod small_cells;

pub use api::{Api, Release, UnknownApi};
pub use claim_type::{ClaimType, ClaimTypes};
pub use mbi::{DatedMbi, Mbis};
pub use part::MedicarePart;
pub use reference::id_in;
pub use resource_types::{is_resource_type, resource_types};
pub use rules::{attending, principal};
pub use shape::{Marks, Shape};
pub use small_cells::{FEWEST_PEOPLE, FewPeople, is_small};
