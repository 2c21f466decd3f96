//! What STU3 and R4 say of every element: its place, how often it may occur, its types.
//!
//! The facts stand in `elements.csv` of `src/stu3` and `src/r4`; the tables here are generated from them, and so are the
//! structs of [`stu3`](crate::stu3). A release's table is a [`Schema`]:
//!
//! ```
//! use fhir_model::schema::{R4, STU3};
//!
//! assert!(STU3.child("ExplanationOfBenefit", "information").is_some());
//! assert!(R4.child("ExplanationOfBenefit", "information").is_none());
//! let info = R4.child("ExplanationOfBenefit", "supportingInfo").unwrap();
//! assert!(info.many);
//! let period = R4.path("ExplanationOfBenefit.supportingInfo.timingPeriod.start").unwrap();
//! assert_eq!(period[2].types, ["dateTime"]);
//! ```
//!
//! The functions of this module mean STU3. A path is walked with [`child`] and [`step`]:
//!
//! ```
//! use fhir_model::schema;
//!
//! let item = schema::child("ExplanationOfBenefit", "item").unwrap();
//! assert!(item.many);
//! let quantity = schema::child(schema::step(item), "quantity").unwrap();
//! assert!(!quantity.many);
//! assert_eq!(quantity.types, ["Quantity"]);
//! let value = schema::child(schema::step(quantity), "value").unwrap();
//! assert_eq!(value.types, ["decimal"]);
//! assert!(value.is_primitive());
//! ```
//!
//! Elements with a choice of types have one entry for each JSON member name:
//!
//! ```
//! use fhir_model::schema;
//!
//! let date = schema::child("ExplanationOfBenefit.information", "timingDate").unwrap();
//! assert_eq!((date.base, date.types), ("timing[x]", &["date"][..]));
//! assert!(schema::child("ExplanationOfBenefit.information", "timing").is_none());
//! ```

mod def;
pub(crate) mod generated;

pub use cms::Release;
pub use def::{ElementDef, TypeDef, step};
pub(crate) use def::{Guesses, Name, Orders, RESOURCE_TYPE};
pub(crate) use generated::GUESSES;

/// All resources, datatypes and nested elements of STU3, sorted by name.
pub static TYPES: &[&TypeDef] = generated::stu3::TYPES;

/// The element table of a release.
#[derive(Debug, PartialEq, Eq)]
pub struct Schema {
    release: Release,
    types: &'static [&'static TypeDef],
}

/// What STU3 says.
pub static STU3: Schema = Schema { release: Release::Stu3, types: generated::stu3::TYPES };

/// What R4 says.
pub static R4: Schema = Schema { release: Release::R4, types: generated::r4::TYPES };

/// The element table of this release.
pub fn of(release: Release) -> &'static Schema {
    match release {
        Release::Stu3 => &STU3,
        Release::R4 => &R4,
    }
}

impl Schema {
    /// Which release it is of.
    pub fn release(&self) -> Release {
        self.release
    }

    /// Whether the release has a resource of this type, be it modelled or not.
    ///
    /// ```
    /// use fhir_model::schema::{R4, STU3};
    /// assert!(R4.is_resource_type("ServiceRequest") && !R4.is_resource_type("ReferralRequest"));
    /// assert!(STU3.is_resource_type("ReferralRequest") && !STU3.is_resource_type("Subject"));
    /// ```
    pub fn is_resource_type(&self, name: &str) -> bool {
        cms::is_resource_type(self.release, name)
    }

    /// The release's name in words.
    pub(crate) fn title(&self) -> &'static str {
        match self.release {
            Release::Stu3 => "STU3",
            Release::R4 => "R4",
        }
    }

    /// All resources, datatypes and nested elements, sorted by name.
    pub fn types(&self) -> &'static [&'static TypeDef] {
        self.types
    }

    /// The resource, datatype or nested element with this parent key.
    pub fn type_def(&self, parent: &str) -> Option<&'static TypeDef> {
        let place = self.types.binary_search_by(|def| def.name.cmp(parent)).ok()?;
        Some(self.types[place])
    }

    /// The element that `name` is in `parent`; `name` is the JSON member name.
    ///
    /// `parent` is a resource (`Patient`), the path of a nested element (`Patient.contact`), a datatype
    /// (`HumanName`), or `Resource` for what all resources share.
    pub fn child(&self, parent: &str, name: &str) -> Option<&'static ElementDef> {
        self.type_def(parent)?.member(name)
    }

    /// The definitions of a path of JSON member names, as `ExplanationOfBenefit.item.quantity.value`.
    /// The first name is the resource or datatype; `None` when a name does not exist.
    pub fn path(&self, path: &str) -> Option<Vec<&'static ElementDef>> {
        let mut names = path.split('.');
        let mut parent = names.next()?;
        let mut found = Vec::new();
        for name in names {
            let def = self.child(parent, name)?;
            parent = step(def);
            found.push(def);
        }
        Some(found)
    }
}

/// The resource, datatype or nested element of STU3 with this parent key.
pub fn type_def(parent: &str) -> Option<&'static TypeDef> {
    STU3.type_def(parent)
}

/// The element that `name` is in `parent`, in STU3. See [`Schema::child`].
pub fn child(parent: &str, name: &str) -> Option<&'static ElementDef> {
    STU3.child(parent, name)
}

/// Whether STU3 has a resource of this type.
///
/// ```
/// assert!(fhir_model::schema::is_resource_type("Organization"));
/// assert!(!fhir_model::schema::is_resource_type("Subject"));
/// ```
pub fn is_resource_type(name: &str) -> bool {
    STU3.is_resource_type(name)
}

/// The definitions of a path of JSON member names, in STU3. See [`Schema::path`].
///
/// ```
/// let path = fhir_model::schema::path("Patient.name.given").unwrap();
/// assert!(path.iter().all(|step| step.many));
/// assert_eq!(path[1].types, ["string"]);
/// assert!(fhir_model::schema::path("Patient.nickname").is_none());
/// ```
pub fn path(path: &str) -> Option<Vec<&'static ElementDef>> {
    STU3.path(path)
}
