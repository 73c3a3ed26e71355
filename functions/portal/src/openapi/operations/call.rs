//! One call, and the builder that the tables of calls are written with.

use domain::api_key::Scope;
use inbound::http::Parameters;
use inbound::problem::ProblemCode;
use inbound::problem::ProblemCode::{
    DuplicateKey, Forbidden, IdempotencyKeyInUse, IdempotencyKeyReused, InternalError, MalformedJson, MethodNotAllowed,
    NotFound, PayloadTooLarge, RateLimitExceeded, RequestTimeout, Unauthorized, Unavailable, UnsupportedMediaType,
    ValidationFailed,
};
use serde_json::{Value, json};

use super::super::{headers, members, problems, schema};
use super::content::{self, content};
use super::parameters;

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
    /// The status and the description of another success, with the same body.
    otherwise: Option<(u16, &'static str)>,
    errors: Vec<ProblemCode>,
}

struct Body {
    schema: String,
    required: bool,
    example: Value,
}

impl Call {
    /// A call that needs a key with this scope.
    pub(super) fn new(method: &'static str, path: impl Into<String>, id: impl Into<String>, scope: Scope) -> Self {
        let path = path.into();
        // Any query can have unknown parameters.
        let mut errors = vec![ValidationFailed, Unauthorized, Forbidden, MethodNotAllowed, RateLimitExceeded];
        errors.extend([InternalError, Unavailable]);
        if method == "post" {
            errors.extend([IdempotencyKeyInUse, IdempotencyKeyReused]);
        }
        let mut parameters = Vec::new();
        if path.contains('{') {
            errors.push(NotFound);
            parameters.extend(parameters::in_path(&path));
        }
        if method == "post" {
            parameters.extend([parameters::idempotency_key(), parameters::traceparent(), parameters::tracestate()]);
        }
        let (id, success) = (id.into(), (200, "Success", None));
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
            otherwise: None,
            errors,
        }
    }

    /// A call that needs no key.
    pub(super) fn open(path: &str, id: &str) -> Self {
        let errors = vec![ValidationFailed, MethodNotAllowed];
        let call = Self { scope: None, errors, ..Self::new("get", path, id, Scope::ManageWebhooks) };
        if path.contains('{') { call.fails_with(&[NotFound]) } else { call }
    }

    pub(super) fn about(self, tag: &'static str, summary: impl Into<String>, description: impl Into<String>) -> Self {
        Self { tag, summary: summary.into(), description: description.into(), ..self }
    }

    /// With a required body.
    pub(super) fn takes(self, schema: &str, example: Value) -> Self {
        self.with_body(schema, true, example)
    }

    /// With an optional body.
    pub(super) fn may_take(self, schema: &str, example: Value) -> Self {
        self.with_body(schema, false, example)
    }

    fn with_body(mut self, schema: &str, required: bool, example: Value) -> Self {
        self.errors.extend([MalformedJson, DuplicateKey, ValidationFailed, RequestTimeout, PayloadTooLarge]);
        self.errors.push(UnsupportedMediaType);
        self.body = Some(Body { schema: schema.to_owned(), required, example });
        self
    }

    /// With query parameters.
    pub(super) fn filtered_by(mut self, parameters: Parameters) -> Self {
        self.parameters.extend(parameters.iter().map(parameters::query));
        self
    }

    /// A successful response with a body.
    pub(super) fn answers(self, status: u16, description: &'static str, schema: &str) -> Self {
        Self { success: (status, description, Some(schema.to_owned())), ..self }
    }

    /// The same body with 200, if nothing had to be created.
    pub(super) fn or_finds(self, description: &'static str) -> Self {
        Self { otherwise: Some((200, description)), ..self }
    }

    /// The same body with 207, if a part of the call was refused.
    pub(super) fn or_partly(self, description: &'static str) -> Self {
        Self { otherwise: Some((207, description)), ..self }
    }

    /// A successful response without a body.
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
        let mut responses = problems::responses(&self.errors);
        let (status, description, body) = &self.success;
        if body.as_deref().is_some_and(content::is_kept) {
            content::add_unchanged(&mut responses, &mut self.parameters);
        }
        let mut success = json!({ "description": description, "headers": headers::of(true, self.success_headers()) });
        if let Some(body) = body {
            success["content"] = content(body);
        }
        if let Some((status, description)) = self.otherwise {
            let other =
                json!({ "description": description, "headers": success["headers"], "content": success["content"] });
            responses.insert(status.to_string(), other);
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
            _ if self.success.2.as_deref().is_some_and(content::is_kept) => &["ETag"],
            _ => &[],
        }
    }

    fn text(&self) -> String {
        let scope = self.scope.map(|scope| format!("Scope of the key: `{}`.", scope.as_str()));
        let parts = [Some(self.description.clone()), scope];
        let text = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n");
        if text.is_empty() { self.summary.clone() } else { text }
    }
}
