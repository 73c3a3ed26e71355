//! What a body asks for, and what that makes of a key.

use domain::api_key::{ApiKey, Scope};
use domain::defect::{DefectCode, Defects};
use domain::rate_limit::Limits;
use domain::rules::fields::Sent;
use inbound::manage::bodies::KEY;
use inbound::manage::body;
use inbound::manage::body::Form;
use inbound::problem::Problem;
use jiff::Timestamp;
use serde_json::{Map, Value};

/// What a body asks for; `None` where it says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Changes {
    name: Option<String>,
    scopes: Option<Vec<Scope>>,
    expires_at: Sent<Timestamp>,
    limits: Sent<Limits>,
}

impl Changes {
    /// Reads a body and reports every defect. `highest`: the highest limits that a key can get.
    pub(crate) fn parse(
        sent: Map<String, Value>,
        form: Form,
        highest: Limits,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let mut defects = Defects::default();
        let read = body::read(&KEY, sent, form, &mut defects);
        let expires_at = Sent::from(read.get("expiresAt")).and_then(|at| at.as_str()?.parse::<Timestamp>().ok());
        if expires_at.value().is_some_and(|at| at <= now) {
            defects.push("expiresAt", DefectCode::OutOfRange, "must be in the future");
        }
        let limits = Sent::from(read.get("limits"))
            .and_then(|limits| Some(read_limits(limits.as_object()?, highest, &mut defects)));
        if !defects.is_empty() {
            return Err(Problem::invalid(defects));
        }
        Ok(Self {
            name: read.get("name").and_then(Value::as_str).map(str::to_owned),
            scopes: read.get("scopes").and_then(Value::as_array).map(|names| scopes(names)),
            expires_at,
            limits,
        })
    }

    /// Applies the changes.
    pub(crate) fn apply(&self, key: &mut ApiKey) {
        if let Some(name) = &self.name {
            key.name.clone_from(name);
        }
        if let Some(scopes) = &self.scopes {
            key.scopes.clone_from(scopes);
        }
        key.expires_at = self.expires_at.over(key.expires_at);
        key.limits = self.limits.over(key.limits);
    }
}

/// The limits of a key; the default for one that is not given.
fn read_limits(sent: &Map<String, Value>, highest: Limits, defects: &mut Defects) -> Limits {
    let mut limit = |name: &str, default: u64, highest: u64| {
        let Some(limit) = sent.get(name).and_then(Value::as_u64) else { return default };
        if limit > highest {
            let message = format!("must be at most {highest}; ask us if you need a higher limit");
            defects.push(format!("limits.{name}"), DefectCode::OutOfRange, message);
        }
        limit
    };
    let default = Limits::default();
    Limits {
        per_hour: limit("perHour", default.per_hour, highest.per_hour),
        per_minute: limit("perMinute", default.per_minute, highest.per_minute),
    }
}

fn scopes(names: &[Value]) -> Vec<Scope> {
    names.iter().filter_map(Value::as_str).filter_map(Scope::parse).collect()
}

#[cfg(test)]
mod tests {
    use domain::api_key::NewKey;
    use serde_json::json;

    use super::*;

    const HIGHEST: Limits = Limits { per_hour: 2000, per_minute: 60 };

    fn now() -> Timestamp {
        "2025-10-20T14:30:00Z".parse().unwrap()
    }

    fn parse(body: &Value, form: Form) -> Result<Changes, Vec<String>> {
        Changes::parse(body.as_object().unwrap().clone(), form, HIGHEST, now()).map_err(|problem| {
            problem.errors.iter().map(|defect| format!("{} {:?}", defect.field, defect.code)).collect()
        })
    }

    fn key() -> ApiKey {
        ApiKey::new(&NewKey::generate("test"), "ERP", vec![Scope::Inbound], now())
    }

    #[test]
    fn a_whole_body_is_read() {
        let body = json!({
            "name": " Dashboard ", "scopes": ["webhooks:manage", "keys:manage", "webhooks:manage"],
            "expiresAt": "2026-01-01T00:00:00+01:00", "limits": {"perHour": 2000},
        });
        let mut key = key();
        parse(&body, Form::New).unwrap().apply(&mut key);
        assert_eq!(
            (key.name.as_str(), key.scopes.as_slice()),
            ("Dashboard", &[Scope::ManageWebhooks, Scope::ManageKeys][..])
        );
        assert_eq!(key.expires_at.unwrap().to_string(), "2025-12-31T23:00:00Z");
        assert_eq!(key.limits, Some(Limits { per_hour: 2000, per_minute: 50 }));
    }

    #[test]
    fn all_defects_come_at_once() {
        assert_eq!(parse(&json!({}), Form::New).unwrap_err(), ["name Required", "scopes Required"]);
        let body = json!({
            "name": "n".repeat(101), "scopes": ["inbound", "admin", "inbound"], "expiresAt": "2025-10-20T14:30:00Z",
            "limits": {"perHour": 2001, "perMinute": 0, "perDay": 1}, "key": "wsk_live_mine",
        });
        assert_eq!(
            parse(&body, Form::New).unwrap_err(),
            [
                "expiresAt OutOfRange",
                "key UnknownField",
                "limits.perDay UnknownField",
                "limits.perHour OutOfRange",
                "limits.perMinute OutOfRange",
                "name TooLong",
                "scopes[1] InvalidValue",
            ]
        );
        assert_eq!(parse(&json!({"scopes": []}), Form::Change).unwrap_err(), ["scopes TooFewItems"]);
        assert_eq!(parse(&json!({"scopes": null}), Form::Change).unwrap_err(), ["scopes Required"]);
    }

    #[test]
    fn a_limit_that_is_too_high_says_what_to_do() {
        let body = json!({"limits": {"perMinute": 61}});
        let problem = Changes::parse(body.as_object().unwrap().clone(), Form::Change, HIGHEST, now()).unwrap_err();
        assert_eq!(problem.errors[0].message, "must be at most 60; ask us if you need a higher limit");
    }

    #[test]
    fn a_change_leaves_what_it_does_not_name_and_clears_what_is_null() {
        let mut changed = ApiKey { expires_at: Some(now()), limits: Some(HIGHEST), ..key() };
        let before = changed.clone();
        parse(&json!({}), Form::Change).unwrap().apply(&mut changed);
        assert_eq!(changed, before);
        parse(&json!({"expiresAt": null, "limits": null}), Form::Change).unwrap().apply(&mut changed);
        assert_eq!(changed, ApiKey { expires_at: None, limits: None, ..before });
    }
}
