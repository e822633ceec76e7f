//! What is asked, and what is to be answered.

use core::fmt::Write;
use std::sync::OnceLock;

use service::Envelope;
use service::catalogue::ARTICLES;

use crate::client::Answer;
use crate::unpooled::Order;

/// How many different orders there are. A handful: so many that nothing can be guessed from the
/// order before, and few enough to know all answers.
const COUNT: usize = 12;
/// Of each order, on average: it takes some 2 KiB then.
const LINES: usize = 20;

/// The orders. They differ in the number of their lines, in the articles, in the length of
/// their strings, and every third one has no note, and says so.
pub fn all() -> &'static [String] {
    static ALL: OnceLock<Vec<String>> = OnceLock::new();
    ALL.get_or_init(|| (0..COUNT).map(order).collect())
}

/// What is answered to each of them: what the unpooled types make of it.
///
/// # Panics
///
/// If one of them is not an order, or cannot be priced.
pub fn answers() -> &'static [Answer] {
    static ANSWERS: OnceLock<Vec<Answer>> = OnceLock::new();
    ANSWERS.get_or_init(|| all().iter().map(|order| answer(order)).collect())
}

fn answer(order: &str) -> Answer {
    let order: Order = serde_json::from_str(order).expect("it is an order");
    let receipt = order.receipt().expect("it can be priced");
    let body = serde_json::to_vec(&Envelope::of(receipt)).expect("it is JSON");
    Answer { status: 200, content_type: "application/json".to_owned(), body }
}

/// The same text in every run.
fn order(number: usize) -> String {
    const NAMES: [&str; 4] = ["Ada", "Grace Brewster Murray", "Émilie du Châtelet", "Hypatia"];
    let lines = LINES - 3 + number % 7;
    let mut text = format!(r#"{{"customer":"{} the {number}th","lines":["#, NAMES[number % 4]);
    for line in 0..lines {
        let (sku, _) = ARTICLES[(number * 11 + line * 5) % ARTICLES.len()];
        let comma = if line == 0 { "" } else { "," };
        let (quantity, price) = (1 + line * number % 12, 95 + (line * 37 + number * 131) % 20_000);
        // Writing to a string does not fail.
        let _ =
            write!(text, r#"{comma}{{"sku":"{sku}","quantity":{quantity},"unit_price":{price}}}"#);
    }
    text.push(']');
    // What serde does not find it replaces, together with what it had kept: who wants an optional
    // part to be kept writes `null`.
    if number % 3 > 0 {
        let note = "Please leave it with the neighbours on the left. ".repeat(number % 3 * 5);
        let _ = write!(text, r#","note":"{}""#, note.trim_end());
    } else {
        text.push_str(r#","note":null"#);
    }
    let token = "0123456789abcdef".repeat(2 + number % 3);
    let _ = write!(text, r#","payment_token":"tok_{token}"}}"#);
    text
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn orders_are_different_and_of_some_two_kibibytes() {
        let different: HashSet<&str> = all().iter().map(String::as_str).collect();
        assert_eq!(different.len(), COUNT);
        let bytes: usize = all().iter().map(String::len).sum();
        let average = bytes / COUNT;
        assert!((1900..2200).contains(&average), "{average}");
        let lines: usize = all().iter().map(|order| order.matches("\"sku\"").count()).sum();
        assert!((LINES * COUNT).abs_diff(lines) <= COUNT, "{lines}");
    }

    #[test]
    fn every_order_has_an_answer_without_its_token() {
        for (order, answer) in all().iter().zip(answers()) {
            let text = core::str::from_utf8(&answer.body).expect("JSON is UTF-8");
            assert!(text.starts_with(r#"{"success":true,"data":{"customer":"#), "{text}");
            assert!(order.contains("tok_") && !text.contains("tok_"), "{text}");
        }
    }
}
