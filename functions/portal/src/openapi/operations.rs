//! Every call with its parameters, body and responses.

mod access;
mod call;
mod content;
mod inbound;
mod manage;
mod open;
mod parameters;

use serde_json::{Map, Value, json};

/// All paths with their calls.
pub(super) fn paths() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    let calls = [inbound::calls(), manage::calls(), access::calls(), open::calls()];
    for call in calls.into_iter().flatten() {
        let (path, method) = (call.path.clone(), call.method);
        let entry = paths.entry(path).or_insert_with(|| json!({}));
        entry[method] = call.operation();
    }
    Value::Object(paths)
}
