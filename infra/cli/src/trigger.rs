//! `trigger`: one event, to try a receiver.

use domain::ids;
use serde_json::{Value, json};

use crate::Surroundings;
use crate::api::{Api, Call};
use crate::arguments::Trigger;
use crate::failure::Failure;
use crate::forward::{self, Forwarder, Outbound};
use crate::output::{Output, printable};
use crate::{paths, secrets};

/// Sends the event the way that is asked for. Returns whether the receiver has accepted it; of a publication nobody knows
/// yet.
pub(crate) async fn trigger(
    api: &Api,
    wanted: &Trigger,
    surroundings: &Surroundings,
    output: &mut Output<'_>,
) -> Result<bool, Failure> {
    if let Some(endpoint) = &wanted.endpoint {
        return test(api, wanted, endpoint, output).await;
    }
    if let Some(url) = &wanted.forward {
        return forward(api, wanted, url, surroundings, output).await;
    }
    publish(api, wanted, output).await
}

/// A test send of the deployment.
async fn test(api: &Api, wanted: &Trigger, endpoint: &str, output: &mut Output<'_>) -> Result<bool, Failure> {
    api.key()?;
    let mut body = json!({ "event": wanted.event });
    if !wanted.settings.is_empty() {
        body["data"] = example(api, wanted).await?["data"].take();
    }
    let answer = api.once(&Call::post(format!("/api/endpoints/{endpoint}/test"), &body)).await?.body;
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), printable);
    let attempt = &answer["attempt"];
    let said = attempt["responseBody"].as_str().map(|said| format!(": {}", printable(said))).unwrap_or_default();
    let how = match &attempt["statusCode"] {
        Value::Null => format!("no answer: {}", text(&attempt["error"])),
        status => format!("{status} in {} ms{said}", attempt["durationMs"]),
    };
    let line = format!("{}  {}  {}  {how}\n", text(&answer["status"]), wanted.event, text(&answer["deliveryId"]));
    output.report(&line, &answer)?;
    Ok(answer["status"] == "delivered")
}

/// An event of the whole account.
async fn publish(api: &Api, wanted: &Trigger, output: &mut Output<'_>) -> Result<bool, Failure> {
    api.key()?;
    let data = example(api, wanted).await?["data"].take();
    let key = format!("workskedge-{}", hex::encode(ids::random::<16>()));
    let body = json!({ "event": wanted.event, "data": data, "idempotencyKey": key });
    let answer = api.once(&Call::post("/api/events", &body)).await?.body;
    let id = answer["eventId"].as_str().map(printable).unwrap_or_default();
    output.report(&format!("published  {}  {id}\n", wanted.event), &answer)?;
    Ok(true)
}

/// Signed and sent from here.
async fn forward(
    api: &Api,
    wanted: &Trigger,
    url: &str,
    surroundings: &Surroundings,
    output: &mut Output<'_>,
) -> Result<bool, Failure> {
    let event = example(api, wanted).await?;
    let session = secrets::session_secret(wanted.secret_file.as_deref(), surroundings)?;
    output.note(&session.note);
    let now = api.clock.now();
    let event_id = ids::new_id("evt_", now);
    let timestamp = Value::String(domain::clock::rfc3339(now));
    let outbound = Outbound { event_id: &event_id, event: &wanted.event, timestamp: &timestamp, data: &event["data"] };
    let forwarder = Forwarder::new(url, session.secret)?;
    let answer = forwarder.send(&outbound, 0, now).await;
    let mut json =
        json!({ "eventId": event_id, "event": wanted.event, "deliveryId": forwarder.delivery_id(&event_id) });
    if let (Value::Object(json), Value::Object(mut told)) = (&mut json, forward::as_json(&answer)) {
        json.append(&mut told);
    }
    output.report(&format!("{}  {event_id}  {}\n", wanted.event, forward::in_words(&answer)), &json)?;
    Ok(answer.is_success())
}

/// The catalog's example of the event, with the values that are asked for.
async fn example(api: &Api, wanted: &Trigger) -> Result<Value, Failure> {
    // What a path may hold is what names of events are made of.
    if !wanted.event.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_')) {
        return Err(Failure::Impossible(format!("there is no event {}", wanted.event)));
    }
    let found = api.once(&Call::get(format!("/api/event-types/{}", wanted.event))).await;
    let mut found = found.map_err(|failure| match failure {
        Failure::Impossible(_) => Failure::Impossible(format!(
            "there is no event {}; the catalog has all, at {}/docs/events",
            wanted.event,
            api.url()
        )),
        other => other,
    })?;
    let mut event = found.body["example"].take();
    for setting in &wanted.settings {
        paths::set(&mut event["data"], &setting.path, setting.value.clone());
    }
    Ok(event)
}
