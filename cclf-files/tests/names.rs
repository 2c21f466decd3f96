//! Every form of the names of CCLF files.

use cclf_crosswalk::Table;
use cclf_files::{Delivery, FileName, Moment, NameError, Part, Program};

/// What a name says: entity, part, program, run-out, year.
type Said = (&'static str, Part, Option<Program>, bool, u8);

#[test]
fn every_form_is_read_and_comes_back() {
    let one = |table| Part::One(table);
    let names: [(&str, Said); 19] = [
        (
            "P.A9999.ACO.ZC1Y26.D261111.T1435560",
            ("A9999", one(Table::Cclf1), Some(Program::Mssp), false, 26),
        ),
        (
            "P.A9999.ACO.ZCAY26.D261111.T1435560",
            ("A9999", one(Table::CclfA), Some(Program::Mssp), false, 26),
        ),
        (
            "P.A9999.ACO.ZC0R25.D260311.T0910330",
            ("A9999", one(Table::Cclf0), Some(Program::Mssp), true, 25),
        ),
        (
            "P.A9999.ACO.ZCY26.D261111.T1435560.zip",
            ("A9999", Part::Zip, Some(Program::Mssp), false, 26),
        ),
        (
            "P.A9999.ACO.ZCR25.D260311.T0910330.zip",
            ("A9999", Part::Zip, Some(Program::Mssp), true, 25),
        ),
        (
            "P.D9999.ACO.ZCBY21.D210310.T1102040",
            ("D9999", one(Table::CclfB), Some(Program::Reach), false, 21),
        ),
        (
            "P.D9999.ACO.ZCR20.D210310.T1102040.zip",
            ("D9999", Part::Zip, Some(Program::Reach), true, 20),
        ),
        (
            "P.F999.ACO.ZC9Y22.D220310.T1102040",
            ("F999", one(Table::Cclf9), Some(Program::Vtapm), false, 22),
        ),
        (
            "P.K9999.ACO.ZCY23.D230310.T1102040.zip",
            ("K9999", Part::Zip, Some(Program::Kcc), false, 23),
        ),
        (
            "P.C9999.ACO.ZC7Y23.D230310.T1102040",
            ("C9999", one(Table::Cclf7), Some(Program::Kcc), false, 23),
        ),
        (
            "P.P999999.ACO.ZC23.D230310.T1102040.zip",
            ("P999999", Part::Zip, Some(Program::Pcf), false, 23),
        ),
        (
            "P.P999999.ACO.ZC2Y23.D230310.T1102040",
            ("P999999", one(Table::Cclf2), Some(Program::Pcf), false, 23),
        ),
        ("P.V999.ACO.ZC8Y20.D200310.T1102040", ("V999", one(Table::Cclf8), None, false, 20)),
        ("P.CEC.ZC8Y20.D200310.T1102040", ("CEC", one(Table::Cclf8), None, false, 20)),
        ("P.IOTA999.PRT.ZC8R25.D260310.T1102040", ("IOTA999", one(Table::Cclf8), None, true, 25)),
        (
            "T.A0001.ACO.ZC8Y18.D181120.T1000009",
            ("A0001", one(Table::Cclf8), Some(Program::Mssp), false, 18),
        ),
        (
            "P.BCD.A0001.ZC0Y18.D181120.T1000009",
            ("A0001", one(Table::Cclf0), Some(Program::Mssp), false, 18),
        ),
        (
            "T.BCD.A0001.ZCY18.D181120.T1000009.zip",
            ("A0001", Part::Zip, Some(Program::Mssp), false, 18),
        ),
        (
            "P.A9999.ACO.ZC5WY26.D261111.T1435560",
            ("A9999", one(Table::Cclf5), Some(Program::Mssp), false, 26),
        ),
    ];
    for (text, (entity, part, program, runout, year)) in names {
        let name = FileName::parse(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(name.to_string(), text);
        assert_eq!((&*name.entity, name.part, name.program()), (entity, part, program), "{text}");
        assert_eq!((name.runout, name.year), (runout, year), "{text}");
        assert_eq!(name.test, text.starts_with('T'), "{text}");
        assert_eq!(name.bcda, text.contains("BCD"), "{text}");
        assert_eq!((name.weekly, name.window), (text.contains('W'), None), "{text}");
    }
}

#[test]
fn a_weekly_zip_has_a_window() {
    let text = "P.A9999.ACO.ZCWY26.S261101.E261107.D261111.T1435560.zip";
    let name = FileName::parse(text).unwrap();
    assert!(name.weekly);
    assert_eq!(name.part, Part::Zip);
    assert_eq!(name.window, Some(((2026, 11, 1), (2026, 11, 7))));
    assert_eq!((name.date, &*name.time), ((2026, 11, 11), "1435560"));
    assert_eq!(name.to_string(), text);
}

#[test]
fn endings_are_of_no_account() {
    let plain = FileName::parse("P.A9999.ACO.ZC1Y26.D261111.T1435560");
    for ending in [".gz", ".zst", ".txt", ".zip", ".TXT.gz"] {
        assert_eq!(FileName::parse(&format!("P.A9999.ACO.ZC1Y26.D261111.T1435560{ending}")), plain);
    }
    // A zip from the mailbox has none.
    let zip = FileName::parse("P.A9999.ACO.ZCY26.D261111.T1435560").unwrap();
    assert_eq!(zip.part, Part::Zip);
    assert_eq!(zip.to_string(), "P.A9999.ACO.ZCY26.D261111.T1435560.zip");
}

#[test]
fn other_names_are_passed_by() {
    for text in [
        "",
        "README.md",
        "cclf1.parquet",
        "folder/P.A9999.ACO.ZC1Y26.D261111.T1435560",
        "X.A9999.ACO.ZC1Y26.D261111.T1435560",
        "P.A9999.ZC1Y26.D261111.T1435560",
        "P.A9999.PRT.ZC1Y26.D261111.T1435560",
        "P.IOTA999.ACO.ZC1Y26.D261111.T1435560",
        "P.9999.ACO.ZC1Y26.D261111.T1435560",
        "P.A9999.ACO.ZC1Y26.D261111",
        "P.A9999.ACO.ZC1Y26.D261111.T143556",
        "P.A9999.ACO.ZC1Y26.D261111.Tt435560",
        "P.A9999.ACO.ZC1Y26.D261331.T1435560",
        "P.A9999.ACO.ZC1Y26.D261111.T1435560.csv",
        "P.A9999.ACO.ZC1X26.D261111.T1435560",
        "P.A9999.ACO.ZC1Y2.D261111.T1435560",
        "P.A9999.ACO.ZC1Y+6.D261111.T1435560",
        "P.A9999.ACO.ZCCY26.D261111.T1435560",
        "P.A9999.ACO.ZCéY26.D261111.T1435560",
        "P.A9999.ACO.ZC26.D261111.T1435560",
        "P.A9999.ACO.ZC1Y26.S261101.E261107.D261111.T1435560",
        "P.A9999.ACO.ZCWY26.S261101.D261111.T1435560",
    ] {
        assert_eq!(FileName::parse(text), None, "{text}");
    }
}

const MADE: Moment =
    Moment { year: 2026, month: 3, day: 1, hour: 9, minute: 5, second: 7, tenth: 3 };

#[test]
fn a_delivery_names_its_files_as_its_program_does() {
    for (program, entity, runout, zip, cclf8) in [
        (
            Program::Mssp,
            "A1234",
            true,
            "P.A1234.ACO.ZCR25.D260301.T0905073.zip",
            "P.A1234.ACO.ZC8R25.D260301.T0905073",
        ),
        (
            Program::Reach,
            "D1234",
            false,
            "P.D1234.ACO.ZCY25.D260301.T0905073.zip",
            "P.D1234.ACO.ZC8Y25.D260301.T0905073",
        ),
        (
            Program::Vtapm,
            "F123",
            false,
            "P.F123.ACO.ZCY25.D260301.T0905073.zip",
            "P.F123.ACO.ZC8Y25.D260301.T0905073",
        ),
        (
            Program::Kcc,
            "C1234",
            false,
            "P.C1234.ACO.ZCY25.D260301.T0905073.zip",
            "P.C1234.ACO.ZC8Y25.D260301.T0905073",
        ),
        (
            Program::Pcf,
            "P123456",
            false,
            "P.P123456.ACO.ZC25.D260301.T0905073.zip",
            "P.P123456.ACO.ZC8Y25.D260301.T0905073",
        ),
    ] {
        let delivery = Delivery::new(program, entity, 25, runout, MADE).unwrap();
        assert_eq!(delivery.name(Part::Zip).to_string(), zip);
        let member = delivery.name(Part::One(Table::Cclf8));
        assert_eq!(member.to_string(), cclf8);
        for name in [delivery.name(Part::Zip), member] {
            assert_eq!(FileName::parse(&name.to_string()), Some(name));
        }
    }
}

#[test]
fn a_delivery_that_cannot_be_says_why() {
    let fault = |program, entity, year, runout, made| {
        Delivery::new(program, entity, year, runout, made).unwrap_err()
    };
    for (program, entity, said) in [
        (
            Program::Mssp,
            "D1234",
            "D1234 is no identifier of the program mssp: that is A and four digits",
        ),
        (
            Program::Kcc,
            "K123",
            "K123 is no identifier of the program kcc: that is K or C and four digits",
        ),
        (
            Program::Pcf,
            "P1234",
            "P1234 is no identifier of the program pcf: that is P and six digits",
        ),
        (Program::Vtapm, "", " is no identifier of the program vtapm: that is F and three digits"),
        (
            Program::Reach,
            "é234",
            "é234 is no identifier of the program reach: that is D and four digits",
        ),
    ] {
        assert_eq!(fault(program, entity, 25, false, MADE).to_string(), said);
    }
    let runout = fault(Program::Kcc, "K1234", 25, true, MADE);
    assert_eq!(runout, NameError::Runout(Program::Kcc));
    assert_eq!(runout.to_string(), "the program kcc has no run-out files");
    assert_eq!(fault(Program::Pcf, "P123456", 25, true, MADE), NameError::Runout(Program::Pcf));
    assert_eq!(fault(Program::Mssp, "A1234", 100, false, MADE), NameError::Year);
    for made in [
        Moment { year: 1999, ..MADE },
        Moment { month: 2, day: 29, ..MADE },
        Moment { month: 13, ..MADE },
        Moment { hour: 24, ..MADE },
        Moment { second: 60, ..MADE },
        Moment { tenth: 10, ..MADE },
    ] {
        assert_eq!(fault(Program::Mssp, "A1234", 25, false, made), NameError::Moment);
    }
}

#[test]
fn programs_have_names() {
    for program in Program::ALL {
        assert_eq!(program.to_string().to_uppercase().parse(), Ok(program));
    }
    assert_eq!("ngaco".parse::<Program>(), Err(NameError::Program));
}
