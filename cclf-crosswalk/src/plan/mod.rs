//! The crosswalk compiled: what to do at each node of a record, so that work grows with the nodes met.
//!
//! All facts of a resource are compiled into one tree of member names. A fact ends in a *register*: a
//! typed value kept for the record, or for each entry of a kept list (items, diagnoses, procedures, the
//! care team, a Patient's identifiers). Elements told apart by a key (an extension by its url) first
//! *capture* what any fact may want, and dispatch once at their end: the key may come after the value.
//!
//! A [`Reader`] walks the tree ([`walk`]); what the registers then say about a column is evaluated by
//! [`program`]. The parsing engine stands behind `walk` alone.

pub(crate) mod access;
mod accesses;
mod building;
mod compile;
pub(crate) mod guess;
pub(crate) mod kept;
mod leaf;
pub(crate) mod links;
mod lookup;
pub(crate) mod program;
pub(crate) mod programs;
mod reader;
mod reading;
mod record;
pub(crate) mod registers;
mod resource_type;
pub(crate) mod tree;
mod unknown;
pub(crate) mod value;
mod walk;

pub use reader::Reader;
pub(crate) use reader::Verdict;
pub(crate) use record::Record;

use crate::facts::crosswalk::{Crosswalk, FINAL};
use crate::layout::load_error::LoadError;
use crate::layout::resource::Resource;
use crate::layout::table::Per;
use access::{
    BeneficiaryAccess, ClaimAccess, MbiAccess, PersonAccess, RecordAccess, SummaryAccess,
};
use kept::KeptValues;
use program::Program;
use programs::Programs;
use tree::{Reg, ResourcePlan};

/// A compiled crosswalk. Made once, shared by all workers.
#[derive(Debug)]
pub struct Plan {
    crosswalk: &'static Crosswalk,
    pub(crate) eob: ResourcePlan,
    pub(crate) patient: ResourcePlan,
    pub(crate) coverage: ResourcePlan,
    /// Columns of CCLF1 to CCLF7, CCLFA and CCLFB, of CCLF8, of CCLF9 and of CCLF0.
    pub(crate) claims: Programs<ClaimAccess>,
    pub(crate) beneficiaries: Programs<BeneficiaryAccess>,
    pub(crate) mbis: Programs<MbiAccess>,
    pub(crate) summary: Programs<SummaryAccess>,
    pub(crate) claim: ClaimFacts,
    pub(crate) person: PersonFacts,
    pub(crate) enrolment: CoverageFacts,
    /// What the index keeps of a Patient and of a Coverage.
    pub(crate) patient_kept: KeptValues,
    pub(crate) coverage_kept: KeptValues,
}

/// Where the facts of a claim are that are not columns.
#[derive(Debug)]
pub(crate) struct ClaimFacts {
    pub(crate) id: Program<RecordAccess>,
    pub(crate) claim_id: Program<RecordAccess>,
    pub(crate) eob_type: Program<RecordAccess>,
    pub(crate) patient: Program<RecordAccess>,
    pub(crate) status: Program<RecordAccess>,
    /// What BCDA_FINAL says.
    pub(crate) is_final: Option<Program<RecordAccess>>,
    pub(crate) hospice_start: Program<RecordAccess>,
    pub(crate) hospice_end: Program<RecordAccess>,
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
    pub(crate) id: Program<RecordAccess>,
    pub(crate) last_updated: Program<RecordAccess>,
    pub(crate) birth: Program<RecordAccess>,
    pub(crate) death: Program<RecordAccess>,
    pub(crate) mbi: Reg,
    pub(crate) currency: Reg,
}

/// Where the facts of a Coverage are that are not columns.
#[derive(Debug)]
pub(crate) struct CoverageFacts {
    pub(crate) beneficiary: Program<RecordAccess>,
    pub(crate) part: Program<RecordAccess>,
    pub(crate) last_updated: Program<RecordAccess>,
    pub(crate) reference_year: Program<RecordAccess>,
}

impl Plan {
    /// Compiles a crosswalk.
    ///
    /// # Errors
    /// What the tables ask for and the plan cannot do.
    pub fn new(crosswalk: &'static Crosswalk) -> Result<Self, LoadError> {
        let mut compiler = compile::Compiler::new(crosswalk);
        let eob = Resource::ExplanationOfBenefit;
        let links = LinkRegs {
            item_care_team: compiler.register(eob, "item.care_team")?,
            item_diagnosis: compiler.register(eob, "item.diagnosis")?,
            care_team_sequence: compiler.register(eob, "care_team.sequence")?,
            diagnosis_sequence: compiler.register(eob, "diagnosis.sequence")?,
            diagnosis_coded: compiler.register(eob, "diagnosis.coded")?,
        };
        let claim = ClaimFacts {
            id: compiler.fact(eob, "id")?,
            claim_id: compiler.fact(eob, "claim_id")?,
            eob_type: compiler.fact(eob, "eob_type")?,
            patient: compiler.fact(eob, "patient")?,
            status: compiler.fact(eob, "status")?,
            is_final: compiler.lineage(eob, FINAL)?,
            hospice_start: compiler.fact(eob, "hospice_start")?,
            hospice_end: compiler.fact(eob, "hospice_end")?,
            links,
        };
        // Nobody asks for these: what becomes of a record must not depend on which facts are used.
        compiler.fact(eob, "last_updated")?;
        compiler.fact(eob, "claim_group")?;
        compiler.register(eob, "item.sequence")?;
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
        let claims = compiler.programs(&[Per::Claim, Per::Item, Per::Procedure, Per::Diagnosis])?;
        let beneficiaries = compiler.programs(&[Per::Patient])?;
        let mbis = compiler.programs(&[Per::Mbi])?;
        let summary = compiler.programs(&[Per::Summary])?;
        let [eob, patient, coverage] = compiler.finish()?;
        let [mut patient_kept, coverage_kept] =
            KeptValues::of(people_accesses(&beneficiaries, &mbis));
        patient_kept.keep(&person.birth);
        patient_kept.keep(&person.death);
        Ok(Self {
            crosswalk,
            eob,
            patient,
            coverage,
            claims,
            beneficiaries,
            mbis,
            summary,
            claim,
            person,
            enrolment,
            patient_kept,
            coverage_kept,
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

    pub(crate) fn resource(&self, resource: Resource) -> &ResourcePlan {
        match resource {
            Resource::ExplanationOfBenefit => &self.eob,
            Resource::Patient => &self.patient,
            Resource::Coverage => &self.coverage,
        }
    }
}

/// What the columns of people ask of Patients and Coverages.
fn people_accesses<'p>(
    beneficiaries: &'p Programs<BeneficiaryAccess>,
    mbis: &'p Programs<MbiAccess>,
) -> impl Iterator<Item = &'p PersonAccess> {
    let of_beneficiaries = beneficiaries.iter().flat_map(Program::accesses);
    let of_beneficiaries = of_beneficiaries.filter_map(|access| match access {
        BeneficiaryAccess::Person(access) => Some(access),
        _ => None,
    });
    let of_mbis = mbis.iter().flat_map(Program::accesses);
    let of_mbis = of_mbis.filter_map(|access| match access {
        MbiAccess::Person(access) => Some(access),
        MbiAccess::Historic => None,
    });
    of_beneficiaries.chain(of_mbis)
}
