//! The pools of `poolable`, as the place where a script is played.

use std::sync::Arc;

use poolable::Stats;

use crate::house::{House, Keeping, Order, Site};
use crate::verdict::broken;
use crate::{derived, made};

/// The pools of `poolable`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Real;

impl Site for Real {
    fn keeping(&self) -> Keeping {
        if cfg!(poolable_passthrough) {
            Keeping::Nothing
        } else if cfg!(poolable_chaos) {
            Keeping::ByChance
        } else {
            Keeping::Foreseeable
        }
    }

    fn fixed(&self) -> Vec<Arc<dyn House>> {
        derived::all().into_iter().chain([made::standing()]).collect()
    }

    fn build(&self, order: &Order) -> Arc<dyn House> {
        made::build(order)
    }

    fn trim_all(&self) {
        poolable::trim_all();
    }

    fn maintain(&self) {
        poolable::maintain();
    }

    fn survey(&self) {
        let (pools, lines) = (poolable::pools().len(), poolable::report().to_string());
        if pools > 0 && lines.lines().count() < 2 {
            broken(format!("the report of {pools} pools is empty: {lines}"));
        }
    }

    fn listed(&self) -> Option<Vec<(String, Stats)>> {
        Some(poolable::pools().into_iter().map(|pool| (pool.name, pool.stats)).collect())
    }
}
