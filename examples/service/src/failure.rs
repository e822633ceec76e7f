//! Why a client gets no data.

use core::fmt;
use std::borrow::Cow;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use poolable::axum::{Json, JsonRejection};

use crate::envelope::Envelope;

/// Why a client gets no data. As a response it is an [`Envelope`].
///
/// # Examples
///
/// ```
/// use axum::response::IntoResponse;
/// use service::Failure;
///
/// assert_eq!(Failure::NotFound.into_response().status(), 404);
/// ```
#[derive(Debug)]
pub enum Failure {
    /// There is nothing at this path.
    NotFound,
    /// It is not to be asked by this method.
    MethodNotAllowed,
    /// The request did not come, or was not answered, in time.
    TooSlow,
    /// The body is not one that can be read.
    Body(JsonRejection),
    /// The order is not one that can be priced.
    Order(Fault),
    /// It is the service's fault. What it was is nobody's business.
    Internal,
}

impl Failure {
    /// The status that goes with it.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(service::Failure::TooSlow.status(), 408);
    /// ```
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Body(rejection) => rejection.status(),
            Self::Order(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn message(&self) -> Cow<'static, str> {
        match self {
            Self::NotFound => "there is nothing here: try /orders or /pools".into(),
            Self::MethodNotAllowed => "this is not done by that method; see `allow`".into(),
            Self::TooSlow => "the request took too long".into(),
            Self::Body(rejection) => rejection.body_text().into(),
            Self::Order(fault) => fault.to_string().into(),
            Self::Internal => "something went wrong in the service".into(),
        }
    }
}

impl From<JsonRejection> for Failure {
    fn from(rejection: JsonRejection) -> Self {
        Self::Body(rejection)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Order(fault)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.status(), Json(Envelope::without(self.message()))).into_response()
    }
}

/// What is wrong with an order. Says where, and nothing of what is there.
///
/// # Examples
///
/// ```
/// use service::failure::Fault;
///
/// let fault = Fault::of_line(3, "quantity", "must be at least 1");
/// assert_eq!(fault.to_string(), "lines[3].quantity: must be at least 1");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    line: Option<usize>,
    field: &'static str,
    problem: &'static str,
}

impl Fault {
    /// A fault of a field of the order.
    ///
    /// # Examples
    ///
    /// ```
    /// use service::failure::Fault;
    ///
    /// assert_eq!(Fault::of("note", "is too long").to_string(), "note: is too long");
    /// ```
    pub const fn of(field: &'static str, problem: &'static str) -> Self {
        Self { line: None, field, problem }
    }

    /// A fault of a field of a line, the first of which is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use service::failure::Fault;
    ///
    /// assert_eq!(Fault::of_line(0, "sku", "is odd").to_string(), "lines[0].sku: is odd");
    /// ```
    pub const fn of_line(line: usize, field: &'static str, problem: &'static str) -> Self {
        Self { line: Some(line), field, problem }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "lines[{line}].")?;
        }
        write!(f, "{}: {}", self.field, self.problem)
    }
}

impl core::error::Error for Fault {}
