//! A leaf as it was met, before it is known who wants it.

#[allow(clippy::cast_possible_truncation, reason = "lines are at most MAX_RECORD_BYTES long")]
pub(super) const fn place(offset: usize) -> u32 {
    offset as u32
}

/// A leaf as it was met, before it is known which fact wants it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Captured {
    None,
    /// `escaped`: there may be escapes.
    Text {
        start: u32,
        end: u32,
        escaped: bool,
    },
    Number {
        start: u32,
        end: u32,
    },
}

/// Whether a text says nothing: a blank one, and a code of nothing but `~`, the way of CMS's warehouse to say so.
#[inline]
pub(super) fn is_null(text: &str, code: bool) -> bool {
    match text.as_bytes().first() {
        Some(b'~') if code => text.trim_end().bytes().all(|byte| byte == b'~'),
        Some(0x21..0x80) => false,
        _ => {
            let said = text.trim();
            said.is_empty() || (code && said.bytes().all(|byte| byte == b'~'))
        }
    }
}
