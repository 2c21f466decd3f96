//! The shapes that a reader has met, by list, and how a new one is made of a walk.

use json_walk::Walker;

use super::captured::{Captured, is_null};
use super::shape::{Gap, Piece, Probe, Shape, Step, decided, tail};
use super::tree::{Action, Keyed, Leaf, Object};

/// Most shapes of the elements of one list. A list whose elements have more is walked where none fits.
const MOST_SHAPES: usize = 256;

/// Most tokens of an element that has a shape: larger ones hardly come twice.
const MOST_TOKENS: usize = 96;

/// No shape.
const NONE: u16 = u16::MAX;

/// What a walk through an element does, while it is watched.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    Enter(&'static Object),
    /// A text or a number begins at this token that is wanted.
    Leaf(&'static Leaf, usize),
    /// A value begins at this token that is not.
    Skip(usize),
    Dispatch(&'static Keyed),
}

/// Tokens from the bracket at which a walker stands to the one that closes it; of another value it means nothing.
pub(super) fn tokens_of(walker: &Walker<'_, '_>) -> usize {
    walker.closing(walker.token()).wrapping_sub(walker.token())
}

/// The shapes of the elements of one list.
#[derive(Debug)]
struct OfList {
    shapes: Vec<Shape>,
    /// Numbers of shapes by the tokens between the brackets of their elements; those with containers that nobody wants,
    /// which have any number, are the first.
    by_tokens: Vec<Vec<u16>>,
    /// The shape of the element before; none at the begin of the list.
    before: u16,
    /// Shapes of first elements, the last one first.
    first: [u16; 2],
}

impl Default for OfList {
    fn default() -> Self {
        Self { shapes: Vec::new(), by_tokens: Vec::new(), before: NONE, first: [NONE; 2] }
    }
}

/// The shapes of all lists.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    lists: Vec<OfList>,
    /// What stands in the gaps of the shape that was found last.
    pub(super) found: Vec<Captured>,
    /// What the walk through an element did so far, if it is watched.
    events: Option<Vec<Event>>,
    spare: Vec<Event>,
}

impl Shapes {
    /// A list begins.
    #[inline]
    pub(super) fn begin(&mut self, list: usize) {
        if self.lists.len() <= list {
            self.lists.resize_with(list + 1, OfList::default);
        }
        self.lists[list].before = NONE;
    }

    /// Finds the shape of an element of a list, and what stands in its gaps; gives its number and the token after it.
    #[inline]
    pub(super) fn find(&mut self, list: usize, walker: &Walker<'_, '_>) -> Option<(u16, usize)> {
        // What is watched is walked whole.
        if self.events.is_some() {
            return None;
        }
        let Self { lists, found, .. } = self;
        let own = lists.get_mut(list)?;
        let next = own.shapes.get(usize::from(own.before)).map_or(own.first, |shape| shape.next);
        let try_one = |number: u16, found: &mut Vec<Captured>| {
            let shape = own.shapes.get(usize::from(number))?;
            if shape.may_fit(walker) { shape.fits(walker, found) } else { None }
        };
        if let Some(token) = try_one(next[0], found) {
            own.before = next[0];
            return Some((next[0], token));
        }
        let other = try_one(next[1], found).map(|token| (next[1], token));
        let (number, token) = other.or_else(|| own.search(walker, found))?;
        own.came(number);
        Some((number, token))
    }

    /// The steps of a shape, for as long as they are followed.
    #[inline]
    pub(super) fn steps(&mut self, list: usize, shape: u16) -> Option<&mut Vec<Step>> {
        let shape = self.lists.get_mut(list)?.shapes.get_mut(usize::from(shape))?;
        Some(&mut shape.steps)
    }

    /// Begins to watch the walk through an element of so many tokens of which no shape was found. False if it is not
    /// worth it.
    pub(super) fn watch(&mut self, list: usize, tokens: usize) -> bool {
        let is_full = self.lists[list].shapes.len() == MOST_SHAPES;
        if self.events.is_some() || is_full || tokens > MOST_TOKENS {
            return false;
        }
        self.events = Some(std::mem::take(&mut self.spare));
        true
    }

    /// Notes what the walk does.
    #[inline]
    pub(super) fn note(&mut self, event: impl FnOnce() -> Event) {
        if let Some(events) = &mut self.events {
            events.push(event());
        }
    }

    /// What is watched has something in it that a shape cannot tell.
    pub(super) fn spoil(&mut self) {
        if let Some(events) = self.events.take() {
            self.spare = events;
            self.spare.clear();
        }
    }

    /// The element ends that was watched, and began where the walker stands: it is a shape.
    pub(super) fn learn(&mut self, list: usize, walker: &Walker<'_, '_>) {
        let Some(mut events) = self.events.take() else { return };
        let own = &mut self.lists[list];
        if let Some(shape) = made_of(&events, walker)
            && let Ok(number) = u16::try_from(own.shapes.len())
        {
            let has_any = shape.pieces.iter().any(|piece| matches!(piece.gap, Gap::Container(_)));
            let tokens = if has_any { 0 } else { tokens_of(walker) };
            if own.by_tokens.len() <= tokens {
                own.by_tokens.resize_with(tokens + 1, Vec::new);
            }
            own.by_tokens[tokens].push(number);
            own.shapes.push(shape);
            own.came(number);
        }
        events.clear();
        self.spare = events;
    }
}

impl OfList {
    /// An element has this shape.
    fn came(&mut self, number: u16) {
        let before = self.shapes.get_mut(usize::from(self.before));
        let next = before.map_or(&mut self.first, |shape| &mut shape.next);
        *next = [number, next[0]];
        self.before = number;
    }

    /// Looks for the shape among all.
    #[inline(never)]
    fn search(&self, walker: &Walker<'_, '_>, found: &mut Vec<Captured>) -> Option<(u16, usize)> {
        for tokens in [tokens_of(walker), 0] {
            for &number in self.by_tokens.get(tokens).map_or(&[][..], Vec::as_slice) {
                if let Some(shape) = self.shapes.get(usize::from(number))
                    && shape.may_fit(walker)
                    && let Some(token) = shape.fits(walker, found)
                {
                    return Some((number, token));
                }
            }
        }
        None
    }
}

/// Pieces and gaps of an element, as they are found one after another.
struct Cutter<'w, 't> {
    walker: &'w Walker<'t, 't>,
    shape: Shape,
    /// Where the piece begins that is not cut yet, and its first token.
    at: usize,
    token: usize,
    gaps: usize,
    /// The element's first token; none once a container was passed over that nobody wants.
    first: Option<usize>,
}

impl Cutter<'_, '_> {
    fn place(&self, token: usize) -> Option<usize> {
        self.walker.tokens().get(token).map(|place| *place as usize)
    }

    /// The bytes up to `end` are a piece, the tokens before `token` its tokens. None if they cannot be one.
    fn cut(&mut self, end: usize, token: usize, gap: Gap) -> Option<()> {
        let bytes = self.walker.text().as_bytes().get(self.at..end)?;
        if bytes.contains(&b'\\') {
            return None;
        }
        self.shape.bytes.extend_from_slice(bytes);
        let tokens = token.checked_sub(self.token)?;
        self.shape.pieces.push(Piece { len: bytes.len(), tokens, gap, before_token: 0 });
        (self.at, self.token) = (end, token);
        self.gaps += usize::from(!matches!(gap, Gap::Container(_) | Gap::End));
        Some(())
    }

    /// Whether a value that nobody wants is a text that is usually the same in all elements: a system, a currency.
    fn is_usual(&self, token: usize) -> bool {
        let name = || {
            let (open, close) = (self.place(token.checked_sub(2)?)?, self.place(token - 1)?);
            self.walker.text().get(open + 1..close)
        };
        let byte = self.place(token).and_then(|at| self.walker.text().as_bytes().get(at));
        byte == Some(&b'"') && matches!(name(), Some("system" | "url" | "code" | "unit"))
    }

    /// The value that begins at this token is where elements differ.
    fn gap(&mut self, token: usize) -> Option<()> {
        let start = self.place(token)?;
        match *self.walker.text().as_bytes().get(start)? {
            b'"' => {
                self.cut(start + 1, token + 1, Gap::Text)?;
                self.at = self.place(token + 1)?;
            }
            opening @ (b'{' | b'[') => {
                self.cut(start, token, Gap::Container(opening))?;
                let closing = self.walker.closing(token);
                self.first = None;
                (self.at, self.token) = (self.place(closing)? + 1, closing + 1);
            }
            b'-' | b'0'..=b'9' => {
                self.cut(start, token, Gap::Number)?;
                let rest = self.walker.text().as_bytes().get(start..)?;
                let len = rest.iter().position(|byte| matches!(byte, b',' | b'}' | b']'))?;
                (self.at, self.token) = (start + len, token + 1);
                let before = self.place(token + 1)?.checked_sub(self.at)?;
                self.shape.pieces.last_mut()?.before_token = u32::try_from(before).ok()?;
            }
            // A literal is as much a part of the shape as a name.
            _ => {}
        }
        Some(())
    }

    /// A wanted value: what of it is a key must be the same in all elements of the shape.
    fn leaf(&mut self, leaf: &'static Leaf, token: usize) -> Option<()> {
        let start = self.place(token)? + 1;
        let is_key = |action: &Action| matches!(action, Action::Key { .. });
        if !leaf.actions.iter().any(is_key) {
            let number = self.gaps;
            self.gap(token)?;
            self.shape.steps.push(Step::Leaf(leaf, number));
            return Some(());
        }
        let end = self.place(token + 1)?;
        let text = self.walker.text().get(start..end)?;
        if let (Some(first), Some(tail)) = (self.first, tail(self.walker.text().as_bytes(), end)) {
            let len = u32::try_from(end - start + 1).ok()?;
            self.shape.probe = Some(Probe { token: token - first, len, tail });
        }
        for action in &leaf.actions {
            if let Action::Key { keyed, keys } = action {
                let keys = keys.bits(text.as_bytes(), 0, text.len());
                let named = !is_null(text, false);
                self.shape.steps.push(Step::Keys { keyed: *keyed, keys, named });
            }
        }
        if !leaf.actions.iter().all(is_key) {
            self.shape.steps.push(Step::Leaf(leaf, self.gaps));
            self.cut(start, token + 1, Gap::Known(u32::try_from(end - start).ok()?))?;
        }
        Some(())
    }
}

/// The shape of an element through which a walk went, and which begins where the walker stands. None if it has none.
fn made_of(events: &[Event], walker: &Walker<'_, '_>) -> Option<Shape> {
    let token = walker.token();
    let shape = Shape { next: [NONE; 2], ..Shape::default() };
    let first = Some(token);
    let mut cutter = Cutter { walker, shape, at: walker.offset(), token, gaps: 0, first };
    for event in events {
        match *event {
            Event::Enter(object) => cutter.shape.steps.push(Step::Enter(object)),
            Event::Leaf(leaf, token) => cutter.leaf(leaf, token)?,
            Event::Skip(token) if cutter.is_usual(token) => {}
            Event::Skip(token) => cutter.gap(token)?,
            Event::Dispatch(keyed) => cutter.shape.steps.push(Step::Dispatch(keyed)),
        }
    }
    let closing = walker.closing(token);
    let end = cutter.place(closing)? + 1;
    cutter.cut(end, closing + 1, Gap::End)?;
    let mut shape = cutter.shape;
    if let Some(steps) = decided(&shape.steps) {
        shape.steps = steps;
    }
    Some(shape)
}
