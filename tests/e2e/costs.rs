//! What each operation costs in calls and units of DynamoDB and in messages of SQS: the latency and the price that the design
//! promises. The table of units in `infra/cost.md` has the same rows.

use std::fmt::Debug;
use std::time::Duration;

use serde_json::{Value, json};
use tests::{Receiver, TestApp};

use self::Step::{
    Batch, Create, CreateInProject, Crowd, Delete, Deliver, Dispatch, Endpoints, Fail, Identify, Paced, Rename,
    Retitle, Retry, Succeed, Sweep, Try, Update, Wait,
};
use crate::crew::with;

/// The operations, the steps that lead to each, the steps that are counted, and their cost.
const ROWS: &[Row] = &[
    // Calls of DynamoDB, write units, read units, refused write units, messages.
    row("request: creates a work order", &[], &[Create(1)], [3, 5, 2, 0, 0]),
    row("request: creates one that refers to a project", &[], &[CreateInProject], [3, 5, 4, 0, 0]),
    row("request: updates one", &[Create(1)], &[Update], [3, 5, 2, 0, 0]),
    row("request: updates one that has a history", &[Create(1), Retitle(3)], &[Update], [3, 5, 2, 0, 0]),
    row("request: says the same again", &[Create(1), Update], &[Update], [2, 1, 2, 0, 0]),
    row("request: gives one another number", &[Create(1), Identify], &[Rename], [3, 7, 3, 0, 0]),
    row("request: deletes one", &[Create(1)], &[Delete], [3, 9, 2, 0, 0]),
    row("request: a dry run of one that creates a work order", &[], &[Try], [2, 1, 2, 0, 0]),
    row("batch: creates ten work orders", &[], &[Batch(10)], [1 + 2 * 10, 1 + 4 * 10, 2 * 10, 0, 0]),
    row("batch: says the same of ten again", &[Batch(10)], &[Batch(10)], [1 + 10, 1, 2 * 10, 0, 0]),
    row("dispatch: nobody wants it", &[Create(1)], &[Dispatch], [1, 0, 1, 0, 0]),
    row("dispatch: to one endpoint", &[Endpoints(1), Create(1)], &[Dispatch], [2, 1, 1, 0, 1]),
    row("dispatch: to ten endpoints", &[Endpoints(10), Create(1)], &[Dispatch], [2, 1, 2, 0, 1]),
    row("delivery: arrives, alone in its batch", &[Endpoints(1), Create(1), Dispatch], &[Deliver], [2, 1, 3, 0, 0]),
    row("delivery: arrives at an endpoint with a pace", &[Paced(1), Create(1), Dispatch], &[Deliver], [3, 2, 3, 0, 0]),
    row(
        "deliveries: ten arrive in one batch",
        &[Endpoints(1), Create(10), Dispatch],
        &[Deliver],
        [1 + 10, 10, 21, 0, 0],
    ),
    row("delivery: stands in line", &[Paced(1), Crowd, Create(1), Dispatch], &[Deliver], [3, 1, 3, 1, 1]),
    row(
        "delivery: arrives from its place in line",
        &[Paced(1), Create(2), Dispatch, Deliver, Wait(3)],
        &[Retry],
        [3, 2, 3, 0, 0],
    ),
    row(
        "deliveries: an event arrives at ten endpoints",
        &[Endpoints(10), Create(1), Dispatch],
        &[Deliver],
        [2, 1, 12, 0, 0],
    ),
    row(
        "delivery: fails, is to be tried again",
        &[Endpoints(1), Fail, Create(1), Dispatch],
        &[Deliver],
        [3, 8, 3, 0, 1],
    ),
    row("retry: fails, is to be tried again", RETRYING, &[Retry], [4, 5, 3, 0, 1]),
    row("retry: arrives", RETRYING_AGAIN, &[Succeed, Retry], [4, 5, 3, 0, 0]),
    row("retry: arrives, after its minutes were counted", RETRYING_LATE, &[Retry], [5, 6, 3, 0, 0]),
    row("sweep: there is nothing to do", &[Sweep], &[Sweep], [64, 0, 32, 0, 0]),
    row("sweep: a retry comes up that waited for long", WAITING_FOR_LONG, &[Sweep], [67, 5, 33, 0, 1]),
    row("sweep: an account's five minutes are counted", COUNTED, &[Sweep], [75, 4, 38, 0, 0]),
    row("sweep: a delivery has failed, and people are told", FAILED, &[Sweep], [68, 9, 34, 0, 0]),
];

const RETRYING: &[Step] = &[Endpoints(1), Fail, Create(1), Dispatch, Deliver, Wait(70)];
const RETRYING_AGAIN: &[Step] = &[Endpoints(1), Fail, Create(1), Dispatch, Deliver, Wait(70), Retry, Wait(340)];
const RETRYING_LATE: &[Step] = &[Endpoints(1), Fail, Create(1), Dispatch, Deliver, Wait(900), Succeed];
/// The endpoint is younger than the events of a start.
const COUNTED: &[Step] = &[Wait(1), Endpoints(1), Create(1), Dispatch, Deliver, Wait(660)];
/// The third wait of the schedule is longer than a message of SQS may be delayed. The events' minutes are counted by then.
const WAITING_FOR_LONG: &[Step] = &[
    Endpoints(1),
    Fail,
    Create(1),
    Dispatch,
    Deliver,
    Wait(70),
    Retry,
    Wait(340),
    Retry,
    Wait(1_500),
    Sweep,
    Wait(400),
];

/// All five attempts, of which the last two come by way of the sweeper.
const FAILED: &[Step] = &[
    Endpoints(1),
    Fail,
    Create(1),
    Dispatch,
    Deliver,
    Wait(70),
    Retry,
    Wait(340),
    Retry,
    Wait(1_500),
    Sweep,
    Wait(400),
    Sweep,
    Wait(120),
    Retry,
    Wait(7_800),
    Sweep,
    Wait(200),
    Retry,
];

/// About 1,000 characters that deflate as people's texts do. No item with them is within some bytes of a whole KB: ids are
/// random, and deflate to a few bytes more or less.
const DESCRIPTION: &str = "Replace the pressure relief valve on the second boiler and test it at full load. Access is by the \
    service stairs behind the loading dock; ask for the key at the security desk and sign the visitors' book. The tenant on the \
    fourth floor needs hot water again by six in the evening, so shut the riser only after lunch. Bring the 25 mm brass \
    fittings, two lengths of copper pipe, lagging tape and the long ladder. Photograph the serial plate before and after, note \
    both gauge readings, and have the site manager sign the completion sheet. If the isolating valve upstream does not close \
    fully, stop, tag it out and call the dispatcher: a second crew with freezing gear is on standby until four. Asbestos was \
    found in the ceiling of this corridor in 2019 and removed; the certificate hangs in the plant room. Waste goes into the \
    blue container by the gate, scrap metal into the crate next to it. Parking is free on the roof level; vans above 2.1 m use \
    the street.";

struct Row {
    operation: &'static str,
    before: &'static [Step],
    counted: &'static [Step],
    cost: [usize; 5],
}

const fn row(operation: &'static str, before: &'static [Step], counted: &'static [Step], cost: [usize; 5]) -> Row {
    Row { operation, before, counted, cost }
}

enum Step {
    /// Creates so many work orders with a description of 1 KB, in prose.
    Create(usize),
    /// Creates one that refers to P-1.
    CreateInProject,
    /// Sends one that is new, for a dry run.
    Try,
    /// Sends the first so many work orders of this kind as a batch.
    Batch(usize),
    /// Sends a change of the first work order.
    Update,
    /// Sends so many changes of it: a trail is full with three.
    Retitle(usize),
    /// Notes the id of the first work order.
    Identify,
    /// Gives it another number.
    Rename,
    /// Deletes it.
    Delete,
    /// Creates so many endpoints, and delivers an event to each: the first success is noted, later ones once a minute.
    Endpoints(usize),
    /// Creates one that takes so many attempts a second, and delivers an event to it, half a minute ago.
    Paced(u16),
    /// Others stand in line at it.
    Crowd,
    /// From now on the receiver answers 500.
    Fail,
    /// From now on the receiver answers 204.
    Succeed,
    /// Lets seconds pass.
    Wait(u64),
    /// Dispatches what is in the stream.
    Dispatch,
    /// Handles the delivery queue.
    Deliver,
    /// Handles the retry queue.
    Retry,
    /// Runs the sweeper.
    Sweep,
}

/// A system whose functions are warm, with the project P-1.
struct World {
    app: TestApp,
    receiver: Receiver,
    orders: usize,
    /// The id of the first order.
    first: String,
}

impl World {
    async fn start() -> Self {
        let world =
            Self { app: TestApp::start().await, receiver: Receiver::start().await, orders: 0, first: String::new() };
        world.app.post("/api/webhook/project", json!({ "projectNumber": "P-1", "name": "Project" })).await.expect(200);
        world.send(json!({ "workOrderNumber": "WO-warm", "title": "Warm" })).await;
        world.app.drain().await;
        world
    }

    async fn send(&self, body: Value) {
        self.app.post("/api/webhook/workorder", body).await.expect(200);
    }

    async fn create(&mut self, more: Value) {
        self.orders += 1;
        self.send(order(&format!("WO-{}", self.orders), more)).await;
    }

    async fn endpoints(&self, count: usize) {
        for number in 0..count {
            self.app.endpoint(&format!("{}?{number}", self.receiver.url()), ["*"]).await;
        }
        self.send(json!({ "workOrderNumber": "WO-warm", "title": "Warmer" })).await;
        self.app.drain().await;
    }

    async fn paced(&self, per_second: u16) {
        let body = json!({ "url": self.receiver.url(), "events": ["*"], "maxPerSecond": per_second });
        self.app.endpoint_with(body).await;
        self.send(json!({ "workOrderNumber": "WO-warm", "title": "Warmer" })).await;
        self.app.drain().await;
        self.app.advance(Duration::from_secs(30)).await;
    }

    async fn step(&mut self, step: &Step) {
        match step {
            Create(count) => {
                for _ in 0..*count {
                    self.create(json!({})).await;
                }
            }
            Try => {
                let body = order("WO-tried", json!({}));
                self.app.post("/api/webhook/workorder?dryRun=true", body).await.expect(200);
            }
            Batch(count) => {
                let records: Vec<Value> =
                    (1..=*count).map(|number| order(&format!("WO-B{number}"), json!({}))).collect();
                self.app.post("/api/webhook/workorder/batch", json!({ "records": records })).await.expect(200);
            }
            CreateInProject => self.create(json!({ "projectNumber": "P-1" })).await,
            Update => self.send(json!({ "workOrderNumber": "WO-1", "title": "Changed" })).await,
            Retitle(times) => {
                for time in 0..*times {
                    self.send(json!({ "workOrderNumber": "WO-1", "title": format!("Title {time}") })).await;
                }
            }
            Identify => {
                let reply = self.app.post("/api/webhook/workorder", json!({ "workOrderNumber": "WO-1" })).await;
                self.first = crate::crew::id(&reply);
            }
            Rename => self.send(json!({ "id": self.first, "workOrderNumber": "WO-2" })).await,
            Delete => self.send(json!({ "workOrderNumber": "WO-1", "operation": "delete" })).await,
            Endpoints(count) => self.endpoints(*count).await,
            Paced(per_second) => self.paced(*per_second).await,
            Crowd => {
                let endpoint = self.app.get("/api/endpoints").await.expect(200).body["data"][0]["id"].clone();
                crate::pace::crowd(&self.app, endpoint.as_str().expect("an id"), 1, 10).await;
            }
            Fail => self.receiver.answer_with([500]),
            Succeed => self.receiver.answer_with([204]),
            Wait(seconds) => self.app.advance(Duration::from_secs(*seconds)).await,
            Dispatch => assert_eq!(self.app.drain_stream().await, self.orders),
            Deliver => assert_eq!(self.app.drain_delivery_queue().await, self.orders),
            Retry => assert_eq!(self.app.drain_retry_queue().await, 1),
            Sweep => self.app.sweep().await,
        }
    }

    /// The cost of a row, in the order of [`ROWS`]. SQS's polling and deleting is Lambda's in AWS, and is left out.
    async fn cost(&mut self, row: &Row) -> [usize; 5] {
        for step in row.before {
            self.step(step).await;
        }
        let _ = (self.app.system().calls().units().take(), self.app.system().calls().take());
        for step in row.counted {
            self.step(step).await;
        }
        let (units, calls) = (self.app.system().calls().units().take(), self.app.system().calls().take());
        let count = |prefix: &str| -> usize {
            calls.iter().filter(|(target, _)| target.starts_with(prefix)).map(|(_, count)| count).sum()
        };
        // Half a read unit, for an answer of up to 4 KB, is rounded up.
        let [written, read] =
            [units.written, units.read].map(|units| units.ceil().to_string().parse().expect("whole units"));
        [count("DynamoDB_"), written, read, units.refused, count("AmazonSQS.SendMessage")]
    }
}

/// A work order with a description of 1 KB, in prose.
fn order(number: &str, more: Value) -> Value {
    with(json!({ "workOrderNumber": number, "title": "New", "description": DESCRIPTION }), more)
}

/// Does each row on a system of its own, and fails with the rows whose cost differs in what `part` takes of it.
async fn compare<T: PartialEq + Debug>(part: impl Fn([usize; 5]) -> T) {
    let mut differences = Vec::new();
    for row in ROWS {
        let mut world = World::start().await;
        let (cost, expected) = (part(world.cost(row).await), part(row.cost));
        if cost != expected {
            differences.push(format!("{}: {cost:?}, not {expected:?}", row.operation));
        }
        world.app.drain().await;
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[tokio::test]
async fn each_operation_makes_the_calls_that_the_table_says() {
    compare(|[calls, ..]| calls).await;
}

#[tokio::test]
async fn what_it_costs_is_in_the_table() {
    compare(|cost| cost).await;
    let text = include_str!("../../infra/cost.md");
    for Row { operation, cost: [_, written, read, refused, sent], .. } in ROWS {
        let line = format!("| {operation} | {written} | {read} | {refused} | {sent} |");
        assert!(text.contains(&line), "infra/cost.md does not have this row:\n{line}");
    }
}
