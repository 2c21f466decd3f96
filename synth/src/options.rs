//! What to generate.

use crate::error::Error;
use crate::rng::{Rng, Stream};
use crate::weeks::Window;
use cms::Api;

/// What to generate. `Options::default()` is 100 beneficiaries of v1, plain files and no broken line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How many beneficiaries the export has.
    pub beneficiaries: u64,
    /// Whose shape the records have: the same people and claims are in each version of the API.
    pub api: Api,
    /// Another seed gives other records.
    pub seed: u64,
    /// Write `.ndjson.gz` files; some of them of several gzip members.
    pub gzip: bool,
    /// How many lines of a million are broken, 0 to 1,000,000. [`parse_rate`] reads a share.
    pub bad_per_million: u32,
    /// Claims of each beneficiary, one version each; by default none or 8 to 52, 29 on average.
    pub claims_per_beneficiary: Option<u32>,
    /// How many claims of a million come a second time, as a shared system has them before they are wholly adjudicated.
    /// With a fifth of them comes a prior authorization. v3 alone has them.
    pub partially_adjudicated_per_million: u32,
    /// Beneficiaries whose claims go into one file; 20 by default (about 10 MB). A Coverage file holds those of
    /// five times, a Patient file those of fifty times as many.
    pub beneficiaries_per_file: u32,
    /// Which weeks it tells of. Without, it is one export of everything. In weeks, people come and leave and claims change.
    pub window: Option<Window>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            beneficiaries: 100,
            api: Api::V1,
            seed: 0,
            gzip: false,
            bad_per_million: 0,
            claims_per_beneficiary: None,
            partially_adjudicated_per_million: 0,
            beneficiaries_per_file: 20,
            window: None,
        }
    }
}

impl Options {
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.beneficiaries > 50_000_000 {
            return Err(Error::Options("at most 50 million beneficiaries"));
        }
        if let Some(window) = self.window {
            window.check()?;
        }
        if self.beneficiaries_per_file == 0 {
            return Err(Error::Options("at least one beneficiary per file"));
        }
        if self.bad_per_million > 1_000_000 {
            return Err(Error::Options("at most a million broken lines of a million"));
        }
        match (self.partially_adjudicated_per_million, self.api) {
            (1_000_001.., _) => {
                Err(Error::Options("at most a million partially adjudicated claims of a million"))
            }
            (1.., Api::V1 | Api::V2) => {
                Err(Error::Options("partially adjudicated claims are those of v3 alone"))
            }
            _ => Ok(()),
        }
    }

    /// How many claims a beneficiary has.
    pub(crate) fn claims(&self, index: u64) -> u64 {
        if let Some(claims) = self.claims_per_beneficiary {
            return u64::from(claims);
        }
        let mut rng = Rng::new(self.seed, Stream::ClaimCount, index, 0);
        // The first beneficiary has enough claims for all eight types.
        if index > 0 && rng.percent(3) { 0 } else { u64::from(rng.between(8, 52)) }
    }

    /// How many claim numbers each beneficiary has; claims beyond them would take the next one's. Where there are weeks a
    /// claim can be replaced: it needs another number.
    pub(crate) fn stride(&self) -> u64 {
        self.replacement() * if self.window.is_some() { 2 } else { 1 }
    }

    /// How many numbers after a claim's own is the one of the claim that replaces it.
    pub(crate) fn replacement(&self) -> u64 {
        u64::from(self.claims_per_beneficiary.unwrap_or(0)).max(100)
    }
}

/// Reads a share such as `0.001` or `1` as parts of a million. At most six decimals.
///
/// ```
/// assert_eq!(synth::parse_rate("0.0125"), Some(12_500));
/// assert_eq!(synth::parse_rate("1"), Some(1_000_000));
/// assert_eq!(synth::parse_rate("1.5"), None);
/// ```
pub fn parse_rate(text: &str) -> Option<u32> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || decimals.len() > 6 || !digits(whole) || !digits(decimals) {
        return None;
    }
    let whole: u32 = whole.parse().ok()?;
    let decimals: u32 = format!("{decimals:0<6}").parse().ok()?;
    let rate = whole.checked_mul(1_000_000)?.checked_add(decimals)?;
    (rate <= 1_000_000).then_some(rate)
}
