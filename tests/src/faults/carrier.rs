//! The functions of a system with faults: they can be killed, and are handed their batches as a [`Carriage`] says.

use std::cell::RefCell;
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lambda_events::dynamodb::Event;
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use lambda_http::{Body, Response};
use local::Clock;
use local::functions::{EnvironmentOf, Functions, functions, routes};
use local::gateway::HttpHandler;
use local::queues::{QueueHandler, queue_handler};
use local::schedule::{ScheduleHandler, schedule_handler};
use local::stream::{StreamHandler, stream_handler};
use store::config::{ConfigError, Environment};

use super::connector::sdk_config;
use super::place::Carriage;
use super::{Faults, Repeat};

/// Starts the functions.
pub(super) fn start(
    faults: Faults,
    environment_of: EnvironmentOf<'_>,
    clock: &Clock,
) -> Result<Functions, ConfigError> {
    let environments = RefCell::new(HashMap::new());
    let running = functions(
        &|function| {
            let environment = environment_of(function);
            let environment = environment.with_clients(&sdk_config(environment.sdk_config(), function, &faults));
            environments.borrow_mut().insert(function, environment.clone());
            environment
        },
        clock,
    )?;
    let running = Mutex::new(Arc::new(running));
    Arc::new(Carrier { faults, clock: clock.clone(), environments: environments.into_inner(), running }).functions()
}

/// Begins the work of a batch in one of these functions.
type Work<T> = Arc<dyn Fn(&Functions) -> Pin<Box<dyn Future<Output = T> + Send>> + Send + Sync>;

/// The processes of the functions.
struct Carrier {
    faults: Faults,
    clock: Clock,
    environments: HashMap<&'static str, Environment>,
    running: Mutex<Arc<Functions>>,
}

impl Carrier {
    fn functions(self: &Arc<Self>) -> Result<Functions, ConfigError> {
        let recovery = Arc::clone(&self.running().recovery);
        Ok(Functions {
            routes: routes(|function| Ok::<_, ConfigError>(self.answering(function.name())))?,
            dispatcher: self.dispatching(),
            deliverer: self.delivering("deliverer", |functions| &functions.deliverer),
            retry_worker: self.delivering("retry-worker", |functions| &functions.retry_worker),
            slow_worker: self.delivering("slow-worker", |functions| &functions.slow_worker),
            sweeper: self.sweeping(),
            recovery,
        })
    }

    fn running(&self) -> Arc<Functions> {
        Arc::clone(&self.running.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// New processes, which remember nothing.
    fn fresh(&self) -> Functions {
        functions(&|function| self.environments[function].clone(), &self.clock).unwrap()
    }

    /// Does the work of one call of a function; `None` when it is killed before its end.
    async fn run<T>(&self, function: &'static str, work: impl Future<Output = T>) -> Option<T> {
        let killed = self.faults.killed_after(self.faults.kills_of(function), function);
        let done = tokio::select! {
            biased;
            done = work => Some(done),
            () = killed => None,
        };
        if done.is_none() {
            *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(self.fresh());
            self.faults.revive(function);
        }
        self.faults.carry_out_late(function).await;
        done
    }

    /// Hands a batch over as the [`Carriage`] says. Returns what the function answered at first.
    async fn carry<T: Send + 'static>(self: &Arc<Self>, function: &'static str, work: Work<T>) -> Option<T> {
        let first = self.run(function, work(&self.running()));
        match self.faults.carriage() {
            Carriage::Once | Carriage::Reversed => first.await,
            Carriage::Twice => {
                let first = first.await;
                self.run(function, work(&self.running())).await;
                first
            }
            Carriage::AtOnce => tokio::join!(first, self.run(function, work(&self.fresh()))).0,
            Carriage::Again => {
                let (carrier, work) = (Arc::clone(self), Arc::clone(&work));
                self.faults.keep(Box::new(move || {
                    let (carrier, work) = (Arc::clone(&carrier), Arc::clone(&work));
                    Box::pin(async move {
                        carrier.run(function, work(&carrier.running())).await;
                    })
                }));
                first.await
            }
        }
    }

    fn answering(self: &Arc<Self>, function: &'static str) -> HttpHandler {
        let carrier = Arc::clone(self);
        Arc::new(move |event, context| {
            let carrier = Arc::clone(&carrier);
            Box::pin(async move {
                let running = carrier.running();
                let handler = running.routes.iter().find(|route| route.function() == function).unwrap().handler();
                let answered = carrier.run(function, handler(event, context)).await;
                // What API Gateway answers for a function that ends without an answer.
                let message = Body::Text(r#"{"message":"Internal Server Error"}"#.to_owned());
                answered.unwrap_or_else(|| Response::builder().status(500).body(message).unwrap())
            })
        })
    }

    fn dispatching(self: &Arc<Self>) -> StreamHandler {
        let carrier = Arc::clone(self);
        stream_handler(move |event: Event| {
            let carrier = Arc::clone(&carrier);
            async move { carrier.dispatch(event).await }
        })
    }

    async fn dispatch(self: &Arc<Self>, mut event: Event) -> DynamoDbEventResponse {
        let is_reversed = self.faults.carriage() == Carriage::Reversed;
        if is_reversed {
            event.records.reverse();
        }
        let done = self
            .carry("dispatcher", Arc::new(move |functions: &Functions| (functions.dispatcher)(event.clone())))
            .await;
        // Where the first that failed is not the first in the stream, all of it comes again.
        done.filter(|done| !is_reversed || done.batch_item_failures.is_empty()).unwrap_or_else(|| {
            let mut response = DynamoDbEventResponse::default();
            response.batch_item_failures.push(DynamoDbBatchItemFailure::default());
            response
        })
    }

    fn delivering(self: &Arc<Self>, function: &'static str, handler: fn(&Functions) -> &QueueHandler) -> QueueHandler {
        let carrier = Arc::clone(self);
        queue_handler(move |event: SqsEvent| {
            let carrier = Arc::clone(&carrier);
            async move { carrier.deliver(function, handler, event).await }
        })
    }

    async fn deliver(
        self: &Arc<Self>,
        function: &'static str,
        handler: fn(&Functions) -> &QueueHandler,
        mut event: SqsEvent,
    ) -> SqsBatchResponse {
        if self.faults.carriage() == Carriage::Reversed {
            event.records.reverse();
        }
        let ids: Vec<_> = event.records.iter().filter_map(|message| message.message_id.clone()).collect();
        let done = self.carry(function, Arc::new(move |functions: &Functions| handler(functions)(event.clone()))).await;
        // A function that was killed has not said which messages are done: all come again.
        done.unwrap_or_else(|| {
            let mut response = SqsBatchResponse::default();
            response.batch_item_failures = ids.into_iter().map(failure).collect();
            response
        })
    }

    fn sweeping(self: &Arc<Self>) -> ScheduleHandler {
        let carrier = Arc::clone(self);
        schedule_handler(move |now| {
            let carrier = Arc::clone(&carrier);
            async move {
                carrier.run("sweeper", (carrier.running().sweeper)(now)).await;
            }
        })
    }
}

impl Faults {
    fn carriage(&self) -> Carriage {
        self.state().carriage
    }

    fn keep(&self, repeat: Repeat) {
        self.state().repeats.push(repeat);
    }
}

fn failure(id: String) -> BatchItemFailure {
    let mut failure = BatchItemFailure::default();
    failure.item_identifier = id;
    failure
}
