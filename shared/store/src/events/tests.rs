use domain::events::EventName;
use domain::outbox::StoredEvent;
use domain::trail::Trail;
use serde_json::json;

use super::*;

const KEPT: SignedDuration = SignedDuration::from_hours(8 * 24);

fn outbox(bodies: &[&str]) -> Outbox {
    let event = |body: &&str| StoredEvent {
        id: "evt_01JAMB3X9T7Q2V5K8N4C6D0EFG".to_owned(),
        name: EventName::VendorCreated,
        body: (*body).to_owned(),
        project_id: None,
        subject: None,
    };
    Outbox {
        account: "acc_1".to_owned(),
        id: "01JAMB3X9T7Q2V5K8N4C6D0EFG".to_owned(),
        request_id: "req_1".to_owned(),
        trace: None,
        hops: 3,
        key_line: Some("key_1".to_owned()),
        events: bodies.iter().map(event).collect(),
        trail: Trail::default().behind("01JAMB3X9T7Q2V5K8N4C6D0EFE").behind("01JAMB3X9T7Q2V5K8N4C6D0EFF"),
        brought_again_at: None,
        test: false,
    }
}

#[test]
fn short_and_long_bodies_are_read_from_the_table_and_from_its_stream() {
    let (short, long) = ("{}", format!("{{\"notes\":\"{}\"}}", "Bring the long ladder. ".repeat(100)));
    let outbox = outbox(&[short, &long]);
    let item = outbox_item(&outbox, Timestamp::UNIX_EPOCH, KEPT);
    let AttributeValue::L(events) = &item["events"] else { panic!("{item:?}") };
    let bodies: Vec<_> = events.iter().map(|event| &event.as_m().unwrap()["body"]).collect();
    assert!(bodies[0].is_s() && bodies[1].as_b().unwrap().as_ref().len() < 100, "{bodies:?}");
    assert_eq!(read_outbox(item.clone()).unwrap(), outbox);
    assert_eq!(item["expiresAt"], n(8 * 86_400));

    let stream = serde_json::to_value(serde_dynamo::Item::from(item)).unwrap();
    assert!(stream["events"]["L"][1]["M"]["body"]["B"].is_string(), "Base64: {stream}");
    let record: serde_dynamo::Item = serde_json::from_value(stream).unwrap();
    assert_eq!(read_outbox(record).unwrap(), outbox);
}

#[test]
fn a_damaged_body_is_unreadable() {
    let mut stream =
        serde_json::to_value(serde_dynamo::Item::from(outbox_item(&outbox(&["{}"]), Timestamp::UNIX_EPOCH, KEPT)));
    let body = stream.as_mut().unwrap().pointer_mut("/events/L/0/M/body");
    *body.unwrap() = json!({"B": "c2VjcmV0"});
    let record: serde_dynamo::Item = serde_json::from_value(stream.unwrap()).unwrap();
    let error = read_outbox(record).unwrap_err();
    assert!(
        matches!(&error, StoreError::Unreadable { key, .. } if key == "acc_1 01JAMB3X9T7Q2V5K8N4C6D0EFG"),
        "{error:?}"
    );
}
