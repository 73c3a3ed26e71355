use domain::endpoint::{EventFilter, Health, PreviousSecrets, SealedSecret, StoredHeaders};
use serde_json::json;

use super::*;

fn parse(body: &Value, form: Form) -> Result<Changes, Vec<String>> {
    Changes::parse(body.as_object().unwrap().clone(), form, false)
        .map_err(|problem| problem.errors.iter().map(|defect| format!("{} {:?}", defect.field, defect.code)).collect())
}

fn endpoint() -> Endpoint {
    Endpoint {
        id: "ep_1".to_owned(),
        url: "https://old.example.com".to_owned(),
        events: vec![EventFilter::All],
        project_ids: vec!["proj_abc".to_owned()],
        filter: None,
        changed: Vec::new(),
        skip_keys: Vec::new(),
        description: Some("old".to_owned()),
        headers: StoredHeaders::None,
        max_per_second: None,
        format: Format::Full,
        secret: SealedSecret { sealed: "f1.x".to_owned(), hint: "whsec_…x".to_owned() },
        previous_secrets: PreviousSecrets::default(),
        created_at: "2025-10-20T14:30:00Z".parse().unwrap(),
        updated_at: "2025-10-20T14:30:00Z".parse().unwrap(),
        version: 1,
        status: EndpointStatus::Enabled,
        disabled_reason: None,
        disabled_at: None,
        health: Health::default(),
    }
}

#[test]
fn a_whole_body_is_read() {
    let body = json!({
        "url": " https://hooks.example.com/in ", "events": ["workorder.*", "vendor.created", "workorder.*", "*"],
        "projectIds": ["proj_abc123", "proj_abc123"], "description": "ERP\nsync", "headers": {"Authorization": "Bearer x"},
        "maxPerSecond": 25, "format": "thin", "status": "disabled",
    });
    let mut endpoint = endpoint();
    let changes = parse(&body, Form::New).unwrap();
    let switch = changes.apply(&mut endpoint);
    assert_eq!(endpoint.url, "https://hooks.example.com/in");
    assert_eq!(json!(endpoint.events), json!(["workorder.*", "vendor.created", "*"]));
    assert_eq!(endpoint.project_ids, ["proj_abc123"]);
    assert_eq!(endpoint.description.as_deref(), Some("ERP\nsync"));
    assert_eq!(endpoint.max_per_second, NonZeroU16::new(25));
    assert_eq!(endpoint.format, Format::Thin);
    assert_eq!(changes.headers().unwrap()["Authorization"].expose(), "Bearer x");
    assert_eq!(endpoint.disabled_reason.as_deref(), Some(BY_REQUEST));
    assert_eq!(switch, Some(Switch::Off { reason: BY_REQUEST.to_owned() }));
}

#[test]
fn all_defects_come_at_once() {
    let body = json!({
        "url": "http://hooks.example.com", "events": ["vendor.gone", "*", 7, "*", ""], "projectIds": ["wo_1"],
        "description": "d".repeat(501), "headers": {"Host": "x"}, "maxPerSecond": 501, "format": "xml",
        "status": "paused", "secret": "mine",
    });
    assert_eq!(
        parse(&body, Form::New).unwrap_err(),
        [
            "description TooLong",
            "events[0] InvalidValue",
            "events[2] InvalidType",
            "events[4] TooShort",
            "format InvalidValue",
            "headers.Host InvalidKey",
            "maxPerSecond OutOfRange",
            "projectIds[0] InvalidFormat",
            "secret UnknownField",
            "status InvalidValue",
            "url InvalidFormat",
        ]
    );
}

#[test]
fn a_new_endpoint_needs_an_address_and_events() {
    assert_eq!(parse(&json!({}), Form::New).unwrap_err(), ["events Required", "url Required"]);
    assert_eq!(
        parse(&json!({"url": null, "events": []}), Form::New).unwrap_err(),
        ["events TooFewItems", "url Required"]
    );
    let many: Vec<_> = (0..51).map(|i| format!("vendor.gone{i}")).collect();
    let body = json!({"url": "https://10.0.0.1/", "events": many});
    assert_eq!(parse(&body, Form::New).unwrap_err(), ["events TooManyItems", "url InvalidValue"]);
}

#[test]
fn a_change_leaves_what_it_does_not_name_and_clears_what_is_null() {
    let mut changed = endpoint();
    assert_eq!(parse(&json!({}), Form::Change).unwrap().apply(&mut changed), None);
    assert_eq!(changed, endpoint());
    let body = json!({"projectIds": null, "description": "", "headers": null});
    let clearing = parse(&body, Form::Change).unwrap();
    assert_eq!(clearing.apply(&mut changed), None);
    assert_eq!(clearing.headers(), Some(&OwnHeaders::new()));
    let cleared = Endpoint { project_ids: vec![], description: None, ..endpoint() };
    assert_eq!(changed, cleared);
    let body = json!({"url": null, "events": null});
    assert_eq!(parse(&body, Form::Change).unwrap_err(), ["events Required", "url Required"]);
}

#[test]
fn a_pace_is_a_whole_number_and_null_removes_it() {
    let mut endpoint = endpoint();
    for (sent, pace) in [(json!({"maxPerSecond": 1}), NonZeroU16::new(1)), (json!({}), NonZeroU16::new(1))] {
        parse(&sent, Form::Change).unwrap().apply(&mut endpoint);
        assert_eq!(endpoint.max_per_second, pace, "{sent}");
    }
    parse(&json!({"maxPerSecond": null}), Form::Change).unwrap().apply(&mut endpoint);
    assert_eq!(endpoint.max_per_second, None);
    for wrong in [json!(0), json!(-1), json!(0.5), json!(true)] {
        assert!(parse(&json!({"maxPerSecond": wrong}), Form::Change).is_err(), "{wrong}");
    }
}

#[test]
fn null_is_the_full_format() {
    let mut endpoint = endpoint();
    for (sent, format) in [
        (json!({"format": "cloudevents"}), Format::CloudEvents),
        (json!({}), Format::CloudEvents),
        (json!({"format": null}), Format::Full),
    ] {
        parse(&sent, Form::Change).unwrap().apply(&mut endpoint);
        assert_eq!(endpoint.format, format, "{sent}");
    }
}

#[test]
fn only_a_change_of_status_switches() {
    let enable = parse(&json!({"status": "enabled"}), Form::Change).unwrap();
    assert_eq!(enable.apply(&mut endpoint()), None);
    let mut gone = endpoint();
    gone.status = EndpointStatus::Disabled;
    gone.disabled_reason = Some("410 Gone".to_owned());
    let disable = parse(&json!({"status": "disabled"}), Form::Change).unwrap();
    assert_eq!(disable.apply(&mut gone), None);
    assert_eq!(gone.disabled_reason.as_deref(), Some("410 Gone"), "why it was disabled first is kept");
    assert_eq!(enable.apply(&mut gone), Some(Switch::On));
    assert_eq!(gone.disabled_reason, None);
}

#[test]
fn a_name_that_does_not_resolve_is_explained() {
    let problem = unusable(UrlDefect::Unresolvable);
    assert_eq!(problem.errors[0].field, "url");
    assert!(problem.errors[0].message.contains("DNS"));
}
