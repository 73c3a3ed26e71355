//! Where deliveries may not go: anything but public addresses, over anything but HTTPS.

use domain::attempt::AttemptError;
use domain::delivery::DeliveryStatus;
use serde_json::json;
use tests::{Ca, Receiver, TestApp};

use crate::deliveries::create_work_order;

#[tokio::test]
async fn urls_that_are_not_public_are_refused_when_an_endpoint_is_created() {
    let app = TestApp::builder().allow_private(false).start().await;
    for url in [
        "http://93.184.215.14/hook",
        "https://127.0.0.1/hook",
        "https://localhost/hook",
        "https://10.1.2.3/hook",
        "https://192.168.0.1/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/hook",
        "https://[::ffff:127.0.0.1]/hook",
        "https://2130706433/hook",
    ] {
        let refused = app.post("/api/endpoints", json!({ "url": url, "events": ["*"] })).await.expect(400);
        assert_eq!(refused.defects().first().map(|(field, _)| *field), Some("url"), "{url}");
    }
    let list = app.get("/api/endpoints").await.expect(200);
    assert_eq!(list.body["data"], json!([]));
}

#[tokio::test]
async fn an_address_is_checked_again_at_every_attempt() {
    let (ca, directory) = (Ca::new(), tempfile::tempdir().unwrap());
    let receiver = Receiver::https(&ca).await;
    // It was allowed when it was registered.
    let app = TestApp::builder().data_dir(directory.path()).trusting(&ca).start().await;
    app.endpoint(&receiver.url(), ["*"]).await;
    let app = app.restart(|settings| settings.allow_private(false)).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    let delivery = app.only_delivery().await;
    assert_eq!(delivery.status, DeliveryStatus::Retrying);
    assert_eq!(delivery.attempts[0].error, Some(AttemptError::ForbiddenAddress));
    assert_eq!(receiver.count(), 0);
}
