//! JSON's grammar on bit masks: what may follow what, 512 bytes at a time and without a branch.
//!
//! All rules but two are local. A value, a closing bracket or a separator is judged by the token before
//! it, which a shift finds; white space between the two is bridged by an addition, whose carry runs
//! through the ones of the white-space mask. Whether a string may be a member name is known at its
//! opening quote and asked at its closing one: another carry, through the mask of what is inside strings.
//!
//! What is not local is the kind of container that a comma separates in. So evidence is collected between
//! each bracket and the next (a colon: we are in an object; a value without a name after a comma or a
//! brace: in an array), handed to the bracket by a third kind of carry, and judged where brackets are
//! matched ([`brackets`](super::brackets)).
//!
//! Masks are [`Wide`]: an engine can make each step one or two instructions.

use super::block::{Group, Marks, Words};
use super::wide::Wide;

/// What one group leaves for the next, and what was found so far.
#[derive(Debug)]
pub(super) struct Grammar<W> {
    /// The group begins with a byte that a backslash escapes.
    escaped: u64,
    in_string: bool,
    before_name: Token<W>,
    before_value: Token<W>,
    opening: Token<W>,
    name_end: Token<W>,
    in_name: bool,
    scalar: W,
    object_evidence: bool,
    array_evidence: bool,
    bad: W,
    /// White space outside strings.
    white: W,
    /// The text has a byte above 0x7f.
    pub(super) high: bool,
}

/// A kind of token in the group before; and whether white space follows it to that group's end.
#[derive(Debug)]
struct Token<W> {
    before: W,
    over: bool,
}

impl<W: Wide> Token<W> {
    #[inline(always)]
    fn new(before: Words) -> Self {
        Self { before: W::load(&before), over: false }
    }

    /// The first bytes that are no white space after those of `mask`.
    #[inline(always)]
    fn next<const SPACED: bool>(&mut self, mask: W, white: W) -> W {
        let next = mask.next_byte(self.before);
        self.before = mask;
        if SPACED { next.sum(white, &mut self.over).without(white) } else { next }
    }
}

/// The brackets that come next after the bits of `evidence`, or stand there.
#[inline(always)]
fn next_bracket<W: Wide>(evidence: W, brackets: W, others: W, carry: &mut bool) -> W {
    evidence.without(brackets).sum(others, carry).or(evidence).and(brackets)
}

/// Bytes of one word that a backslash escapes.
#[inline]
fn escaped(backslash: u64, carry: &mut u64) -> u64 {
    const ODD: u64 = 0xAAAA_AAAA_AAAA_AAAA;
    // A backslash that is escaped begins no escape. In a run of others every second one is; the
    // subtraction flips the bits of runs that begin at odd places (simdjson's find_escaped).
    let potential = backslash & !*carry;
    let maybe = potential << 1;
    let codes = (maybe | ODD).wrapping_sub(potential);
    let escape_and_escaped = codes ^ ODD;
    let escaped = escape_and_escaped ^ (backslash | *carry);
    let escapes = escape_and_escaped & backslash;
    *carry = escapes >> 63;
    escaped
}

impl<W: Wide> Grammar<W> {
    #[inline(always)]
    pub(super) fn new() -> Self {
        let none = [0; 8];
        Self {
            escaped: 0,
            in_string: false,
            before_name: Token::new(none),
            // The beginning of the text is a place for a value.
            before_value: Token::new([0, 0, 0, 0, 0, 0, 0, 1 << 63]),
            opening: Token::new(none),
            name_end: Token::new(none),
            in_name: false,
            scalar: W::load(&none),
            object_evidence: false,
            array_evidence: false,
            bad: W::load(&none),
            white: W::load(&none),
            high: false,
        }
    }

    /// Quotes that no backslash escapes; whether there may be backslashes.
    #[inline(always)]
    fn quotes(&mut self, group: &Group) -> (W, bool) {
        let quote = W::load(&group.quote);
        if self.escaped == 0 && W::load(&group.backslash).is_zero() {
            return (quote, false);
        }
        (self.escaped_quotes(group), true)
    }

    #[cold]
    #[inline(never)]
    fn escaped_quotes(&mut self, group: &Group) -> W {
        let mut words = group.quote;
        for (word, backslash) in words.iter_mut().zip(group.backslash) {
            *word &= !escaped(backslash, &mut self.escaped);
        }
        W::load(&words)
    }

    /// Judges the next group. `text` has the bits set that are text and not what the last group is filled
    /// up with. Without `SPACED` no white space is expected outside strings. Gives whether the group may have
    /// backslashes, which are not judged here.
    #[inline(always)]
    pub(super) fn step<const SPACED: bool>(
        &mut self,
        group: &Group,
        text: &Words,
        marks: &mut Marks,
    ) -> bool {
        self.high |= group.high;
        let text = W::load(text);
        let (quote, backslashes) = self.quotes(group);
        // From each opening quote to the byte before the closing one.
        let string = quote.parity(&mut self.in_string);
        let outside = text.without(string.or(quote));

        let white = W::load(&group.white).and(outside);
        let open_object = W::load(&group.open_object).and(outside);
        let open_array = W::load(&group.open_array).and(outside);
        let close = W::load(&group.close).and(outside);
        let colon = W::load(&group.colon).and(outside);
        let comma = W::load(&group.comma).and(outside);
        let open = open_object.or(open_array);
        let brackets = open.or(close);
        let separators = colon.or(comma);
        let scalar = outside.without(white.or(brackets).or(separators));
        let scalars = scalar.without(scalar.next_byte(self.scalar));
        self.scalar = scalar;
        let open_quote = quote.and(string);

        let name_place = self.before_name.next::<SPACED>(open_object.or(comma), white);
        let unnamed_place = self.before_value.next::<SPACED>(open_array.or(colon), white);
        let after_opening = self.opening.next::<SPACED>(open, white);
        let name = open_quote.and(name_place);
        let name_end = name.sum(string, &mut self.in_name).without(string).and(quote);
        let after_name = self.name_end.next::<SPACED>(name_end, white).and(text);

        let value_place = name_place.or(unnamed_place);
        let unnamed = open.or(scalars);
        // A value where none may stand; a separator or an end where a value must; a colon after no name;
        // a control character in a string.
        let bad = unnamed
            .or(open_quote)
            .without(value_place)
            .or(separators.or(close.without(after_opening)).and(value_place))
            .or(colon.without(after_name))
            .or(W::load(&group.control).and(string));
        self.bad = self.bad.or(bad);
        self.white = self.white.or(white);
        let array_evidence = after_name.without(colon).or(name_place.and(unnamed));
        let others = W::load(&[u64::MAX; 8]).without(brackets);
        quote.or(unnamed).or(close).store(&mut marks.tokens);
        next_bracket(colon, brackets, others, &mut self.object_evidence)
            .store(&mut marks.in_object);
        next_bracket(array_evidence, brackets, others, &mut self.array_evidence)
            .store(&mut marks.in_array);
        scalars.store(&mut marks.scalars);
        brackets.store(&mut marks.brackets);
        backslashes
    }

    /// Whether every group was good and the text ends outside strings.
    #[inline(always)]
    pub(super) fn is_good(&self) -> bool {
        self.bad.is_zero() && !self.in_string
    }

    /// Whether there was white space outside strings; without `SPACED` the verdict then means nothing.
    #[inline(always)]
    pub(super) fn is_spaced(&self) -> bool {
        !self.white.is_zero()
    }
}
