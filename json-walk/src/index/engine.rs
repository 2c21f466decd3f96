//! Which instructions the pass may use.
#![allow(unsafe_code, reason = "a call of a function for an instruction set that was detected")]

use super::lists::Lists;
use super::pass::{self, Found};

/// The instruction set of a pass. Only those that this machine has can be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Engine(Set);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    Scalar,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "aarch64")]
    Neon,
}

impl Engine {
    /// Plain Rust: on every machine, and what the others are compared with.
    pub const SCALAR: Self = Self(Set::Scalar);

    /// The engines that this machine can run, the fastest first.
    pub fn available() -> Vec<Self> {
        let mut engines = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            let common = has!("avx2")
                && has!("pclmulqdq")
                && has!("popcnt")
                && has!("bmi1")
                && has!("bmi2")
                && has!("lzcnt");
            let wide = has!("avx512f")
                && has!("avx512bw")
                && has!("avx512dq")
                && has!("avx512vl")
                && has!("avx512vbmi2")
                && has!("vpclmulqdq");
            if common && wide {
                engines.push(Self(Set::Avx512));
            }
            if common {
                engines.push(Self(Set::Avx2));
            }
        }
        #[cfg(target_arch = "aarch64")]
        if std::arch::is_aarch64_feature_detected!("neon") {
            engines.push(Self(Set::Neon));
        }
        engines.push(Self::SCALAR);
        engines
    }

    /// The fastest engine that this machine can run; looked for once.
    pub fn best() -> Self {
        static BEST: std::sync::OnceLock<Engine> = std::sync::OnceLock::new();
        *BEST.get_or_init(|| Self::available().first().copied().unwrap_or(Self::SCALAR))
    }

    /// Its name: `avx512`, `avx2`, `neon` or `scalar`.
    pub const fn name(self) -> &'static str {
        match self.0 {
            Set::Scalar => "scalar",
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => "avx512",
            #[cfg(target_arch = "aarch64")]
            Set::Neon => "neon",
        }
    }

    #[inline]
    pub(super) fn read<const SPACED: bool>(self, text: &[u8], lists: &mut Lists) -> Found {
        match self.0 {
            Set::Scalar => pass::scalar::<SPACED>(text, lists),
            // SAFETY: this engine is made by `available` alone, after every feature was detected.
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => unsafe { pass::avx2::<SPACED>(text, lists) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => unsafe { pass::avx512::<SPACED>(text, lists) },
            // SAFETY: as above.
            #[cfg(target_arch = "aarch64")]
            Set::Neon => unsafe { pass::neon::<SPACED>(text, lists) },
        }
    }
}
