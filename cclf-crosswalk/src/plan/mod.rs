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
mod captured;
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
mod shape;
mod shapes;
pub(crate) mod tree;
mod unknown;
pub(crate) mod value;
mod walk;

pub use reader::Reader;
pub(crate) use reader::Verdict;
pub(crate) use record::Record;
pub use record::Skipped;

use std::sync::{LazyLock, Mutex, PoisonError};

use cms::Api;

use crate::facts::columns::Columns;
use crate::facts::crosswalk::{Crosswalk, FINAL};
use crate::layout::load_error::LoadError;
use crate::layout::resource::{List, Resource};
use crate::layout::table::Per;
use access::{
    BeneficiaryAccess, ClaimAccess, MbiAccess, PersonAccess, RecordAccess, SummaryAccess,
};
use kept::KeptValues;
use program::Program;
use programs::Programs;
use tree::{KeyBit, Reg, ResourcePlan};

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
    /// The bits of the types of diagnoses that have a row, where not all have.
    pub(crate) diagnosis_rows: Option<KeyBit>,
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
    /// What says for sure that the claim is of this version.
    pub(crate) marked: Program<RecordAccess>,
    /// What says for sure that it is not.
    pub(crate) other_mark: Program<RecordAccess>,
    /// For what the claim was made: also to ask for leave, which is no claim.
    pub(crate) intent: Program<RecordAccess>,
    /// The system that it comes from.
    pub(crate) system: Program<RecordAccess>,
    pub(crate) last_updated: Program<RecordAccess>,
    /// The group of claims that replace each other.
    pub(crate) claim_group: Program<RecordAccess>,
    /// The number that a claim has in all systems, and that which it had before.
    pub(crate) control: Program<RecordAccess>,
    pub(crate) prior_control: Program<RecordAccess>,
    /// What provider.reference says.
    pub(crate) provider: Program<RecordAccess>,
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
    /// The item's number, where care team entries have that of the item that they serve.
    pub(crate) item_number: Option<Reg>,
    pub(crate) item_information: Option<Reg>,
    pub(crate) information_sequence: Option<Reg>,
    pub(crate) contained_id: Option<Reg>,
}

/// Where the facts of a Patient are that are not columns.
#[derive(Debug)]
pub(crate) struct PersonFacts {
    pub(crate) id: Program<RecordAccess>,
    pub(crate) last_updated: Program<RecordAccess>,
    pub(crate) birth: Program<RecordAccess>,
    pub(crate) death: Program<RecordAccess>,
    pub(crate) mbi: Reg,
    /// How the current one of several is told: by a mark, or by the days on which it is in force.
    pub(crate) currency: Currency,
    /// How another Patient is linked to, and which.
    pub(crate) link: Program<RecordAccess>,
    pub(crate) survivor: Program<RecordAccess>,
}

/// What tells which MBI is current.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Currency {
    Mark(Reg),
    Period { begin: Reg, end: Reg },
}

/// Where the facts of a Coverage are that are not columns.
#[derive(Debug)]
pub(crate) struct CoverageFacts {
    pub(crate) id: Program<RecordAccess>,
    pub(crate) beneficiary: Program<RecordAccess>,
    pub(crate) part: Program<RecordAccess>,
    pub(crate) last_updated: Program<RecordAccess>,
    pub(crate) reference_year: Program<RecordAccess>,
    /// The MBI of the beneficiary.
    pub(crate) subscriber: Program<RecordAccess>,
    pub(crate) status: Program<RecordAccess>,
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
            item_number: compiler.register_if_any(eob, "item.care_team_number")?,
            item_information: compiler.register_if_any(eob, "item.information")?,
            information_sequence: compiler.register_if_any(eob, "information.sequence")?,
            contained_id: compiler.register_if_any(eob, "contained.id")?,
        };
        let claim = ClaimFacts {
            id: compiler.fact(eob, "id")?,
            claim_id: compiler.fact(eob, "claim_id")?,
            eob_type: compiler.fact(eob, "eob_type")?,
            patient: compiler.fact(eob, "patient")?,
            status: compiler.fact(eob, "status")?,
            is_final: compiler.lineage(eob, FINAL)?,
            hospice_start: compiler.fact_if_any(eob, "hospice_start")?,
            hospice_end: compiler.fact_if_any(eob, "hospice_end")?,
            marked: compiler.fact_if_any(eob, "marked")?,
            other_mark: compiler.fact_if_any(eob, "other_mark")?,
            intent: compiler.fact_if_any(eob, "intent")?,
            system: compiler.fact_if_any(eob, "system")?,
            last_updated: compiler.fact(eob, "last_updated")?,
            claim_group: compiler.fact_if_any(eob, "claim_group")?,
            control: compiler.fact_if_any(eob, "control")?,
            prior_control: compiler.fact_if_any(eob, "prior_control")?,
            provider: compiler.fact_if_any(eob, "provider")?,
            links,
        };
        // Nobody asks for it: what becomes of a record must not depend on which facts are used.
        compiler.register(eob, "item.sequence")?;
        let person = PersonFacts {
            id: compiler.fact(Resource::Patient, "id")?,
            last_updated: compiler.fact(Resource::Patient, "last_updated")?,
            birth: compiler.fact_if_any(Resource::Patient, "birth")?,
            death: compiler.fact_if_any(Resource::Patient, "death")?,
            mbi: compiler.register(Resource::Patient, "identifier.mbi")?,
            currency: if compiler.has_fact(Resource::Patient, "identifier.currency") {
                Currency::Mark(compiler.register(Resource::Patient, "identifier.currency")?)
            } else {
                Currency::Period {
                    begin: compiler.register(Resource::Patient, "identifier.begin")?,
                    end: compiler.register(Resource::Patient, "identifier.end")?,
                }
            },
            link: compiler.fact_if_any(Resource::Patient, "link")?,
            survivor: compiler.fact_if_any(Resource::Patient, "survivor")?,
        };
        let enrolment = CoverageFacts {
            id: compiler.fact(Resource::Coverage, "id")?,
            beneficiary: compiler.fact(Resource::Coverage, "beneficiary")?,
            part: compiler.fact(Resource::Coverage, "part")?,
            last_updated: compiler.fact(Resource::Coverage, "last_updated")?,
            reference_year: compiler.fact_if_any(Resource::Coverage, "reference_year")?,
            subscriber: compiler.fact_if_any(Resource::Coverage, "subscriber")?,
            status: compiler.fact_if_any(Resource::Coverage, "status")?,
        };
        compiler.keep_rows();
        let claims = compiler.programs(&[Per::Claim, Per::Item, Per::Procedure, Per::Diagnosis])?;
        let beneficiaries = compiler.programs(&[Per::Patient])?;
        let mbis = compiler.programs(&[Per::Mbi])?;
        let summary = compiler.programs(&[Per::Summary])?;
        let types = crosswalk.tables().iter().flat_map(|def| &def.diagnosis_types);
        let types = types.map(|kind| compiler.list_key_bit(List::Diagnosis, kind));
        let types: Vec<KeyBit> = types.collect::<Result<_, _>>()?;
        let diagnosis_rows =
            types.into_iter().reduce(|one, other| KeyBit { bit: one.bit | other.bit, ..one });
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
            diagnosis_rows,
            person,
            enrolment,
            patient_kept,
            coverage_kept,
        })
    }

    /// The plan of the built-in STU3 crosswalk.
    pub fn stu3() -> &'static Self {
        Self::of(Api::V1)
    }

    /// The plan of the built-in crosswalk of a version of the API, compiled when it is first asked for.
    ///
    /// # Panics
    /// Never in a released build: a test compiles the same tables.
    pub fn of(api: Api) -> &'static Self {
        fn built_in(api: Api) -> Plan {
            match Plan::new(Crosswalk::of(api)) {
                Ok(plan) => plan,
                Err(fault) => panic!("the built-in crosswalk of {api} does not compile: {fault}"),
            }
        }
        static V1: LazyLock<Plan> = LazyLock::new(|| built_in(Api::V1));
        static V2: LazyLock<Plan> = LazyLock::new(|| built_in(Api::V2));
        static V3: LazyLock<Plan> = LazyLock::new(|| built_in(Api::V3));
        match api {
            Api::V1 => &V1,
            Api::V2 => &V2,
            Api::V3 => &V3,
        }
    }

    /// The plan of a version that judges records by what rows need and by the facts of these columns alone. It is compiled
    /// when it is first asked for, and stays as long as the process: one for each choice.
    ///
    /// # Panics
    /// Never in a released build, as [`of`](Self::of).
    pub fn judging(api: Api, columns: &Columns) -> &'static Self {
        static KNOWN: Mutex<Vec<(Api, Columns, &'static Plan)>> = Mutex::new(Vec::new());
        if columns.named().is_none() {
            return Self::of(api);
        }
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((.., plan)) = known.iter().find(|(of, own, _)| (*of, own) == (api, columns)) {
            return plan;
        }
        let crosswalk = Box::leak(Box::new(Crosswalk::of(api).with_sources_of(columns)));
        match Self::new(crosswalk) {
            Ok(plan) => {
                let plan = Box::leak(Box::new(plan));
                known.push((api, columns.clone(), plan));
                plan
            }
            Err(fault) => {
                panic!("a part of the built-in crosswalk of {api} does not compile: {fault}")
            }
        }
    }

    /// Which version of the API its records are of.
    pub fn api(&self) -> Api {
        self.crosswalk.api()
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
        MbiAccess::Historic | MbiAccess::Begin | MbiAccess::End => None,
    });
    of_beneficiaries.chain(of_mbis)
}
