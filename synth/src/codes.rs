//! Code lists and words. The displays are short words of our own; some hold characters that JSON or
//! the Go encoder escapes, so that readers meet every kind of escape.

use crate::rng::Rng;

/// A code with its display; either may be empty, and is then left out.
pub(crate) type Coded = (&'static str, &'static str);

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

/// The FIPS codes of [`STATES`].
const FIPS: [&str; 53] = [
    "01", "02", "04", "05", "06", "08", "09", "10", "11", "12", "13", "15", "16", "17", "18", "19",
    "20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "30", "31", "32", "33", "34", "35",
    "36", "37", "38", "39", "40", "41", "42", "72", "44", "45", "46", "47", "48", "49", "50", "78",
    "51", "53", "54", "55", "56",
];

/// The letters and the FIPS code of a state that is told in SSA digits or letters; none when it is unknown.
pub(crate) fn letters_and_fips(code: &str) -> Option<(&'static str, &'static str)> {
    let place = STATES.iter().position(|&(ssa, usps)| ssa == code || usps == code)?;
    Some((STATES[place].1, FIPS[place]))
}

const TAXONOMY: &[Coded] = &[
    ("207R00000X", "Internist"),
    ("207ZH0000X", "Blood & tissue"),
    ("207T00000X", "Surgeon"),
    ("204D00000X", "Muscles, bones"),
    ("390200000X", ""),
];

/// What kind of provider the directory says that this one is; of some it does not say.
pub(crate) fn taxonomy(npi: u64) -> Option<Coded> {
    let place = usize::try_from(npi / 5 % 8).unwrap_or(0);
    TAXONOMY.get(place).copied()
}

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
