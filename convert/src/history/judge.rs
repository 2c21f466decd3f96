//! What a line says of a claim, whichever version of the API it is of.

use cclf_crosswalk::arrow::array::RecordBatch;
use cclf_crosswalk::{
    Api, Claim, ClaimTables, Columns, Lineage, Plan, Reader, RecordError, Skipped, Table, Took,
};

use crate::error::Error;

/// What a history wants of a claim besides its rows.
pub(super) struct Facts {
    pub(super) api: Api,
    pub(super) id: Option<String>,
    pub(super) group: Option<String>,
    pub(super) status: Option<String>,
    pub(super) is_final: Option<bool>,
    /// In microseconds since 1970-01-01T00:00:00Z.
    pub(super) last_updated: Option<i64>,
}

impl Facts {
    fn of(claim: &Claim<'_>, api: Api) -> Self {
        Self {
            api,
            id: claim.id().map(String::from),
            group: claim.group().map(String::from),
            status: claim.status().map(String::from),
            is_final: claim.is_final(),
            last_updated: claim.last_updated(),
        }
    }
}

/// What a line is.
pub(super) enum Judged {
    Claim(Box<Facts>),
    Person,
    /// What no table wants.
    Other(Skipped),
    Bad(RecordError),
}

/// Judges lines, each by its own version of the API.
pub(super) struct Judge {
    /// Of the line that was judged last: most inputs are of one version.
    api: Api,
    reader: Reader,
}

impl Judge {
    pub(super) fn of(api: Api) -> Self {
        // What is not adjudicated to the end has a history too.
        Self { api, reader: Reader::new(Plan::of(api)).with_partially_adjudicated(true) }
    }

    pub(super) fn judge(&mut self, line: &[u8]) -> Judged {
        self.as_own_version(line).unwrap_or_else(|api| {
            *self = Self::of(api);
            self.as_own_version(line).unwrap_or(Judged::Other(Skipped::OtherType))
        })
    }

    /// What the line is as one of this version; else its own.
    fn as_own_version(&mut self, line: &[u8]) -> Result<Judged, Api> {
        Ok(match self.reader.take(line) {
            Took::Claim(claim) => Judged::Claim(Box::new(Facts::of(&claim, self.api))),
            Took::Person(_) => Judged::Person,
            Took::Skipped(why) => Judged::Other(why),
            Took::Foreign(api) => return Err(api),
            Took::Bad(error) => Judged::Bad(error),
        })
    }

    /// The rows of a line that was found to be a claim, in each table that has any, without what a Patient would tell.
    pub(super) fn rows(
        &mut self,
        line: &[u8],
        lineage: &Lineage,
    ) -> Result<Vec<(Table, RecordBatch)>, Error> {
        let Took::Claim(claim) = self.reader.take(line) else { return Ok(Vec::new()) };
        let mut tables = ClaimTables::new(Plan::of(self.api), &Table::ALL, &Columns::from(true));
        tables.append(&claim, None, lineage);
        tables.finish().map_err(|_| Error::unbuilt())
    }
}
