//! `listen` while the receiver, the deployment or the program itself is away: nothing is lost.

use std::time::Duration;

use domain::rate_limit::Limits;
use tests::{InboundApp, Receiver, Relay, TestApp};

use super::listen::numbers;
use super::{User, Waiting, Written};
use crate::deliveries::create_work_order;

const SETTLED: Duration = Duration::from_secs(21);

/// Creates work orders, and lets them settle.
async fn create(app: &InboundApp, numbers: &[&str]) {
    for number in numbers {
        create_work_order(app, number).await;
        // Each in a millisecond of its own: their order is that of their ids.
        app.advance(Duration::from_millis(1)).await;
    }
    app.advance(SETTLED).await;
}

/// Lets time pass until the receiver has so many requests.
async fn until(user: &User, app: &InboundApp, receiver: &Receiver, count: usize) {
    tokio::select! {
        () = user.pass_time(app) => {}
        _ = receiver.wait_for(count) => {}
    }
}

/// Lets time pass until the program has said so.
async fn until_said(user: &User, app: &InboundApp, written: &Written, words: &str) {
    tokio::select! {
        () = user.pass_time(app) => {}
        () = written.wait_for(words, 1) => {}
    }
}

#[tokio::test]
async fn an_hour_without_the_deployment_is_caught_up() {
    let (app, here) = (InboundApp::start().await, Receiver::start().await);
    let mut way = Relay::to(&app.system().base_url());
    let user = User::at(&app, &way.url(&app.system().base_url()), Waiting::Follows);
    let (listener, written) = user.start(&["listen", "--forward", &here.url(), "--since", "1m"]);
    create(&app, &["WO-1", "WO-2"]).await;
    until(&user, &app, &here, 2).await;
    way.cut().await;
    create(&app, &["WO-3", "WO-4"]).await;
    until_said(&user, &app, &written, "does not answer").await;
    for _ in 0..60 {
        app.advance(Duration::from_mins(1)).await;
    }
    create(&app, &["WO-5"]).await;
    assert_eq!(here.count(), 2, "{}", written.text());
    way.mend();
    until(&user, &app, &here, 5).await;
    assert_eq!(numbers(&here.requests()), ["WO-1", "WO-2", "WO-3", "WO-4", "WO-5"]);
    assert!(
        written.text().contains("does not answer") && written.text().contains("answers again"),
        "{}",
        written.text()
    );
    listener.abort();
}

#[tokio::test]
async fn a_receiver_that_is_down_is_waited_for() {
    let (app, here) = (InboundApp::start().await, Receiver::start().await);
    let mut way = Relay::to(&here.url());
    let user = User::of(&app, Waiting::Follows);
    way.cut().await;
    let (listener, written) = user.start(&["listen", "--forward", &way.url(&here.url()), "--since", "1m"]);
    create(&app, &["WO-1", "WO-2"]).await;
    until_said(&user, &app, &written, "no answer: connect").await;
    for _ in 0..60 {
        app.advance(Duration::from_mins(1)).await;
    }
    way.mend();
    until(&user, &app, &here, 2).await;
    // Down again, in the middle of an answer: the event has arrived, but nobody knows.
    here.hang();
    create(&app, &["WO-3", "WO-4"]).await;
    until(&user, &app, &here, 3).await;
    way.cut().await;
    written.wait_for("no answer: connect", 2).await;
    here.release();
    way.mend();
    until(&user, &app, &here, 5).await;
    let requests = here.requests();
    assert_eq!(numbers(&requests), ["WO-1", "WO-2", "WO-3", "WO-3", "WO-4"]);
    assert_eq!(requests[2].header("x-webhook-id"), requests[3].header("x-webhook-id"), "a duplicate can be told");
    assert_eq!(
        written.text().matches("no answer: connect").count(),
        2,
        "it says once that nobody is there: {}",
        written.text()
    );
    listener.abort();
}

#[tokio::test]
async fn a_program_that_ends_in_the_middle_of_a_page_goes_on_with_the_next_event() {
    let (app, here) = (InboundApp::start().await, Receiver::start().await);
    let user = User::of(&app, Waiting::Follows);
    create(&app, &["WO-1", "WO-2", "WO-3"]).await;
    here.hang();
    let listen = ["listen", "--forward", &here.url()];
    let (listener, _) = user.start(&[&listen[..], &["--since", "1h"]].concat());
    here.wait_for(1).await;
    here.answer_one();
    here.wait_for(2).await;
    let second = user.run(&[&listen[..], &["--once"]].concat()).await;
    assert!(second.code == 1 && second.err.contains("another workskedge uses"), "{}", second.err);
    listener.abort();
    let _ = listener.await;
    here.release();
    create(&app, &["WO-4"]).await;
    user.run(&[&listen[..], &["--once"]].concat()).await.text();
    assert_eq!(numbers(&here.requests()), ["WO-1", "WO-2", "WO-2", "WO-3", "WO-4"]);
}

#[tokio::test]
async fn polling_leaves_half_of_the_calls_to_others() {
    let app = TestApp::builder().limits(Some(Limits::default())).start_inbound().await;
    let (user, here) = (User::of(&app, Waiting::Advances), Receiver::start().await);
    let begun = app.now();
    let (listener, _) = user.start(&["listen", "--forward", &here.url()]);
    while app.now().duration_since(begun).as_mins() < 29 {
        tokio::task::yield_now().await;
    }
    listener.abort();
    let _ = listener.await;
    let reply = app.get("/api/alerts").await.expect(200);
    let left = reply.header("ratelimit").unwrap().split("perhr\";r=").nth(1).unwrap().split(';').next().unwrap();
    let left: u32 = left.parse().unwrap();
    assert!((500..950).contains(&left), "{left} of 1000 calls are left in the hour");
}
