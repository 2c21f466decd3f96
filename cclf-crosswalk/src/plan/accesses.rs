//! From paths to what is looked up for them, by the kind of rows.

use super::access::{
    BeneficiaryAccess, ClaimAccess, MbiAccess, PersonAccess, RecordAccess, SummaryAccess, Wanted,
};
use super::compile::{Compiler, FromPath};
use super::tree::{Keep, Reg};
use crate::facts::fact::{Expr, FactKind, Function, Leaf, Path, Root, Select};
use crate::facts::resolve::{Pick, Resolved, Start, summary_function};
use crate::layout::load_error::LoadError;
use crate::layout::resource::{List, Resource};
use crate::layout::table::ColumnType;

/// A function or root that the rows of this kind do not have. Loading refuses it before.
fn misplaced() -> LoadError {
    LoadError::new("the path means nothing on rows of this kind")
}

impl FromPath for RecordAccess {
    fn from_path(
        compiler: &mut Compiler,
        path: &Path,
        start: Start,
        column_type: ColumnType,
    ) -> Result<Self, LoadError> {
        let resolved = compiler.resolve(path, start)?;
        match (keep(&path.leaf), &resolved.pick) {
            (Some(keep), Pick::Record) => {
                Ok(Self(compiler.slot(&resolved, FactKind::Value(column_type), keep).reg))
            }
            _ => Err(misplaced()),
        }
    }
}

impl FromPath for ClaimAccess {
    fn from_path(
        compiler: &mut Compiler,
        path: &Path,
        start: Start,
        column_type: ColumnType,
    ) -> Result<Self, LoadError> {
        let resolved = compiler.resolve(path, start)?;
        if let Leaf::Function(function) = &path.leaf {
            return claim_function(compiler, path, &resolved, function);
        }
        let is_line = start.is_per_item();
        if let (Root::Information(Some(category)), Some(list)) = (&path.root, resolved.list) {
            let reg = compiler.slot(&resolved, FactKind::Value(column_type), Keep::First).reg;
            let category = compiler.list_key_bit(list, category)?;
            let wanted = match &path.leaf {
                Leaf::Nth(place) => Wanted::Nth(place - 1),
                Leaf::Prefer(value) => Wanted::Prefer(value.clone()),
                Leaf::Value => Wanted::Nth(0),
                _ => return Err(misplaced()),
            };
            return Ok(Self::Information { category, reg, wanted });
        }
        let keep = keep(&path.leaf).ok_or_else(misplaced)?;
        let reg = compiler.slot(&resolved, FactKind::Value(column_type), keep).reg;
        let Some(list) = resolved.list else {
            return Ok(Self::Record(reg));
        };
        Ok(match (&path.root, resolved.pick) {
            (Root::Item, _) if !start.is_per_item() => Self::First { list, reg },
            (Root::Item | Root::Entry, _) => Self::Own { reg },
            (Root::Rendering, _) => {
                Self::Rendering { primary: compiler.list_key_bit(list, "primary")?, reg }
            }
            (Root::LinkedCareTeam(role), _) if !is_line => {
                Self::CareTeamWith { role: compiler.list_key_bit(list, role)?, reg }
            }
            (Root::LinkedCareTeam(role), _) => {
                Self::LinkedCareTeam { role: compiler.list_key_bit(list, role)?, reg }
            }
            (Root::LinkedDiagnosis, _) => Self::LinkedDiagnosis { reg },
            (Root::SoleDiagnosis, _) => Self::SoleDiagnosis { reg },
            (Root::LastDiagnosis(kind), _) => {
                Self::LastDiagnosis { kind: compiler.list_key_bit(list, kind)?, reg: Some(reg) }
            }
            (Root::LeadingDiagnosis(kind), _) => {
                Self::LeadingDiagnosis { kind: compiler.list_key_bit(list, kind)?, reg: Some(reg) }
            }
            (Root::Provider, _) => Self::Provider { reg },
            (Root::Principal, _) => principal(compiler, Some(reg))?,
            (Root::Attending, _) => {
                Self::Attending { primary: compiler.list_key_bit(list, "primary")?, reg }
            }
            (_, Pick::Entries(Some(Select::Place(place)))) => Self::At { list, place, reg },
            (_, Pick::Entries(Some(Select::Sequence(sequence)))) => {
                Self::BySequence { sequence, reg: Some(reg) }
            }
            (_, Pick::Entries(Some(Select::Key(key)))) if list == List::CareTeam => {
                Self::CareTeam { role: compiler.list_key_bit(list, &key)?, reg }
            }
            (_, Pick::Entries(Some(Select::Key(key)))) if list == List::Diagnosis => {
                Self::Diagnosis { role: compiler.list_key_bit(list, &key)?, reg }
            }
            _ => Self::First { list, reg },
        })
    }

    fn nth(
        compiler: &mut Compiler,
        paths: &[Path],
        place: usize,
        start: Start,
        column_type: ColumnType,
    ) -> Result<Self, LoadError> {
        let resolved = paths.iter().map(|path| compiler.resolve(path, start));
        let resolved = resolved.collect::<Result<Vec<_>, _>>()?;
        let own = resolved.iter().all(|path| path.list.is_some() && path.pick == Pick::Own);
        if !own || !start.is_per_item() || place >= Keep::IN_TURN {
            return Err(misplaced());
        }
        let slot = compiler.slot_of(&resolved, FactKind::Value(column_type), Keep::InTurn);
        Ok(Self::Own { reg: slot.reg + place })
    }
}

/// Which of several values the end of a path asks for.
fn keep(leaf: &Leaf) -> Option<Keep> {
    match leaf {
        Leaf::Value => Some(Keep::First),
        Leaf::Last => Some(Keep::Last),
        Leaf::Joined => Some(Keep::Joined),
        Leaf::Nth(_) | Leaf::Prefer(_) | Leaf::Function(_) => None,
    }
}

fn principal(compiler: &mut Compiler, reg: Option<Reg>) -> Result<ClaimAccess, LoadError> {
    Ok(ClaimAccess::Principal {
        principal: compiler.list_key_bit(List::Diagnosis, "principal")?,
        admitting: compiler.list_key_bit(List::Diagnosis, "admitting")?,
        reg,
    })
}

fn claim_function(
    compiler: &mut Compiler,
    path: &Path,
    resolved: &Resolved,
    function: &Function,
) -> Result<ClaimAccess, LoadError> {
    Ok(match (function, &path.root, &resolved.pick) {
        (Function::Place, Root::Entry, _) => ClaimAccess::OwnPlace,
        (Function::Place, Root::Principal, _) => principal(compiler, None)?,
        (Function::Place, _, Pick::Entries(Some(Select::Sequence(sequence)))) => {
            ClaimAccess::BySequence { sequence: *sequence, reg: None }
        }
        (Function::Place, Root::LastDiagnosis(kind), _) => ClaimAccess::LastDiagnosis {
            kind: compiler.list_key_bit(List::Diagnosis, kind)?,
            reg: None,
        },
        (Function::Place, Root::LeadingDiagnosis(kind), _) => ClaimAccess::LeadingDiagnosis {
            kind: compiler.list_key_bit(List::Diagnosis, kind)?,
            reg: None,
        },
        (Function::Place, _, Pick::Entries(Some(Select::Key(key))))
            if resolved.list == Some(List::Diagnosis) =>
        {
            ClaimAccess::PlaceOf { kind: compiler.list_key_bit(List::Diagnosis, key)? }
        }
        (Function::Rank(kind), Root::Entry, _) if resolved.list == Some(List::Diagnosis) => {
            ClaimAccess::OwnRank { kind: compiler.list_key_bit(List::Diagnosis, kind)? }
        }
        (Function::Place, ..) => return Err(LoadError::new("place() means nothing here")),
        (Function::MbiCurrent, Root::Patient, _) => ClaimAccess::PatientMbi,
        (Function::FileName, ..) => ClaimAccess::FileName,
        (Function::FileDate, ..) => ClaimAccess::FileDate,
        _ => return Err(misplaced()),
    })
}

impl FromPath for PersonAccess {
    fn from_path(
        compiler: &mut Compiler,
        path: &Path,
        start: Start,
        column_type: ColumnType,
    ) -> Result<Self, LoadError> {
        let resolved = compiler.resolve(path, start)?;
        let choice = if let Root::Coverage(choice) = path.root { Some(choice) } else { None };
        match &path.leaf {
            Leaf::Value if resolved.list.is_none() => {
                let kind = FactKind::Value(column_type);
                let reg = compiler.slot(&resolved, kind, Keep::First).reg;
                Ok(choice.map_or(Self::Record(reg), |choice| Self::Coverage { choice, reg }))
            }
            Leaf::Function(Function::LatestMonth(stem)) => {
                let months = months(compiler, stem, resolved.resource)?;
                Ok(match choice {
                    Some(choice) => Self::CoverageMonths { choice, months },
                    None => Self::Months(months),
                })
            }
            Leaf::Function(Function::MbiCurrent) => Ok(Self::MbiCurrent),
            Leaf::Function(Function::FileName) => Ok(Self::FileName),
            Leaf::Function(Function::FileDate) => Ok(Self::FileDate),
            _ => Err(misplaced()),
        }
    }
}

/// The registers of a family of extensions, one a month.
fn months(compiler: &mut Compiler, stem: &str, resource: Resource) -> Result<[Reg; 12], LoadError> {
    let kind = FactKind::Value(ColumnType::Text);
    let mut months = [0; 12];
    for (month, reg) in (1..=12).zip(&mut months) {
        let expr = Expr::parse(&format!("extension[{stem}{month:02}].valueCoding.code"))?;
        let path = expr.paths().next().ok_or_else(|| LoadError::new("no path"))?;
        let resolved = compiler.resolve(path, Start::Record(resource))?;
        resolved.check_kind(kind)?;
        *reg = compiler.slot(&resolved, kind, Keep::First).reg;
    }
    Ok(months)
}

impl FromPath for BeneficiaryAccess {
    fn from_path(
        compiler: &mut Compiler,
        path: &Path,
        start: Start,
        column_type: ColumnType,
    ) -> Result<Self, LoadError> {
        Ok(match &path.leaf {
            Leaf::Function(Function::Age) => Self::Age,
            Leaf::Function(Function::HospiceBegin) => Self::HospiceBegin,
            Leaf::Function(Function::HospiceEnd) => Self::HospiceEnd,
            _ => Self::Person(PersonAccess::from_path(compiler, path, start, column_type)?),
        })
    }
}

impl FromPath for MbiAccess {
    fn from_path(
        compiler: &mut Compiler,
        path: &Path,
        start: Start,
        column_type: ColumnType,
    ) -> Result<Self, LoadError> {
        Ok(match &path.leaf {
            Leaf::Function(Function::MbiHistoric) => Self::Historic,
            Leaf::Function(Function::MbiBegin) => Self::Begin,
            Leaf::Function(Function::MbiEnd) => Self::End,
            _ => Self::Person(PersonAccess::from_path(compiler, path, start, column_type)?),
        })
    }
}

impl FromPath for SummaryAccess {
    fn from_path(
        _: &mut Compiler,
        path: &Path,
        _: Start,
        _: ColumnType,
    ) -> Result<Self, LoadError> {
        Ok(match summary_function(path)? {
            Function::SummaryFile => Self::File,
            Function::SummaryTitle => Self::Title,
            Function::SummaryRows => Self::Rows,
            Function::SummaryLength => Self::Length,
            _ => return Err(misplaced()),
        })
    }
}
