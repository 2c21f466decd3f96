//! The names by which each version of the API is spoken of: those of version 1, and what versions 2 and 3 have besides.

use std::collections::HashMap;
use std::sync::LazyLock;

use cms::Api;

/// Rows of `short,kind,value,uri,label`.
const V2: &str = include_str!("v2.csv");
const V3: &str = include_str!("v3.csv");

type Uris = HashMap<&'static str, &'static str>;

fn uris(table: &'static str) -> Uris {
    let cells = |row: &'static str| {
        let mut cells = row.split(',');
        Some((cells.next()?, cells.nth(2)?))
    };
    table.lines().skip(1).filter_map(cells).collect()
}

/// What a short name stands for in records of this version: a URI, or `system|code` for a code that only its system
/// makes clear. Version 2 keeps the names of version 1 and adds to them; version 3 has names of its own.
///
/// ```
/// use cms::Api;
/// use fhir_model::vocabulary::uri_in;
///
/// assert_eq!(uri_in(Api::V1, "us-npi"), uri_in(Api::V3, "us-npi"));
/// let bill = "http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBSupportingInfoType|typeofbill";
/// assert_eq!(uri_in(Api::V3, "typeofbill"), Some(bill));
/// ```
pub fn uri_in(api: Api, short: &str) -> Option<&'static str> {
    static V2_URIS: LazyLock<Uris> = LazyLock::new(|| uris(V2));
    static V3_URIS: LazyLock<Uris> = LazyLock::new(|| uris(V3));
    match api {
        Api::V1 => super::uri(short),
        Api::V2 => V2_URIS.get(short).copied().or_else(|| super::uri(short)),
        Api::V3 => V3_URIS.get(short).copied(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_its_five_cells_and_a_name_of_its_own() {
        for table in [V2, V3] {
            let rows: Vec<&str> = table.lines().skip(1).collect();
            for row in &rows {
                assert!(row.split(',').count() >= 5 && row.split(',').all(|cell| !cell.is_empty()));
            }
            assert_eq!(uris(table).len(), rows.len());
        }
        // What version 2 says anew it says otherwise.
        for (short, uri) in uris(V2) {
            assert_ne!(crate::vocabulary::uri(short), Some(uri), "{short}");
        }
    }
}
