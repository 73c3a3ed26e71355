use jiff::Timestamp;

use super::*;
use crate::defect::Defects;
use crate::endpoint::{EventFilter, Health, PreviousSecrets, SealedSecret, StoredHeaders};
use crate::events::EventName;
use crate::filter;
use crate::format::Format;

fn endpoint() -> Endpoint {
    Endpoint {
        id: "ep_1".to_owned(),
        url: "https://erp.example.com".to_owned(),
        events: vec![EventFilter::All],
        project_ids: Vec::new(),
        filter: None,
        changed: Vec::new(),
        skip_keys: Vec::new(),
        description: None,
        headers: StoredHeaders::None,
        max_per_second: None,
        format: Format::Full,
        secret: SealedSecret { sealed: String::new(), hint: String::new() },
        previous_secrets: PreviousSecrets::default(),
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        version: 1,
        status: EndpointStatus::Enabled,
        disabled_reason: None,
        disabled_at: None,
        health: Health::default(),
    }
}

fn with_filter(pattern: &Value) -> Endpoint {
    let mut defects = Defects::default();
    let filter = Some(filter::check(pattern, "filter", &mut defects));
    assert!(defects.is_empty(), "{defects:?}");
    Endpoint { filter, ..endpoint() }
}

fn event(name: EventName, data: &Value) -> StoredEvent {
    let body = json!({"event": name, "timestamp": "2025-10-20T14:30:00Z", "data": data}).to_string();
    let project_id = Some("proj_abc".to_owned());
    StoredEvent { id: "evt_1".to_owned(), name, body, project_id, subject: None }
}

fn unmet(endpoint: &Endpoint, key: Option<&str>, event: &StoredEvent) -> Option<Unmet> {
    endpoint.unmet(&Candidate::caused_by(key, event), &Filters::default())
}

#[test]
fn the_first_condition_that_is_not_met_is_told() {
    let updated = event(EventName::WorkorderUpdated, &json!({"status": "scheduled", "changedFields": ["title"]}));
    let endpoint = Endpoint {
        project_ids: vec!["proj_abc".to_owned()],
        skip_keys: vec![SkippedKey { id: "key_2".to_owned(), line: "key_1".to_owned() }],
        changed: vec!["title".to_owned()],
        ..with_filter(&json!({"data": {"status": ["scheduled"]}}))
    };
    assert_eq!(unmet(&endpoint, Some("key_9"), &updated), None);
    let vendors = vec![EventFilter::try_from("vendor.*".to_owned()).unwrap()];
    assert_eq!(unmet(&Endpoint { events: vendors, ..endpoint.clone() }, None, &updated), Some(Unmet::Events));
    let other = StoredEvent { project_id: None, ..updated.clone() };
    assert_eq!(unmet(&endpoint, None, &other), Some(Unmet::ProjectIds));
    assert_eq!(unmet(&endpoint, Some("key_1"), &updated), Some(Unmet::SkipKeys), "whichever key of the line it was");
    let times = Endpoint { changed: vec!["scheduledStart".to_owned()], ..endpoint.clone() };
    assert_eq!(unmet(&times, None, &updated), Some(Unmet::Changed));
    let done = event(EventName::WorkorderUpdated, &json!({"status": "completed", "changedFields": ["title"]}));
    assert_eq!(unmet(&endpoint, None, &done), Some(Unmet::Filter));
    assert!(
        !Endpoint { status: EndpointStatus::Disabled, ..endpoint.clone() }
            .wants(&Candidate::caused_by(None, &updated), &Filters::default())
    );
}

#[test]
fn what_is_no_update_passes_whatever_has_to_change() {
    let times = Endpoint { changed: vec!["scheduledStart".to_owned(), "status".to_owned()], ..endpoint() };
    let update = |fields: &[&str]| event(EventName::WorkorderUpdated, &json!({"changedFields": fields}));
    assert_eq!(unmet(&times, None, &update(&["title", "status"])), None);
    assert_eq!(unmet(&times, None, &update(&["title", "statuses"])), Some(Unmet::Changed));
    assert_eq!(unmet(&times, None, &event(EventName::WorkorderCreated, &json!({}))), None);
    assert_eq!(unmet(&times, None, &event(EventName::WorkorderCompleted, &json!({}))), None);
}

#[test]
fn a_filter_sees_the_event_as_it_is_delivered_with_its_id() {
    let created = event(EventName::VendorCreated, &json!({"name": "Gulf Steel"}));
    for (pattern, passes) in [
        (json!({"id": ["evt_1"]}), true),
        (json!({"id": ["evt_2"]}), false),
        (json!({"event": [{"prefix": "vendor."}], "timestamp": [{"prefix": "2025-10-20"}]}), true),
        (json!({"data": {"name": [{"prefix": "Gulf"}]}}), true),
        (json!({"data": {"name": [{"prefix": "gulf"}]}}), false),
    ] {
        assert_eq!(unmet(&with_filter(&pattern), None, &created).is_none(), passes, "{pattern}");
    }
    let damaged = StoredEvent { body: "{".to_owned(), ..created };
    assert_eq!(unmet(&with_filter(&json!({"id": ["evt_2"]})), None, &damaged), None, "nothing is lost by it");
}

#[test]
fn a_filter_is_compiled_once_until_its_endpoint_has_another() {
    let filters = Filters::default();
    let one = with_filter(&json!({"data": {"name": ["a"]}}));
    let first = filters.of(&one).unwrap().unwrap();
    assert!(std::sync::Arc::ptr_eq(&first, &filters.of(&one).unwrap().unwrap()));
    let changed = with_filter(&json!({"data": {"name": ["b"]}}));
    assert_ne!(filters.of(&changed).unwrap().unwrap(), first);
    assert!(filters.of(&endpoint()).unwrap().is_none());
    let newer: filter::Filter = serde_json::from_value(json!(r#"{"a":[{"regexp":"b"}]}"#)).unwrap();
    let newer = Endpoint { id: "ep_2".to_owned(), filter: Some(newer), ..endpoint() };
    assert!(filters.of(&newer).is_err());
    let created = event(EventName::VendorCreated, &json!({}));
    assert!(newer.selects(&Candidate::caused_by(None, &created), &filters));
}
