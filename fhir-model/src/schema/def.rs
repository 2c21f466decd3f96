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
    /// The end of the name: see [`tail`].
    pub(crate) tail: u64,
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
    /// Open addressing over the names: a power of two of them.
    pub(crate) slots: &'static [Slot],
}

/// What finding a member takes, in a quarter of a cache line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    tail: u64,
    /// Length of the name; 0: the slot has no member.
    len: u16,
    /// Its place in `members`.
    pub(crate) place: u8,
    pub(crate) field: u8,
    pub(crate) variant: u8,
}

/// Bytes of a word.
const WORD: usize = 8;

/// The last eight bytes of a name, the last one highest; zeros where it is shorter.
pub(crate) const fn tail(name: &[u8]) -> u64 {
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
        None => tail(text.get(start..end).unwrap_or_default()),
    }
}

/// Where the search for a name begins, before it is cut to the number of slots.
#[inline]
const fn hash(tail: u64, len: usize) -> usize {
    ((tail ^ len as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 48) as usize
}

/// The slots of these members.
#[allow(clippy::cast_possible_truncation, reason = "names are short, and there are fewer members")]
pub(crate) const fn slots<const N: usize>(members: &[ElementDef]) -> [Slot; N] {
    assert!(N.is_power_of_two() && members.len() < N && members.len() < 256, "slots end a search");
    let mut slots = [Slot { tail: 0, len: 0, place: 0, field: 0, variant: 0 }; N];
    let mut place = 0;
    while place < members.len() {
        let ElementDef { name, tail, field, variant, .. } = members[place];
        let mut slot = hash(tail, name.len()) & (N - 1);
        while slots[slot].len != 0 {
            slot = (slot + 1) & (N - 1);
        }
        slots[slot] = Slot { tail, len: name.len() as u16, place: place as u8, field, variant };
        place += 1;
    }
    slots
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
        let slot = self.slot(name.as_bytes(), 0, name.len())?;
        Some((usize::from(slot.place), self.at(slot)))
    }

    /// The member of a slot that was found.
    pub(crate) fn at(&self, slot: Slot) -> &'static ElementDef {
        &self.members[usize::from(slot.place)]
    }

    /// The member whose name stands at `text[start..end]`. Every member name of every record comes through here:
    /// its last word is compared first, and of most names it is all there is.
    #[inline]
    pub(crate) fn slot(&self, text: &[u8], start: usize, end: usize) -> Option<Slot> {
        let (tail, len) = (tail_at(text, start, end), end - start);
        let mut place = hash(tail, len);
        loop {
            place &= self.slots.len() - 1;
            let slot = self.slots[place];
            if slot.len == 0 {
                return None;
            }
            if slot.tail == tail
                && usize::from(slot.len) == len
                && (len <= WORD || text.get(start..end) == Some(self.at(slot).name.as_bytes()))
            {
                return Some(slot);
            }
            place += 1;
        }
    }
}

/// The parent key for the children of `current`: its own path where it nests elements of its own,
/// the path it refers to where it borrows them, else its type. Primitives give `""`, which has no children.
pub fn step(current: &ElementDef) -> &'static str {
    current.step
}
