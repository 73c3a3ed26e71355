use std::collections::HashMap;

use domain::events::EventName;

use super::*;

const DELIVERIES: Parameters = &[
    parameter("endpointId", ValueType::Id("ep_")),
    EVENT,
    parameter("status", ValueType::Word { all: || vec!["pending", "retrying", "delivered"], default: None }),
    parameter("since", ValueType::Time),
    LIMIT,
    parameter("cursor", ValueType::Cursor("dlv_")),
];
const EVENTS: Parameters = &[parameter("after", ValueType::Position), EVENT, LIMIT];
const REQUESTS: Parameters = &[parameter("number", ValueType::Text { max: 3 })];
const EVENT: Parameter = parameter("event", ValueType::Event);
const LIMIT: Parameter = parameter("limit", ValueType::Number { min: 1, max: 100, default: 50 });

const fn parameter(name: &'static str, value: ValueType) -> Parameter {
    Parameter { name, value, required: false, doc: "" }
}

/// A request with this query.
fn request(query: &[(&str, &str)]) -> Request {
    let mut sent: HashMap<String, Vec<String>> = HashMap::new();
    for (name, value) in query {
        sent.entry((*name).to_owned()).or_default().push((*value).to_owned());
    }
    Request::default().with_query_string_parameters(sent)
}

/// `name code message` of everything that is wrong.
fn defects(query: &[(&str, &str)], parameters: Parameters) -> Vec<String> {
    let Err(problem) = Query::of(&request(query), parameters) else { return Vec::new() };
    let code = |code| serde_json::to_value(code).unwrap().as_str().unwrap().to_owned();
    problem.errors.iter().map(|d| format!("{} {} {}", d.field, code(d.code), d.message)).collect()
}

#[test]
fn an_unknown_parameter_gets_a_suggestion() {
    for (sent, meant) in [
        ("statuss", "status"),
        ("Status", "status"),
        ("endpoint_id", "endpointId"),
        ("sice", "since"),
        ("lmit", "limit"),
    ] {
        let said = format!("{sent} unknown_parameter is not a parameter of this call; did you mean {meant}?");
        assert_eq!(defects(&[(sent, "failed")], DELIVERIES), [said]);
    }
}

#[test]
fn an_unknown_parameter_like_no_other_gets_the_whole_list() {
    let all = "is not a parameter of this call, whose parameters are after, event, limit";
    for sent in ["x", "", "utm_source"] {
        assert_eq!(defects(&[(sent, "")], EVENTS), [format!("{sent} unknown_parameter {all}")]);
    }
    let long = "x".repeat(5_000);
    assert!(defects(&[(&long, "")], EVENTS)[0].len() < 250);
}

#[test]
fn a_call_without_parameters_points_to_the_body() {
    let none = "is not a parameter of this call, which takes none";
    let mut posted = request(&[("dryRun", "true")]);
    assert_eq!(Query::of(&posted, NO_PARAMETERS).unwrap_err().errors[0].message, none);
    *posted.method_mut() = Method::POST;
    let told = format!("{none}; send fields in the JSON body");
    assert_eq!(Query::of(&posted, NO_PARAMETERS).unwrap_err().errors[0].message, told);
    assert_eq!(Query::of(&request(&[]), NO_PARAMETERS).unwrap(), Query::default());
}

#[test]
fn every_defect_is_reported_at_once() {
    let query = [("status", "lost"), ("limit", "1"), ("limit", "1"), ("since", "x"), ("x", "1"), ("x", "2")];
    let found: Vec<String> =
        defects(&query, DELIVERIES).iter().map(|d| d.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(found, ["limit duplicate_item", "since invalid_value", "status invalid_value", "x unknown_parameter"]);
}

#[test]
fn what_a_call_needs_is_missed() {
    const NEEDED: Parameters = &[Parameter { required: true, ..parameter("q", ValueType::Text { max: 3 }) }];
    assert_eq!(defects(&[], NEEDED), ["q required is required"]);
    assert_eq!(defects(&[("x", "1")], NEEDED).len(), 2, "with the others");
    assert_eq!(defects(&[("q", "1")], NEEDED), [""; 0]);
}

#[test]
fn messages_say_which_values_are_valid() {
    let status = "status invalid_value must be pending, retrying or delivered";
    assert_eq!(defects(&[("status", "")], DELIVERIES), [status]);
    for limit in ["0", "101", "1.5", "-1", "ten", "", " 5"] {
        assert_eq!(
            defects(&[("limit", limit)], DELIVERIES),
            ["limit out_of_range must be a whole number from 1 to 100"]
        );
    }
    let id = "endpointId invalid_value must be an id that begins with ep_";
    assert_eq!(defects(&[("endpointId", "evt_01JAMB3X9T7Q2V5K8N4C6D0EFG")], DELIVERIES), [id]);
    let (empty, long) = ("number invalid_value must not be empty", "number too_long must have at most 3 characters");
    for (text, said) in [("", vec![empty]), ("é-1", vec![]), ("WO-1", vec![long])] {
        assert_eq!(defects(&[("number", text)], REQUESTS), said, "{text}");
    }
    let cursor = "cursor invalid_value must be the nextCursor of an earlier answer";
    for wrong in ["", "!", &write_cursor("evt_01JAMB3X9T7Q2V5K8N4C6D0EFG"), &write_cursor("dlv_1")] {
        assert_eq!(defects(&[("cursor", wrong)], DELIVERIES), [cursor]);
    }
}

#[test]
fn valid_values_can_be_read() {
    let id = "dlv_01JAMB3X9T7Q2V5K8N4C6D0EFG";
    let sent = request(&[("limit", "7"), ("cursor", &write_cursor(id)), ("event", "workorder.created")]);
    let query = Query::of(&sent, DELIVERIES).unwrap();
    assert_eq!((query.parsed("limit"), query.cursor("cursor").as_deref()), (Some(7), Some(id)));
    assert_eq!(query.parsed("event"), Some(EventName::WorkorderCreated));
    assert_eq!(query.text("status"), None);
}
