//! The end of a service.

use core::net::SocketAddr;
use std::io;

use poolable::Poolable;
use service::client::{self, Client};
use service::{Ended, Limits, Order};
use tokio::task::yield_now;

use crate::harness::{SHORT, Service, alone, data, error, receipt};

/// Sends the head of an order. Returns when its handler waits for the body: it has asked for it.
async fn begin(client: &mut Client, order: &str) -> io::Result<()> {
    let headers = "content-type: application/json\r\nexpect: 100-continue\r\n";
    let request = client::post(headers, order.as_bytes());
    client.send(&request[..request.len() - order.len()]).await?;
    assert_eq!(client.answer().await?.status, 100);
    Ok(())
}

/// Returns when nobody listens there any more.
async fn refused(service: SocketAddr) {
    // What is accepted by the system at the last moment is reset.
    while Client::connect(service).await.is_ok() {
        yield_now().await;
    }
}

#[test]
fn requests_in_flight_are_answered_and_no_others_taken() {
    alone(async || {
        let service = Service::start().await?;
        let (mut idle, mut silent) = (service.client().await?, service.client().await?);
        let order = client::order(1, 20);
        assert_eq!(data(&idle.order(order.as_bytes()).await?), receipt(&order));
        let mut in_flight = Vec::new();
        for number in 0..8 {
            let (mut client, order) = (service.client().await?, client::order(number, 20));
            begin(&mut client, &order).await?;
            client.send(&order.as_bytes()[..order.len() / 2]).await?;
            in_flight.push((client, order));
        }
        // Nobody holds an object while its body is on the way.
        assert_eq!(Order::pool().stats().in_use, 0);

        let address = service.address;
        let serving = service.end();
        refused(address).await;
        assert!(idle.is_closed().await?);
        assert!(silent.is_closed().await?);
        drop((idle, silent));
        assert!(!serving.is_finished());
        for (mut client, order) in in_flight {
            client.send(&order.as_bytes()[order.len() / 2..]).await?;
            let answer = client.answer().await?;
            assert_eq!(data(&answer), receipt(&order));
            assert_eq!(answer.header("connection"), Some("close"));
            assert!(client.is_closed().await?);
        }
        assert_eq!(serving.await?, Ended { cut: 0 });
        Ok(())
    });
}

#[test]
fn request_in_flight_that_is_wrong_is_told_so_at_the_end_too() {
    alone(async || {
        let service = Service::start().await?;
        let mut client = service.client().await?;
        let order = client::order(1, 20).replacen("sku\":\"", "sku\":\"un", 1);
        begin(&mut client, &order).await?;
        let address = service.address;
        let serving = service.end();
        refused(address).await;
        client.send(order.as_bytes()).await?;
        assert_eq!(error(&client.answer().await?, 422), "lines[0].sku: there is no such article");
        drop(client);
        assert_eq!(serving.await?, Ended { cut: 0 });
        Ok(())
    });
}

#[test]
fn client_that_does_not_finish_is_cut_when_the_time_is_up() {
    alone(async || {
        let service = Service::within(Limits { end: SHORT, ..Limits::default() }).await?;
        let mut client = service.client().await?;
        let order = client::order(1, 20);
        begin(&mut client, &order).await?;
        client.send(&order.as_bytes()[..order.len() - 1]).await?;
        assert_eq!(service.end().await?, Ended { cut: 1 });
        assert!(client.is_closed().await.unwrap_or(true));
        Ok(())
    });
}

#[test]
fn service_that_nobody_asked_ends_at_once() {
    alone(async || {
        let service = Service::start().await?;
        assert_eq!(service.end().await?, Ended { cut: 0 });
        Ok(())
    });
}
