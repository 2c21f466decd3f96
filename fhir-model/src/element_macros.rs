//! What is the same for each generated struct, but for the names and numbers of its fields.

/// Everything a generated struct can do, from the numbers of its fields.
macro_rules! element {
    ($name:ident, $def:ident, { $($index:literal $field:ident,)* }) => {
        impl crate::table::Table for $name<'_> {
            fn def(&self) -> &'static crate::schema::TypeDef {
                &super::schema::$def
            }

            fn slot(&self, field: u8) -> &dyn crate::table::Slot {
                match field {
                    $($index => &self.$field,)*
                    _ => unreachable!("the table and the struct are generated together"),
                }
            }

            fn extra(&self) -> &dyn crate::table::Rest {
                &self.extra
            }
        }

        impl<'a> crate::table::FillTable<'a> for $name<'a> {
            const DEF: &'static crate::schema::TypeDef = &super::schema::$def;

            fn fill_field(
                &mut self,
                field: u8,
                variant: u8,
                reader: &mut crate::read::Reader<'_, 'a>,
            ) -> Result<crate::table::Filled, crate::error::Error> {
                match field {
                    $($index => crate::table::Fill::fill(&mut self.$field, variant, reader),)*
                    _ => unreachable!("the table and the struct are generated together"),
                }
            }

            fn extra_mut(&mut self) -> &mut dyn crate::table::FillRest<'a> {
                &mut self.extra
            }
        }

        impl crate::node::Element for $name<'_> {
            fn type_name(&self) -> &str {
                super::schema::$def.name
            }

            fn child(&self, name: &str) -> Option<crate::node::Node<'_>> {
                crate::table::child(self, name)
            }

            fn visit<'t>(&'t self, visit: &mut dyn FnMut(&str, crate::node::Node<'t>)) {
                crate::table::visit(self, visit);
            }
        }

        impl crate::table::View for $name<'_> {
            fn node(&self) -> crate::node::Node<'_> {
                crate::node::Node::Object(self)
            }
        }

        impl<'a> crate::access::Extensible<'a> for $name<'a> {
            type Extension = super::datatypes::Extension<'a>;

            fn extensions(&self) -> &[super::datatypes::Extension<'a>] {
                &self.extension
            }
        }

        impl<'a> crate::read::FromJson<'a> for $name<'a> {
            fn definition() -> Option<&'static crate::schema::TypeDef> {
                Some(&super::schema::$def)
            }

            fn from_json(
                _variant: u8,
                reader: &mut crate::read::Reader<'_, 'a>,
            ) -> Result<Self, crate::error::Error> {
                let mut value = Self::default();
                crate::table::fill(&mut value, reader)?;
                Ok(value)
            }

            fn fill_into(
                field: &mut Option<Self>,
                _variant: u8,
                reader: &mut crate::read::Reader<'_, 'a>,
            ) -> Result<(), crate::error::Error> {
                crate::table::fill(field.insert(Self::default()), reader)
            }

            fn boxed(
                _variant: u8,
                reader: &mut crate::read::Reader<'_, 'a>,
            ) -> Result<Box<Self>, crate::error::Error> {
                let mut value = Box::<Self>::default();
                crate::table::fill(&mut *value, reader)?;
                Ok(value)
            }

            fn push_to(
                list: &mut thin_vec::ThinVec<Self>,
                _variant: u8,
                reader: &mut crate::read::Reader<'_, 'a>,
            ) -> Result<(), crate::error::Error> {
                // Made in the list: what is pushed is made beside it, and copied.
                list.extend(std::iter::once_with(Self::default));
                match list.last_mut() {
                    Some(value) => crate::table::fill(value, reader),
                    None => unreachable!("it was pushed"),
                }
            }
        }

        impl crate::own::IntoOwned for $name<'_> {
            type Owned = $name<'static>;

            fn into_owned(self) -> $name<'static> {
                $name {
                    $($field: crate::own::IntoOwned::into_owned(self.$field),)*
                    extra: crate::own::IntoOwned::into_owned(self.extra),
                }
            }
        }

        crate::table::through_serde!($name);
    };
}

/// serde, with the text of numbers kept: reading goes through the strict reader of this crate.
macro_rules! through_serde {
    ($name:ident) => {
        impl serde::Serialize for $name<'_> {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                crate::table::View::node(self).serialize(serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name<'_> {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::read::deserialize(deserializer, |text| {
                    let value: $name<'_> = crate::read::from_slice_as(text.as_bytes())?;
                    Ok(crate::own::IntoOwned::into_owned(value))
                })
            }
        }
    };
}

/// An element with a choice of types, from the numbers of its types; and of those that are structs in place, which are
/// filled there.
macro_rules! choice {
    ($name:ident, { $($index:literal $variant:ident,)* } $({ $($in_place:literal $struct:ident,)* })?) => {
        impl crate::table::View for $name<'_> {
            fn node(&self) -> crate::node::Node<'_> {
                match self {
                    $(Self::$variant(value) => crate::table::View::node(value),)*
                }
            }

            fn node_as(&self, variant: u8) -> Option<crate::node::Node<'_>> {
                match (self, variant) {
                    $((Self::$variant(value), $index) => Some(crate::table::View::node(value)),)*
                    _ => None,
                }
            }
        }

        impl<'a> crate::read::FromJson<'a> for $name<'a> {
            fn from_json(
                variant: u8,
                reader: &mut crate::read::Reader<'_, 'a>,
            ) -> Result<Self, crate::error::Error> {
                match variant {
                    $($index => Ok(Self::$variant(crate::read::FromJson::from_json(0, reader)?)),)*
                    _ => unreachable!("the table and the enum are generated together"),
                }
            }

            $(fn fill_into(
                field: &mut Option<Self>,
                variant: u8,
                reader: &mut crate::read::Reader<'_, 'a>,
            ) -> Result<(), crate::error::Error> {
                match variant {
                    $($in_place => match field.insert(Self::$struct(Default::default())) {
                        Self::$struct(value) => crate::table::fill(value, reader),
                        _ => unreachable!("it was put there"),
                    },)*
                    _ => {
                        *field = Some(Self::from_json(variant, reader)?);
                        Ok(())
                    }
                }
            })?
        }

        impl crate::own::IntoOwned for $name<'_> {
            type Owned = $name<'static>;

            fn into_owned(self) -> $name<'static> {
                match self {
                    $(Self::$variant(value) => {
                        $name::$variant(crate::own::IntoOwned::into_owned(value))
                    })*
                }
            }
        }
    };
}

/// A set of codes.
macro_rules! code {
    ($name:ident, { $($variant:ident $code:literal,)* }) => {
        impl<'a> $name<'a> {
            /// The codes that the set has.
            pub const CODES: &'static [&'static str] = &[$($code,)*];

            /// The code as JSON has it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $code,)*
                    Self::Unlisted(code) => code,
                }
            }

            /// The code for this text.
            pub fn from_code(code: impl Into<crate::text::Str<'a>>) -> Self {
                let code = code.into();
                match code.as_str() {
                    $($code => Self::$variant,)*
                    _ => Self::Unlisted(code),
                }
            }

            /// Whether the set has the code.
            pub fn is_listed(&self) -> bool {
                !matches!(self, Self::Unlisted(_))
            }
        }

        impl std::fmt::Display for $name<'_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl crate::table::View for $name<'_> {
            fn node(&self) -> crate::node::Node<'_> {
                crate::node::Node::Text(self.as_str())
            }
        }

        impl<'a> crate::read::FromJson<'a> for $name<'a> {
            fn from_json(
                _variant: u8,
                reader: &mut crate::read::Reader<'_, 'a>,
            ) -> Result<Self, crate::error::Error> {
                reader.text().map(Self::from_code)
            }
        }

        impl crate::own::IntoOwned for $name<'_> {
            type Owned = $name<'static>;

            fn into_owned(self) -> $name<'static> {
                match self {
                    $(Self::$variant => $name::$variant,)*
                    Self::Unlisted(code) => $name::Unlisted(code.into_owned()),
                }
            }
        }
    };
}

pub(crate) use {choice, code, element, through_serde};
