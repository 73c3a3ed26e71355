//! The calls on endpoints themselves.

use domain::audit::Action;
use domain::endpoint::{
    Endpoint, EndpointStatus, Health, OwnHeaders, PreviousSecrets, SealedSecret, StoredHeaders, Subscription,
};
use domain::format::Format;
use domain::ids;
use domain::pace::Waiting;
use domain::signing::SigningSecret;
use inbound::http::{Facts, Reply};
use inbound::manage;
use inbound::manage::PageRequest;
use inbound::manage::body::Form;
use inbound::manage::router::IdKind;
use inbound::problem::{Problem, ProblemCode};
use lambda_http::http::{StatusCode, header};
use serde_json::{Map, Value};
use store::StoreError;
use store::endpoints::{Creation, Switch};
use store::range::Order;
use telemetry::causes::causes;

use crate::changes::{Changes, unusable};
use crate::view::EndpointView;
use crate::{Call, ROOT};

/// How many endpoints are read at a time when an existing subscription is searched.
const LOOKED_THROUGH: i32 = 100;

impl Call<'_> {
    /// Creates an endpoint, or finds the one with the same subscription. Either way the response has the secret: a
    /// caller who subscribes again may have lost the first response.
    pub(crate) async fn create(&self, body: Map<String, Value>) -> Result<Reply, Problem> {
        let wanted = Changes::parse(body, Form::New, self.function.allow_private)?;
        let id = ids::new_id(IdKind::ENDPOINT.prefix, self.now);
        let secret = SigningSecret::from_bytes(ids::random());
        let mut endpoint = self.blank(id, SealedSecret { sealed: String::new(), hint: secret.hint() });
        wanted.apply(&mut endpoint);
        self.skip_keys(&mut endpoint, wanted.conditions()).await?;
        endpoint.disabled_at = (endpoint.status == EndpointStatus::Disabled).then_some(self.now);
        let subscription = Subscription::of(&endpoint);
        if let Some(existing) = self.subscribed(&subscription).await? {
            return self.existing(&existing).await;
        }
        self.check_room().await?;
        self.check_address(&endpoint.url).await?;
        endpoint.secret = self.seal(&secret, &endpoint.id).await?;
        self.seal_headers(&mut endpoint, wanted.headers()).await?;
        let mut passed_over = None;
        for _ in 0..manage::MAX_TRIES {
            let store = &self.function.endpoints;
            let creation = store.create(self.account(), &endpoint, passed_over.as_deref(), self.log()).await?;
            let Creation::ClaimedFor(holder) = creation else {
                return Ok(created(&endpoint, &secret, wanted.headers()));
            };
            // Another call created it just now; or it was deleted or changed since, and its claim with it.
            if let Some(existing) = self.subscribed(&subscription).await? {
                return self.existing(&existing).await;
            }
            passed_over = Some(holder);
        }
        Err(Problem::contention())
    }

    /// The account's endpoint with this subscription: the first enabled one, else the first.
    async fn subscribed(&self, subscription: &Subscription) -> Result<Option<Endpoint>, StoreError> {
        let (mut after, mut disabled) = (None, None);
        loop {
            let store = &self.function.endpoints;
            let page = store.page(self.account(), after.as_deref(), Order::OldestFirst, LOOKED_THROUGH).await?;
            for endpoint in page.endpoints {
                match endpoint.status {
                    _ if Subscription::of(&endpoint) != *subscription => {}
                    EndpointStatus::Enabled => return Ok(Some(endpoint)),
                    EndpointStatus::Disabled => disabled = disabled.or(Some(endpoint)),
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(disabled);
            }
        }
    }

    /// The response to a repeated subscription: the endpoint as it is.
    async fn existing(&self, endpoint: &Endpoint) -> Result<Reply, Problem> {
        let secret = self.open(endpoint).await?;
        let view = EndpointView::of(endpoint).with_secret(&secret);
        Ok(Reply::ok(&view)
            .with_header(header::LOCATION, &location(endpoint))
            .with_facts(facts("unchanged", &endpoint.id)))
    }

    /// One page of the account's endpoints, newest first.
    pub(crate) async fn list(&self, page: &PageRequest) -> Result<Reply, Problem> {
        let mut found =
            self.function.endpoints.page(self.account(), page.after(), Order::NewestFirst, page.fetch()).await?;
        let next = page.cut(&mut found.endpoints, found.next, |endpoint| &endpoint.id);
        let views: Vec<_> = found.endpoints.iter().map(EndpointView::of).collect();
        Ok(PageRequest::reply(&views, next.as_deref()))
    }

    pub(crate) async fn get(&self, id: &str) -> Result<Reply, Problem> {
        let endpoint = self.read(id).await?;
        let waiting = self.waiting(&endpoint).await;
        Ok(Reply::ok(&EndpointView::whole(&endpoint, waiting))
            .with_facts(Facts { id: Some(endpoint.id.clone()), ..Facts::default() }))
    }

    /// Merges `body` into an endpoint. When a person changes it at the same time, the merge starts again on what they
    /// made of it; when nothing changes, nothing is written.
    pub(crate) async fn change(&self, id: &str, body: Map<String, Value>) -> Result<Reply, Problem> {
        let changes = Changes::parse(body, Form::Change, self.function.allow_private)?;
        let answer = |endpoint: &Endpoint, action| {
            let view = EndpointView::of(endpoint);
            // Who sent the values may see them once more; nobody else reads them back by changing something.
            let view = view.with_headers(changes.headers());
            Reply::ok(&view).with_facts(facts(action, id))
        };
        for _ in 0..manage::MAX_TRIES {
            let stored = self.read(id).await?;
            let mut endpoint = stored.clone();
            let switch = changes.apply(&mut endpoint);
            self.skip_keys(&mut endpoint, changes.conditions()).await?;
            let new_headers = self.new_headers(&stored, changes.headers()).await?;
            if endpoint == stored && new_headers.is_none() {
                return Ok(answer(&stored, "unchanged"));
            }
            if endpoint.url != stored.url {
                self.check_address(&endpoint.url).await?;
            }
            self.seal_headers(&mut endpoint, new_headers).await?;
            endpoint.version += 1;
            endpoint.updated_at = self.now;
            let (store, log) = (&self.function.endpoints, (Action::EndpointUpdated, self.log()));
            if let Some(endpoint) = store.update(self.account(), &endpoint, &stored, switch.as_ref(), log).await? {
                if switch == Some(Switch::On) {
                    self.release_waiting(id).await;
                }
                if outdates_line(&stored, &endpoint) {
                    self.end_line(id).await;
                }
                return Ok(answer(&endpoint, "updated"));
            }
        }
        Err(Problem::contention())
    }

    /// Deletes an endpoint and ends its pending deliveries as `cancelled`. It is gone whatever becomes of those: one
    /// that is not found here ends when the deliverer comes to it.
    pub(crate) async fn delete(&self, id: &str) -> Result<Reply, Problem> {
        if !self.function.endpoints.delete(self.account(), id, self.log()).await? {
            return Err(IdKind::ENDPOINT.not_found());
        }
        if let Err(error) = self.cancel_pending(id).await {
            let error = causes(&error);
            tracing::error!(error, endpoint_id = id, "deliveries of a deleted endpoint are left to the deliverer");
        }
        Ok(Reply::no_content().with_facts(facts("deleted", id)))
    }

    /// What waits for the endpoint's pace. The endpoint is shown without it when that can't be read.
    async fn waiting(&self, endpoint: &Endpoint) -> Option<Waiting> {
        endpoint.max_per_second?;
        let waiting = self.function.paces.waiting(self.account(), &endpoint.id, self.now).await;
        waiting.unwrap_or_else(|error| {
            tracing::error!(error = %causes(&error), endpoint_id = endpoint.id, "what waits for a pace was not read");
            None
        })
    }

    /// The endpoint with this id, if it is the caller's.
    pub(crate) async fn read(&self, id: &str) -> Result<Endpoint, Problem> {
        self.function.endpoints.get(self.account(), id).await?.ok_or_else(|| IdKind::ENDPOINT.not_found())
    }

    /// An endpoint of which nothing is known but its secret.
    pub(crate) fn blank(&self, id: String, secret: SealedSecret) -> Endpoint {
        Endpoint {
            id,
            url: String::new(),
            events: Vec::new(),
            project_ids: Vec::new(),
            filter: None,
            changed: Vec::new(),
            skip_keys: Vec::new(),
            description: None,
            headers: StoredHeaders::None,
            max_per_second: None,
            format: Format::Full,
            secret,
            previous_secrets: PreviousSecrets::default(),
            created_at: self.now,
            updated_at: self.now,
            version: 1,
            status: EndpointStatus::Enabled,
            disabled_reason: None,
            disabled_at: None,
            health: Health::default(),
        }
    }

    /// 409 when the account has as many as it may have. Calls at the same moment may pass together: the limit keeps
    /// fan-out in bounds and need not be exact.
    async fn check_room(&self) -> Result<(), Problem> {
        let max = self.function.max_endpoints;
        let count = self.function.endpoints.count(self.account()).await?;
        if u64::try_from(count).is_ok_and(|count| count < max) {
            return Ok(());
        }
        let detail =
            format!("The account has {max} endpoints, which is as many as it may have. Delete one, or ask for more.");
        Err(Problem::new(ProblemCode::LimitReached, detail))
    }

    /// 400 on `url` when there is nothing behind it, or nothing public.
    async fn check_address(&self, url: &str) -> Result<(), Problem> {
        self.function.attempts.sender().resolve_and_check(url).await.map(drop).map_err(unusable)
    }
}

fn created(endpoint: &Endpoint, secret: &SigningSecret, headers: Option<&OwnHeaders>) -> Reply {
    let view = EndpointView::of(endpoint).with_headers(headers).with_secret(secret);
    Reply::new(StatusCode::CREATED, &view)
        .with_header(header::LOCATION, &location(endpoint))
        .with_facts(facts("created", &endpoint.id))
}

/// Whether a change makes the line of the endpoint's pace longer than it has to be: what stands in it may go faster, or is
/// not wanted any more.
fn outdates_line(old: &Endpoint, new: &Endpoint) -> bool {
    let Some(pace) = old.max_per_second else { return false };
    let is_raised = new.max_per_second.is_none_or(|new| new > pace);
    is_raised || conditions(old) != conditions(new)
}

/// Which events it asks for.
fn conditions(endpoint: &Endpoint) -> impl PartialEq + '_ {
    let Endpoint { events, project_ids, filter, changed, skip_keys, .. } = endpoint;
    (events, project_ids, filter, changed, skip_keys)
}

fn location(endpoint: &Endpoint) -> String {
    format!("{ROOT}/{}", endpoint.id)
}

/// What the log line says.
pub(crate) fn facts(action: &'static str, id: &str) -> Facts {
    Facts { action: Some(action), id: Some(id.to_owned()), ..Facts::default() }
}
