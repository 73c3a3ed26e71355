//! What is logged, and that what belongs together can be found together.

use std::io;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::trace::TraceContext;
use serde_json::{Value, json};
use store::tables::{self, Table};
use telemetry::logging::discreet;
use tests::{InboundApp, Receiver, TestApp};
use tracing::Dispatch;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::crew::WORK_ORDER;

/// As long as there is one subscriber only, tracing asks the thread that comes first to a line whether it is wanted, and
/// keeps the answer for all threads: a test without a log would silence the tests with one.
static ANOTHER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(tracing_subscriber::registry()));

/// Everything that is logged while it lives, by this test's thread.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// All that `RUST_LOG=trace` brings.
    pub(crate) fn start() -> (Self, tracing::subscriber::DefaultGuard) {
        LazyLock::force(&ANOTHER);
        let log = Self::default();
        let logger = tracing_subscriber::fmt().json().without_time().with_max_level(tracing::Level::TRACE);
        let logger = logger.with_writer(log.clone()).finish().with(discreet());
        (log, tracing::subscriber::set_default(logger))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("a lock").clone()).expect("text")
    }

    /// The only line whose message begins so.
    fn line(&self, message: &str) -> Value {
        let lines: Vec<Value> = self.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let is_it = |line: &&Value| line["fields"]["message"].as_str().is_some_and(|text| text.starts_with(message));
        let [line] = lines.iter().filter(is_it).collect::<Vec<_>>()[..] else { panic!("{message}: {}", self.text()) };
        line.clone()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("a lock").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_failed_delivery_is_joined_with_the_request_that_raised_its_event() {
    let (log, _guard) = Log::start();
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    receiver.answer(|_| 500.into());
    app.endpoint(&receiver.url(), ["*"]).await;
    let reply = app.post(WORK_ORDER, work_order()).await;
    let request_id = reply.header("x-request-id").expect("an id").to_owned();
    app.drain_stream().await;
    app.drain_delivery_queue().await;
    let delivery = app.only_delivery().await;

    let attempt = log.line("attempt 1 of");
    assert_eq!(attempt["fields"]["error"], "http_status");
    assert_eq!(attempt["span"]["request_id"], request_id);
    assert_eq!(attempt["span"]["delivery_id"], delivery.id);
    assert_eq!(attempt["span"]["event_id"], delivery.event_id);
    assert_eq!(attempt["span"]["account"], app.account);
    let trace = TraceContext::parse(receiver.only().header("traceparent")).expect("a trace");
    assert_eq!(attempt["span"]["trace_id"], trace.trace_id());
    assert_eq!(attempt["fields"]["span_id"], trace.span_id());
    assert_eq!(attempt["fields"]["record_number"], "WO-1");
    let request = log.line("request 200");
    assert_eq!(request["fields"]["trace_id"], trace.trace_id());
    assert!(request["fields"].get("code").is_none(), "what there is nothing to say about is left out: {request}");
}

#[tokio::test]
async fn a_delivery_that_arrives_is_a_line_for_those_who_ask_for_details() {
    let (log, _guard) = Log::start();
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    receiver.answer_with([500, 204]);
    app.endpoint(&receiver.url(), ["*"]).await;
    app.post(WORK_ORDER, work_order()).await;
    app.drain().await;
    app.advance(Duration::from_secs(70)).await;
    app.drain().await;
    let levels = ["attempt 1 of", "attempt 2 of"].map(|attempt| log.line(attempt)["level"].clone());
    assert_eq!(levels, ["INFO", "DEBUG"]);
}

fn work_order() -> Value {
    json!({"workOrderNumber": "WO-1", "title": "Pour slab"})
}

#[tokio::test]
async fn a_call_without_a_key_is_nobodys() {
    let (log, _guard) = Log::start();
    let app = InboundApp::start().await;
    app.request("POST", WORK_ORDER).json(&work_order()).without_key().send().await.expect(401);
    let line = log.line("request 401");
    assert_eq!(line["fields"]["code"], "unauthorized");
    for absent in ["account", "key_id", "fields", "number"] {
        assert!(line["fields"].get(absent).is_none(), "{absent}: {line}");
    }
}

#[tokio::test]
async fn the_cause_of_a_failed_request_is_logged_with_its_id() {
    let (log, _guard) = Log::start();
    let app = InboundApp::start().await;
    let client = aws_sdk_dynamodb::Client::new(app.system().sdk_config());
    client.delete_table().table_name(tables::RECORDS.name).send().await.expect("a table that can be deleted");
    let reply = app.post(WORK_ORDER, work_order()).await;
    assert_eq!(reply.status, 503);
    assert!(!reply.body.to_string().contains("ResourceNotFound"), "{}", reply.body);

    let line = log.line("request 503");
    assert_eq!(line["level"], "ERROR");
    assert_eq!(line["fields"]["request_id"], reply.header("x-request-id").expect("an id"));
    assert_eq!(line["fields"]["account"], app.account);
    assert_eq!(line["fields"]["function"], "create-workorder");
    let error = line["fields"]["error"].as_str().expect("a cause");
    assert!(error.starts_with("DynamoDB ") && error.contains("ResourceNotFound"), "{error}");
    let errors = log.text().lines().filter(|line| line.contains("ResourceNotFound") && line.contains("ERROR")).count();
    assert_eq!(errors, 1, "a cause is logged once: {}", log.text());
}

#[tokio::test]
async fn a_kept_answer_that_is_damaged_is_500_since_trying_again_would_not_help() {
    let (log, _guard) = Log::start();
    let app = InboundApp::start().await;
    let send =
        async || app.request("POST", WORK_ORDER).header("idempotency-key", "one").json(&work_order()).send().await;
    send().await.expect(200);
    let key = format!("{}#{WORK_ORDER}#one", app.account);
    update(&app, &tables::IDEMPOTENCY, &key, "SET answer = fingerprint").await;

    let reply = send().await;
    assert_eq!((reply.status, reply.code()), (500, "internal_error"), "{}", reply.body);
    assert_eq!(reply.header("retry-after"), None);
    let line = log.line("request 500");
    assert_eq!(line["level"], "ERROR");
    assert!(line["fields"]["error"].as_str().is_some_and(|error| error.contains("line 1")), "{line}");

    update(&app, &tables::IDEMPOTENCY, &key, "SET answer = expiresAt").await;
    assert_eq!(send().await.status, 500, "an answer of another type is no request that is still running");
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_500() {
    let (log, _guard) = Log::start();
    let app = InboundApp::start().await;
    app.post(WORK_ORDER, work_order()).await.expect(200);
    let key = crate::records::slot_key(&app.account, "workorder", "WO-1");
    update(&app, &tables::RECORDS, &key, "REMOVE version").await;

    let reply = app.post(WORK_ORDER, work_order()).await;
    assert_eq!((reply.status, reply.code()), (500, "internal_error"), "{}", reply.body);
    let line = log.line("request 500");
    let said = format!("item {key} in records is unreadable: version");
    assert_eq!(line["fields"]["error"], said, "which item it is, since the request may have read others");
}

#[tokio::test]
async fn what_stands_in_a_damaged_event_is_not_logged() {
    let (log, _guard) = Log::start();
    let app = InboundApp::start().await;
    app.post(WORK_ORDER, work_order()).await.expect(200);
    app.advance(Duration::from_mins(1)).await;
    let page = app.get("/api/events").await.expect(200);
    let event = page.body["data"][0]["id"].as_str().expect("an event").to_owned();
    let client = aws_sdk_dynamodb::Client::new(app.system().sdk_config());
    let text = |value: &str| AttributeValue::S(value.to_owned());
    for private in [text("Jane Doe"), AttributeValue::Bool(true), AttributeValue::N("5550100".to_owned())] {
        let update = client.update_item().table_name(tables::EVENTS.name).key("pk", text(&app.account));
        let update = update.key("sk", text(event.trim_start_matches("evt_")));
        let update =
            update.update_expression("SET events[0].#name = :private").expression_attribute_names("#name", "name");
        update.expression_attribute_values(":private", private).send().await.expect("an update");
        let reply = app.get(&format!("/api/events/{event}")).await;
        assert_eq!(reply.status, 500, "{}", reply.body);
    }
    let text = log.text();
    let errors: Vec<&str> = text.lines().filter(|line| line.contains("in events is unreadable")).collect();
    assert_eq!(errors.len(), 3, "{text}");
    for error in errors {
        assert!(error.contains(event.trim_start_matches("evt_")), "which item it is: {error}");
        assert!(!error.contains("Jane") && !error.contains("5550100") && !error.contains("`true`"), "{error}");
    }
}

#[tokio::test]
async fn a_key_that_somebody_put_into_a_path_is_not_logged() {
    let (log, _guard) = Log::start();
    let app = InboundApp::start().await;
    let escaped = app.key.replacen('w', "%77", 1);
    for segment in [app.key.clone(), escaped, format!("key={}", app.key), "jane.doe@example.com".to_owned()] {
        app.get(&format!("/api/keys/{segment}")).await.expect(404);
    }
    let text = log.text();
    let secret = app.key.rsplit('_').next().expect("a part");
    assert!(!text.contains(secret) && !text.contains("jane.doe"), "{text}");
    assert_eq!(text.matches("/api/keys/[redacted]").count(), 4, "{text}");
}

/// Changes the item with this partition key.
async fn update(app: &InboundApp, table: &Table, key: &str, expression: &str) {
    let client = aws_sdk_dynamodb::Client::new(app.system().sdk_config());
    let update = client.update_item().table_name(table.name).key("pk", AttributeValue::S(key.to_owned()));
    update.condition_expression("attribute_exists(pk)").update_expression(expression).send().await.expect("an update");
}
