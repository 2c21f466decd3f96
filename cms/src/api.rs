//! The versions of the Beneficiary Claims Data API.

use std::fmt;
use std::str::FromStr;

/// A version of the API: which of them a record comes from, and so how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Api {
    /// FHIR STU3, from the Chronic Conditions Warehouse.
    V1,
    /// FHIR R4, from the Chronic Conditions Warehouse.
    V2,
    /// FHIR R4, from the Integrated Data Repository, where CCLF comes from too.
    V3,
}

/// A release of FHIR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Release {
    /// 3.0.1 and 3.0.2.
    Stu3,
    /// 4.0.1.
    R4,
}

impl Api {
    /// All versions, oldest first.
    pub const ALL: [Self; 3] = [Self::V1, Self::V2, Self::V3];

    /// Its name in addresses, options and tables: `v1`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
            Self::V3 => "v3",
        }
    }

    /// The release of FHIR that it speaks.
    pub const fn release(self) -> Release {
        match self {
            Self::V1 => Release::Stu3,
            Self::V2 | Self::V3 => Release::R4,
        }
    }
}

impl fmt::Display for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A text that names no version of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownApi;

impl fmt::Display for UnknownApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected v1, v2 or v3")
    }
}

impl std::error::Error for UnknownApi {}

impl FromStr for Api {
    type Err = UnknownApi;

    fn from_str(name: &str) -> Result<Self, UnknownApi> {
        Self::ALL.into_iter().find(|api| api.name() == name).ok_or(UnknownApi)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_names() {
        for api in Api::ALL {
            assert_eq!(api.name().parse(), Ok(api));
        }
        assert_eq!("V1".parse::<Api>(), Err(UnknownApi));
    }
}
