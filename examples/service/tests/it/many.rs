//! Who does everything right, alone and together.

use std::sync::Arc;

use service::client::{self, Client};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::harness::{Service, alone, data, receipt};

#[test]
fn orders_of_all_sizes_are_priced_over_one_connection() {
    alone(async || {
        let service = Service::start().await?;
        let mut client = service.client().await?;
        // The largest come in several frames. What is smaller than the one before finds more
        // lines in its object than it has.
        for (number, lines) in [20, 1, 400, 3, 20, 500, 2].into_iter().enumerate() {
            let order = client::order(number as u64, lines);
            assert_eq!(data(&client.order(order.as_bytes()).await?), receipt(&order));
        }
        drop(client);
        service.end_well().await
    });
}

#[test]
fn body_in_chunks_of_a_byte_is_read_as_one() {
    alone(async || {
        let service = Service::start().await?;
        let mut client = service.client().await?;
        let order = client::order(5, 20);
        let head = "POST /orders HTTP/1.1\r\nhost: service\r\ntransfer-encoding: chunked\r\n\
             content-type: application/json; charset=utf-8\r\n\r\n";
        client.send(head.as_bytes()).await?;
        for byte in order.as_bytes() {
            client.send(&[b'1', b'\r', b'\n', *byte, b'\r', b'\n']).await?;
        }
        client.send(b"0\r\n\r\n").await?;
        assert_eq!(data(&client.answer().await?), receipt(&order));
        // The connection goes on.
        let order = client::order(6, 20);
        assert_eq!(data(&client.order(order.as_bytes()).await?), receipt(&order));
        drop(client);
        service.end_well().await
    });
}

#[test]
fn requests_sent_ahead_are_answered_in_their_order() {
    alone(async || {
        let service = Service::start().await?;
        let mut client = service.client().await?;
        let orders: Vec<_> = (0..40).map(|number| client::order(number, 5)).collect();
        let requests = orders
            .iter()
            .map(|order| client::post("content-type: application/json\r\n", order.as_bytes()));
        client.send(&requests.collect::<Vec<_>>().concat()).await?;
        for order in &orders {
            assert_eq!(data(&client.answer().await?), receipt(order));
        }
        drop(client);
        service.end_well().await
    });
}

#[test]
fn sixty_four_connections_at_once_get_their_own_answers() {
    const CONNECTIONS: usize = 64;

    alone(async || {
        let service = Service::start().await?;
        let (address, all_there) = (service.address, Arc::new(Barrier::new(CONNECTIONS)));
        let mut asking = JoinSet::new();
        for number in 0..CONNECTIONS as u64 {
            let all_there = all_there.clone();
            asking.spawn(async move {
                let mut client = Client::connect(address).await?;
                all_there.wait().await;
                for request in 0..10 {
                    let order = client::order(number * 100 + request, 1 + request as usize * 5);
                    let answer = client.order(order.as_bytes()).await?;
                    assert_eq!(data(&answer), receipt(&order));
                }
                std::io::Result::Ok(())
            });
        }
        let mut answered = 0;
        while let Some(client) = asking.join_next().await {
            client??;
            answered += 1;
        }
        assert_eq!(answered, CONNECTIONS);
        service.end_well().await
    });
}

#[test]
fn pools_are_shown_with_nothing_in_use() {
    alone(async || {
        let service = Service::start().await?;
        let mut client = service.client().await?;
        let order = client::order(1, 20);
        data(&client.order(order.as_bytes()).await?);
        let shown = data(&client.get("/pools").await?);
        let pools = shown["pools"].as_array().expect("the pools are in an array");
        for name in ["orders", "receipts"] {
            let pool = pools.iter().find(|pool| pool["name"] == name).expect("it is shown");
            let counts = &pool["counts"];
            assert_eq!(counts["in_use"], 0, "{shown}");
            let gets = counts["hits"].as_u64().zip(counts["misses"].as_u64());
            assert_eq!(gets.map(|(hits, misses)| hits + misses), counts["returned"].as_u64());
        }
        let sizes = shown["buffers"]["sizes"].as_array().expect("the sizes are in an array");
        assert!(!sizes.is_empty(), "{shown}");
        assert_eq!(shown["buffers"]["unpooled"], 0);
        drop(client);
        service.end_well().await
    });
}
