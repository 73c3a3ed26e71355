//! Deliveries to an endpoint over TLS, against the same over plain HTTP: what they take of the processor, alternately.
//!
//! ```sh
//! cargo bench -p tests --bench tls --profile local
//! ```
//!
//! Sender, receiver and system are one process here, so that the receiver's part of TLS is counted as well, and its handshakes,
//! which cost a server more than a client.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![expect(clippy::print_stdout, reason = "its figures are its output")]

use std::fs;
use std::time::Instant;

use futures_util::{StreamExt as _, stream};
use serde_json::json;
use tests::{Ca, Receiver, TestApp};
use tokio::runtime::Runtime;

const EVENTS: usize = 4_000;
const SENDERS: usize = 32;
const ROUNDS: usize = 3;
/// What `/proc` counts in.
const TICKS_PER_SECOND: u64 = 100;

fn main() {
    let runtime = Runtime::new().unwrap();
    for round in 1..=ROUNDS {
        for tls in [false, true] {
            let (seconds, milliseconds) = runtime.block_on(deliver(tls));
            let rate = u128::try_from(EVENTS).unwrap() * 1_000_000 / seconds;
            let over = if tls { "TLS" } else { "plain HTTP" };
            println!("round {round}, {over}: {rate} deliveries/s, {milliseconds} ms of CPU for a thousand");
        }
    }
}

/// The microseconds from the first post to the last arrival, and the CPU time for a thousand events.
async fn deliver(tls: bool) -> (u128, u64) {
    let (data, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let app = TestApp::builder().data_dir(data.path()).at_present().workers(true).trusting(&ca);
    let app = app.start().await;
    let receiver = if tls { Receiver::https(&ca).await } else { Receiver::start().await };
    app.endpoint(&receiver.url(), ["workorder.created"]).await;
    let (started, used) = (Instant::now(), ticks());
    let post = async |number: usize| {
        let order =
            json!({ "workOrderNumber": format!("WO-{number}"), "title": "Install HVAC System", "priority": "high" });
        app.post("/api/webhook/workorder", order).await.expect(200);
    };
    stream::iter(0..EVENTS).for_each_concurrent(SENDERS, post).await;
    receiver.wait_for(EVENTS).await;
    let taken = started.elapsed().as_micros();
    (taken, (ticks() - used) * 1_000 / TICKS_PER_SECOND * 1_000 / u64::try_from(EVENTS).unwrap())
}

/// The CPU time of this process so far.
fn ticks() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}
