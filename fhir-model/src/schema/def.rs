//! What a table says of one element, and of one type; and how a member is found by its name.

use cms::Release;

/// One element, by the name that JSON gives it.
#[derive(Debug, PartialEq, Eq)]
pub struct ElementDef {
    /// Where it stands: a path such as `ExplanationOfBenefit.item`, or a datatype such as `Quantity`.
    pub parent: &'static str,
    /// The JSON member name; elements with a choice of types have one per type (`valueCoding`).
    pub name: &'static str,
    /// The element's name in the definition: `value[x]` where `name` is `valueCoding`, else the same.
    pub base: &'static str,
    /// Least number of occurrences that the release asks for. Reading does not enforce it.
    pub min: u32,
    /// Whether it is a JSON list.
    pub many: bool,
    /// The FHIR types without targets: one name, as `decimal`, `Coding`, `Reference`, `Resource` or `BackboneElement`.
    pub types: &'static [&'static str],
    /// The codes that a required binding allows; empty where any code may stand.
    pub codes: &'static [&'static str],
    /// The resources that a `Reference` may name; empty where it may name any.
    pub targets: &'static [&'static str],
    /// The parent of its children; empty for primitives. See [`step`].
    pub(crate) step: &'static str,
    /// Which field of the generated struct holds it.
    pub(crate) field: u8,
    /// Which type of a choice it is.
    pub(crate) variant: u8,
}

/// The `field` of `resourceType`, which no struct stores.
pub(crate) const RESOURCE_TYPE: u8 = u8::MAX;

impl ElementDef {
    /// Whether JSON writes it as a string, a number or a boolean (FHIR: a primitive type), so that a
    /// `_name` member may stand beside it.
    pub fn is_primitive(&self) -> bool {
        self.step.is_empty()
    }

    /// Whether it is one type of an element with a choice of types.
    pub fn is_choice(&self) -> bool {
        self.base.ends_with("[x]")
    }
}

/// One resource, datatype or nested element: its children, sorted by JSON member name.
#[derive(Debug, PartialEq, Eq)]
pub struct TypeDef {
    /// The parent key: `Quantity`, `ExplanationOfBenefit.item`.
    pub name: &'static str,
    /// Whose table it stands in.
    pub release: Release,
    /// The children, sorted by name.
    pub members: &'static [ElementDef],
    /// What reading compares and fills, by the place in `members`.
    pub(crate) names: &'static [Name],
    /// Open addressing over the names, a power of two of slots: the place in `members` and one more; 0 for none.
    pub(crate) slots: &'static [u8],
    /// The first of its guesses in [`Guesses`]: which member comes first, and which after each of `members`.
    pub(crate) guesses: u16,
}

/// A member's name as the reader compares it, and what it fills: three words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    /// The first eight bytes, where there are as many.
    head: u64,
    /// The last eight bytes: see [`tail`].
    tail: u64,
    len: u16,
    pub(crate) field: u8,
    pub(crate) variant: u8,
}

/// Bytes of a word.
const WORD: usize = 8;

/// The last eight bytes of a name, the last one highest; zeros where it is shorter.
const fn tail(name: &[u8]) -> u64 {
    let mut tail = 0;
    let mut place = name.len().saturating_sub(WORD);
    while place < name.len() {
        tail = tail >> 8 | (name[place] as u64) << 56;
        place += 1;
    }
    tail
}

/// The same of the name at `text[start..end]`, in one load: what stands before a short name is blanked.
#[inline]
fn tail_at(text: &[u8], start: usize, end: usize) -> u64 {
    match text.get(end.wrapping_sub(WORD)..end).and_then(|word| word.first_chunk()) {
        Some(word) => {
            let blank = 8 * WORD.saturating_sub(end - start);
            if blank == 64 { 0 } else { u64::from_le_bytes(*word) >> blank << blank }
        }
        None => tail_near_start(text, start, end),
    }
}

/// The same of a name that ends before the eighth byte of the text.
#[cold]
#[inline(never)]
fn tail_near_start(text: &[u8], start: usize, end: usize) -> u64 {
    tail(text.get(start..end).unwrap_or_default())
}

/// The first eight bytes of a name, the first one lowest; nothing of a shorter one.
const fn head(name: &[u8]) -> u64 {
    match name.first_chunk() {
        Some(word) => u64::from_le_bytes(*word),
        None => 0,
    }
}

/// Where the search for a name begins, before it is cut to the number of slots.
#[inline]
const fn hash(tail: u64, len: usize) -> usize {
    ((tail ^ len as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 48) as usize
}

/// The names of these members.
#[allow(clippy::cast_possible_truncation, reason = "names are short")]
pub(crate) const fn names<const N: usize>(members: &[ElementDef]) -> [Name; N] {
    assert!(members.len() == N, "a name for each member");
    let mut names = [Name { head: 0, tail: 0, len: 0, field: 0, variant: 0 }; N];
    let mut place = 0;
    while place < N {
        let ElementDef { name, field, variant, .. } = members[place];
        let bytes = name.as_bytes();
        names[place] =
            Name { head: head(bytes), tail: tail(bytes), len: name.len() as u16, field, variant };
        place += 1;
    }
    names
}

/// The slots of these members.
#[allow(clippy::cast_possible_truncation, reason = "there are few members")]
pub(crate) const fn slots<const N: usize>(members: &[ElementDef]) -> [u8; N] {
    assert!(N.is_power_of_two() && members.len() < N && members.len() < 255, "slots end a search");
    let mut slots = [0; N];
    let mut place = 0;
    while place < members.len() {
        let name = members[place].name.as_bytes();
        let mut slot = hash(tail(name), name.len()) & (N - 1);
        while slots[slot] != 0 {
            slot = (slot + 1) & (N - 1);
        }
        place += 1;
        slots[slot] = place as u8;
    }
    slots
}

/// Which member came after which, the last time. Records of a kind have their members in one order, so that the next
/// one is known before its name is read, and the name is only compared.
#[derive(Debug)]
pub(crate) struct Guesses<'g>(&'g mut Orders);

/// Memory for [`Guesses`], which knows of no order yet.
pub(crate) type Orders = [u8; super::generated::GUESSES as usize];

impl<'g> Guesses<'g> {
    /// The guesses in this memory.
    pub(crate) fn of(orders: &'g mut Orders) -> Self {
        Self(orders)
    }

    /// The place that is guessed.
    #[inline]
    pub(crate) fn get(&self, guess: usize) -> usize {
        self.0.get(guess).map_or(0, |place| usize::from(*place))
    }

    /// The place that it was.
    #[allow(clippy::cast_possible_truncation, reason = "there are at most 64 members")]
    pub(crate) fn set(&mut self, guess: usize, place: usize) {
        if let Some(guess) = self.0.get_mut(guess) {
            *guess = place as u8;
        }
    }
}

impl TypeDef {
    /// Whether it is a resource: its `resourceType` says what it is, which no struct stores.
    /// (`ExplanationOfBenefit.payee` has an element of this name that is like any other.)
    pub(crate) const fn is_resource(&self) -> bool {
        let mut place = 0;
        while place < self.members.len() {
            if self.members[place].field == RESOURCE_TYPE {
                return true;
            }
            place += 1;
        }
        false
    }

    /// The child with this JSON member name.
    pub fn member(&self, name: &str) -> Option<&'static ElementDef> {
        self.position(name).map(|(_, member)| member)
    }

    /// The same with its place in `members`.
    pub(crate) fn position(&self, name: &str) -> Option<(usize, &'static ElementDef)> {
        let place = self.find(name.as_bytes(), 0, name.len())?;
        Some((place, &self.members[place]))
    }

    /// The member at this place if its name stands at `text[start..end]`. Every member name of every record comes through
    /// here: its last word is compared first, and of most names it is all there is.
    #[inline]
    pub(crate) fn named(
        &self,
        place: usize,
        text: &[u8],
        start: usize,
        end: usize,
    ) -> Option<&'static Name> {
        let name = self.names.get(place)?;
        let len = end - start;
        let found = usize::from(name.len) == len
            && name.tail == tail_at(text, start, end)
            && (len <= WORD
                || text.get(start..).map_or(0, head) == name.head
                    && (len <= 2 * WORD || self.is_whole(place, text, start, end)));
        found.then_some(name)
    }

    /// Whether a name longer than two words is this one between them too.
    #[inline(never)]
    fn is_whole(&self, place: usize, text: &[u8], start: usize, end: usize) -> bool {
        text.get(start..end) == self.members.get(place).map(|member| member.name.as_bytes())
    }

    /// The place of the member whose name stands at `text[start..end]`.
    pub(crate) fn find(&self, text: &[u8], start: usize, end: usize) -> Option<usize> {
        let mut slot = hash(tail_at(text, start, end), end - start);
        loop {
            slot &= self.slots.len() - 1;
            let place = usize::from(self.slots[slot]).checked_sub(1)?;
            if self.named(place, text, start, end).is_some() {
                return Some(place);
            }
            slot += 1;
        }
    }
}

/// The parent key for the children of `current`: its own path where it nests elements of its own,
/// the path it refers to where it borrows them, else its type. Primitives give `""`, which has no children.
pub fn step(current: &ElementDef) -> &'static str {
    current.step
}
