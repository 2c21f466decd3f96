//! Any resource of a release: the types of the model, and all others as they are.

/// `Resource` of a release, whose types are in scope.
macro_rules! resources {
    ($schema:ident; $($(#[$about:meta])* $name:ident,)*) => {
        /// A resource, as a record of a file or contained in another.
        #[non_exhaustive]
        #[derive(Clone, Debug, PartialEq)]
        pub enum Resource<'a> {
            $($(#[$about])* $name(Box<$name<'a>>),)*
            /// A resource of another type, or (contained only) of none: kept as it is.
            Other(crate::value::Object<'a>),
        }

        impl<'a> Resource<'a> {
            /// Reads the object at the reader's place as the type of this name.
            pub(crate) fn read_as(name: &str, reader: &mut crate::read::Reader<'_, 'a>) -> Result<Self, crate::error::Error> {
                match name {
                    $(stringify!($name) => crate::read::FromJson::from_json(0, reader).map(Self::$name),)*
                    _ => crate::read::FromJson::from_json(0, reader).map(Self::Other),
                }
            }

            /// The resource for walking by member names.
            pub fn node(&self) -> crate::node::Node<'_> {
                match self {
                    $(Self::$name(resource) => crate::node::Node::Object(&**resource),)*
                    Self::Other(object) => crate::node::Node::Object(object),
                }
            }
        }

        impl crate::own::IntoOwned for Resource<'_> {
            type Owned = Resource<'static>;

            fn into_owned(self) -> Resource<'static> {
                match self {
                    $(Self::$name(resource) => Resource::$name(crate::own::IntoOwned::into_owned(resource)),)*
                    Self::Other(object) => Resource::Other(crate::own::IntoOwned::into_owned(object)),
                }
            }
        }

        $(impl<'a> From<$name<'a>> for Resource<'a> {
            fn from(resource: $name<'a>) -> Self {
                Self::$name(Box::new(resource))
            }
        })*

        impl Resource<'_> {
            /// The value of `resourceType`; empty when a contained resource has none.
            pub fn resource_type(&self) -> &str {
                self.node().child("resourceType").and_then(crate::node::Node::as_text).unwrap_or_default()
            }

            /// The logical id.
            pub fn id(&self) -> Option<&str> {
                self.node().child("id").and_then(crate::node::Node::as_text)
            }

            /// Writes compact JSON with all members, strings and number texts that were read.
            pub fn to_json(&self) -> String {
                self.node().to_json()
            }
        }

        impl crate::table::View for Resource<'_> {
            fn node(&self) -> crate::node::Node<'_> {
                Resource::node(self)
            }
        }

        impl<'a> crate::read::FromJson<'a> for Resource<'a> {
            fn from_json(_variant: u8, reader: &mut crate::read::Reader<'_, 'a>) -> Result<Self, crate::error::Error> {
                let name = reader.resource_type()?;
                Self::read_as(name.as_deref().unwrap_or_default(), reader)
            }

            fn schema() -> &'static crate::schema::Schema {
                &crate::schema::$schema
            }
        }

        crate::table::through_serde!(Resource);
    };
}

pub(crate) use resources;
