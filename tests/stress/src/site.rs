//! The pools of `poolable`, as the place where a script is played.

use std::sync::Arc;

use poolable::Stats;

use crate::derived;
use crate::house::{House, Order, Site};

/// The pools of `poolable`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Real;

impl Site for Real {
    fn fixed(&self) -> Vec<Arc<dyn House>> {
        derived::all().into()
    }

    fn build(&self, _order: &Order) -> Arc<dyn House> {
        Arc::clone(&derived::all()[0])
    }

    fn trim_all(&self) {}

    fn maintain(&self) {}

    fn survey(&self) {}

    fn listed(&self) -> Option<Vec<(String, Stats)>> {
        None
    }
}
