//! What is live while the large object is filled, in passes of their own without a clock.

use crate::go::{Go, Long};
use crate::rows::analysis::{self, Memory};

/// Who is asked, in the order of the forms of the case.
#[derive(Debug)]
pub(crate) enum Peak {
    Ours(fn(u64) -> Memory),
    /// The benchmark that looks at the heap while it runs, and the one that tells what is left.
    Go([&'static str; 2]),
}

impl Peak {
    #[cfg(test)]
    pub(crate) fn benchmark(&self) -> Option<&'static str> {
        match self {
            Self::Go([peak, _]) => Some(peak),
            Self::Ours(_) => None,
        }
    }
}

pub(crate) const PEAKS: [Peak; 5] = [
    Peak::Ours(analysis::memory_unpooled),
    Peak::Go(["BenchmarkPeakUnpooled", "BenchmarkAnalysisUnpooled"]),
    Peak::Ours(analysis::memory_pooled),
    Peak::Go(["BenchmarkPeakPooledThrifty", "BenchmarkAnalysisPooledThrifty"]),
    Peak::Go(["BenchmarkPeakPooled", "BenchmarkAnalysisPooled"]),
];

/// # Errors
///
/// If a benchmark fails, or does not tell.
pub(crate) fn measure(go: &Go, operations: u64) -> Result<Vec<Memory>, String> {
    let tell = |benchmark, unit: &str| {
        let line = go.run(benchmark, Long::Operations(operations))?;
        line.figure(unit).ok_or_else(|| format!("no {unit} in {line:?}"))
    };
    let measure = |peak: &Peak| match *peak {
        Peak::Ours(run) => Ok(run(operations)),
        Peak::Go([peak, left]) => {
            Ok(Memory { peak: tell(peak, "peak-B")?, left: tell(left, "live-B")? })
        }
    };
    PEAKS.iter().map(measure).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::{CASES, Side};

    #[test]
    fn peaks_are_in_the_order_of_the_forms() {
        let case = CASES.iter().find(|case| case.operations.is_some()).expect("there is one");
        assert_eq!(case.forms.len(), PEAKS.len());
        for (form, peak) in case.forms.iter().zip(&PEAKS) {
            match (form.side, peak) {
                (Side::Go(timed), Peak::Go([_, left])) => assert_eq!(timed, *left),
                (Side::Ours(_), Peak::Ours(_)) => {}
                _ => panic!("{form:?} and {peak:?}"),
            }
        }
    }
}
