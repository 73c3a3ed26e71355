//! What the services answer when something goes wrong, as AWS words it.

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use serde_json::{Value, json};

use super::asked::Asked;
use super::place::Kind;

/// An answer with this status and body.
pub(super) fn answer(status: u16, body: impl Into<Vec<u8>>) -> HttpResponse {
    HttpResponse::new(StatusCode::try_from(status).unwrap(), body.into().into())
}

/// The refusal of a call that is not carried out.
pub(super) fn refusal(kind: Kind, asked: &Asked) -> HttpResponse {
    let is_dynamodb = asked.service.starts_with("DynamoDB");
    let (status, code) = match (kind, &*asked.service) {
        (Kind::Denied, "AmazonSQS") => (403, "AccessDenied"),
        (Kind::Denied, "AmazonSNS") => (403, "AuthorizationError"),
        (Kind::Denied, _) => (400, "AccessDeniedException"),
        (Kind::Throttled, "AmazonSQS") => (400, "RequestThrottled"),
        (Kind::Throttled, "AmazonSNS") => (400, "Throttled"),
        (Kind::Throttled, "TrentService") => (400, "ThrottlingException"),
        (Kind::Throttled, _) => (400, "ProvisionedThroughputExceededException"),
        (Kind::Conflict, _) if asked.operation == "TransactWriteItems" => return cancelled(),
        (Kind::Conflict, _) => (400, "TransactionConflictException"),
        (_, "TrentService") => (500, "KMSInternalException"),
        (_, "AmazonSQS" | "AmazonSNS") => (500, "InternalFailure"),
        (..) => (500, "InternalServerError"),
    };
    if asked.service == "AmazonSNS" {
        let error = format!("<Error><Code>{code}</Code><Message>a fault of the test</Message></Error>");
        return answer(status, format!("<ErrorResponse>{error}</ErrorResponse>"));
    }
    let space = if is_dynamodb { "com.amazonaws.dynamodb.v20120810" } else { "com.amazonaws" };
    answer(status, json!({ "__type": format!("{space}#{code}"), "message": "a fault of the test" }).to_string())
}

/// A transaction that met another one.
fn cancelled() -> HttpResponse {
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled: [TransactionConflict]",
        "CancellationReasons": [{ "Code": "TransactionConflict", "Message": "Transaction is ongoing for the item" }],
    });
    answer(400, body.to_string())
}

/// What is left out of a batch.
pub(super) struct LeftOut(Value);

/// Takes the last thing out of a batch. `None`: it was the only one.
pub(super) fn take_out(request: &mut HttpRequest, asked: &Asked) -> Option<LeftOut> {
    let mut body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
    let left_out = if asked.service == "AmazonSQS" {
        let entries = body["Entries"].as_array_mut().unwrap();
        let entry = entries.pop().unwrap();
        let failed = json!({ "Id": entry["Id"], "SenderFault": false, "Code": "InternalError", "Message": "a fault" });
        (!entries.is_empty()).then_some(json!({ "Failed": [failed] }))
    } else {
        take_item(&mut body).map(|items| {
            let name = if asked.operation == "BatchGetItem" { "UnprocessedKeys" } else { "UnprocessedItems" };
            json!({ name: items })
        })
    };
    *request.body_mut() = body.to_string().into();
    left_out.map(LeftOut)
}

/// Takes an item, or a key, of the last table. Returns it as the table's.
fn take_item(body: &mut Value) -> Option<Value> {
    let tables = body["RequestItems"].as_object_mut().unwrap();
    let name = tables.keys().next_back().unwrap().clone();
    let mut table = tables[&name].clone();
    let item = items(&mut tables[&name]).pop().unwrap();
    if items(&mut tables[&name]).is_empty() {
        tables.remove(&name);
    }
    *items(&mut table) = vec![item];
    (!tables.is_empty()).then(|| json!({ name: table }))
}

/// The changes or keys of a table in a batch.
fn items(table: &mut Value) -> &mut Vec<Value> {
    let list = if table.is_array() { table } else { &mut table["Keys"] };
    list.as_array_mut().unwrap()
}

/// The answer to the rest of a batch, which says what was left out.
pub(super) fn add(left_out: LeftOut, response: &HttpResponse) -> HttpResponse {
    let LeftOut(Value::Object(more)) = left_out else { unreachable!("it is an object") };
    let mut body: Value = serde_json::from_slice(response.body().bytes().unwrap()).unwrap();
    for (name, value) in more {
        body[name] = value;
    }
    answer(response.status().as_u16(), body.to_string())
}
