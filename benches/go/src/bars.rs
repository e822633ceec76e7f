//! What must hold.

use crate::results::Measured;

#[derive(Debug)]
pub(crate) struct Bar {
    pub(crate) case: &'static str,
    pub(crate) what: String,
    pub(crate) bound: String,
    pub(crate) found: String,
    pub(crate) is_met: bool,
}

impl Bar {
    pub(crate) fn verdict(&self) -> &'static str {
        if self.is_met { "met" } else { "MISSED" }
    }
}

pub(crate) fn all(results: &[Measured]) -> Vec<Bar> {
    results
        .iter()
        .flat_map(|measured| speed(measured).into_iter().chain(blocks(measured)))
        .collect()
}

fn speed(measured: &Measured) -> Option<Bar> {
    let least = measured.case.least?;
    let quotient = measured.against_fastest();
    Some(Bar {
        case: measured.case.title,
        what: "time of Go's fastest pooled form, over ours".to_owned(),
        bound: format!("at least {least}"),
        found: quotient.text(),
        is_met: quotient.median >= least,
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
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::CASES;
    use crate::results::tests::{BUFFER, made_up};

    fn verdicts(measured: Measured) -> Vec<bool> {
        all(&[measured]).iter().map(|bar| bar.is_met).collect()
    }

    #[test]
    fn each_bar_is_missed_by_itself() {
        let case = &CASES[BUFFER];
        assert_eq!(verdicts(made_up(case, &[&[1.0, 1.0, 5.0, 20.0, 90.0]])), [true, true]);
        assert_eq!(verdicts(made_up(case, &[&[1.0, 1.0, 5.0, 19.9, 90.0]])), [false, true]);
        let mut measured = made_up(case, &[&[1.0, 1.0, 5.0, 20.0, 90.0]]);
        measured.samples[case.ours()][0].blocks = 1.0;
        assert_eq!(verdicts(measured), [true, false]);
    }

    #[test]
    fn every_pooled_form_of_ours_is_judged_by_what_it_allocates() {
        let bars = CASES.iter().map(|case| {
            let times = vec![1.0; case.forms.len()];
            all(&[made_up(case, &[&times])]).len()
        });
        assert_eq!(bars.collect::<Vec<_>>(), [2, 2, 2, 2, 2, 2, 2, 1, 1, 1]);
    }
}
