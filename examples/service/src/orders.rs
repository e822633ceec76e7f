//! `POST /orders`.

use axum::response::{IntoResponse, Response};
use poolable::Pooled;
use poolable::axum::{Json, JsonRejection};

use crate::envelope::Envelope;
use crate::failure::Failure;
use crate::order::{Order, Receipt};

/// Prices an order. Both the order and the receipt are home again when it returns: what is
/// answered is in a buffer by then.
///
/// # Errors
///
/// If the body is not an order, or one that cannot be priced.
///
/// # Examples
///
/// ```
/// use poolable::axum::{Json, JsonRejection};
/// use service::{Order, orders};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let failure = orders::price(Ok(Json(Order::pooled()))).await.unwrap_err();
/// assert_eq!(failure.status(), 422);
/// let failure = orders::price(Err(JsonRejection::MissingContentType)).await.unwrap_err();
/// assert_eq!(failure.status(), 415);
/// # }
/// ```
pub async fn price(order: Result<Json<Pooled<Order>>, JsonRejection>) -> Result<Response, Failure> {
    let Json(order) = order?;
    let mut receipt = Receipt::pooled();
    receipt.fill(&order)?;
    Ok(Json(Envelope::of(receipt)).into_response())
}
