//! `POST /orders` as one writes it without pools.
//!
//! An order is checked and priced by the very code that the pooled handler runs; what differs is
//! where the objects and the buffers come from.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use service::failure::{Failure, Fault};
use service::order::check;
use service::pricing::{self, PricedLine, Totals};
use service::{Envelope, Line};

/// `service::Order` of std's containers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    customer: String,
    lines: Vec<Line>,
    #[serde(default)]
    note: Option<String>,
    payment_token: String,
}

/// `service::Receipt`.
#[derive(Serialize)]
pub(crate) struct Receipt<'a> {
    customer: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    lines: Vec<PricedLine<'a>>,
    totals: Totals,
}

impl Order {
    pub(crate) fn receipt(&self) -> Result<Receipt<'_>, Fault> {
        let note = self.note.as_deref();
        check(&self.customer, note, &self.payment_token, &self.lines)?;
        let mut lines = Vec::new();
        let totals = pricing::price(&self.lines, &mut lines)?;
        Ok(Receipt { customer: &self.customer, note, lines, totals })
    }
}

/// By `serde_json` alone: the least that reading and writing takes.
pub(crate) async fn price(body: Bytes) -> Response {
    let order = match serde_json::from_slice::<Order>(&body) {
        Ok(order) => order,
        Err(error) => {
            let envelope = Envelope::without(error.to_string());
            return (StatusCode::BAD_REQUEST, Json(envelope)).into_response();
        }
    };
    match order.receipt() {
        Ok(receipt) => match serde_json::to_vec(&Envelope::of(receipt)) {
            Ok(text) => ([(CONTENT_TYPE, "application/json")], text).into_response(),
            Err(_) => Failure::Internal.into_response(),
        },
        Err(fault) => Failure::from(fault).into_response(),
    }
}

/// By axum's own extractor, which keeps the path to each field for its messages, and response.
pub(crate) async fn price_by_axum(order: Result<Json<Order>, JsonRejection>) -> Response {
    let Json(order) = match order {
        Ok(order) => order,
        Err(rejection) => {
            let envelope = Envelope::without(rejection.body_text());
            return (rejection.status(), Json(envelope)).into_response();
        }
    };
    match order.receipt() {
        Ok(receipt) => Json(Envelope::of(receipt)).into_response(),
        Err(fault) => Failure::from(fault).into_response(),
    }
}
