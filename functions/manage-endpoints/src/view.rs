//! Endpoints and their secrets as responses show them.

use std::collections::BTreeMap;
use std::num::NonZeroU16;

use domain::clock::whole_seconds;
use domain::endpoint::{Endpoint, EndpointStatus, EventFilter, Health, OwnHeaders, PreviousSecrets};
use domain::filter::Filter;
use domain::format::Format;
use domain::pace::Waiting;
use domain::signing::SigningSecret;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// An endpoint as its account sees it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EndpointView<'a> {
    id: &'a str,
    url: &'a str,
    events: &'a [EventFilter],
    project_ids: &'a [String],
    filter: Option<Value>,
    changed: &'a [String],
    skip_keys: Vec<&'a str>,
    description: Option<&'a str>,
    status: EndpointStatus,
    disabled_reason: Option<&'a str>,
    disabled_at: Option<Timestamp>,
    /// Values are masked, except in the response to a call that set them.
    headers: BTreeMap<String, String>,
    max_per_second: Option<NonZeroU16>,
    format: Format,
    secret_hint: &'a str,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: u64,
    health: HealthView,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
}

/// How deliveries arrive, and what that leads to.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HealthView {
    #[serde(flatten)]
    health: Health,
    /// From when on the next failure gets it disabled.
    disables_at: Option<Timestamp>,
}

/// An endpoint by itself, with what waits for its pace.
#[derive(Serialize)]
pub(crate) struct WholeEndpoint<'a> {
    #[serde(flatten)]
    endpoint: EndpointView<'a>,
    waiting: Option<WaitingView>,
}

#[derive(Serialize)]
struct WaitingView {
    deliveries: u64,
    until: Timestamp,
}

impl<'a> EndpointView<'a> {
    pub(crate) fn of(endpoint: &'a Endpoint) -> Self {
        Self {
            id: &endpoint.id,
            url: &endpoint.url,
            events: &endpoint.events,
            project_ids: &endpoint.project_ids,
            filter: endpoint.filter.as_ref().map(Filter::value),
            changed: &endpoint.changed,
            skip_keys: endpoint.skip_keys.iter().map(|key| key.id.as_str()).collect(),
            description: endpoint.description.as_deref(),
            status: endpoint.status,
            disabled_reason: endpoint.disabled_reason.as_deref(),
            disabled_at: endpoint.disabled_at.map(whole_seconds),
            headers: endpoint.headers.masked(),
            max_per_second: endpoint.max_per_second,
            format: endpoint.format,
            secret_hint: &endpoint.secret.hint,
            created_at: endpoint.created_at,
            updated_at: endpoint.updated_at,
            version: endpoint.version,
            health: HealthView::of(endpoint),
            secret: None,
        }
    }

    /// With what waits for its pace, if anything does.
    pub(crate) fn whole(endpoint: &'a Endpoint, waiting: Option<Waiting>) -> WholeEndpoint<'a> {
        let view = |Waiting { deliveries, until }| WaitingView { deliveries, until: whole_seconds(until) };
        WholeEndpoint { endpoint: Self::of(endpoint), waiting: waiting.map(view) }
    }

    /// Shows the values of `headers`, if there are any: for the response to a call that has set them.
    pub(crate) fn with_headers(self, headers: Option<&OwnHeaders>) -> Self {
        let Some(headers) = headers else { return self };
        let values = headers.iter().map(|(name, value)| (name.clone(), value.expose().to_owned()));
        Self { headers: values.collect(), ..self }
    }

    /// Shows the secret: for the response to the call that created it.
    pub(crate) fn with_secret(self, secret: &'a SigningSecret) -> Self {
        Self { secret: Some(secret.expose()), ..self }
    }
}

impl HealthView {
    fn of(Endpoint { health, status, .. }: &Endpoint) -> Self {
        let enabled = *status == EndpointStatus::Enabled;
        Self {
            disables_at: health.disables_at().filter(|_| enabled).map(whole_seconds),
            // Stored with milliseconds; responses have whole seconds.
            health: Health {
                failing_since: health.failing_since.map(whole_seconds),
                last_success_at: health.last_success_at.map(whole_seconds),
                last_failure_at: health.last_failure_at.map(whole_seconds),
                last_slow_at: health.last_slow_at.map(whole_seconds),
                ..health.clone()
            },
        }
    }
}

/// An endpoint's secret, and when its previous ones expire.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SecretView<'a> {
    secret: &'a str,
    /// When `secret` starts to sign `X-Webhook-Signature` unless it is promoted before; null if it does already.
    promotes_at: Option<Timestamp>,
    /// The most recently replaced one first.
    previous: Vec<PreviousView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PreviousView {
    valid_until: Timestamp,
}

impl<'a> SecretView<'a> {
    pub(crate) fn new(secret: &'a SigningSecret, previous: &PreviousSecrets, now: Timestamp) -> Self {
        let valid = previous.valid(now).map(|previous| PreviousView { valid_until: previous.valid_until });
        Self { secret: secret.expose(), promotes_at: previous.promotes_at(now), previous: valid.collect() }
    }
}
