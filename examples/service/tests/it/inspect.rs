//! The page for the operator.

use serde_json::Value;

use crate::harness::{Service, alone};

#[test]
fn page_and_its_json_show_the_pools_at_work() {
    alone(async || {
        let service = Service::start().await?;
        let mut client = service.client().await?;
        let page = client.get("/inspect").await?;
        assert_eq!(page.status, 200);
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        let page = String::from_utf8(page.body)?;
        assert!(
            page.starts_with("<!doctype html>") && page.contains("data-json=\"/inspect.json\"")
        );

        let gets = async |client: &mut service::client::Client| {
            let answer = client.get("/inspect.json").await?;
            assert_eq!(answer.status, 200, "{answer}");
            assert_eq!(answer.header("content-type"), Some("application/json"));
            let told: Value = serde_json::from_slice(&answer.body)?;
            let pools = told["pools"].as_array().ok_or("no list")?;
            let orders = pools.iter().find(|pool| pool["name"] == "orders").ok_or("no orders")?;
            let gets = ["hits", "misses"].map(|name| orders["stats"][name].as_u64().unwrap_or(0));
            Ok::<_, Box<dyn core::error::Error>>(gets.iter().sum::<u64>())
        };
        client.order(service::client::order(1, 3).as_bytes()).await?;
        let before = gets(&mut client).await?;
        client.order(service::client::order(2, 3).as_bytes()).await?;
        assert_eq!(gets(&mut client).await?, before + 1);
        drop(client);
        service.end_well().await
    });
}
