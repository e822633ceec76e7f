//! What must hold.

use crate::cases::FASTEST;
use crate::results::{Effort, Measured};

#[derive(Debug)]
pub(crate) struct Bar {
    pub(crate) case: &'static str,
    pub(crate) what: String,
    pub(crate) bound: String,
    pub(crate) found: String,
    pub(crate) is_met: bool,
    /// Allocations always are, times if they were taken for long enough.
    pub(crate) is_judged: bool,
}

impl Bar {
    pub(crate) fn verdict(&self) -> &'static str {
        match (self.is_judged, self.is_met) {
            (true, true) => "met",
            (true, false) => "MISSED",
            (false, _) => "not judged",
        }
    }

    pub(crate) fn is_missed(&self) -> bool {
        self.is_judged && !self.is_met
    }
}

/// What came of all of them, in a line.
pub(crate) fn summary(bars: &[Bar]) -> String {
    let judged = bars.iter().filter(|bar| bar.is_judged).count();
    let missed = bars.iter().filter(|bar| bar.is_missed()).count();
    let outcome = match missed {
        0 => format!("all {judged} bars are met"),
        _ => format!("{missed} of {judged} bars MISSED"),
    };
    if judged == bars.len() {
        format!("{outcome}; every operation did its work")
    } else {
        format!("{outcome}, of allocations; every operation did its work; times are not judged")
    }
}

pub(crate) fn all(results: &[Measured], effort: Effort) -> Vec<Bar> {
    results
        .iter()
        .flat_map(|measured| speed(measured, effort).into_iter().chain(blocks(measured)))
        .collect()
}

fn speed(measured: &Measured, effort: Effort) -> Option<Bar> {
    let least = measured.case.least?;
    let quotient = measured.against_fastest();
    Some(Bar {
        case: measured.case.title,
        what: format!("time of Go's {FASTEST}, over ours"),
        bound: format!("at least {least}"),
        found: quotient.text(),
        is_met: quotient.median >= least,
        is_judged: effort.judges_times(),
    })
}

fn blocks(measured: &Measured) -> impl Iterator<Item = Bar> {
    let forms = measured.case.forms.iter().enumerate();
    let judged = forms.filter(|(_, form)| form.is_ours() && form.is_pooled);
    judged.map(|(index, form)| {
        let blocks = measured.blocks(index);
        Bar {
            case: measured.case.title,
            what: format!("allocations of {} in all rounds", form.name),
            bound: "0".to_owned(),
            found: format!("{blocks:.0}"),
            is_met: blocks == 0.0,
            is_judged: true,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::CASES;
    use crate::results::tests::{BUFFER, made_up};

    fn verdicts(measured: Measured) -> Vec<bool> {
        all(&[measured], Effort::FULL).iter().map(|bar| !bar.is_missed()).collect()
    }

    #[test]
    fn each_bar_is_missed_by_itself() {
        let case = &CASES[BUFFER];
        let times = |go| [1.0, 1.0, 1.0, 5.0, go, 90.0, 90.0, 1.0];
        assert_eq!(verdicts(made_up(case, &[&times(20.0)])), [true, true]);
        assert_eq!(verdicts(made_up(case, &[&times(19.9)])), [false, true]);
        let mut measured = made_up(case, &[&times(20.0)]);
        measured.samples[case.ours()][0].blocks = 1.0;
        assert_eq!(verdicts(measured), [true, false]);
    }

    #[test]
    fn short_runs_judge_allocations_and_say_that_times_are_not() {
        let case = &CASES[BUFFER];
        let mut measured = [made_up(case, &[&[1.0; 8]])];
        let bars = all(&measured, Effort::QUICK);
        assert_eq!([bars[0].verdict(), bars[1].verdict()], ["not judged", "met"]);
        let met = "all 1 bars are met, of allocations; every operation did its work; \
                   times are not judged";
        assert_eq!(summary(&bars), met);
        assert!(summary(&all(&measured, Effort::FULL)).starts_with("1 of 2 bars MISSED"));

        measured[0].samples[case.ours()][0].blocks = 1.0;
        let bars = all(&measured, Effort::QUICK);
        assert_eq!([bars[0].is_missed(), bars[1].is_missed()], [false, true]);
        assert!(summary(&bars).starts_with("1 of 1 bars MISSED, of allocations"));
    }

    #[test]
    fn every_pooled_form_of_ours_is_judged_by_what_it_allocates() {
        let bars = CASES.iter().map(|case| {
            let times = vec![1.0; case.forms.len()];
            all(&[made_up(case, &[&times])], Effort::FULL).len()
        });
        assert_eq!(bars.collect::<Vec<_>>(), [2, 2, 2, 2, 2, 2, 2, 1, 1, 1]);
    }
}
