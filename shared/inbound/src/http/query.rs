//! Queries are read as strictly as bodies are: each call has a table of its parameters, by which requests are read and
//! `/openapi.json` describes them. A filter that is misspelt is refused, not ignored: it would list everything.

use std::collections::BTreeMap;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::defect::{DefectCode, Defects};
use domain::events::EventName;
use domain::ids::is_id;
use domain::schema::{MAX_SUGGESTIONS, join, nearest};
use jiff::Timestamp;
use lambda_http::http::Method;
use lambda_http::{Request, RequestExt as _};
use store::events::Position;

use crate::problem::Problem;

/// The parameters that a call takes.
pub type Parameters = &'static [Parameter];

/// Of a call that takes none.
pub const NO_PARAMETERS: Parameters = &[];

/// A call that was found by its method and path, which has a table of its parameters.
pub trait TakesParameters {
    /// The table.
    fn parameters(&self) -> Parameters;
}

/// A function's only call, whose parameters are in the body.
impl TakesParameters for () {
    fn parameters(&self) -> Parameters {
        NO_PARAMETERS
    }
}

/// A parameter of the query. All are optional, and each may be sent once.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Its name, as it is written.
    pub name: &'static str,
    /// What it may be.
    pub value: ValueType,
    /// What it is for.
    pub doc: &'static str,
}

/// What a value may be. None may be empty.
#[derive(Debug, Clone, Copy)]
pub enum ValueType {
    /// A whole number.
    Number {
        /// The least.
        min: u8,
        /// The most.
        max: u8,
        /// Meant when it is absent.
        default: u8,
    },
    /// One of some words.
    Word {
        /// All of them.
        all: fn() -> Vec<&'static str>,
        /// Meant when it is absent.
        default: Option<&'static str>,
    },
    /// The name of an event.
    Event,
    /// An id that begins with this.
    Id(&'static str),
    /// An instant, as RFC 3339 writes it.
    Time,
    /// Where a page of a list begins: behind the thing of this kind of id.
    Cursor(&'static str),
    /// A place in the feed of events.
    Position,
}

impl ValueType {
    /// What is wrong with `text`, if it can't be read.
    fn defect(self, text: &str) -> Option<(DefectCode, String)> {
        let must_be = |right: bool, what: String| (!right).then_some((DefectCode::InvalidValue, what));
        match self {
            Self::Number { min, max, .. } => {
                let right = text.parse().is_ok_and(|number: u8| (min..=max).contains(&number));
                let message = || (DefectCode::OutOfRange, format!("must be a whole number from {min} to {max}"));
                (!right).then(message)
            }
            Self::Word { all, .. } => must_be(all().contains(&text), format!("must be {}", one_of(&all()))),
            Self::Event => must_be(
                text.parse::<EventName>().is_ok(),
                "must be an event of the catalog, such as workorder.created".to_owned(),
            ),
            Self::Id(prefix) => must_be(is_id(text, prefix), format!("must be an id that begins with {prefix}")),
            Self::Time => {
                must_be(text.parse::<Timestamp>().is_ok(), "must be a time such as 2025-10-20T14:30:00Z".to_owned())
            }
            Self::Cursor(prefix) => must_be(
                read_cursor(text).is_some_and(|id| is_id(&id, prefix)),
                "must be the nextCursor of an earlier answer".to_owned(),
            ),
            Self::Position => must_be(
                read_cursor(text).is_some_and(|text| text.parse::<Position>().is_ok()),
                "must be the nextCursor or resumeAfter of an earlier answer".to_owned(),
            ),
        }
    }
}

/// The query of a request, of which every value can be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query(BTreeMap<&'static str, String>);

impl Query {
    /// Reads the query of `request` by the table of the call.
    ///
    /// # Errors
    /// 400 with everything that is wrong with it: unknown names, values that can't be read, names that come twice.
    pub fn of(request: &Request, parameters: Parameters) -> Result<Self, Problem> {
        let Some(sent) = request.query_string_parameters_ref() else { return Ok(Self::default()) };
        let mut values: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, value) in sent.iter() {
            values.entry(name).or_default().push(value);
        }
        let (mut read, mut defects) = (BTreeMap::new(), Defects::default());
        for (name, values) in values {
            let Some(parameter) = parameters.iter().find(|parameter| parameter.name == name) else {
                let message = unknown(name, parameters, request.method(), defects.len() < MAX_SUGGESTIONS);
                defects.push(join("", name), DefectCode::UnknownParameter, message);
                continue;
            };
            match values[..] {
                [value] => match parameter.value.defect(value) {
                    Some((code, message)) => defects.push(name, code, message),
                    None => _ = read.insert(parameter.name, value.to_owned()),
                },
                _ => defects.push(name, DefectCode::DuplicateItem, "may be sent once"),
            }
        }
        if defects.is_empty() { Ok(Self(read)) } else { Err(Problem::invalid(defects)) }
    }

    /// The value of a parameter, if it was sent.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value of a parameter as what it stands for.
    #[must_use]
    pub fn parsed<T: FromStr>(&self, name: &str) -> Option<T> {
        self.text(name)?.parse().ok()
    }

    /// What the cursor stands for that was sent as the parameter.
    #[must_use]
    pub fn cursor(&self, name: &str) -> Option<String> {
        read_cursor(self.text(name)?)
    }
}

/// A cursor for what `read_cursor` is to give back.
#[must_use]
pub fn write_cursor(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

fn read_cursor(cursor: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()
}

/// What to say of a name that is none of the parameters: the nearest right one, or all.
fn unknown(name: &str, parameters: Parameters, method: &Method, suggest: bool) -> String {
    let names = || parameters.iter().map(|parameter| parameter.name);
    if parameters.is_empty() {
        let instead =
            if matches!(*method, Method::POST | Method::PATCH) { "; send fields in the JSON body" } else { "" };
        return format!("is not a parameter of this call, which takes none{instead}");
    }
    let suggestion = if suggest { nearest(names(), name) } else { None };
    if let Some(nearest) = suggestion {
        return format!("is not a parameter of this call; did you mean {nearest}?");
    }
    let names: Vec<&str> = names().collect();
    format!("is not a parameter of this call, whose parameters are {}", names.join(", "))
}

/// `a, b or c`.
fn one_of(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::manage::parameters::{DELIVERIES, EVENTS};

    /// A request with this query.
    pub(crate) fn request(query: &[(&str, &str)]) -> Request {
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
    fn a_name_that_is_none_is_told_the_nearest() {
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
    fn a_name_that_is_near_none_is_told_all() {
        let all = "is not a parameter of this call, whose parameters are after, order, event, limit, cursor";
        for sent in ["x", "", "utm_source"] {
            assert_eq!(defects(&[(sent, "")], EVENTS), [format!("{sent} unknown_parameter {all}")]);
        }
        let long = "x".repeat(5_000);
        assert!(defects(&[(&long, "")], EVENTS)[0].len() < 250);
    }

    #[test]
    fn a_call_that_takes_none_says_where_fields_go() {
        let none = "is not a parameter of this call, which takes none";
        let mut posted = request(&[("dryRun", "true")]);
        assert_eq!(Query::of(&posted, NO_PARAMETERS).unwrap_err().errors[0].message, none);
        *posted.method_mut() = Method::POST;
        let told = format!("{none}; send fields in the JSON body");
        assert_eq!(Query::of(&posted, NO_PARAMETERS).unwrap_err().errors[0].message, told);
        assert_eq!(Query::of(&request(&[]), NO_PARAMETERS).unwrap(), Query::default());
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let query = [("status", "lost"), ("limit", "1"), ("limit", "1"), ("since", "x"), ("x", "1"), ("x", "2")];
        let found: Vec<String> =
            defects(&query, DELIVERIES).iter().map(|d| d.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(
            found,
            ["limit duplicate_item", "since invalid_value", "status invalid_value", "x unknown_parameter"]
        );
    }

    #[test]
    fn what_a_value_may_be_is_said_in_words() {
        let status = "status invalid_value must be pending, retrying, delivered, failed or cancelled";
        assert_eq!(defects(&[("status", "")], DELIVERIES), [status]);
        for limit in ["0", "101", "1.5", "-1", "ten", "", " 5"] {
            assert_eq!(
                defects(&[("limit", limit)], DELIVERIES),
                ["limit out_of_range must be a whole number from 1 to 100"]
            );
        }
        let id = "endpointId invalid_value must be an id that begins with ep_";
        assert_eq!(defects(&[("endpointId", "evt_01JAMB3X9T7Q2V5K8N4C6D0EFG")], DELIVERIES), [id]);
        let cursor = "cursor invalid_value must be the nextCursor of an earlier answer";
        for wrong in ["", "!", &write_cursor("evt_01JAMB3X9T7Q2V5K8N4C6D0EFG"), &write_cursor("dlv_1")] {
            assert_eq!(defects(&[("cursor", wrong)], DELIVERIES), [cursor]);
        }
    }

    #[test]
    fn what_is_right_can_be_read() {
        let id = "dlv_01JAMB3X9T7Q2V5K8N4C6D0EFG";
        let sent = request(&[("limit", "7"), ("cursor", &write_cursor(id)), ("event", "workorder.created")]);
        let query = Query::of(&sent, DELIVERIES).unwrap();
        assert_eq!((query.parsed("limit"), query.cursor("cursor").as_deref()), (Some(7), Some(id)));
        assert_eq!(query.parsed("event"), Some(EventName::WorkorderCreated));
        assert_eq!(query.text("status"), None);
    }
}
