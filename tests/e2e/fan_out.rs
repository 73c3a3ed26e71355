//! One event for very many endpoints.

use std::collections::HashSet;

use domain::delivery::DeliveryStatus;
use tests::{Receiver, TestApp};

use crate::deliveries::create_work_order;

const ENDPOINTS: usize = 10_000;
/// Pages of the dispatcher.
const PAGE: usize = 500;
/// Deliveries that share an item.
const SHARED: usize = 50;
/// Deliveries of a message, and messages of a call.
const QUEUED_AT_ONCE: usize = 10 * 10;

#[tokio::test]
async fn ten_thousand_endpoints_get_one_event_once_each_and_the_dispatcher_works_in_pages() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoints(&receiver.url(), ENDPOINTS).await;
    create_work_order(&app, "WO-1").await;
    let _ = app.system().calls().take();
    app.drain_stream().await;
    let calls = app.system().calls().take();
    assert_eq!(calls["DynamoDB_20120810.Query"], 2 * ENDPOINTS / PAGE + 1, "pages, and one that finds no more");
    assert_eq!(calls["DynamoDB_20120810.PutItem"], ENDPOINTS / SHARED);
    assert_eq!(calls["AmazonSQS.SendMessageBatch"], ENDPOINTS / QUEUED_AT_ONCE);

    app.drain().await;
    let requests = receiver.requests();
    let ids: HashSet<&str> = requests.iter().map(|request| request.header("x-webhook-id")).collect();
    assert_eq!((requests.len(), ids.len()), (ENDPOINTS, ENDPOINTS));
    let deliveries = app.deliveries().await;
    let endpoints: HashSet<&str> = deliveries.iter().map(|delivery| delivery.endpoint_id.as_str()).collect();
    assert_eq!((deliveries.len(), endpoints.len()), (ENDPOINTS, ENDPOINTS));
    assert!(deliveries.iter().all(|delivery| delivery.status == DeliveryStatus::Delivered));
}

#[tokio::test]
async fn events_of_many_accounts_share_the_calls_to_the_queue() {
    const ACCOUNTS: usize = 12;
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    for number in 0..ACCOUNTS {
        let tenant = app.tenant(&format!("Account {number}")).await;
        tenant.endpoint(&receiver.url(), ["*"]).await;
        create_work_order(&tenant, "WO-1").await;
    }
    let _ = app.system().calls().take();
    app.drain_stream().await;
    let calls = app.system().calls().take();
    assert_eq!(calls["DynamoDB_20120810.Query"], ACCOUNTS, "endpoints of each");
    assert_eq!(calls["AmazonSQS.SendMessageBatch"], ACCOUNTS.div_ceil(10));
    app.drain().await;
    assert_eq!(receiver.count(), ACCOUNTS);
}
