//! What every answer looks like.

use std::borrow::Cow;

use serde::Serialize;

/// `{"success":true,"data":..}`, or `{"success":false,"error":".."}`.
///
/// # Examples
///
/// ```
/// use poolable::json;
/// use service::Envelope;
///
/// assert_eq!(*json::to_buf(&Envelope::of(7)).unwrap(), br#"{"success":true,"data":7}"#);
/// assert_eq!(
///     *json::to_buf(&Envelope::without("no such page")).unwrap(),
///     br#"{"success":false,"error":"no such page"}"#,
/// );
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct Envelope<D> {
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<D>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Cow<'static, str>>,
}

impl<D> Envelope<D> {
    /// One with data.
    ///
    /// # Examples
    ///
    /// ```
    /// let envelope = service::Envelope::of("data");
    /// assert!(format!("{envelope:?}").contains("success: true"));
    /// ```
    pub fn of(data: D) -> Self {
        Self { success: true, data: Some(data), error: None }
    }
}

impl Envelope<()> {
    /// One with the reason why there are none.
    ///
    /// # Examples
    ///
    /// ```
    /// let envelope = service::Envelope::without("it rains");
    /// assert!(format!("{envelope:?}").contains("it rains"));
    /// ```
    pub fn without(error: impl Into<Cow<'static, str>>) -> Self {
        Self { success: false, data: None, error: Some(error.into()) }
    }
}
