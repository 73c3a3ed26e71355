//! Attempts that go wrong before there is an answer.

use std::time::Duration;

use domain::attempt::{AttemptError, ErrorDetail};
use domain::delivery::DeliveryStatus;
use serde_json::json;
use tests::{Answer, Ca, Receiver, TestApp};
use tokio::net::TcpSocket;

use crate::deliveries::create_work_order;

/// The error of the first attempt of a work order's delivery to `url`, and what exactly failed.
async fn error_of_attempt(app: &TestApp, url: &str) -> (AttemptError, ErrorDetail) {
    app.endpoint(url, ["*"]).await;
    create_work_order(app, "WO-1").await;
    app.drain().await;
    let delivery = app.only_delivery().await;
    assert_eq!(delivery.status, DeliveryStatus::Retrying);
    assert_eq!(delivery.attempts[0].status_code, None);
    (delivery.attempts[0].error.unwrap(), delivery.attempts[0].error_detail.unwrap())
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_refused() {
    let (app, receiver) = (TestApp::start().await, Receiver::https(&Ca::new()).await);
    assert_eq!(error_of_attempt(&app, &receiver.url()).await, (AttemptError::Tls, ErrorDetail::UnknownIssuer));
    assert_eq!(receiver.count(), 0);
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_refused() {
    let (trusted, other) = (Ca::new(), Ca::new());
    let (app, receiver) = (TestApp::builder().trusting(&trusted).start().await, Receiver::https(&other).await);
    assert_eq!(error_of_attempt(&app, &receiver.url()).await, (AttemptError::Tls, ErrorDetail::UnknownIssuer));
    assert_eq!(receiver.count(), 0);
}

/// An address where nobody listens: bound, so that no other test gets this port meanwhile.
fn nobody() -> (TcpSocket, String) {
    let nobody = TcpSocket::new_v4().unwrap();
    nobody.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}/hook", nobody.local_addr().unwrap());
    (nobody, url)
}

#[tokio::test]
async fn an_address_without_a_server_is_a_connection_error() {
    let (_nobody, url) = nobody();
    let error = error_of_attempt(&TestApp::start().await, &url).await;
    assert_eq!(error, (AttemptError::Connect, ErrorDetail::Refused));
}

#[tokio::test]
async fn the_cause_of_a_failed_attempt_is_named_wherever_it_occurs() {
    let (app, (_nobody, url)) = (TestApp::start().await, nobody());
    let endpoint = app.endpoint(&url, ["*"]).await;
    for number in ["WO-1", "WO-2", "WO-3"] {
        create_work_order(&app, number).await;
        app.drain().await;
    }
    let listed = app.get("/api/deliveries").await.expect(200).body["data"][0].clone();
    assert_eq!((&listed["lastError"], &listed["lastErrorDetail"]), (&json!("connect"), &json!("refused")));
    let whole = app.get(&format!("/api/deliveries/{}", listed["id"].as_str().unwrap())).await.expect(200).body;
    let attempt = &whole["attempts"][0];
    assert_eq!((&attempt["error"], &attempt["errorDetail"]), (&json!("connect"), &json!("refused")));
    let alert = app.get("/api/alerts").await.expect(200).body["data"][0].clone();
    assert_eq!((&alert["kind"], &alert["lastErrorDetail"]), (&json!("endpoint.failing"), &json!("refused")));
    let test = format!("/api/endpoints/{}/test", endpoint.id);
    let tested = app.post(&test, json!({ "event": "vendor.created" })).await.expect(200).body;
    assert_eq!(
        (&tested["attempt"]["error"], &tested["attempt"]["errorDetail"]),
        (&json!("connect"), &json!("refused"))
    );
    app.drain().await;
}

#[tokio::test]
async fn two_kibibytes_of_a_long_answer_are_kept_of_a_failure_and_nothing_of_a_success() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    receiver
        .answer_with([Answer::status(500).body("x".repeat(100_000)), Answer::status(200).body("y".repeat(100_000))]);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    app.advance(Duration::from_secs(70)).await;
    app.drain().await;
    let delivery = app.only_delivery().await;
    assert_eq!(delivery.status, DeliveryStatus::Delivered);
    let kept: Vec<Option<usize>> =
        delivery.attempts.iter().map(|attempt| attempt.response_body.as_ref().map(String::len)).collect();
    assert_eq!(kept, [Some(2_048), None]);
}

#[tokio::test]
async fn who_answered_is_kept_of_a_failure_and_of_a_test_and_not_of_a_success() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let answer = |status| {
        let answer = Answer::status(status).header("server", "nginx").header("set-cookie", "session=1");
        answer.header("retry-after", "30").header("location", "https://example.com/login?token=1")
    };
    receiver.answer_with([answer(429), answer(200)]);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    app.advance(Duration::from_secs(70)).await;
    app.drain().await;
    let id = app.only_delivery().await.id;
    let attempts = app.get(&format!("/api/deliveries/{id}")).await.expect(200).body["attempts"].take();
    let expected = json!({ "location": "https://example.com/login", "retry-after": "30", "server": "nginx" });
    assert_eq!(attempts[0]["responseHeaders"], expected);
    assert_eq!((&attempts[1]["statusCode"], &attempts[1]["responseHeaders"]), (&json!(200), &json!(null)));
    let test = format!("/api/endpoints/{}/test", endpoint.id);
    let tested = app.post(&test, json!({ "event": "vendor.created" })).await.expect(200).body;
    assert_eq!(tested["attempt"]["responseHeaders"], expected);
    app.drain().await;
}

#[tokio::test]
async fn an_attempt_ends_after_thirty_seconds() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    receiver.hang();
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    let patience = async {
        receiver.wait_for(1).await;
        // The machine's time stands still only while it is moved by hand: sockets don't know of it.
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(20)).await;
        tokio::time::resume();
        assert_eq!(app.only_delivery().await.attempt_count, 0, "it was given up too early");
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(10)).await;
        tokio::time::resume();
    };
    tokio::join!(app.drain(), patience);
    let delivery = app.only_delivery().await;
    let attempt = &delivery.attempts[0];
    assert_eq!((delivery.status, attempt.error), (DeliveryStatus::Retrying, Some(AttemptError::Timeout)));
    assert!((30_000..40_000).contains(&attempt.duration_ms), "{} ms", attempt.duration_ms);
}

#[tokio::test]
async fn a_receiver_that_closes_kept_connections_costs_no_attempt() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    receiver.forget_connections();
    app.endpoint(&receiver.url(), ["*"]).await;
    for number in 0..10 {
        create_work_order(&app, &format!("WO-{number}")).await;
        app.drain().await;
    }
    assert_eq!(receiver.count(), 10);
    for delivery in app.deliveries().await {
        assert_eq!((delivery.status, delivery.attempt_count), (DeliveryStatus::Delivered, 1));
    }
    assert!(app.alerts().await.is_empty());
}
