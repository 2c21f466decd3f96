//! Records made to exhaust: nesting without end, and lists that link to one another.

use cclf_crosswalk::{ErrorClass, Plan, Reader, Took};
use synth::nested;

use super::*;

/// Containers in one another: lists, objects, and both by turns.
const SHAPES: [&str; 3] = ["[", "{\"a\":", "[{\"a\":"];

/// Runs on a thread with the stack that threads have by default.
fn on_a_thread(work: impl FnOnce() + Send + 'static) {
    std::thread::spawn(work).join().expect("the thread does not panic");
}

#[test]
fn depth_bombs_are_refused_by_both_ways() {
    on_a_thread(|| {
        let good = carrier("");
        for levels in [100, 1_000, 10_000, 100_000, 1_000_000] {
            for shape in SHAPES {
                let bomb = nested(shape, levels);
                // Read, skipped, unknown, in a list, contained; and the record itself.
                for member in ["status", "language", "zzz", "item", "extension", "contained"] {
                    if levels > 100_000 && member > "language" {
                        continue;
                    }
                    let line = good.replacen('{', &format!("{{\"{member}\":{bomb},"), 1);
                    assert_eq!(refused(line), Some(ErrorClass::Depth), "{member} {levels} {shape}");
                }
                assert_eq!(refused(bomb), Some(ErrorClass::Depth), "{levels} {shape}");
            }
        }
    });
}

/// A carrier claim with more members.
fn carrier(members: &str) -> String {
    claim("CARRIER", members).replace('\'', "\"")
}

/// Numbers that look drawn.
fn drawn(seed: &mut u64, below: i64) -> i64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    i64::try_from((*seed >> 33) % below.unsigned_abs()).unwrap()
}

/// Long lists are looked up by their sequences, short ones are looked through: with the same result.
#[test]
fn links_into_lists_of_any_length_are_those_of_the_slow_way() {
    let roles = ["primary", "performing", "attending", "operating", "other", "referring"];
    let mut seed = 7;
    for eob_type in ["CARRIER", "OUTPATIENT", "HHA", "DME"] {
        for (team, diagnoses, items) in
            [(3, 2, 4), (63, 64, 9), (64, 65, 9), (65, 66, 70), (300, 300, 300)]
        {
            let mut draw = |below| drawn(&mut seed, below);
            // Sequences come twice, and some are missing.
            let team: Vec<String> = (0..team)
                .map(|at| {
                    let role = roles[usize::try_from(draw(6)).unwrap()];
                    member(draw(team), role, &format!("{at:010}"))
                })
                .collect();
            let codes: Vec<String> = (0..diagnoses)
                .map(|at| diagnosis(draw(diagnoses), "icd-10", &format!("A{at}"), "other"))
                .collect();
            let items: Vec<String> = (1..=items)
                .map(|sequence| {
                    let links: Vec<String> = (0..draw(4)).map(|_| draw(320).to_string()).collect();
                    format!(
                        "{{'sequence':{sequence},'careTeamLinkId':[{}],'diagnosisLinkId':[{}]}}",
                        links.join(","),
                        draw(320)
                    )
                })
                .collect();
            let members = format!(
                ",'careTeam':[{}],'diagnosis':[{}],'item':[{}]",
                team.join(","),
                codes.join(","),
                items.join(",")
            );
            // A short claim comes after a long one: nothing of it is left.
            let lines = [claim(eob_type, &members), claim(eob_type, ""), claim(eob_type, &members)];
            let tables = Input::of(lines).tables();
            assert!(tables.rejected.is_empty(), "{:?}", tables.rejected);
        }
    }
}

/// The reader is of use after a record that was refused in the middle.
#[test]
fn a_good_record_after_a_bomb_is_read() {
    let good = carrier("");
    let mut reader = Reader::new(Plan::stu3());
    for shape in SHAPES {
        let line = good.replacen('{', &format!("{{\"item\":{},", nested(shape, 1_000)), 1);
        assert!(matches!(reader.take(line.as_bytes()), Took::Bad(_)));
        assert!(matches!(reader.take(good.as_bytes()), Took::Claim(_)));
    }
}
