//! Query strings, read as strictly as bodies: each call has a table of its parameters, which `/openapi.json` shows too.
//! A misspelt filter is refused: if it were ignored, the call would list everything.

mod parameter;

use std::collections::BTreeMap;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::defect::{DefectCode, Defects};
use domain::schema::{MAX_SUGGESTIONS, join, nearest};
use lambda_http::aws_lambda_events::query_map::QueryMap;
use lambda_http::http::Method;
use lambda_http::{Request, RequestExt as _};

pub use self::parameter::{Parameter, ValueType};
use crate::problem::Problem;

/// The parameters that a call takes.
pub type Parameters = &'static [Parameter];

/// The table of a call without parameters.
pub const NO_PARAMETERS: Parameters = &[];

/// The table of a call that stores what is sent, unless it is asked only to try.
pub const DRY_RUN: Parameters = &[Parameter {
    name: DRY,
    value: ValueType::Flag,
    required: false,
    doc: "Checks everything and answers as the call would, and stores nothing: no record, no event, no `Idempotency-Key`. The call \
          counts as one. Its response has `dryRun: true`.",
}];

const DRY: &str = "dryRun";

/// A call with a table of its parameters.
pub trait TakesParameters {
    /// The table.
    fn parameters(&self) -> Parameters;
}

/// The only call of a function to which records or events are sent.
#[derive(Debug, Clone, Copy)]
pub struct Sending;

impl TakesParameters for Sending {
    fn parameters(&self) -> Parameters {
        DRY_RUN
    }
}

/// The query of a request. Every value was checked by the table of the call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query(BTreeMap<&'static str, String>);

impl Query {
    /// Reads the query of `request` by `parameters`.
    ///
    /// # Errors
    /// 400 with every defect: unknown names, invalid values, names that are sent twice, and those that are missing.
    pub fn of(request: &Request, parameters: Parameters) -> Result<Self, Problem> {
        let mut values: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, value) in request.query_string_parameters_ref().into_iter().flat_map(QueryMap::iter) {
            values.entry(name).or_default().push(value);
        }
        let (mut read, mut defects) = (BTreeMap::new(), Defects::default());
        let is_missing = |parameter: &&Parameter| parameter.required && !values.contains_key(parameter.name);
        for parameter in parameters.iter().filter(is_missing) {
            defects.push(parameter.name, DefectCode::Required, "is required");
        }
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

    /// The value of a parameter, parsed.
    #[must_use]
    pub fn parsed<T: FromStr>(&self, name: &str) -> Option<T> {
        self.text(name)?.parse().ok()
    }

    /// Whether the call is only tried: it answers as it would, and stores nothing.
    #[must_use]
    pub fn is_dry_run(&self) -> bool {
        self.text(DRY) == Some("true")
    }

    /// The text inside the cursor that was sent as this parameter, see [`write_cursor`].
    #[must_use]
    pub fn cursor(&self, name: &str) -> Option<String> {
        read_cursor(self.text(name)?)
    }
}

/// A cursor that holds `text`: opaque to callers, not secret.
#[must_use]
pub fn write_cursor(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

fn read_cursor(cursor: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()
}

/// The message about an unknown name: it suggests the nearest parameter, or lists them all.
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

#[cfg(test)]
mod tests;
