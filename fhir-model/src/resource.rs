//! Any resource: the types of the model, and all others as they are.

use crate::error::Error;
use crate::node::Node;
use crate::own::IntoOwned;
use crate::read::{FromJson, Reader};
use crate::stu3::{
    Coverage, ExplanationOfBenefit, Observation, OperationOutcome, Patient, ReferralRequest,
};
use crate::table::{View, through_serde};
use crate::value::Object;

macro_rules! resources {
    ($($(#[$about:meta])* $name:ident,)*) => {
        /// A resource, as a record of a file or contained in another.
        #[non_exhaustive]
        #[derive(Clone, Debug, PartialEq)]
        pub enum Resource<'a> {
            $($(#[$about])* $name(Box<$name<'a>>),)*
            /// A resource of another type, or (contained only) of none: kept as it is.
            Other(Object<'a>),
        }

        impl<'a> Resource<'a> {
            /// Reads the object at the reader's place as the type of this name.
            pub(crate) fn read_as(name: &str, reader: &mut Reader<'_, 'a>) -> Result<Self, Error> {
                match name {
                    $(stringify!($name) => FromJson::from_json(0, reader).map(Self::$name),)*
                    _ => FromJson::from_json(0, reader).map(Self::Other),
                }
            }

            /// The resource for walking by member names.
            pub fn node(&self) -> Node<'_> {
                match self {
                    $(Self::$name(resource) => Node::Object(&**resource),)*
                    Self::Other(object) => Node::Object(object),
                }
            }
        }

        impl IntoOwned for Resource<'_> {
            type Owned = Resource<'static>;

            fn into_owned(self) -> Resource<'static> {
                match self {
                    $(Self::$name(resource) => Resource::$name(resource.into_owned()),)*
                    Self::Other(object) => Resource::Other(object.into_owned()),
                }
            }
        }

        $(impl<'a> From<$name<'a>> for Resource<'a> {
            fn from(resource: $name<'a>) -> Self {
                Self::$name(Box::new(resource))
            }
        })*
    };
}

resources! {
    /// A claim as the payer settled it.
    ExplanationOfBenefit,
    /// A beneficiary.
    Patient,
    /// A part of Medicare that a beneficiary is enrolled in.
    Coverage,
    /// What went wrong, in the error files of an export.
    OperationOutcome,
    /// The referral of a claim; contained.
    ReferralRequest,
    /// A measured value of a claim line; contained.
    Observation,
}

impl Resource<'_> {
    /// The value of `resourceType`; empty when a contained resource has none.
    pub fn resource_type(&self) -> &str {
        self.node().child("resourceType").and_then(Node::as_text).unwrap_or_default()
    }

    /// The logical id.
    pub fn id(&self) -> Option<&str> {
        self.node().child("id").and_then(Node::as_text)
    }

    /// Writes compact JSON with all members, strings and number texts that were read.
    pub fn to_json(&self) -> String {
        self.node().to_json()
    }
}

impl View for Resource<'_> {
    fn node(&self) -> Node<'_> {
        Resource::node(self)
    }
}

impl<'a> FromJson<'a> for Resource<'a> {
    fn from_json(_variant: u8, reader: &mut Reader<'_, 'a>) -> Result<Self, Error> {
        let name = reader.resource_type()?;
        Self::read_as(name.as_deref().unwrap_or_default(), reader)
    }
}

through_serde!(Resource);
