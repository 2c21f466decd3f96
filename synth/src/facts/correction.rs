//! What a correction changes of a claim: its amounts, and how many lines it has.

use super::claim::{Body, Claim};
use super::header::Action;
use crate::rng::Rng;

/// What becomes of the lines.
enum Lines {
    Same,
    Fewer,
    More,
}

impl Lines {
    fn draw(rng: &mut Rng) -> Self {
        match rng.below(3) {
            0 => Self::Same,
            1 => Self::Fewer,
            _ => Self::More,
        }
    }

    /// Takes the last line away, or has it twice. The first line stays.
    fn change<L: Clone>(&self, lines: &mut Vec<L>) {
        match self {
            Self::Fewer if lines.len() > 1 => {
                lines.pop();
            }
            Self::More => lines.extend(lines.last().cloned()),
            Self::Same | Self::Fewer => {}
        }
    }
}

impl Claim<'_> {
    /// Corrects the claim: other amounts, and fewer or more lines. Its number, days and people stay.
    pub(super) fn correct(&mut self, rng: &mut Rng) {
        let lines = Lines::draw(rng);
        let more = rng.cents(1, 90);
        match &mut self.body {
            Body::PartB(bill) => {
                lines.change(&mut bill.lines);
                for line in &mut bill.lines {
                    line.submitted += more;
                    line.allowed += more / 2;
                    line.paid = (line.allowed - line.deductible) * 80 / 100;
                    line.coinsurance = line.allowed - line.deductible - line.paid;
                }
                if bill.to_patient > 0 {
                    bill.to_patient = bill.sum(|line| line.paid);
                }
            }
            Body::Institutional(stay) => {
                let before = stay.paid_by_lines();
                lines.change(&mut stay.lines);
                for line in &mut stay.lines {
                    line.charge += more;
                    // A line that is not covered is not covered whole.
                    if line.noncovered > 0 {
                        line.noncovered = line.charge;
                    } else {
                        line.paid += more / 2;
                    }
                }
                stay.total = stay.lines.iter().map(|line| line.charge).sum();
                let after = stay.paid_by_lines();
                // Where lines are not paid one by one the claim is paid more all the same.
                stay.payment += if stay.payment == before { after - before } else { more };
            }
            Body::Drug(event) => {
                if let Some(fill) = &mut event.fill {
                    fill.cost += more;
                    fill.patient += more / 5;
                }
            }
        }
    }

    /// Makes it the claim that replaces this one: corrected, with a number of its own, so many numbers further on, and in the
    /// same claim group.
    pub(crate) fn replace(&mut self, rng: &mut Rng, further: u64) {
        self.correct(rng);
        self.header.renumber(further);
        self.header.action = Action::Adjusted;
        self.header.cancelled = false;
        match &mut self.body {
            Body::PartB(_) => {}
            Body::Institutional(stay) => {
                stay.query = ("5", "Debit");
                stay.frequency = ("7", "Replaces");
            }
            Body::Drug(event) => event.change = Some(("A", "Adjusted")),
        }
    }
}
