//! Who answers.

use axum::Router;
use axum::routing::post;
use service::Limits;
use service::guard::guard;

use crate::{floor, unpooled};

/// Who answers `POST /orders`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// The service, as it is.
    Pooled,
    /// The same handler with `serde_json`, and objects made for each request.
    Unpooled,
    /// The same with axum's `Json`.
    Axum,
    /// The least that a handler can do: it reads the body, and has the answer.
    Floor,
}

impl Variant {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pooled, Self::Unpooled, Self::Axum, Self::Floor];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pooled => "pooled",
            Self::Unpooled => "unpooled",
            Self::Axum => "axum",
            Self::Floor => "floor",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|variant| variant.name() == name)
    }

    /// What it serves. The limits and what keeps them are the service's own.
    pub fn router(self) -> Router {
        let orders = match self {
            Self::Pooled => return service::router(),
            Self::Unpooled => post(unpooled::price),
            Self::Axum => post(unpooled::price_by_axum),
            Self::Floor => post(floor::answer),
        };
        guard(Router::new().route("/orders", orders), &Limits::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variant_is_found_by_its_name() {
        assert!(
            Variant::ALL.iter().all(|variant| Variant::named(variant.name()) == Some(*variant))
        );
        assert_eq!(Variant::named("puddled"), None);
    }
}
