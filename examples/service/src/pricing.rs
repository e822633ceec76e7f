//! What an order costs, in whole cents.
//!
//! # Invariants
//!
//! 1. No sum wraps: what does not fit is a fault of the line that made it so.
//! 2. `total = subtotal - discount + tax`, to the cent. Each of discount and tax is rounded once
//!    for each rate of tax, half a cent upwards.

use poolable::Reset;
use serde::Serialize;

use crate::catalogue::{self, Tax};
use crate::failure::Fault;
use crate::order::Line;

/// From which subtotal on there is which discount, in hundredths of a percent; the highest first.
const DISCOUNTS: [(u64, u64); 3] = [(200_000, 800), (50_000, 500), (10_000, 200)];
/// Hundredths of a percent in one.
const WHOLE: u64 = 10_000;
/// The most that an order may come to: every amount of it is exact in a client's doubles.
const MOST: u64 = 1 << 50;

/// What a line comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PricedLine<'a> {
    /// Which article.
    pub sku: &'a str,
    /// How many.
    pub quantity: u32,
    /// What one of them costs, in cents.
    pub unit_price: u64,
    /// What all of them cost, in cents.
    pub amount: u64,
}

/// What an order comes to, in cents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reset, Serialize)]
pub struct Totals {
    /// All lines.
    pub subtotal: u64,
    /// What is taken off, by the size of the order.
    pub discount: u64,
    /// What is put on, on what is left.
    pub tax: u64,
    /// What is to be paid.
    pub total: u64,
}

/// Appends the lines with what they come to, and returns what all of them do.
///
/// # Errors
///
/// The first line whose article is not known, or with which the order comes to too much.
///
/// # Examples
///
/// ```
/// use service::Line;
/// use service::pricing::price;
///
/// let sku = "kitchen/knife-santoku-stainless-18cm".to_owned();
/// let lines = [Line { sku, quantity: 4, unit_price: 3000 }];
/// let mut priced = Vec::new();
/// let totals = price(&lines, &mut priced).unwrap();
/// assert_eq!(priced[0].amount, 12_000);
/// assert_eq!((totals.discount, totals.tax, totals.total), (240, 2234, 13_994));
/// ```
pub fn price<'a>(lines: &'a [Line], priced: &mut Vec<PricedLine<'a>>) -> Result<Totals, Fault> {
    let (mut standard, mut reduced) = (0, 0);
    priced.reserve(lines.len());
    for (place, Line { sku, quantity, unit_price }) in lines.iter().enumerate() {
        let tax = catalogue::find(sku)
            .ok_or_else(|| Fault::of_line(place, "sku", "there is no such article"))?;
        let too_much = || Fault::of_line(place, "unit_price", "the order comes to too much");
        let amount = unit_price.checked_mul(u64::from(*quantity)).ok_or_else(too_much)?;
        let untaxed = match tax {
            Tax::Standard => &mut standard,
            Tax::Reduced => &mut reduced,
        };
        *untaxed = amount.checked_add(*untaxed).ok_or_else(too_much)?;
        let subtotal = standard.checked_add(reduced).ok_or_else(too_much)?;
        if subtotal > MOST {
            return Err(too_much());
        }
        priced.push(PricedLine { sku, quantity: *quantity, unit_price: *unit_price, amount });
    }

    // Nothing overflows from here on: a share of at most `MOST` is computed by a product of less
    // than 2^64, and it is at most a fifth of it.
    let subtotal = standard + reduced;
    let rate = DISCOUNTS.iter().find(|(from, _)| subtotal >= *from).map_or(0, |(_, rate)| *rate);
    let mut totals = Totals { subtotal, ..Totals::default() };
    for (untaxed, tax) in [(standard, Tax::Standard), (reduced, Tax::Reduced)] {
        let discount = share(untaxed, rate);
        totals.discount += discount;
        totals.tax += share(untaxed - discount, tax.rate());
    }
    totals.total = subtotal - totals.discount + totals.tax;
    Ok(totals)
}

/// A share of an amount, half a cent upwards.
const fn share(amount: u64, rate: u64) -> u64 {
    (amount * rate + WHOLE / 2) / WHOLE
}

// What `price` says of shares.
const _: () = assert!(MOST <= (u64::MAX - WHOLE) / Tax::Standard.rate());

#[cfg(test)]
mod tests {
    use super::*;

    const LAMP: &str = "lighting/floor-lamp-paper-shade-150cm";
    const HONEY: &str = "grocery/honey-lime-blossom-glass-500g";

    fn line(sku: &str, quantity: u32, unit_price: u64) -> Line {
        Line { sku: sku.to_owned(), quantity, unit_price }
    }

    fn totals(lines: &[Line]) -> Totals {
        price(lines, &mut Vec::new()).expect("it can be priced")
    }

    fn fault(lines: &[Line]) -> String {
        price(lines, &mut Vec::new()).expect_err("it cannot be priced").to_string()
    }

    #[test]
    fn discount_begins_with_its_tier() {
        let discount = |cents| totals(&[line(LAMP, 1, cents)]).discount;
        assert_eq!([9999, 10_000, 49_999, 50_000].map(discount), [0, 200, 1000, 2500]);
        assert_eq!([199_999, 200_000].map(discount), [10_000, 16_000]);
    }

    #[test]
    fn tax_is_rounded_once_for_each_rate() {
        // 0.57 and 0.21 of tax on three, where each would be 0.19 and 0.07.
        let lines = [line(LAMP, 1, 1), line(LAMP, 1, 1), line(LAMP, 1, 1), line(HONEY, 3, 1)];
        assert_eq!(totals(&lines), Totals { subtotal: 6, discount: 0, tax: 1, total: 7 });
        let mixed = totals(&[line(LAMP, 1, 6000), line(HONEY, 1, 6000)]);
        assert_eq!(
            mixed,
            Totals { subtotal: 12_000, discount: 240, tax: 1117 + 412, total: 13_289 }
        );
    }

    #[test]
    fn free_articles_cost_nothing() {
        assert_eq!(totals(&[line(HONEY, u32::MAX, 0)]), Totals::default());
    }

    #[test]
    fn most_expensive_order_is_priced_and_the_next_is_refused() {
        let most = totals(&[line(LAMP, 1, MOST)]);
        assert_eq!(most.subtotal, MOST);
        assert_eq!(most.total, most.subtotal - most.discount + most.tax);
        assert!(most.total > most.subtotal);
        let too_much = "lines[1].unit_price: the order comes to too much";
        assert_eq!(fault(&[line(LAMP, 1, MOST), line(HONEY, 1, 1)]), too_much);
        assert_eq!(fault(&[line(LAMP, 1, MOST), line(LAMP, 1, u64::MAX)]), too_much);
        assert_eq!(fault(&[line(LAMP, 1, 1), line(LAMP, u32::MAX, u64::MAX)]), too_much);
    }

    #[test]
    fn unknown_article_is_named_by_its_line() {
        let lines = [line(LAMP, 1, 1), line("lighting/candle", 1, 1)];
        assert_eq!(fault(&lines), "lines[1].sku: there is no such article");
    }
}
