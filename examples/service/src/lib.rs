//! A web service that prices orders: read into pooled objects, answered from pooled buffers.
//!
//! `POST /orders` takes an order, looks at it, prices it and answers a receipt. `GET /pools` shows
//! what the pools of the process have counted; `GET /inspect` is a page that draws it. Both are for the
//! operator, behind whose access control they belong. Every answer but the page and its JSON is an
//! [`Envelope`].
//!
//! | module | what it owns |
//! | --- | --- |
//! | [`order`] | the pooled types, and what an order must be: start here |
//! | [`pricing`] | what an order costs |
//! | [`catalogue`] | the articles |
//! | [`orders`], [`pools`] | the two handlers |
//! | [`envelope`], [`failure`] | what every answer looks like, and why there is no receipt |
//! | [`guard`], [`limits`] | what no request gets past |
//! | [`mod@serve`] | the connections, and their end |
//! | [`client`] | who asks, in the demonstration and the tests |

#![forbid(unsafe_code)]

pub mod catalogue;
pub mod client;
pub mod envelope;
pub mod failure;
pub mod guard;
pub mod limits;
pub mod order;
pub mod orders;
pub mod pools;
pub mod pricing;
pub mod serve;
mod stream;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::Html;
use axum::routing::{get, post};
use poolable::inspect;

pub use crate::envelope::Envelope;
pub use crate::failure::Failure;
pub use crate::limits::Limits;
pub use crate::order::{Line, Order, Receipt};
pub use crate::serve::{Ended, serve, serve_router};

/// The service, with the default limits.
///
/// # Examples
///
/// ```
/// // All that it needs is in the process.
/// assert!(service::router().has_routes());
/// ```
pub fn router() -> Router {
    router_within(&Limits::default())
}

/// The service, with other limits.
///
/// # Examples
///
/// ```
/// use service::{Limits, router_within};
///
/// assert!(router_within(&Limits { body: 1 << 10, ..Limits::default() }).has_routes());
/// ```
pub fn router_within(limits: &Limits) -> Router {
    let routes = Router::new()
        .route("/orders", post(orders::price))
        .route("/pools", get(pools::show))
        .route("/inspect", get(async || Html(inspect::html("/inspect.json"))))
        .route("/inspect.json", get(async || ([(CONTENT_TYPE, inspect::JSON)], inspect::json())))
        .fallback(async || Failure::NotFound)
        .method_not_allowed_fallback(async || Failure::MethodNotAllowed);
    guard::guard(routes, limits)
}
