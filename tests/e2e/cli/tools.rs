//! `trigger` and `deliveries retry`, and what a key may not do.

use serde_json::json;
use tests::{Receiver, TestApp};

use super::listen::secret_of;
use super::{User, Waiting};
use crate::deliveries::create_work_order;
use crate::signatures::assert_signed;

#[tokio::test]
async fn an_event_is_tried_on_an_endpoint_on_this_machine_and_on_everybody() {
    let (app, receiver, here) = (TestApp::start().await, Receiver::start().await, Receiver::start().await);
    let endpoint = app.endpoint(&receiver.url(), ["workorder.*"]).await;
    let user = User::of(&app, Waiting::Advances);
    let trigger = ["trigger", "workorder.completed", "--set", "data.title=Roof", "--set", "data.version=7", "--json"];

    let told = user.run(&[&trigger[..], &["--endpoint", &endpoint.id]].concat()).await.json();
    assert_eq!((&told["test"], &told["status"]), (&json!(true), &json!("delivered")));
    let data = receiver.only().json()["data"].clone();
    assert_eq!((&data["title"], &data["version"]), (&json!("Roof"), &json!(7)));
    receiver.answer_with([500]);
    let failed = user.run(&["trigger", "workorder.completed", "--endpoint", &endpoint.id]).await;
    assert!(failed.code == 1 && failed.out.starts_with("failed  workorder.completed  dlv_"), "{}", failed.out);

    let told = user.run(&[&trigger[..], &["--forward", &here.url()]].concat()).await.json();
    let request = here.only();
    assert_eq!(
        (request.header("x-webhook-event-id"), &request.json()["data"]["title"]),
        (told["eventId"].as_str().unwrap(), &json!("Roof"))
    );
    assert_signed(&request, &secret_of(&user));

    receiver.answer_with([200]);
    let told = user.run(&[&trigger[..], &["--publish"]].concat()).await.json();
    app.drain().await;
    let published = receiver.requests().pop().unwrap();
    assert_eq!(told["eventId"], published.header("x-webhook-event-id"));
    let wrong = user.run(&["trigger", "workorder.finished", "--publish"]).await;
    assert!(wrong.code == 1 && wrong.err.contains("there is no event workorder.finished"), "{}", wrong.err);
    let wrong = user.run(&["trigger", "workorder.completed", "--publish", "--set", "data.heading=Roof"]).await;
    assert!(wrong.code == 1 && wrong.err.contains("data.heading is not a field"), "{}", wrong.err);
}

#[tokio::test]
async fn deliveries_are_sent_again_and_one_that_can_not_be_says_why() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    receiver.answer_with([500, 200]);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    let id = app.only_delivery().await.id;
    let user = User::of(&app, Waiting::Advances);
    let retry = ["deliveries", "retry", &id];
    assert!(user.run(&retry).await.text().contains(&id));
    app.drain().await;
    assert_eq!(receiver.count(), 2);
    let unknown = "dlv_01JAMB3X9T7Q2V5K8N4C6D0EFG";
    let done = user.run(&[&retry[..], &[unknown]].concat()).await;
    assert!(done.code == 1 && done.out.contains("has accepted this delivery"), "{}", done.out);
    let data = user.run(&[&retry[..], &[unknown, "--json"]].concat()).await.json()["data"].clone();
    assert_eq!(
        (&data[0]["problem"]["code"], &data[1]["problem"]["code"]),
        (&json!("already_delivered"), &json!("not_found"))
    );
    user.run(&[&retry[..], &["--force"]].concat()).await.text();
    app.drain().await;
    assert_eq!(receiver.count(), 3);
}

#[tokio::test]
async fn a_key_that_may_not_is_3() {
    let app = TestApp::start().await;
    let made = app.post("/api/keys", json!({ "name": "ERP", "scopes": ["inbound"] })).await.expect(201).body;
    let mut user = User::of(&app, Waiting::Advances);
    let key = made["key"].as_str().unwrap().to_owned();
    user.surroundings.variables.insert("WORKSKEDGE_API_KEY".to_owned(), key);
    let refused = user.run(&["events", "tail", "--once"]).await;
    assert!(refused.code == 3 && refused.err.contains("webhooks:manage"), "{}", refused.err);
    user.surroundings.variables.insert("WORKSKEDGE_API_KEY".to_owned(), "wsk_test_unknown".to_owned());
    let file = user.file("one.json", r#"{"workOrderNumber":"WO-1","title":"One"}"#);
    let refused = user.run(&["send", "workorder", &file]).await;
    assert!(refused.code == 3 && refused.err.contains("the API refuses the key"), "{}", refused.err);
    assert!(refused.err.contains("the same command sends the rest, 1 of 1 rows"), "{}", refused.err);
}
