//! Who is gone before it is over.

use core::net::SocketAddr;
use std::io;

use service::client;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{Service, alone};

/// How a client goes.
#[derive(Clone, Copy)]
enum Going {
    /// It says goodbye.
    Closed,
    /// It says nothing more, and does not wait for an answer either.
    HalfClosed,
    /// It is torn off.
    Reset,
}

const GOINGS: [Going; 3] = [Going::Closed, Going::HalfClosed, Going::Reset];

/// Sends bytes, reads so many, and goes.
async fn go(service: SocketAddr, bytes: &[u8], read: usize, going: Going) -> io::Result<()> {
    let mut socket = TcpStream::connect(service).await?;
    socket.write_all(bytes).await?;
    let mut answer = vec![0; read];
    socket.read_exact(&mut answer).await?;
    match going {
        Going::Closed => {}
        Going::HalfClosed => {
            socket.shutdown().await?;
            // Until the service closes its side too.
            let mut rest = Vec::new();
            socket.read_to_end(&mut rest).await?;
        }
        Going::Reset => socket.set_zero_linger()?,
    }
    Ok(())
}

#[test]
fn client_that_goes_in_the_middle_of_its_request_leaves_nothing() {
    alone(async || {
        let service = Service::start().await?;
        let order = client::order(1, 20);
        let request = client::post("content-type: application/json\r\n", order.as_bytes());
        let head = request.len() - order.len();
        for going in GOINGS {
            for sent in [0, 1, head - 2, head, head + 1, head + order.len() / 2, request.len() - 1]
            {
                go(service.address, &request[..sent], 0, going).await?;
            }
        }
        service.end_well().await
    });
}

#[test]
fn client_that_goes_in_the_middle_of_a_chunk_leaves_nothing() {
    alone(async || {
        let service = Service::start().await?;
        let head = "POST /orders HTTP/1.1\r\nhost: service\r\ntransfer-encoding: chunked\r\n\
             content-type: application/json\r\n\r\n";
        let order = client::order(1, 20);
        let (first, second) = order.split_at(order.len() / 2);
        let chunks = format!("{:x}\r\n{first}\r\n{:x}\r\n{second}", first.len(), order.len());
        // After the first chunk, too: then the object is not there yet, but a buffer may be.
        for going in GOINGS {
            for sent in [1, first.len() / 2, first.len() + 7, chunks.len() - 1, chunks.len()] {
                let request = format!("{head}{}", &chunks[..sent]);
                go(service.address, request.as_bytes(), 0, going).await?;
            }
        }
        service.end_well().await
    });
}

#[test]
fn client_that_goes_in_the_middle_of_an_answer_leaves_nothing() {
    alone(async || {
        let service = Service::start().await?;
        let order = client::order(1, 400);
        let request = client::post("content-type: application/json\r\n", order.as_bytes());
        // Answers of some 40 KiB each: what of them is not in a socket is with the service.
        let requests = request.repeat(60);
        for going in GOINGS {
            for read in [0, 1, 10_000] {
                go(service.address, &request, read, going).await?;
            }
            if !matches!(going, Going::HalfClosed) {
                // More than fits into sockets that nobody reads from, so that it is not waited
                // for that all of it is sent.
                let mut socket = TcpStream::connect(service.address).await?;
                let (mut reader, mut writer) = socket.split();
                let mut answer = [0; 1000];
                tokio::select! {
                    biased;
                    read = reader.read_exact(&mut answer) => drop(read?),
                    sent = writer.write_all(&requests) => sent?,
                }
                if let Going::Reset = going {
                    socket.set_zero_linger()?;
                }
            }
        }
        service.end_well().await
    });
}

#[test]
fn many_clients_that_go_leave_nothing() {
    alone(async || {
        let service = Service::start().await?;
        let order = client::order(1, 20);
        let request = client::post("content-type: application/json\r\n", order.as_bytes());
        let mut going = tokio::task::JoinSet::new();
        for number in 0..64 {
            let (address, request) = (service.address, request.clone());
            going.spawn(async move {
                for round in 0..5 {
                    let sent = (number * 37 + round * 501) % (request.len() + 1);
                    let how = GOINGS[(number + round) % GOINGS.len()];
                    go(address, &request[..sent], 0, how).await?;
                }
                io::Result::Ok(())
            });
        }
        let mut gone = 0;
        while let Some(client) = going.join_next().await {
            client??;
            gone += 1;
        }
        assert_eq!(gone, 64);
        service.end_well().await
    });
}
