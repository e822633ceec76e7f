//! What comes in and what goes out: the pooled types.
//!
//! # Invariants
//!
//! 1. A payment token is in no type that can be written as JSON, and its `Debug` shows nothing of
//!    it: it can neither be answered nor be logged.
//!
//! What a request is read into, and the buffer that gathers a body of several parts, is outside of
//! these types. The token is in there too, and is not wiped.

use poolable::{Poolable, Reset, RetainOption, RetainVec, SecretString};
use serde::{Deserialize, Serialize};

use crate::failure::Fault;
use crate::pricing::{self, PricedLine, Totals};

/// The longest token, in bytes. There is room for it in every object, so that it never moves.
pub const TOKEN_MOST: usize = 256;
/// The longest name of a customer, in bytes.
pub const CUSTOMER_MOST: usize = 200;
/// The longest note, in bytes.
pub const NOTE_MOST: usize = 2000;
/// The most lines of an order.
pub const LINES_MOST: usize = 500;

/// What a client asks the price of. Read in place: an order like an earlier one finds its strings
/// and its lines there.
///
/// # Examples
///
/// ```
/// use poolable::json;
/// use service::Order;
///
/// let order = json::from_slice::<Order>(
///     br#"{"customer":"Ada","lines":[],"payment_token":"tok-1"}"#,
/// ).unwrap();
/// assert_eq!((&*order.customer, order.lines.len()), ("Ada", 0));
/// assert!(!format!("{order:?}").contains("tok-1"));
/// ```
#[derive(Debug, Poolable, Deserialize)]
#[serde(deny_unknown_fields)]
#[pool(name = "orders")]
pub struct Order {
    /// Who it is for.
    #[pool(max_capacity = 1 << 10)]
    pub customer: String,
    /// What of. The lines are kept when an order is reset, and their strings with them; those of
    /// an order that had too many are not.
    #[pool(max_capacity = LINES_MOST)]
    pub lines: RetainVec<Line>,
    /// What else there is to say.
    #[serde(default)]
    pub note: RetainOption<String>,
    /// What it is to be paid by.
    #[pool(zeroize, capacity = TOKEN_MOST)]
    pub payment_token: SecretString,
}

/// A line of an order.
///
/// # Examples
///
/// ```
/// use service::Line;
///
/// let line = Line { sku: "books/mosses".into(), quantity: 2, unit_price: 1990 };
/// assert_eq!(u64::from(line.quantity) * line.unit_price, 3980);
/// ```
#[derive(Clone, Debug, Reset, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Which article.
    pub sku: String,
    /// How many.
    pub quantity: u32,
    /// What one of them costs, in cents.
    pub unit_price: u64,
}

/// What a client is answered. It borrows from the order, so that no text is copied but into the
/// answer itself.
///
/// # Examples
///
/// ```
/// use poolable::json;
/// use service::{Order, Receipt};
///
/// let order = json::from_slice::<Order>(
///     br#"{
///         "customer": "Ada",
///         "lines": [{
///             "sku": "books/a-field-guide-to-mosses-hardcover", "quantity": 2, "unit_price": 1000
///         }],
///         "payment_token": "tok-1"
///     }"#,
/// ).unwrap();
/// let mut receipt = Receipt::pooled();
/// receipt.fill(&order).unwrap();
/// assert_eq!(receipt.totals.total, 2140);
/// ```
#[derive(Debug, Poolable, Serialize)]
#[pool(name = "receipts")]
pub struct Receipt<'a> {
    /// Who it is for.
    pub customer: &'a str,
    /// What they said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<&'a str>,
    /// What each line comes to.
    pub lines: Vec<PricedLine<'a>>,
    /// What all of them come to.
    pub totals: Totals,
}

impl<'a> Receipt<'a> {
    /// Looks at the order, and prices it.
    ///
    /// # Errors
    ///
    /// If it is not one that can be priced. Then it is not filled, or filled in part.
    ///
    /// # Examples
    ///
    /// ```
    /// use service::{Order, Receipt};
    ///
    /// let order = Order::pooled();
    /// let fault = Receipt::pooled().fill(&order).unwrap_err();
    /// assert_eq!(fault.to_string(), "customer: must not be empty");
    /// ```
    pub fn fill(&mut self, order: &'a Order) -> Result<(), Fault> {
        let note = order.note.as_deref();
        check(&order.customer, note, &order.payment_token, &order.lines)?;
        self.customer = &order.customer;
        self.note = note;
        self.totals = pricing::price(&order.lines, &mut self.lines)?;
        Ok(())
    }
}

/// Looks at all of an order but its prices. Takes its parts, so that it is the same for orders
/// of other types.
///
/// # Errors
///
/// The first thing that is not as it must be.
///
/// # Examples
///
/// ```
/// use service::order::check;
///
/// let fault = check("Ada", None, "tok-1", &[]).unwrap_err();
/// assert_eq!(fault.to_string(), "lines: must not be empty");
/// ```
pub fn check(
    customer: &str,
    note: Option<&str>,
    payment_token: &str,
    lines: &[Line],
) -> Result<(), Fault> {
    const EMPTY: &str = "must not be empty";
    const LONG: &str = "is too long";
    let checks = [
        (!customer.trim().is_empty(), "customer", EMPTY),
        (customer.len() <= CUSTOMER_MOST, "customer", LONG),
        (note.is_none_or(|note| note.len() <= NOTE_MOST), "note", LONG),
        (!payment_token.is_empty(), "payment_token", EMPTY),
        (payment_token.len() <= TOKEN_MOST, "payment_token", LONG),
        (!lines.is_empty(), "lines", EMPTY),
        (lines.len() <= LINES_MOST, "lines", "are too many"),
    ];
    for (holds, field, problem) in checks {
        if !holds {
            return Err(Fault::of(field, problem));
        }
    }
    match lines.iter().position(|line| line.quantity == 0) {
        Some(place) => Err(Fault::of_line(place, "quantity", "must be at least 1")),
        None => Ok(()),
    }
}
