//! The functions and what calls them: the routes, the event sources and the schedule of `template.yaml`.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use create_employee::Employee;
use create_project::Project;
use create_vendor::Vendor;
use create_workorder::WorkOrder;
use dispatcher::Dispatcher;
use domain::endpoint::Lane;
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
/// The queue of attempts at slow endpoints.
pub const SLOW: QueueSpec = queue("slow", "slow-dead", "SLOW_QUEUE_URL");
/// All queues that are read, in the order of a delivery's way.
pub const QUEUES: [QueueSpec; 3] = [DELIVERY, RETRY, SLOW];

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
    /// Reads the slow queue.
    pub slow_worker: QueueHandler,
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
        routes: routes(|function| function.handler(&environment_of(function.name()), clock))?,
        dispatcher: stream_handler(move |batch| {
            let (dispatcher, now) = (Arc::clone(&dispatcher), time.now());
            async move { dispatcher.handle(batch, now).await }
        }),
        deliverer: delivering(Deliverer::from_environment(&environment_of("deliverer"), Lane::First)?, clock),
        retry_worker: delivering(Deliverer::from_environment(&environment_of("retry-worker"), Lane::Later)?, clock),
        slow_worker: delivering(Deliverer::from_environment(&environment_of("slow-worker"), Lane::Slow)?, clock),
        sweeper: sweeping(&sweeper, false),
        recovery: sweeping(&sweeper, true),
    })
}

/// The rows of the route table: method, path, function.
const ROUTES: &[(&str, &str, HttpFunction)] = &[
    ("ANY", "/api/webhook/workorder", HttpFunction::CreateWorkOrder),
    ("ANY", "/api/webhook/workorder/batch", HttpFunction::CreateWorkOrder),
    ("ANY", "/api/webhook/project", HttpFunction::CreateProject),
    ("ANY", "/api/webhook/project/batch", HttpFunction::CreateProject),
    ("ANY", "/api/webhook/employee", HttpFunction::CreateEmployee),
    ("ANY", "/api/webhook/employee/batch", HttpFunction::CreateEmployee),
    ("ANY", "/api/webhook/vendor", HttpFunction::CreateVendor),
    ("ANY", "/api/webhook/vendor/batch", HttpFunction::CreateVendor),
    ("ANY", "/api/webhook/timeoff", HttpFunction::RequestTimeOff),
    ("ANY", "/api/webhook/timeoff/batch", HttpFunction::RequestTimeOff),
    ("POST", "/api/events", HttpFunction::PublishEvent),
    ("ANY", "/api/events", HttpFunction::ManageDeliveries),
    ("ANY", "/api/events/{proxy+}", HttpFunction::ManageDeliveries),
    ("ANY", "/api/deliveries", HttpFunction::ManageDeliveries),
    ("ANY", "/api/deliveries/{proxy+}", HttpFunction::ManageDeliveries),
    ("ANY", "/api/alerts", HttpFunction::ManageDeliveries),
    ("ANY", "/api/requests", HttpFunction::ManageDeliveries),
    ("ANY", "/api/alerts/{proxy+}", HttpFunction::ManageDeliveries),
    ("ANY", "/api/stats", HttpFunction::ManageDeliveries),
    ("ANY", "/api/records", HttpFunction::ManageDeliveries),
    ("ANY", "/api/records/{proxy+}", HttpFunction::ManageDeliveries),
    ("ANY", "/api/event-types", HttpFunction::ManageDeliveries),
    ("ANY", "/api/event-types/{proxy+}", HttpFunction::ManageDeliveries),
    ("ANY", "/api/endpoints", HttpFunction::ManageEndpoints),
    ("ANY", "/api/endpoints/{proxy+}", HttpFunction::ManageEndpoints),
    ("ANY", "/api/keys", HttpFunction::ManageKeys),
    ("ANY", "/api/keys/{proxy+}", HttpFunction::ManageKeys),
    ("ANY", "/api/portal-links", HttpFunction::ManageKeys),
    ("ANY", "/api/portal-links/{proxy+}", HttpFunction::ManageKeys),
    ("ANY", "/api/audit", HttpFunction::ManageKeys),
    ("ANY", "/", HttpFunction::Portal),
    ("ANY", "/console/{proxy+}", HttpFunction::Portal),
    ("ANY", "/portal/{proxy+}", HttpFunction::Portal),
    ("ANY", "/docs", HttpFunction::Portal),
    ("ANY", "/docs/{proxy+}", HttpFunction::Portal),
    ("ANY", "/openapi.json", HttpFunction::Portal),
    ("ANY", "/api/source-ips", HttpFunction::Portal),
    ("ANY", DEFAULT_ROUTE, HttpFunction::Portal),
];

/// A function behind the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum HttpFunction {
    CreateWorkOrder,
    CreateProject,
    CreateEmployee,
    CreateVendor,
    RequestTimeOff,
    PublishEvent,
    ManageDeliveries,
    ManageEndpoints,
    ManageKeys,
    Portal,
}

impl HttpFunction {
    /// The function's package name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CreateWorkOrder => WorkOrder::FUNCTION,
            Self::CreateProject => Project::FUNCTION,
            Self::CreateEmployee => Employee::FUNCTION,
            Self::CreateVendor => Vendor::FUNCTION,
            Self::RequestTimeOff => TimeOff::FUNCTION,
            Self::PublishEvent => "publish-event",
            Self::ManageDeliveries => "manage-deliveries",
            Self::ManageEndpoints => "manage-endpoints",
            Self::ManageKeys => "manage-keys",
            Self::Portal => "portal",
        }
    }

    /// The handler that Lambda runs, in this process.
    fn handler(self, environment: &Environment, clock: &Clock) -> Result<HttpHandler, ConfigError> {
        /// The handler of a function with `from_environment` and `handle`.
        macro_rules! of {
            ($function:ty) => {{
                let function = Arc::new(<$function>::from_environment(environment)?);
                answering(clock, move |request, now| {
                    let function = Arc::clone(&function);
                    async move { function.handle(request, now).await }
                })
            }};
        }
        Ok(match self {
            Self::CreateWorkOrder => of!(Inbound::<WorkOrder>),
            Self::CreateProject => of!(Inbound::<Project>),
            Self::CreateEmployee => of!(Inbound::<Employee>),
            Self::CreateVendor => of!(Inbound::<Vendor>),
            Self::RequestTimeOff => of!(Inbound::<TimeOff>),
            Self::PublishEvent => of!(PublishEvent),
            Self::ManageDeliveries => of!(ManageDeliveries),
            Self::ManageEndpoints => of!(ManageEndpoints),
            Self::ManageKeys => of!(ManageKeys),
            Self::Portal => of!(Portal),
        })
    }
}

/// The routes of the template. `handler_of` is called once for each function.
///
/// # Errors
/// Those of `handler_of`.
pub fn routes<E>(mut handler_of: impl FnMut(HttpFunction) -> Result<HttpHandler, E>) -> Result<Routes, E> {
    let mut handlers: HashMap<HttpFunction, HttpHandler> = HashMap::new();
    let mut routes = Vec::with_capacity(ROUTES.len());
    for &(method, path, function) in ROUTES {
        let handler = match handlers.entry(function) {
            Entry::Occupied(made) => Arc::clone(made.get()),
            Entry::Vacant(new) => Arc::clone(new.insert(handler_of(function)?)),
        };
        routes.push(Route::new(method, path, function.name(), handler));
    }
    Ok(Routes::new(routes))
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
