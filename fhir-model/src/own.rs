//! From borrowed to owned.

use crate::decimal::{Decimal, Integer};
use crate::few::Few;
use crate::primitive::Lexical;
use crate::text::Str;
use crate::value::{Object, Value};
use thin_vec::ThinVec;

/// Cuts the ties of a value to the input it was read from.
///
/// ```
/// use fhir_model::{IntoOwned, stu3::Patient};
///
/// fn keep(line: &[u8]) -> Patient<'static> {
///     let patient: Patient<'_> = fhir_model::from_slice_as(line).unwrap();
///     patient.into_owned()
/// }
/// assert_eq!(keep(br#"{"id":"p1","resourceType":"Patient"}"#).id.unwrap(), "p1");
/// ```
pub trait IntoOwned {
    /// The same type without a lifetime.
    type Owned;

    /// Copies what is still borrowed.
    fn into_owned(self) -> Self::Owned;
}

impl IntoOwned for bool {
    type Owned = Self;

    fn into_owned(self) -> Self {
        self
    }
}

macro_rules! by_method {
    ($($name:ident),*) => {$(
        impl IntoOwned for $name<'_> {
            type Owned = $name<'static>;

            fn into_owned(self) -> $name<'static> {
                $name::into_owned(self)
            }
        }
    )*};
}

by_method!(Str, Decimal, Integer);

impl<T> IntoOwned for Lexical<'_, T> {
    type Owned = Lexical<'static, T>;

    fn into_owned(self) -> Lexical<'static, T> {
        Lexical::new(self.into_text().into_owned())
    }
}

impl<T: IntoOwned> IntoOwned for Option<T> {
    type Owned = Option<T::Owned>;

    fn into_owned(self) -> Self::Owned {
        self.map(T::into_owned)
    }
}

impl<T: IntoOwned> IntoOwned for Vec<T> {
    type Owned = Vec<T::Owned>;

    fn into_owned(self) -> Self::Owned {
        self.into_iter().map(T::into_owned).collect()
    }
}

impl<T: IntoOwned> IntoOwned for ThinVec<T> {
    type Owned = ThinVec<T::Owned>;

    fn into_owned(self) -> Self::Owned {
        self.into_iter().map(T::into_owned).collect()
    }
}

impl<T: IntoOwned> IntoOwned for Few<T> {
    type Owned = Few<T::Owned>;

    fn into_owned(self) -> Self::Owned {
        self.into_iter().map(T::into_owned).collect()
    }
}

impl<T: IntoOwned> IntoOwned for Box<T> {
    type Owned = Box<T::Owned>;

    fn into_owned(self) -> Self::Owned {
        Box::new((*self).into_owned())
    }
}

impl<A: IntoOwned, B: IntoOwned> IntoOwned for (A, B) {
    type Owned = (A::Owned, B::Owned);

    fn into_owned(self) -> Self::Owned {
        (self.0.into_owned(), self.1.into_owned())
    }
}

impl IntoOwned for Value<'_> {
    type Owned = Value<'static>;

    fn into_owned(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Number(value) => Value::Number(value.into_owned()),
            Self::Text(value) => Value::Text(value.into_owned()),
            Self::List(value) => Value::List(value.into_owned()),
            Self::Object(value) => Value::Object(value.into_owned()),
        }
    }
}

impl IntoOwned for Object<'_> {
    type Owned = Object<'static>;

    fn into_owned(self) -> Object<'static> {
        Object { members: self.members.into_owned() }
    }
}
