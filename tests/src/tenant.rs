//! An account and its calls of the API.

use hyper::HeaderMap;
use reqwest::Client;
use serde_json::{Value, json};

/// An account with a key that has every scope.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// `acc_` + ULID.
    pub account: String,
    /// Its API key.
    pub key: String,
    pub(crate) base_url: String,
    pub(crate) client: Client,
}

/// An endpoint that a test created.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// `ep_` + ULID.
    pub id: String,
    /// The secret that signs its deliveries.
    pub secret: String,
}

impl Tenant {
    /// Begins a request with the tenant's key.
    pub fn request(&self, method: &str, path: &str) -> Call {
        let url = format!("{}{path}", self.base_url);
        Call { request: self.client.request(method.parse().unwrap(), url), key: Some(self.key.clone()) }
    }

    /// Sends a POST with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.request("POST", path).json(&body).send().await
    }

    /// Sends a PATCH with a JSON body.
    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.request("PATCH", path).json(&body).send().await
    }

    /// Sends a GET.
    pub async fn get(&self, path: &str) -> Reply {
        self.request("GET", path).send().await
    }

    /// Sends a DELETE.
    pub async fn delete(&self, path: &str) -> Reply {
        self.request("DELETE", path).send().await
    }

    /// Creates an endpoint for these events.
    pub async fn endpoint<const N: usize>(&self, url: &str, events: [&str; N]) -> Endpoint {
        self.endpoint_with(json!({ "url": url, "events": events.as_slice() })).await
    }

    /// Creates an endpoint with this body.
    pub async fn endpoint_with(&self, body: Value) -> Endpoint {
        let made = self.post("/api/endpoints", body).await.expect(201).body;
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        Endpoint { id: text("id"), secret: text("secret") }
    }
}

/// A request that is not sent yet.
#[derive(Debug)]
#[must_use]
pub struct Call {
    request: reqwest::RequestBuilder,
    key: Option<String>,
}

impl Call {
    /// Uses another key.
    pub fn key(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    /// Sends no key.
    pub fn without_key(mut self) -> Self {
        self.key = None;
        self
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// Sets a JSON body and its content type.
    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    /// Sets the bytes of the body, without a content type.
    pub fn body(mut self, body: impl Into<reqwest::Body>) -> Self {
        self.request = self.request.body(body);
        self
    }

    /// Sends the request.
    pub async fn send(self) -> Reply {
        let request = match self.key {
            Some(key) => self.request.header("x-api-key", key),
            None => self.request,
        };
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        Reply { status, headers, body: serde_json::from_str(&text).unwrap_or_default(), text }
    }
}

/// The answer to a request.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as JSON; null when it is not JSON.
    pub body: Value,
    /// The body as text.
    pub text: String,
}

impl Reply {
    /// Returns the reply; panics when it has another status.
    #[expect(
        clippy::must_use_candidate,
        clippy::return_self_not_must_use,
        reason = "the status may be all that a test checks"
    )]
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// The value of a header, if the reply has it.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The `code` of a problem; empty when the reply is not a problem.
    #[must_use]
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The `(field, code)` pairs of a problem's `errors`.
    #[must_use]
    pub fn defects(&self) -> Vec<(&str, &str)> {
        let errors = self.body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        errors.iter().map(|e| (e["field"].as_str().unwrap(), e["code"].as_str().unwrap())).collect()
    }
}
