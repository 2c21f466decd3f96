//! Code lists and words. The displays are short words of our own; some hold characters that JSON or
//! the Go encoder escapes, so that readers meet every kind of escape.

use crate::fhir::Coded;
use crate::rng::Rng;

pub(crate) const POS: &[Coded] = &[
    ("11", "Office"),
    ("11", "Office"),
    ("22", "Hospital \"on campus\""),
    ("21", "Hospital ward"),
    ("12", "Home"),
    ("31", "Nursing & skilled care"),
    ("81", "Laboratory"),
    ("23", "Emergency room"),
];
pub(crate) const TYPE_OF_SERVICE: &[Coded] = &[
    ("1", "Medical"),
    ("1", "Medical"),
    ("2", "Surgery"),
    ("3", "Consultation"),
    ("4", "X-ray & imaging"),
    ("5", "Laboratory"),
    ("7", "Anaesthesia"),
    ("9", ""),
];
pub(crate) const DME_SERVICE: &[Coded] =
    &[("P", "Purchase"), ("R", "Rental"), ("A", "Used"), ("E", "Lump sum")];
pub(crate) const BETOS: &[Coded] = &[
    ("M1B", "Visit, known patient"),
    ("M1A", "Visit, new patient"),
    ("T1H", "Test, <other>"),
    ("I1A", "Imaging"),
    ("P6C", "Minor procedure"),
    ("D1E", "Equipment"),
    ("Y2", ""),
    ("O1E", "Drug"),
];
pub(crate) const SPECIALTY: &[Coded] = &[
    ("01", "General practice"),
    ("11", "Internist"),
    ("08", "Family doctor"),
    ("41", "Eye care"),
    ("30", "Radiology"),
    ("69", "Independent lab"),
    ("50", "Nurse practitioner"),
    ("97", "Assistant, \"PA\""),
    ("93", "Emergency"),
];
pub(crate) const SUPPLIER_SPECIALTY: &[Coded] =
    &[("54", "Supply company"), ("A5", "Pharmacy"), ("87", "Supplier")];
pub(crate) const PROVIDER_TYPE: &[Coded] = &[
    ("0", "Clinic & group"),
    ("1", "Solo physician"),
    ("3", "Institution"),
    ("4", ""),
    ("7", "Group > one"),
];
pub(crate) const PARTICIPATING: &[Coded] =
    &[("1", "Takes part"), ("1", "Takes part"), ("2", "Some"), ("9", "")];
pub(crate) const PROCESSING: &[Coded] = &[
    ("A", "Allowed"),
    ("A", "Allowed"),
    ("A", "Allowed"),
    ("A", "Allowed"),
    ("R", "Reprocessed"),
    ("C", "Not covered"),
    ("S", "Second payer"),
    ("N", "Not needed"),
];
pub(crate) const PAYMENT_DENIAL: &[Coded] = &[
    ("1", "Paid to provider"),
    ("1", "Paid to provider"),
    ("2", "Paid to patient"),
    ("0", "Denied"),
    ("D", ""),
];
pub(crate) const PRIMARY_PAYER: &[Coded] = &[
    ("A", "Working aged"),
    ("B", "Kidney & renal"),
    ("D", "No-fault"),
    ("E", "Workers' insurance"),
    ("L", ""),
];
pub(crate) const MTUS: &[Coded] =
    &[("3", "Services"), ("3", "Services"), ("2", "Minutes"), ("5", "Oxygen units")];
pub(crate) const HEMATOLOGY: &[Coded] = &[("R1", "Haemoglobin"), ("R2", "Haematocrit")];
pub(crate) const DRUG: &[&str] = &[
    "Tablet 10 mg",
    "Capsule \"slow\" 20 mg",
    "Solution < 5 %",
    "Crème & salve",
    "Inhaler",
    "Injection 1 ml",
    "",
];
pub(crate) const CONDITION: &[&str] = &[
    "Long-term condition",
    "Injury, \"left\" side",
    "Ménière type",
    "Pain > 3 days",
    "Fever & chills",
    "Café-au-lait spot",
    "Follow-up",
    "Routine check",
    "Old fracture",
    "Heart rhythm",
    "Sugar metabolism",
    "Blood pressure",
    "Breathing \\ airways",
    "Skin",
    "Kidney, stage <4",
    "Vision",
];
pub(crate) const OPERATION: &[&str] = &[
    "Open repair",
    "Joint \"new\"",
    "Scope & view",
    "Imaging",
    "Drainage",
    "Insertion",
    "Removal",
];
pub(crate) const POA: &[Coded] = &[
    ("Y", "Present"),
    ("Y", "Present"),
    ("Y", "Present"),
    ("N", "Not present"),
    ("U", "Unknown"),
    ("W", ""),
    ("1", "Exempt"),
];
pub(crate) const NON_PAYMENT: &[Coded] =
    &[("A", "Covered by others"), ("B", "Used up"), ("N", "Other"), ("P", "")];
pub(crate) const DISCHARGE: &[Coded] = &[
    ("01", "Home"),
    ("01", "Home"),
    ("03", "To nursing care"),
    ("06", "Home with care"),
    ("20", "Died"),
    ("30", "Still here"),
    ("62", "Rehabilitation"),
    ("51", "Hospice"),
];
pub(crate) const PATIENT_STATUS: &[Coded] =
    &[("A", "Discharged"), ("B", "Died"), ("C", "Still a patient")];
pub(crate) const MCO: &[Coded] =
    &[("0", "No plan paid"), ("0", "No plan paid"), ("1", "Plan paid")];
pub(crate) const ADMISSION_TYPE: &[Coded] =
    &[("1", "Emergency"), ("2", "Urgent"), ("3", "Elective"), ("9", "")];
pub(crate) const ADMISSION_SOURCE: &[Coded] =
    &[("1", "Home"), ("2", "Clinic"), ("4", "Other hospital"), ("5", "")];
pub(crate) const DEDUCTIBLE: &[Coded] =
    &[("0", "Both apply"), ("1", "No deductible"), ("4", "No charge"), ("A", "")];
pub(crate) const REVENUE_STATUS: &[Coded] =
    &[("A", "Fee schedule"), ("S", "Significant"), ("N", "Packaged"), ("V", "")];
pub(crate) const ANSI: &[Coded] = &[
    ("CO45", "Above the fee"),
    ("CO120", "Covered elsewhere"),
    ("PR1", "Deductible"),
    ("PR2", "Share"),
    ("OA23", ""),
    ("CO253", "Cut"),
];
pub(crate) const LUPA: &[Coded] = &[("L", "Few visits"), ("", "")];
pub(crate) const REFERRAL: &[Coded] =
    &[("1", "Doctor"), ("2", "Clinic"), ("4", "Hospital"), ("B", "Other agency")];
pub(crate) const MODIFIER: &[&str] =
    &["25", "59", "LT", "RT", "GA", "KX", "76", "TC", "26", "95", "NU", "RR", "KH", "GT"];
pub(crate) const DAW: &[Coded] = &[
    ("0", "No choice made"),
    ("0", "No choice made"),
    ("1", "Doctor's choice"),
    ("2", "Patient's choice"),
];
pub(crate) const DISPENSING: &[Coded] = &[("P", "Part fill"), ("C", "Rest of fill")];
pub(crate) const COVERAGE_STATUS: &[Coded] = &[
    ("C", "Covered"),
    ("C", "Covered"),
    ("C", "Covered"),
    ("E", "Extra"),
    ("O", "Over the counter"),
];
pub(crate) const FORMAT: &[Coded] = &[("X", "Paper & other"), ("B", "Patient"), ("P", "")];
pub(crate) const PRICING: &[Coded] = &[("M", "Second payer"), ("O", "Outside network")];
pub(crate) const CATASTROPHIC: &[Coded] = &[("A", "At the limit"), ("C", "Above the limit")];
pub(crate) const RX_ORIGIN: &[Coded] =
    &[("1", "Written"), ("2", "Telephone"), ("3", "Electronic"), ("4", "Fax"), ("5", "")];
pub(crate) const BRAND: &[Coded] = &[("B", "Brand"), ("G", "Generic"), ("G", "Generic")];
pub(crate) const PHARMACY: &[Coded] = &[
    ("01", "Shop & retail"),
    ("01", "Shop & retail"),
    ("04", "Institution"),
    ("05", "Long stay"),
    ("06", "Mail"),
    ("99", ""),
];
pub(crate) const RESIDENCE: &[Coded] = &[
    ("01", "Home"),
    ("01", "Home"),
    ("03", "Nursing home"),
    ("04", "Assisted living"),
    ("00", ""),
];
pub(crate) const CLARIFICATION: &[Coded] =
    &[("05", "Dose changed"), ("08", "Compound"), ("21", "14 days or fewer")];
pub(crate) const RACE: &[Coded] = &[
    ("1", "White"),
    ("1", "White"),
    ("1", "White"),
    ("1", "White"),
    ("2", "Black"),
    ("3", "Other"),
    ("4", "Asian"),
    ("5", "Hispanic"),
    ("6", "Native"),
    ("0", "Unknown"),
];
pub(crate) const DUAL: &[Coded] = &[
    ("NA", "Not dual"),
    ("NA", "Not dual"),
    ("NA", "Not dual"),
    ("02", "Full"),
    ("01", "Part"),
    ("08", ""),
    ("**", "No data"),
    ("99", ""),
];
pub(crate) const BUYIN: &[Coded] = &[
    ("3", "Parts A & B"),
    ("3", "Parts A & B"),
    ("C", "Both, state pays"),
    ("1", "Part A"),
    ("0", "None"),
];
pub(crate) const MEDICARE_STATUS: &[Coded] = &[
    ("10", "Aged"),
    ("10", "Aged"),
    ("10", "Aged"),
    ("20", "Disabled"),
    ("11", "Aged & renal"),
    ("31", "Renal"),
];
pub(crate) const ENTITLEMENT: &[Coded] =
    &[("0", "Age"), ("0", "Age"), ("1", "Disability"), ("2", "Renal"), ("3", "")];
pub(crate) const TERMINATION: &[Coded] = &[
    ("0", "In force"),
    ("0", "In force"),
    ("0", "In force"),
    ("0", "In force"),
    ("1", "Died"),
    ("9", "Other end"),
];

pub(crate) const FAMILY: &[&str] = &[
    "Sample",
    "O'Example",
    "Núñez",
    "Test-Person",
    "Müller",
    "Synthetic",
    "Demo",
    "Ångstrand",
    "Fixture",
    "Placeholder",
    "Nguyễn",
    "Example",
    "D\"Quote",
    "Mock & Son",
    "Łucka",
    "Stub",
];
pub(crate) const GIVEN_F: &[&str] =
    &["Ada", "Zoë", "María", "Ruth", "Inés", "Joan", "Renée", "Olga"];
pub(crate) const GIVEN_M: &[&str] =
    &["José", "Paul", "Ivan", "Karl", "Søren", "Tom", "André", "Leo"];
pub(crate) const STREET: &[&str] = &[
    "SAMPLE ST",
    "EXAMPLE AVE",
    "TEST & TRIAL RD",
    "DEMO \"OLD\" LN",
    "PEÑA BLVD",
    "FIXTURE <REAR> CT",
    "MOCK WAY",
];
pub(crate) const CITY: &[&str] =
    &["SAMPLEVILLE", "EXAMPLE CITY", "CAÑON TEST", "NEW DEMO", "FORT FIXTURE", "ST. MOCK"];

/// SSA state codes with USPS letters.
pub(crate) const STATES: &[(&str, &str)] = &[
    ("01", "AL"),
    ("02", "AK"),
    ("03", "AZ"),
    ("04", "AR"),
    ("05", "CA"),
    ("06", "CO"),
    ("07", "CT"),
    ("08", "DE"),
    ("09", "DC"),
    ("10", "FL"),
    ("11", "GA"),
    ("12", "HI"),
    ("13", "ID"),
    ("14", "IL"),
    ("15", "IN"),
    ("16", "IA"),
    ("17", "KS"),
    ("18", "KY"),
    ("19", "LA"),
    ("20", "ME"),
    ("21", "MD"),
    ("22", "MA"),
    ("23", "MI"),
    ("24", "MN"),
    ("25", "MS"),
    ("26", "MO"),
    ("27", "MT"),
    ("28", "NE"),
    ("29", "NV"),
    ("30", "NH"),
    ("31", "NJ"),
    ("32", "NM"),
    ("33", "NY"),
    ("34", "NC"),
    ("35", "ND"),
    ("36", "OH"),
    ("37", "OK"),
    ("38", "OR"),
    ("39", "PA"),
    ("40", "PR"),
    ("41", "RI"),
    ("42", "SC"),
    ("43", "SD"),
    ("44", "TN"),
    ("45", "TX"),
    ("46", "UT"),
    ("47", "VT"),
    ("48", "VI"),
    ("49", "VA"),
    ("50", "WA"),
    ("51", "WV"),
    ("52", "WI"),
    ("53", "WY"),
];

/// The code of a state for a record: SSA digits mostly, letters often, unknown (99) rarely.
pub(crate) fn state_code(rng: &mut Rng, state: usize) -> &'static str {
    let (ssa, usps) = STATES[state];
    match rng.below(100) {
        0 => "99",
        1..=35 => usps,
        _ => ssa,
    }
}

/// A coded value from a list; blank once in fifty.
pub(crate) fn coded(rng: &mut Rng, list: &[Coded]) -> Coded {
    if rng.chance(1, 50) { ("", "") } else { rng.pick(list) }
}

/// A short code of capital letters and digits, kept inline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShortCode {
    bytes: [u8; 12],
    len: usize,
}

impl ShortCode {
    const EMPTY: Self = Self { bytes: [b'0'; 12], len: 0 };

    fn push(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    fn digit(&mut self, number: u32) {
        self.push(b'0' + (number % 10) as u8);
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }

    fn letter(&mut self, letters: &[u8], number: u32) {
        self.push(letters[number as usize % letters.len()]);
    }

    /// A made-up procedure code: five digits, or a letter and four digits.
    pub(crate) fn hcpcs(rng: &mut Rng) -> Self {
        let mut code = Self::EMPTY;
        let n = rng.below(20_000);
        match n % 4 {
            0 => code.letter(b"AEGJLQ", n / 4),
            _ => code.digit(9 - n / 4 % 3),
        }
        for place in [1, 10, 100, 1000] {
            code.digit(n / place);
        }
        code
    }

    /// A made-up drug code of eleven digits with the labeler 99999.
    pub(crate) fn ndc(number: u32) -> Self {
        let mut code = Self::EMPTY;
        for _ in 0..5 {
            code.digit(9);
        }
        for place in [100_000, 10_000, 1000, 100, 10, 1] {
            code.digit(number / place);
        }
        code
    }

    /// A made-up ICD-10 diagnosis code of 3 to 7 places without the dot.
    pub(crate) fn icd10(number: u32) -> Self {
        let mut code = Self::EMPTY;
        code.letter(b"ABCDEFGHIJKLMNOPQRSTZ", number * 7);
        code.digit(number);
        code.digit(number / 10);
        for place in 0..number % 5 {
            code.letter(b"0123456789AXDS", number / 3 + place * 5);
        }
        code
    }

    /// A made-up ICD-9 diagnosis code of 3 to 5 places.
    pub(crate) fn icd9(number: u32) -> Self {
        let mut code = Self::EMPTY;
        match number % 12 {
            0 => code.letter(b"V", 0),
            1 => {
                code.letter(b"E", 0);
                code.digit(8 + number % 2);
            }
            _ => code.digit(number / 5),
        }
        code.digit(number);
        code.digit(number / 10);
        for place in 0..(number % 3).min(if number % 12 == 1 { 1 } else { 2 }) {
            code.digit(number / 7 + place);
        }
        code
    }

    /// A made-up procedure code: seven places (ICD-10) or four digits (ICD-9).
    pub(crate) fn procedure(number: u32, icd10: bool) -> Self {
        let mut code = Self::EMPTY;
        for place in 0..if icd10 { 7 } else { 4 } {
            if icd10 {
                code.letter(b"0123456789BCDFGHJKLMNPQRSTVWXYZ", number / (place + 1) + place * 11);
            } else {
                code.digit(number / (place + 1) + place);
            }
        }
        code
    }

    /// A synthetic MBI: 11 places that begin 1S00. One to one for numbers below 240 million.
    pub(crate) fn mbi(number: u64) -> Self {
        const LETTERS: &[u8] = b"ACDEFGHJKMNPQRTUVWXY";
        const EITHER: &[u8] = b"0123456789ACDEFGHJKMNPQRTUVWXY";
        const DIGITS: &[u8] = b"0123456789";
        let mut code = Self::EMPTY;
        for byte in *b"1S00" {
            code.push(byte);
        }
        // The multiplier shares no factor with the 240 million numbers, so none is given twice.
        let mut left = number % MBIS * 104_729_003 % MBIS;
        for alphabet in [LETTERS, EITHER, DIGITS, LETTERS, LETTERS, DIGITS, DIGITS] {
            let len = alphabet.len() as u64;
            code.push(alphabet[usize::try_from(left % len).unwrap_or(0)]);
            left /= len;
        }
        code
    }
}

/// How many synthetic MBIs there are.
pub(crate) const MBIS: u64 = 20 * 30 * 10 * 20 * 20 * 10 * 10;

#[cfg(test)]
mod tests {
    use super::{MBIS, ShortCode};
    use std::collections::BTreeSet;

    #[test]
    fn mbis_are_distinct_and_well_formed() {
        assert_eq!(MBIS, 240_000_000);
        let mbis: BTreeSet<String> =
            (0..20_000).map(|n| ShortCode::mbi(n).as_str().to_owned()).collect();
        assert_eq!(mbis.len(), 20_000);
        assert!(mbis.iter().all(|m| m.len() == 11 && m.starts_with("1S00")));
    }

    #[test]
    fn codes_have_their_lengths() {
        for number in 0..5000 {
            assert!((3..=7).contains(&ShortCode::icd10(number).as_str().len()));
            assert!((3..=5).contains(&ShortCode::icd9(number).as_str().len()));
            assert_eq!(ShortCode::ndc(number).as_str().len(), 11);
            assert_eq!(ShortCode::procedure(number, true).as_str().len(), 7);
            assert_eq!(ShortCode::procedure(number, false).as_str().len(), 4);
        }
    }
}
