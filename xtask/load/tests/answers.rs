//! All variants answer the same.

use poolable_load::{Answer, Client, Server, Variant, orders};

fn answers(variant: Variant, orders: &[String]) -> Vec<Answer> {
    let server = Server::start(variant).expect("there are ports");
    let mut client = Client::connect(server.address()).expect("it listens");
    let answer = |order: &String| client.post("/orders", order).expect("it answers");
    orders.iter().map(answer).collect()
}

#[test]
fn all_variants_answer_the_same_bytes() {
    for variant in Variant::ALL {
        // Twice: pooled objects have been used the second time.
        for _ in 0..2 {
            assert_eq!(answers(variant, orders::all()), orders::answers(), "{variant:?}");
        }
    }
}

#[test]
fn orders_that_cannot_be_priced_are_refused_with_the_same_words() {
    let order = &orders::all()[0];
    let wrong = [
        order.replacen("\"quantity\":1", "\"quantity\":0", 1),
        order.replacen("\"sku\":\"", "\"sku\":\"another", 1),
        order.replacen("\"unit_price\":", "\"unit_price\":99999999999999", 1),
        r#"{"customer":"","lines":[],"payment_token":"t"}"#.to_owned(),
        r#"{"customer":"Ada","lines":[],"payment_token":"t"}"#.to_owned(),
    ];
    let pooled = answers(Variant::Pooled, &wrong);
    for variant in [Variant::Unpooled, Variant::Axum] {
        assert_eq!(answers(variant, &wrong), pooled, "{variant:?}");
    }
    for (order, pooled) in wrong.iter().zip(pooled) {
        assert_eq!(pooled.status, 422, "{order}");
    }
}
