//! Figures as a page has them.

use profile::{Figure, grouped};

/// What stands for a hidden figure.
pub(crate) const HIDDEN: &str = "hidden";

/// How figures of one kind are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Count,
    Dollars,
}

impl Kind {
    /// What a figure comes to: a count, or cents.
    pub(crate) fn value(self, figure: &Figure) -> Option<i128> {
        match self {
            Self::Count => figure.count.map(i128::from),
            Self::Dollars => figure.cents,
        }
    }

    /// The same, exactly.
    pub(crate) fn exact(self, figure: &Figure) -> Option<String> {
        let value = self.value(figure)?;
        Some(match self {
            Self::Count => grouped(value),
            Self::Dollars => dollars(value),
        })
    }

    /// A value of this kind in few characters, for axes and headlines.
    pub(crate) fn short(self, value: f64) -> String {
        let sign = if value < 0.0 { "-" } else { "" };
        let (value, money) = match self {
            Self::Count => (value.abs(), ""),
            Self::Dollars => (value.abs() / 100.0, "$"),
        };
        let scaled =
            [(1e9, "B"), (1e6, "M"), (1e3, "k")].into_iter().find(|(least, _)| value >= *least);
        let (value, unit) = scaled.map_or((value, ""), |(least, unit)| (value / least, unit));
        let decimals = usize::from(!unit.is_empty() && value < 100.0);
        let number = format!("{value:.decimals$}");
        let number = if decimals > 0 { number.trim_end_matches(".0") } else { &number };
        format!("{sign}{money}{number}{unit}")
    }
}

/// Cents as dollars.
pub(crate) fn dollars(cents: i128) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let cents = cents.unsigned_abs();
    let whole = i128::try_from(cents / 100).unwrap_or(i128::MAX);
    format!("{sign}{}.{:02}", grouped(whole), cents % 100)
}

/// A share in percent, with one decimal, rounded down: what is all but full is not shown as full.
pub(crate) fn share(part: u64, all: u64) -> String {
    let tenths = u128::from(part) * 1_000 / u128::from(all.max(1));
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// Where a bar ends that is `value` of at most `most`, in percent of its place.
#[allow(clippy::cast_precision_loss, reason = "a length on a screen")]
pub(crate) fn length(value: i128, most: i128) -> f64 {
    if most <= 0 { 0.0 } else { (value.max(0) as f64 / most as f64 * 100.0).min(100.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short_and_exact() {
        let short = [0.0, 999.0, 1_500.0, 100_000.0, 2_000_000.0].map(|own| Kind::Count.short(own));
        assert_eq!(short, ["0", "999", "1.5k", "100k", "2M"]);
        assert_eq!(Kind::Dollars.short(-1_234_567.0), "-$12.3k");
        assert_eq!([dollars(-5), dollars(1_234_500)], ["-0.05", "12,345.00"]);
        assert_eq!([share(2, 3), share(999_999, 1_000_000), share(0, 0)], ["66.6", "99.9", "0.0"]);
    }
}
