//! What is left of payment tokens. That no answer shows one is looked at in all tests.

use core::mem;

use poolable::{Poolable, Pooled};
use service::Order;
use service::client;
use service::order::TOKEN_MOST;

use crate::harness::{Service, data, error, run, turn};

/// An order whose token comes first, and fills its buffer to the end.
fn order(number: u64) -> String {
    let order = client::order(number, 5);
    let end = order.find(",\"payment_token\"").expect("there is one");
    let token = client::TOKEN.repeat(TOKEN_MOST);
    format!("{{\"payment_token\":\"{}\",{}}}", &token[..TOKEN_MOST], &order[1..end])
}

#[test]
fn no_token_is_left_in_an_idle_order() {
    let _turn = turn();
    // Without what other tests have left, each order has had a token of this one.
    Order::pool().clear();
    run(async || {
        let service = Service::start().await?;
        let mut client = service.client().await?;
        for number in 0..10 {
            let order = order(number);
            assert_eq!(
                data(&client.order(order.as_bytes()).await?)["customer"].as_str(),
                Some(&*format!("Customer {number}"))
            );
            // One that is refused by its prices, and two by their JSON, with the token in it.
            let unknown = order.replacen("sku\":\"", "sku\":\"un", 1);
            error(&client.order(unknown.as_bytes()).await?, 422);
            let wrong = order.replacen("quantity\":", "quantity\":-", 1);
            error(&client.order(wrong.as_bytes()).await?, 422);
            error(&client.order(&order.as_bytes()[..order.len() - 1]).await?, 400);
        }
        drop(client);
        assert_eq!(service.end().await?.cut, 0);
        Ok(())
    });

    // The threads of the runtime have ended: this one can get all that they kept.
    let idle = Order::pool().stats().idle;
    assert!(idle > 0);
    for _ in 0..idle {
        let mut order = Pooled::into_inner(Order::pooled());
        assert!(order.customer.is_empty() && order.lines.is_empty() && order.note.is_none());
        assert!(order.payment_token.is_empty());
        let mut token = mem::take(&mut order.payment_token).into_exposed_string().into_bytes();
        assert_eq!(token.capacity(), TOKEN_MOST);
        // SAFETY: so many bytes are allocated, and they are initialised: a token of that length
        // has been in there, since each order of this test has one that is read first.
        unsafe { token.set_len(TOKEN_MOST) };
        assert!(token.iter().all(|byte| *byte == 0), "a token is left");
    }
    assert_eq!(Order::pool().stats().idle, 0);
}
