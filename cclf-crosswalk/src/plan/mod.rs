//! The crosswalk compiled: what to do at each node of a record, so that work grows with the nodes met.
//!
//! All facts of a resource are compiled into one tree of member names. A fact ends in a *register*: a
//! typed value kept for the record, or for each entry of a kept list (items, diagnoses, procedures, the
//! care team, a Patient's identifiers). Elements told apart by a key (an extension by its url) first
//! *capture* what any fact may want, and dispatch once at their end: the key may come after the value.
//!
//! The tree is walked by [`walk`]; what the registers then say about a column is evaluated by
//! [`program`]. The parsing engine stands behind `walk` alone.

mod compile;
pub(crate) mod links;
mod lookup;
pub(crate) mod program;
mod reading;
mod registers;
pub(crate) mod resource_type;
mod tree;
mod unknown;
mod walk;

pub(crate) use compile::KeyBit;
pub(crate) use registers::{RecordView, Val};
pub(crate) use tree::{Reg, ResourcePlan};
pub use walk::{Reader, Record, Verdict};

use crate::facts::crosswalk::{Column, Crosswalk, LineageColumn, TableDef};
use crate::people::digest::DigestPlan;
use crate::error::LoadError;
use crate::plan::program::Program;
use crate::facts::resolve::Resource;
use crate::layout::table::Table;

/// A compiled crosswalk. Made once, shared by all workers.
#[derive(Debug)]
pub struct Plan {
    crosswalk: &'static Crosswalk,
    pub(crate) eob: ResourcePlan,
    pub(crate) patient: ResourcePlan,
    pub(crate) coverage: ResourcePlan,
    /// Per table, per column: how its value is found; `None` where BCDA has no source.
    pub(crate) columns: Vec<Vec<Option<Program>>>,
    /// Per lineage column.
    pub(crate) lineage: Vec<Program>,
    pub(crate) claim: ClaimFacts,
    pub(crate) person: PersonFacts,
    pub(crate) enrolment: CoverageFacts,
    /// What the index keeps of a Patient and of a Coverage.
    pub(crate) patient_digest: DigestPlan,
    pub(crate) coverage_digest: DigestPlan,
}

/// Where the facts of a claim are that are not columns.
#[derive(Debug)]
pub(crate) struct ClaimFacts {
    pub(crate) id: Program,
    pub(crate) claim_id: Program,
    pub(crate) eob_type: Program,
    pub(crate) patient: Program,
    pub(crate) status: Program,
    pub(crate) hospice_start: Program,
    pub(crate) hospice_end: Program,
    pub(crate) links: LinkRegs,
}

/// Registers of kept entries by which they are linked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LinkRegs {
    pub(crate) item_care_team: Reg,
    pub(crate) item_diagnosis: Reg,
    pub(crate) care_team_sequence: Reg,
    pub(crate) diagnosis_sequence: Reg,
    pub(crate) diagnosis_coded: Reg,
}

/// Where the facts of a Patient are that are not columns.
#[derive(Debug)]
pub(crate) struct PersonFacts {
    pub(crate) id: Program,
    pub(crate) last_updated: Program,
    pub(crate) birth: Program,
    pub(crate) death: Program,
    pub(crate) mbi: Reg,
    pub(crate) currency: Reg,
}

/// Where the facts of a Coverage are that are not columns.
#[derive(Debug)]
pub(crate) struct CoverageFacts {
    pub(crate) beneficiary: Program,
    pub(crate) part: Program,
    pub(crate) last_updated: Program,
    pub(crate) reference_year: Program,
}

impl Plan {
    /// Compiles a crosswalk.
    ///
    /// # Errors
    /// What the tables ask for and the plan cannot do.
    pub fn new(crosswalk: &'static Crosswalk) -> Result<Self, LoadError> {
        let mut compiler = compile::Compiler::new(crosswalk);
        let claim = {
            let mut fact = |name| compiler.fact(Resource::ExplanationOfBenefit, name);
            let id = fact("id")?;
            let claim_id = fact("claim_id")?;
            let eob_type = fact("eob_type")?;
            let patient = fact("patient")?;
            let status = fact("status")?;
            fact("last_updated")?;
            fact("claim_group")?;
            let hospice_start = fact("hospice_start")?;
            let hospice_end = fact("hospice_end")?;
            let mut register = |name| compiler.register(Resource::ExplanationOfBenefit, name);
            register("item.sequence")?;
            let links = LinkRegs {
                item_care_team: register("item.care_team")?,
                item_diagnosis: register("item.diagnosis")?,
                care_team_sequence: register("care_team.sequence")?,
                diagnosis_sequence: register("diagnosis.sequence")?,
                diagnosis_coded: register("diagnosis.coded")?,
            };
            ClaimFacts {
                id,
                claim_id,
                eob_type,
                patient,
                status,
                hospice_start,
                hospice_end,
                links,
            }
        };
        let person = PersonFacts {
            id: compiler.fact(Resource::Patient, "id")?,
            last_updated: compiler.fact(Resource::Patient, "last_updated")?,
            birth: compiler.fact(Resource::Patient, "birth")?,
            death: compiler.fact(Resource::Patient, "death")?,
            mbi: compiler.register(Resource::Patient, "identifier.mbi")?,
            currency: compiler.register(Resource::Patient, "identifier.currency")?,
        };
        let enrolment = CoverageFacts {
            beneficiary: compiler.fact(Resource::Coverage, "beneficiary")?,
            part: compiler.fact(Resource::Coverage, "part")?,
            last_updated: compiler.fact(Resource::Coverage, "last_updated")?,
            reference_year: compiler.fact(Resource::Coverage, "reference_year")?,
        };
        let columns: Vec<Vec<Option<Program>>> = crosswalk
            .tables()
            .iter()
            .map(|def| {
                let table = |column: &Column| {
                    let Some(expr) = &column.expr else { return Ok(None) };
                    compiler.program(expr, def.per, column.column_type).map(Some)
                };
                def.columns.iter().map(table).collect::<Result<Vec<_>, LoadError>>()
            })
            .collect::<Result<Vec<_>, LoadError>>()?;
        let lineage = crosswalk
            .lineage()
            .iter()
            .map(|column: &LineageColumn| {
                compiler.program(&column.expr, crate::layout::table::Per::Claim, column.column_type)
            })
            .collect::<Result<Vec<_>, LoadError>>()?;
        let [eob, patient, coverage] = compiler.finish()?;
        let of_people = |joined| {
            let programs = [Table::Cclf8, Table::Cclf9]
                .into_iter()
                .flat_map(|table| columns[table.index()].iter().flatten());
            DigestPlan::collect(programs, joined)
        };
        let mut patient_digest = of_people(false);
        patient_digest.keep(&person.birth);
        patient_digest.keep(&person.death);
        let coverage_digest = of_people(true);
        Ok(Self {
            crosswalk,
            eob,
            patient,
            coverage,
            columns,
            lineage,
            claim,
            person,
            enrolment,
            patient_digest,
            coverage_digest,
        })
    }

    /// The plan of the built-in STU3 crosswalk.
    ///
    /// # Panics
    /// Never in a released build: a test compiles the same tables.
    pub fn stu3() -> &'static Self {
        static COMPILED: std::sync::LazyLock<Plan> =
            std::sync::LazyLock::new(|| match Plan::new(Crosswalk::stu3()) {
                Ok(plan) => plan,
                Err(fault) => panic!("the built-in crosswalk does not compile: {fault}"),
            });
        &COMPILED
    }

    /// The crosswalk that was compiled.
    pub fn crosswalk(&self) -> &'static Crosswalk {
        self.crosswalk
    }

    pub(crate) fn table(&self, table: Table) -> (&'static TableDef, &[Option<Program>]) {
        (self.crosswalk.table(table), &self.columns[table.index()])
    }

    pub(crate) fn resource(&self, resource: Resource) -> &ResourcePlan {
        match resource {
            Resource::ExplanationOfBenefit => &self.eob,
            Resource::Patient => &self.patient,
            Resource::Coverage => &self.coverage,
        }
    }
}
