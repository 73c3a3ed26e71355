//! What no sender means and some send: always an answer that says so, never a 500, a crash or a sender left waiting.

use serde_json::json;
use tests::{InboundApp, Reply};

use crate::crew::WORK_ORDER;
use crate::expect::{invalid, problem, refused};

async fn send(app: &InboundApp, body: impl Into<Vec<u8>>) -> Reply {
    app.request("POST", WORK_ORDER).header("content-type", "application/json").body(body.into()).send().await
}

/// The system still does its work.
async fn is_alive(app: &InboundApp) {
    let reply = app.post(WORK_ORDER, json!({"workOrderNumber": "WO-ALIVE", "title": "still here"})).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
}

const NOT_JSON: &[&str] = &[
    "",
    " ",
    "\n\t",
    "{",
    "}",
    "[",
    "nonsense",
    "{}{}",
    "{} x",
    "{,}",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{'a':1}",
    "{a:1}",
    "{\"a\":NaN}",
    "{\"a\":Infinity}",
    "{\"a\":-}",
    "{\"a\":01}",
    "{\"a\":+1}",
    "{\"a\":.5}",
    "{\"a\":1.}",
    "{\"a\":1e}",
    "{\"a\":tru}",
    "{\"a\":\"\n\"}",
    "{\"a\":\"\\x\"}",
    "{\"a\":\"\\u12\"}",
    "{\"a\":\"\\ud800\"}",
    "{\"a\":\"\\udc00\\ud800\"}",
    "// comment\n{}",
    "\u{feff}{}",
    "<workOrder/>",
    "workOrderNumber=WO-1&title=x",
    "{\"workOrderNumber\":\"WO-1\",\"title\":\"cut o",
];

#[tokio::test]
async fn a_body_that_is_not_a_json_object_is_refused() {
    let app = InboundApp::start().await;
    for text in NOT_JSON {
        let reply = send(&app, *text).await;
        refused(&reply, 400, "malformed_json");
    }
    for text in ["null", "true", "1", "\"text\"", "[]", "[{}]"] {
        invalid(&send(&app, text).await, &["$ invalid_type"]);
    }
    let utf16: Vec<u8> = "{\"title\":\"x\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let bytes: [&[u8]; 6] = [
        b"\xff\xfe",
        b"{\"title\":\"\xc3\x28\"}",
        b"{\"title\":\"\xc0\xaf\"}",
        b"{\"title\":\"\xed\xa0\x80\"}",
        b"{\"title\":\"a\0b\"}",
        b"\x1f\x8b\x08\x00",
    ];
    for bytes in bytes.into_iter().chain([utf16.as_slice()]) {
        refused(&send(&app, bytes).await, 400, "malformed_json");
    }
    is_alive(&app).await;
}

#[tokio::test]
async fn a_member_that_is_there_twice_is_refused() {
    let app = InboundApp::start().await;
    for text in [
        r#"{"workOrderNumber":"WO-1","title":"a","title":"b"}"#,
        r#"{"workOrderNumber":"WO-1","title":"a","titl\u0065":"b"}"#,
        r#"{"workOrderNumber":"WO-1","title":"a","customFields":{"x":1,"x":1}}"#,
        r#"{"workOrderNumber":"WO-1","title":"a","materials":[{"name":"a","name":"a"}]}"#,
        r#"{"workOrderNumber":"WO-1","title":"a","nothing":{"a":{"b":1,"b":2}}}"#,
    ] {
        refused(&send(&app, text).await, 400, "duplicate_key");
    }
}

#[tokio::test]
async fn a_body_that_is_nested_too_deep_is_refused() {
    let app = InboundApp::start().await;
    let nested = |depth: usize, open: &str, inner: &str, close: &str| {
        format!(r#"{{"workOrderNumber":"WO-1","title":{}{inner}{}}}"#, open.repeat(depth), close.repeat(depth))
    };
    invalid(&send(&app, nested(7, "[", "1", "]")).await, &["title invalid_type"]);
    refused(&send(&app, nested(8, "[", "1", "]")).await, 400, "malformed_json");
    refused(&send(&app, nested(65_000, "[", "1", "]")).await, 400, "malformed_json");
    refused(&send(&app, nested(18_000, r#"{"a":"#, "1", "}")).await, 400, "malformed_json");
    refused(&send(&app, nested(130_000, "[", "", "")).await, 400, "malformed_json");
    refused(&send(&app, nested(100_000, r#"{"a":"#, "1", "}")).await, 413, "payload_too_large");
    is_alive(&app).await;
}

#[tokio::test]
async fn oversized_values_and_lists_are_refused_with_short_answers() {
    let app = InboundApp::start().await;
    let order = |extra: String| format!(r#"{{"workOrderNumber":"WO-1","title":"x",{extra}}}"#);
    let names = (0..9000).map(|i| format!(r#""f{i}":1"#)).collect::<Vec<_>>().join(",");
    let reply = send(&app, order(names.clone())).await;
    refused(&reply, 400, "validation_failed");
    assert_eq!(reply.body["errors"].as_array().map(Vec::len), Some(50));
    assert!(reply.text.len() < 50_000, "{}", reply.text.len());

    let digits = "9".repeat(100_000);
    for extra in [
        format!(r#""customFields":{{{names}}}"#),
        format!(r#""estimatedHours":{digits}"#),
        format!(r#""estimatedHours":1e{}"#, "9".repeat(300)),
        format!(r#""notToExceed":"{digits}""#),
        format!(r#""{digits}":1"#),
        format!(r#""scheduledStart":"{digits}""#),
        format!(r#""tags":[{}1]"#, "1,".repeat(50_000)),
        format!(r#""assignments":[{}{{}}]"#, "{},".repeat(40_000)),
        format!(r#""title2":"{}""#, "\\u0301".repeat(20_000)),
    ] {
        let reply = send(&app, order(extra)).await;
        assert_eq!(reply.status, 400, "{}", &reply.text[..reply.text.len().min(300)]);
        problem(&reply);
        assert!(reply.text.len() < 50_000, "{}", reply.text.len());
    }
    let reply = send(&app, vec![b'x'; 10 * 1024 * 1024 + 1]).await;
    assert_eq!((reply.status, reply.code()), (413, "payload_too_large"));
    problem(&reply);
    is_alive(&app).await;
}

#[tokio::test]
async fn control_characters_and_malformed_numbers_are_refused() {
    let app = InboundApp::start().await;
    let order = |title: &str| json!({"workOrderNumber": "WO-1", "title": title});
    for title in ["a\0b", "a\u{1}", "a\u{7f}", "a\nb", "a\tb", "a\u{85}b"] {
        invalid(&app.post(WORK_ORDER, order(title)).await, &["title invalid_characters"]);
    }
    for title in [
        "😀 père Noël",
        "数据",
        "עברית",
        "e\u{301}\u{302}\u{303}",
        "\"quoted\" \\ /",
        "'; DROP TABLE records; --",
        "${jndi:x}",
    ] {
        let reply = app.post(WORK_ORDER, order(title)).await;
        assert_eq!(reply.status, 200, "{title}: {}", reply.text);
    }
    for number in ["", "-1", "WO\u{a0}1", "WO\u{0}", "#1", "a".repeat(51).as_str(), "W\u{415}-1", "../x", "WO:1", "ẞ"]
    {
        let reply = app.post(WORK_ORDER, json!({"workOrderNumber": number, "title": "x"})).await;
        refused(&reply, 400, "validation_failed");
        assert_eq!(reply.defects()[0].0, "workOrderNumber", "{number:?}");
    }
}

#[tokio::test]
async fn odd_headers_do_no_harm_and_compressed_bodies_are_refused() {
    let app = InboundApp::start().await;
    let order = json!({"workOrderNumber": "WO-1", "title": "x"});
    for (name, value) in [
        ("idempotency-key", "\u{e9}"),
        ("content-encoding", "identity"),
        ("expect", "100-continue"),
        ("x-forwarded-for", "1.2.3.4"),
        ("accept", "text/html"),
        ("cookie", "a=b; c"),
        ("x-http-method-override", "DELETE"),
    ] {
        let reply = app.request("POST", WORK_ORDER).header(name, value).json(&order).send().await;
        assert!(matches!(reply.status, 200 | 400), "{name}: {} {}", reply.status, reply.text);
    }
    let encoded = app.request("POST", WORK_ORDER).header("content-encoding", "gzip").json(&order).send().await;
    refused(&encoded, 415, "unsupported_media_type");
}
