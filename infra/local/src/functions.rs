//! The functions and what calls them: the routes, the event sources and the schedule of `template.yaml`.

use std::sync::Arc;

use create_employee::Employee;
use create_project::Project;
use create_vendor::Vendor;
use create_workorder::WorkOrder;
use dispatcher::Dispatcher;
use domain::resource::Resource;
use inbound::Inbound;
use manage_deliveries::ManageDeliveries;
use manage_endpoints::ManageEndpoints;
use manage_keys::ManageKeys;
use outbound::deliverer::Deliverer;
use portal::Portal;
use publish_event::PublishEvent;
use request_timeoff::TimeOff;
use store::config::{ConfigError, Environment};
use sweeper::Sweeper;
use telemetry::causes::causes;

use crate::clock::Clock;
use crate::gateway::{DEFAULT_ROUTE, HttpHandler, Route, Routes, http_handler};
use crate::queues::{QueueHandler, queue_handler};
use crate::resources::QueueSpec;
use crate::schedule::{ScheduleHandler, schedule_handler};
use crate::stream::{StreamHandler, stream_handler};

/// The queue of first attempts.
pub const DELIVERY: QueueSpec = queue("delivery", "delivery-dead", "DELIVERY_QUEUE_URL");
/// The queue of later attempts.
pub const RETRY: QueueSpec = queue("retry", "retry-dead", "RETRY_QUEUE_URL");

const fn queue(name: &'static str, dead_letter: &'static str, variable: &'static str) -> QueueSpec {
    QueueSpec { name, dead_letter, variable, visibility_timeout: 360, max_receive_count: 5 }
}

/// The handlers of all functions, by their event sources.
pub struct Functions {
    /// The functions behind the API, with their routes.
    pub routes: Routes,
    /// Reads the stream of the events table.
    pub dispatcher: StreamHandler,
    /// Reads the delivery queue.
    pub deliverer: QueueHandler,
    /// Reads the retry queue.
    pub retry_worker: QueueHandler,
    /// Runs every minute.
    pub sweeper: ScheduleHandler,
    /// Runs at the start, when the queues are empty: puts all unfinished deliveries back on a queue.
    pub recovery: ScheduleHandler,
}

/// Returns the environment of the function with this name.
pub type EnvironmentOf<'a> = &'a dyn Fn(&'static str) -> Environment;

/// All functions of the template, with the environments that `environment_of` returns.
///
/// # Errors
/// When a variable that a function reads is not set, or can't be used.
pub fn functions(environment_of: EnvironmentOf<'_>, clock: &Clock) -> Result<Functions, ConfigError> {
    let sweeper = Arc::new(Sweeper::from_environment(&environment_of("sweeper"))?);
    let dispatcher = Arc::new(Dispatcher::from_environment(&environment_of("dispatcher"))?);
    let time = clock.clone();
    Ok(Functions {
        routes: routes(environment_of, clock)?,
        dispatcher: stream_handler(move |batch| {
            let (dispatcher, now) = (Arc::clone(&dispatcher), time.now());
            async move { dispatcher.handle(batch, now).await }
        }),
        deliverer: delivering(
            Deliverer::from_environment(&environment_of("deliverer"))?.with_failing_diverted(),
            clock,
        ),
        retry_worker: delivering(Deliverer::from_environment(&environment_of("retry-worker"))?, clock),
        sweeper: sweeping(&sweeper, false),
        recovery: sweeping(&sweeper, true),
    })
}

/// The handler of a function with `from_environment` and `handle`.
macro_rules! http_function {
    ($function:ty, $environment:expr, $clock:expr) => {{
        let function = Arc::new(<$function>::from_environment($environment)?);
        answering($clock, move |request, now| {
            let function = Arc::clone(&function);
            async move { function.handle(request, now).await }
        })
    }};
}

fn routes(environment_of: EnvironmentOf<'_>, clock: &Clock) -> Result<Routes, ConfigError> {
    let publish = http_function!(PublishEvent, &environment_of("publish-event"), clock);
    let endpoints = http_function!(ManageEndpoints, &environment_of("manage-endpoints"), clock);
    let keys = http_function!(ManageKeys, &environment_of("manage-keys"), clock);
    let deliveries = http_function!(ManageDeliveries, &environment_of("manage-deliveries"), clock);
    let portal = http_function!(Portal, &environment_of("portal"), clock);
    let any = |path, function, handler: &HttpHandler| Route::new("ANY", path, function, Arc::clone(handler));
    Ok(Routes::new(vec![
        inbound::<WorkOrder>("/api/webhook/workorder", environment_of, clock)?,
        inbound::<Project>("/api/webhook/project", environment_of, clock)?,
        inbound::<Employee>("/api/webhook/employee", environment_of, clock)?,
        inbound::<Vendor>("/api/webhook/vendor", environment_of, clock)?,
        inbound::<TimeOff>("/api/webhook/timeoff", environment_of, clock)?,
        Route::new("POST", "/api/events", "publish-event", publish),
        any("/api/events", "manage-deliveries", &deliveries),
        any("/api/events/{proxy+}", "manage-deliveries", &deliveries),
        any("/api/deliveries", "manage-deliveries", &deliveries),
        any("/api/deliveries/{proxy+}", "manage-deliveries", &deliveries),
        any("/api/alerts", "manage-deliveries", &deliveries),
        any("/api/stats", "manage-deliveries", &deliveries),
        any("/api/event-types", "manage-deliveries", &deliveries),
        any("/api/event-types/{proxy+}", "manage-deliveries", &deliveries),
        any("/api/endpoints", "manage-endpoints", &endpoints),
        any("/api/endpoints/{proxy+}", "manage-endpoints", &endpoints),
        any("/api/keys", "manage-keys", &keys),
        any("/api/keys/{proxy+}", "manage-keys", &keys),
        any("/", "portal", &portal),
        any("/console/{proxy+}", "portal", &portal),
        any("/docs", "portal", &portal),
        any("/docs/{proxy+}", "portal", &portal),
        any("/openapi.json", "portal", &portal),
        any(DEFAULT_ROUTE, "portal", &portal),
    ]))
}

fn inbound<R: Resource>(
    path: &'static str,
    environment_of: EnvironmentOf<'_>,
    clock: &Clock,
) -> Result<Route, ConfigError> {
    let inbound = Arc::new(Inbound::<R>::from_environment(&environment_of(R::FUNCTION))?);
    let handler = answering(clock, move |request, now| {
        let inbound = Arc::clone(&inbound);
        async move { inbound.handle(request, now).await }
    });
    Ok(Route::new("ANY", path, R::FUNCTION, handler))
}

/// An HTTP function with the clock that it is called with.
fn answering<F, A>(clock: &Clock, function: F) -> HttpHandler
where
    F: Fn(lambda_http::Request, jiff::Timestamp) -> A + Send + Sync + 'static,
    A: Future<Output = lambda_http::Response<lambda_http::Body>> + Send + 'static,
{
    let clock = clock.clone();
    http_handler(move |request| function(request, clock.now()))
}

fn delivering(deliverer: Deliverer, clock: &Clock) -> QueueHandler {
    let (deliverer, clock) = (Arc::new(deliverer), clock.clone());
    queue_handler(move |batch| {
        let (deliverer, now) = (Arc::clone(&deliverer), clock.now());
        async move { deliverer.handle(batch, now).await }
    })
}

fn sweeping(sweeper: &Arc<Sweeper>, all: bool) -> ScheduleHandler {
    let sweeper = Arc::clone(sweeper);
    schedule_handler(move |now| {
        let sweeper = Arc::clone(&sweeper);
        async move {
            let swept = if all { sweeper.refill_queues(now).await } else { sweeper.sweep(now).await };
            if let Err(error) = swept {
                tracing::error!(error = %causes(&error), "a sweep ended early; the next one goes on");
            }
        }
    })
}
