//! Who takes too long. The limits are short, and nothing else waits for them.

use std::io;

use service::Limits;
use service::client;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{SHORT, Service, alone, data, error, receipt};

#[test]
fn slow_body_is_told_and_hung_up_on() {
    alone(async || {
        let service = Service::within(Limits { request: SHORT, ..Limits::default() }).await?;
        let order = client::order(1, 20);
        let request = client::post("content-type: application/json\r\n", order.as_bytes());
        let chunked = "POST /orders HTTP/1.1\r\nhost: service\r\ntransfer-encoding: chunked\r\n\
             content-type: application/json\r\n\r\n4\r\n{\"cu\r\n";
        for request in [
            &request[..request.len() - order.len()],
            &request[..request.len() - order.len() / 2],
            &request[..request.len() - 1],
            chunked.as_bytes(),
        ] {
            let mut client = service.client().await?;
            client.send(request).await?;
            let answer = client.answer().await?;
            assert_eq!(error(&answer, 408), "the request took too long");
            assert_eq!(answer.header("connection"), Some("close"));
            assert!(client.is_closed().await?);
        }
        assert_eq!(service.end().await?.cut, 0);
        Ok(())
    });
}

#[test]
fn body_that_trickles_is_timed_as_a_whole() {
    alone(async || {
        // A body that there is no end of: only the time is up some day.
        let limits = Limits { request: SHORT, body: 1 << 30, ..Limits::default() };
        let service = Service::within(limits).await?;
        let (mut reader, mut writer) = TcpStream::connect(service.address).await?.into_split();
        let head = "POST /orders HTTP/1.1\r\nhost: service\r\ncontent-length: 1000000000\r\n\
             content-type: application/json\r\n\r\n";
        writer.write_all(head.as_bytes()).await?;
        let trickle = tokio::spawn(async move { while writer.write_all(b" ").await.is_ok() {} });
        let mut answer = [0; 12];
        reader.read_exact(&mut answer).await?;
        assert_eq!(&answer, b"HTTP/1.1 408");
        // It goes on, and is hung up on.
        trickle.await?;
        assert_eq!(service.end().await?.cut, 0);
        Ok(())
    });
}

#[test]
fn slow_head_is_hung_up_on() {
    alone(async || {
        let service = Service::within(Limits { head: SHORT, ..Limits::default() }).await?;
        // One that says nothing at all, too.
        for head in ["", "P", "POST /orders HTTP/1.1\r\nhost: service\r\ncontent-le"] {
            let mut client = service.client().await?;
            client.send(head.as_bytes()).await?;
            assert!(client.is_closed().await?);
        }
        assert_eq!(service.end().await?.cut, 0);
        // And one that has asked before, and got its answer: it must be quick enough for that.
        let head = 5 * SHORT;
        let service = Service::within(Limits { head, ..Limits::default() }).await?;
        let mut client = service.client().await?;
        let order = client::order(1, 20);
        assert_eq!(data(&client.order(order.as_bytes()).await?), receipt(&order));
        assert!(client.is_closed().await?);
        assert_eq!(service.end().await?.cut, 0);
        Ok(())
    });
}

#[test]
fn client_that_does_not_read_is_given_up() {
    alone(async || {
        let service = Service::within(Limits { answer: SHORT, ..Limits::default() }).await?;
        let mut client = service.client().await?;
        let requests = "GET /pools HTTP/1.1\r\nhost: service\r\n\r\n".repeat(1000);
        // Until the answers fill all buffers between here and there, and then for `SHORT`.
        let gone = loop {
            if let Err(error) = client.send(requests.as_bytes()).await {
                break error.kind();
            }
        };
        let reasons = [io::ErrorKind::BrokenPipe, io::ErrorKind::ConnectionReset];
        assert!(reasons.contains(&gone), "{gone}");
        service.end_well().await
    });
}

#[test]
fn client_that_does_not_stop_is_not_listened_to_for_ever() {
    alone(async || {
        let limits = Limits { linger: SHORT, ..Limits::default() };
        let service = Service::within(limits).await?;
        let mut client = service.client().await?;
        let head = "POST /orders HTTP/1.1\r\nhost: service\r\ncontent-length: 1000000000000\r\n\
             content-type: application/json\r\n\r\n";
        client.send(head.as_bytes()).await?;
        let spaces = vec![b' '; 64 << 10];
        while client.send(&spaces).await.is_ok() {}
        // Nor one that only stays.
        let mut idle = service.client().await?;
        idle.send(head.as_bytes()).await?;
        assert_eq!(error(&idle.answer().await?, 413), "the body is too large");
        assert_eq!(service.end().await?.cut, 0);
        Ok(())
    });
}

#[test]
fn connection_too_many_waits_for_its_turn() {
    alone(async || {
        let limits = Limits { connections: 1, ..Limits::default() };
        let service = Service::within(limits).await?;
        let order = client::order(1, 20);
        let (mut first, mut second) = (service.client().await?, service.client().await?);
        // The system has accepted the second; the service has not.
        let request = client::post("content-type: application/json\r\n", order.as_bytes());
        second.send(&request).await?;
        for _ in 0..10 {
            assert_eq!(data(&first.order(order.as_bytes()).await?), receipt(&order));
        }
        drop(first);
        assert_eq!(data(&second.answer().await?), receipt(&order));
        drop(second);
        service.end_well().await
    });
}
