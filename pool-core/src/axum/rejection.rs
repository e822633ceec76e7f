//! Requests that are refused, and what their clients are told.

use core::error::Error;
use core::fmt;

use axum_core::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http_body_util::LengthLimitError;

use super::with_content_type;
use crate::json;

/// Why there is no [`Json`](super::Json) to be had from a request.
///
/// | variant | status |
/// | --- | --- |
/// | `MissingContentType` | 415 Unsupported Media Type |
/// | `TooLarge` | 413 Payload Too Large |
/// | `Body` | 400 Bad Request |
/// | `Syntax` | 400 Bad Request |
/// | `Data` | 422 Unprocessable Entity |
///
/// As a response it is that status and [`body_text`](Self::body_text). A handler that takes a
/// `Result` of the two answers in its own words.
///
/// Errors of serde's quote what they did not expect, `invalid type: string "..", expected u32`,
/// and so may quote a secret that came where none was expected. `SecretString`, `SecretVec` and
/// `SecretMap` see to it that theirs are not.
///
/// # Examples
///
/// ```
/// use axum::http::{Request, StatusCode};
/// use axum::{Router, routing::post};
/// use poolable::axum::{Json, JsonRejection};
/// use poolable::{Poolable, Pooled};
/// use serde::Deserialize;
/// use tower::ServiceExt;
///
/// #[derive(Poolable, Deserialize)]
/// struct Order {
///     amount: u32,
/// }
///
/// async fn order(order: Result<Json<Pooled<Order>>, JsonRejection>) -> StatusCode {
///     match order {
///         Ok(order) if order.amount > 0 => StatusCode::CREATED,
///         Ok(_) => StatusCode::BAD_REQUEST,
///         Err(JsonRejection::Data(error)) => {
///             assert_eq!((error.line(), error.column()), (1, 12));
///             StatusCode::IM_A_TEAPOT
///         }
///         Err(other) => other.status(),
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let answers = [
///     (r#"{"amount":7}"#, StatusCode::CREATED),
///     (r#"{"amount":-7}"#, StatusCode::IM_A_TEAPOT),
///     (r#"{"amount":"#, StatusCode::BAD_REQUEST),
/// ];
/// for (text, status) in answers {
///     let service = Router::new().route("/", post(order));
///     let request = Request::post("/").header("content-type", "application/json");
///     let response = service.oneshot(request.body(text.to_owned())?).await?;
///     assert_eq!(response.status(), status);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum JsonRejection {
    /// The content type is missing, or is not JSON.
    MissingContentType,
    /// The body is larger than axum's limit, or says that it is going to be.
    TooLarge,
    /// The body ended in an error: its client is gone, most often.
    Body(axum_core::Error),
    /// The body is no JSON document.
    Syntax(json::Error),
    /// The body is a JSON document, but not one of the object's type.
    Data(json::Error),
}

impl JsonRejection {
    /// An error of a body, in whose depths may be that of its limit.
    pub(super) fn from_body(error: axum_core::Error) -> Self {
        let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
        while let Some(inner) = cause {
            if inner.is::<LengthLimitError>() {
                return Self::TooLarge;
            }
            cause = inner.source();
        }
        Self::Body(error)
    }

    pub(super) fn from_json(error: json::Error) -> Self {
        if error.is_data() { Self::Data(error) } else { Self::Syntax(error) }
    }

    /// The status of the response.
    ///
    /// # Examples
    ///
    /// ```
    /// use axum::http::StatusCode;
    /// use poolable::axum::JsonRejection;
    ///
    /// assert_eq!(JsonRejection::TooLarge.status(), StatusCode::PAYLOAD_TOO_LARGE);
    /// ```
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::MissingContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Body(_) | Self::Syntax(_) => StatusCode::BAD_REQUEST,
            Self::Data(_) => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    /// The text of the response: with where the document is wrong, if it is. A reason that is
    /// longer than 256 bytes, as one that quotes a long text, is cut in its middle.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::axum::JsonRejection;
    ///
    /// let wrong = JsonRejection::Syntax(serde_json::from_str::<u8>("1,2").unwrap_err());
    /// let text = "the body is not valid JSON: trailing characters at line 1 column 2";
    /// assert_eq!(wrong.body_text(), text);
    /// ```
    #[must_use]
    pub fn body_text(&self) -> String {
        match self {
            Self::MissingContentType | Self::TooLarge => self.to_string(),
            Self::Body(error) => format!("{self}: {}", cut(error.to_string())),
            Self::Syntax(error) | Self::Data(error) => {
                format!("{self}: {}", cut(error.to_string()))
            }
        }
    }
}

/// The longest reason that is told, in bytes; and how much of a longer one is its end, where the
/// place in the document stands.
const REASON: usize = 256;
const END: usize = 64;

/// A client shall not be sent more than it has sent.
fn cut(mut reason: String) -> String {
    if reason.len() > REASON {
        let from = floor_of(&reason, REASON - END);
        let to = floor_of(&reason, reason.len() - END);
        reason.replace_range(from..to, "..");
    }
    reason
}

/// The last place up to this one where a character begins.
fn floor_of(text: &str, place: usize) -> usize {
    (0..=place).rev().find(|&place| text.is_char_boundary(place)).unwrap_or(0)
}

/// What is wrong, in one line; the reason is the [`source`](Error::source).
impl fmt::Display for JsonRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MissingContentType => "expected a request with `content-type: application/json`",
            Self::TooLarge => "the body is too large",
            Self::Body(_) => "the body could not be read",
            Self::Syntax(_) => "the body is not valid JSON",
            Self::Data(_) => "the body is not what is expected here",
        })
    }
}

impl Error for JsonRejection {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::MissingContentType | Self::TooLarge => None,
            Self::Body(error) => Some(error),
            Self::Syntax(error) | Self::Data(error) => Some(error),
        }
    }
}

impl IntoResponse for JsonRejection {
    fn into_response(self) -> Response {
        let mut response =
            with_content_type(self.body_text().into(), mime::TEXT_PLAIN_UTF_8.as_ref());
        *response.status_mut() = self.status();
        // What it quotes is the client's, and no page.
        let headers = response.headers_mut();
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }
}
