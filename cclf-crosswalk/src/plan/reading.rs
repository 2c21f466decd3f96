//! How a record is read: from a text that was checked whole, or byte by byte from one that is bad.
//!
//! Both ways go through the same walk. On the first nothing about the text can fail, and the compiler
//! drops what would handle it. The second is for lines that are no good JSON: what is reported is the
//! first fault of the walk, and that may be a fault of the record before the text's.

#![allow(clippy::unnecessary_box_returns, reason = "faults are rare, results are everywhere")]

use json_walk::{JsonNumber, JsonStr, Kind, Walker, strict};

use crate::error::{ErrorClass, RecordError};

/// A fault on its way up; boxed, because a result is returned for every node.
pub(super) type Fault = Box<RecordError>;

pub(super) fn fault(class: ErrorClass, offset: usize) -> Fault {
    Box::new(RecordError::new(class, offset))
}

/// The moves of a walk through a record. What is asked of another kind of value is a fault.
pub(super) trait Reading<'a> {
    /// How far the walk through one container has come.
    type Progress;

    fn kind(&mut self) -> Result<Kind, Fault>;
    /// After `kind`: where the value begins.
    fn offset(&self) -> usize;
    fn enter_object(&mut self) -> Result<Self::Progress, Fault>;
    /// Between which places the next member name stands.
    fn next_name(&mut self, progress: &mut Self::Progress)
    -> Result<Option<(usize, usize)>, Fault>;
    fn is_object(&mut self) -> Result<bool, Fault>;
    fn is_array(&mut self) -> Result<bool, Fault>;
    fn enter_array(&mut self) -> Result<Self::Progress, Fault>;
    fn next_element(&mut self, progress: &mut Self::Progress) -> Result<bool, Fault>;
    fn string(&mut self) -> Result<JsonStr<'a>, Fault>;
    fn number(&mut self) -> Result<JsonNumber<'a>, Fault>;
    fn skip(&mut self) -> Result<(), Fault>;
    /// The number of the token at which it stands; of none on the second way.
    fn token(&self) -> Option<usize>;
    /// A walker that stands there, where one text is laid out as another, and only then.
    fn walker(&self) -> Option<Walker<'_, 'a>>;
    /// Moves to a token.
    fn go_to(&mut self, token: usize);
}

fn of_text(error: json_walk::Error) -> Fault {
    Box::new(error.into())
}

impl<'a> Reading<'a> for strict::Cursor<'a> {
    type Progress = strict::Progress;

    fn kind(&mut self) -> Result<Kind, Fault> {
        self.kind().map_err(of_text)
    }

    fn offset(&self) -> usize {
        self.offset()
    }

    fn enter_object(&mut self) -> Result<Self::Progress, Fault> {
        self.enter_object().map_err(of_text)
    }

    fn next_name(
        &mut self,
        progress: &mut Self::Progress,
    ) -> Result<Option<(usize, usize)>, Fault> {
        let key = self.next_key(progress).map_err(of_text)?;
        Ok(key.map(|key| (key.offset(), key.end())))
    }

    fn is_object(&mut self) -> Result<bool, Fault> {
        Ok(self.kind().map_err(of_text)? == Kind::Object)
    }

    fn is_array(&mut self) -> Result<bool, Fault> {
        Ok(self.kind().map_err(of_text)? == Kind::Array)
    }

    fn enter_array(&mut self) -> Result<Self::Progress, Fault> {
        self.enter_array().map_err(of_text)
    }

    fn next_element(&mut self, progress: &mut Self::Progress) -> Result<bool, Fault> {
        self.next_element(progress).map_err(of_text)
    }

    fn string(&mut self) -> Result<JsonStr<'a>, Fault> {
        self.string().map_err(of_text)
    }

    fn number(&mut self) -> Result<JsonNumber<'a>, Fault> {
        self.number().map_err(of_text)
    }

    fn skip(&mut self) -> Result<(), Fault> {
        self.skip().map_err(of_text)
    }

    fn token(&self) -> Option<usize> {
        None
    }

    fn walker(&self) -> Option<Walker<'_, 'a>> {
        None
    }

    fn go_to(&mut self, _token: usize) {}
}

#[cold]
fn other_kind(walker: &Walker<'_, '_>) -> Fault {
    fault(ErrorClass::WrongType, walker.offset())
}

impl<'a> Reading<'a> for Walker<'_, 'a> {
    type Progress = ();

    #[inline]
    fn kind(&mut self) -> Result<Kind, Fault> {
        Ok(Walker::kind(self))
    }

    #[inline]
    fn offset(&self) -> usize {
        self.offset()
    }

    #[inline]
    fn enter_object(&mut self) -> Result<(), Fault> {
        if self.enter_object() { Ok(()) } else { Err(other_kind(self)) }
    }

    #[inline]
    fn next_name(&mut self, (): &mut ()) -> Result<Option<(usize, usize)>, Fault> {
        Ok(self.next_name())
    }

    #[inline]
    fn is_object(&mut self) -> Result<bool, Fault> {
        Ok(Walker::is_object(self))
    }

    #[inline]
    fn is_array(&mut self) -> Result<bool, Fault> {
        Ok(Walker::is_array(self))
    }

    #[inline]
    fn enter_array(&mut self) -> Result<(), Fault> {
        if self.enter_array() { Ok(()) } else { Err(other_kind(self)) }
    }

    #[inline]
    fn next_element(&mut self, (): &mut ()) -> Result<bool, Fault> {
        Ok(self.next_element())
    }

    #[inline]
    fn string(&mut self) -> Result<JsonStr<'a>, Fault> {
        self.string().ok_or_else(|| other_kind(self))
    }

    #[inline]
    fn number(&mut self) -> Result<JsonNumber<'a>, Fault> {
        self.number().ok_or_else(|| other_kind(self))
    }

    #[inline]
    fn skip(&mut self) -> Result<(), Fault> {
        self.skip();
        Ok(())
    }

    #[inline]
    fn token(&self) -> Option<usize> {
        Some(Walker::token(self))
    }

    #[inline]
    fn walker(&self) -> Option<Walker<'_, 'a>> {
        self.is_compact().then_some(*self)
    }

    #[inline]
    fn go_to(&mut self, token: usize) {
        self.go_to(token);
    }
}
