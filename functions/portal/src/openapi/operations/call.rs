//! One call, in the words that the tables of calls are written with.

use serde_json::{Value, json};
use shared::api_key::Scope;
use shared::problem::ProblemCode::{
    self, DuplicateKey, Forbidden, IdempotencyKeyInUse, IdempotencyKeyReused, InternalError, MalformedJson, NotFound,
    PayloadTooLarge, RateLimitExceeded, Unauthorized, Unavailable, UnsupportedMediaType, ValidationFailed,
};

use super::super::{headers, members, problems, schema};

/// One call.
pub(super) struct Call {
    pub(super) method: &'static str,
    pub(super) path: String,
    id: String,
    tag: &'static str,
    summary: String,
    description: String,
    scope: Option<Scope>,
    parameters: Vec<Value>,
    body: Option<Body>,
    success: (u16, &'static str, Option<String>),
    errors: Vec<ProblemCode>,
}

struct Body {
    schema: String,
    required: bool,
    example: Value,
}

impl Call {
    /// A call with a key of this scope.
    pub(super) fn new(method: &'static str, path: impl Into<String>, id: impl Into<String>, scope: Scope) -> Self {
        let path = path.into();
        let mut errors = vec![Unauthorized, Forbidden, RateLimitExceeded, InternalError, Unavailable];
        if method == "post" {
            errors.extend([ValidationFailed, IdempotencyKeyInUse, IdempotencyKeyReused]);
        }
        let mut parameters = Vec::new();
        if path.contains('{') {
            errors.push(NotFound);
            parameters.push(path_id(&path));
        }
        if method == "post" {
            parameters.push(idempotency_key());
        }
        let (id, success) = (id.into(), (200, "Done", None));
        let (summary, description) = (String::new(), String::new());
        Self {
            method,
            path,
            id,
            tag: "",
            summary,
            description,
            scope: Some(scope),
            parameters,
            body: None,
            success,
            errors,
        }
    }

    /// A call that anybody may make.
    pub(super) fn open(path: &str, id: &str) -> Self {
        let call = Self { scope: None, errors: Vec::new(), ..Self::new("get", path, id, Scope::ManageWebhooks) };
        if path.contains('{') { call.fails_with(&[NotFound]) } else { call }
    }

    pub(super) fn about(self, tag: &'static str, summary: impl Into<String>, description: impl Into<String>) -> Self {
        Self { tag, summary: summary.into(), description: description.into(), ..self }
    }

    /// With a body that must be there.
    pub(super) fn takes(self, schema: &str, example: Value) -> Self {
        self.with_body(schema, true, example)
    }

    /// With a body that may be left out.
    pub(super) fn may_take(self, schema: &str, example: Value) -> Self {
        self.with_body(schema, false, example)
    }

    fn with_body(mut self, schema: &str, required: bool, example: Value) -> Self {
        self.errors.extend([MalformedJson, DuplicateKey, ValidationFailed, PayloadTooLarge, UnsupportedMediaType]);
        self.body = Some(Body { schema: schema.to_owned(), required, example });
        self
    }

    /// With parameters of the query.
    pub(super) fn filtered_by(mut self, parameters: impl IntoIterator<Item = Value>) -> Self {
        self.parameters.extend(parameters);
        self.fails_with(&[ValidationFailed])
    }

    /// A good answer with a body.
    pub(super) fn answers(self, status: u16, description: &'static str, schema: &str) -> Self {
        Self { success: (status, description, Some(schema.to_owned())), ..self }
    }

    /// A good answer without a body.
    pub(super) fn answers_nothing(self, description: &'static str) -> Self {
        Self { success: (204, description, None), ..self }
    }

    pub(super) fn fails_with(mut self, codes: &[ProblemCode]) -> Self {
        self.errors.extend(codes);
        self
    }

    /// The operation as OpenAPI has it.
    pub(super) fn operation(mut self) -> Value {
        self.errors.sort_by_key(|code| ProblemCode::ALL.iter().position(|one| one == code));
        self.errors.dedup();
        let counted = self.scope.is_some();
        let mut responses = problems::responses(&self.errors, counted);
        let (status, description, body) = &self.success;
        // A page that is not there is a page that says so.
        if let (Some("text/html"), Some(missing)) = (body.as_deref(), responses.get_mut("404")) {
            *missing =
                json!({ "description": "A page", "headers": headers::of(false, &[]), "content": content("text/html") });
        }
        let mut success =
            json!({ "description": description, "headers": headers::of(counted, self.success_headers()) });
        if let Some(body) = body {
            success["content"] = content(body);
        }
        responses.insert(status.to_string(), success);
        let mut operation = json!({
            "operationId": self.id,
            "summary": self.summary,
            "description": self.text(),
            "tags": [self.tag],
            "parameters": self.parameters,
            "responses": members(responses),
        });
        if let Some(body) = self.body {
            let content = json!({ "schema": schema(&body.schema), "example": body.example });
            operation["requestBody"] = json!({ "required": body.required, "content": { "application/json": content } });
        }
        if self.scope.is_none() {
            operation["security"] = json!([]);
        }
        operation
    }

    fn success_headers(&self) -> &'static [&'static str] {
        match (self.success.0, self.method) {
            (201, _) => &["Location", "Idempotency-Replayed"],
            (_, "post") => &["Idempotency-Replayed"],
            _ => &[],
        }
    }

    fn text(&self) -> String {
        let scope = self.scope.map(|scope| format!("Scope of the key: `{}`.", scope.as_str()));
        let parts = [Some(self.description.clone()), scope];
        parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
    }
}

/// JSON by its schema, or a page.
fn content(body: &str) -> Value {
    match body {
        "text/html" => json!({ "text/html": { "schema": { "type": "string" } } }),
        "OpenAPI" => json!({ "application/json": { "schema": { "type": "object" } } }),
        name => json!({ "application/json": { "schema": schema(name) } }),
    }
}

/// A parameter of the query.
pub(super) fn query(name: &str, schema: &Value, description: &str) -> Value {
    json!({ "name": name, "in": "query", "required": false, "description": description, "schema": schema })
}

/// What pages are asked for with.
pub(super) fn paging() -> [Value; 2] {
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": 100, "default": 50 });
    [
        query("limit", &limit, "How many at most"),
        query("cursor", &json!({ "type": "string" }), "The `nextCursor` of the page before"),
    ]
}

fn path_id(path: &str) -> Value {
    let name = path.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map_or("id", |(name, _)| name);
    let prefixes = [("/api/endpoints", "ep"), ("/api/deliveries", "dlv"), ("/api/events", "evt"), ("/api/keys", "key")];
    let prefix = prefixes.iter().find(|(root, _)| path.starts_with(root) && name == "id").map(|(_, prefix)| *prefix);
    let example = match prefix {
        Some(prefix) => format!("{prefix}_01JAMB3X9T7Q2V5K8N4C6D0EFG"),
        None if name == "page" => "getting-started".to_owned(),
        None => "workorder.created".to_owned(),
    };
    json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string", "minLength": 1 }, "example": example })
}

fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key",
        "in": "header",
        "required": false,
        "description": "The answer to the first request with this key, such as a UUID, is given again for 24 hours.",
        "schema": { "type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!#-+\\--~]+$" },
    })
}
