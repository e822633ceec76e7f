//! What all cases found, and how to look it up.

use crate::cases::{Case, Key};
use crate::contender::Who;
use crate::plot::{self, Colour};
use crate::timing::{Figures, measure};

/// One case, measured.
pub(crate) struct Measured {
    pub(crate) case: Case,
    /// In the order of the case's entries.
    pub(crate) figures: Vec<Result<Figures, &'static str>>,
}

impl Measured {
    pub(crate) fn new(case: Case) -> Self {
        let figures = measure(&case.entries, case.effort);
        Self { case, figures }
    }

    /// Those who took part, with what was found.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (Who, Figures)> {
        let all = self.case.entries.iter().zip(&self.figures);
        all.filter_map(|(entry, figures)| Some((entry.who, figures.ok()?)))
    }

    /// The same, the fastest first.
    pub(crate) fn by_time(&self) -> Vec<(Who, Figures)> {
        let mut rows: Vec<_> = self.rows().collect();
        rows.sort_by(|a, b| a.1.best.total_cmp(&b.1.best));
        rows
    }

    pub(crate) fn plot(&self) -> String {
        let rows = self.by_time().into_iter().map(|(who, figures)| plot::Row {
            name: who.name(),
            colour: match who {
                Who::Floor => Colour::Floor,
                who if who.is_poolable() => Colour::Poolable,
                _ => Colour::Other,
            },
            time: figures.best,
        });
        plot::draw(self.case.title, "object", &rows.collect::<Vec<_>>())
    }

    /// Those who did not, with the reason.
    pub(crate) fn absent(&self) -> impl Iterator<Item = (Who, &'static str)> {
        let all = self.case.entries.iter().zip(&self.figures);
        all.filter_map(|(entry, figures)| Some((entry.who, figures.err()?)))
    }

    /// # Panics
    ///
    /// If `who` did not take part.
    pub(crate) fn figures(&self, who: Who) -> Figures {
        self.rows().find(|row| row.0 == who).expect("it takes part").1
    }

    pub(crate) fn time(&self, who: Who) -> f64 {
        self.figures(who).best
    }

    /// The fastest of some.
    pub(crate) fn fastest(&self, is_meant: impl Fn(Who) -> bool) -> (Who, f64) {
        let mut rows = self.by_time().into_iter().filter(|row| is_meant(row.0));
        let (who, figures) = rows.next().expect("at least one takes part");
        (who, figures.best)
    }
}

pub(crate) struct Results {
    pub(crate) cases: Vec<Measured>,
    pub(crate) beyond: Vec<crate::beyond::Measured>,
    pub(crate) managed: crate::managed::Results,
    pub(crate) buffers: crate::buffers::Results,
    pub(crate) idle: crate::idle_share::IdleShare,
}

impl Results {
    pub(crate) fn case(&self, key: Key) -> &Measured {
        self.cases.iter().find(|measured| measured.case.key == key).expect("every case ran")
    }

    /// The table of uses that only poolable and programs by hand are up to.
    pub(crate) fn table(&self, file: &str) -> &crate::beyond::Measured {
        self.beyond.iter().find(|measured| measured.table.file == file).expect("every table ran")
    }

    pub(crate) fn time(&self, key: Key, who: Who) -> f64 {
        self.case(key).time(who)
    }

    /// How much dearer an object is in a burst of many than in one of few, each held
    /// against the floor of the same count.
    pub(crate) fn burst_quotient(&self, few: Key, many: Key, who: Who) -> f64 {
        let over_floor = |key| self.time(key, who) / self.time(key, Who::Floor);
        over_floor(many) / over_floor(few)
    }
}
