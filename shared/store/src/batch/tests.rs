use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;

use super::*;

const LEFT_OUT: (u16, &str) =
    (200, r#"{"UnprocessedItems": {"t": [{"DeleteRequest": {"Key": {"pk": {"S": "the last"}}}}]}}"#);
const THROTTLE: (u16, &str) = (400, r#"{"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException"}"#);
const DENIED: (u16, &str) = (400, r#"{"__type": "com.amazon.coral.service#AccessDeniedException"}"#);
const DONE: (u16, &str) = (200, "{}");

/// Answers that are given one after the other, and the bodies that were sent.
#[derive(Debug, Clone, Default)]
struct Script {
    answers: Arc<Mutex<VecDeque<(u16, &'static str)>>>,
    sent: Arc<Mutex<Vec<String>>>,
}

impl HttpConnector for Script {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().unwrap_or_default();
        self.sent.lock().unwrap().push(String::from_utf8_lossy(body).into_owned());
        let (status, body) = self.answers.lock().unwrap().pop_front().unwrap();
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body))))
    }
}

async fn delete(answers: impl IntoIterator<Item = (u16, &'static str)>) -> (Result<(), StoreError>, Vec<String>) {
    let script = Script { answers: Arc::new(Mutex::new(answers.into_iter().collect())), ..Script::default() };
    let connector = SharedHttpConnector::new(script.clone());
    let credentials = Credentials::new("key", "secret", None, None, "test");
    let sdk = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::disabled())
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .build();
    let keys = ["a", "the last"].map(|pk| Item::from([("pk".to_owned(), crate::item::s(pk))]));
    let done = batch_delete(&Client::new(&sdk, aws_sdk_dynamodb::Client::new), "t", &keys, "BatchWriteItem").await;
    let sent = script.sent.lock().unwrap().clone();
    (done, sent)
}

#[tokio::test(start_paused = true)]
async fn what_is_left_out_is_deleted_later_however_long_that_takes() {
    let (done, sent) = delete([LEFT_OUT; 60].into_iter().chain([DONE])).await;
    done.unwrap();
    assert!(sent[0].contains(r#""a""#) && sent[1..].iter().all(|body| !body.contains(r#""a""#)), "{sent:?}");
    assert!(sent.len() == 61 && sent[60].contains("the last"), "{sent:?}");
}

#[tokio::test(start_paused = true)]
async fn a_throttle_is_waited_out_and_another_error_is_not() {
    let (done, sent) = delete([THROTTLE, LEFT_OUT, THROTTLE, DONE]).await;
    done.unwrap();
    assert!(sent.len() == 4 && sent[1].contains(r#""a""#) && !sent[3].contains(r#""a""#), "{sent:?}");
    let (denied, sent) = delete([DENIED]).await;
    assert!(matches!(denied, Err(StoreError::Call { .. })) && sent.len() == 1);
    let (throttled, sent) = delete(std::iter::repeat_n(THROTTLE, 1_000)).await;
    assert!(throttled.unwrap_err().is_throttle() && sent.len() == 121, "{}", sent.len());
}
