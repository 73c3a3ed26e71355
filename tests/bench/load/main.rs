//! The load of the benchmark, `tests/bench/run`: posts work orders to a running system, takes what it delivers, and
//! prints one line of JSON with what it saw.
//!
//! Senders and receivers are in one process, so that one clock measures the way from one to the other. The system's CPU
//! time is read from `/proc`, from the first post to the last delivery.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

mod process;
mod receiver;
mod samples;
mod senders;

use std::collections::HashMap;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use serde_json::{Value, json};
use tokio::time::sleep;

use self::process::Process;
use self::receiver::{Arrivals, Faults, Receiver};
use self::samples::Samples;
use self::senders::{Load, Post};

/// How long a delivery may take after the one before it until it counts as lost.
const PATIENCE: Duration = Duration::from_mins(1);

/// Posts events to a system and receives its deliveries.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where the system listens
    #[arg(long)]
    system: SocketAddr,
    /// A file of API keys, one a line, of as many accounts, with the scopes of an integrator and of management
    #[arg(long)]
    keys: PathBuf,
    /// The system's process
    #[arg(long)]
    pid: u32,
    /// How many events are posted
    #[arg(long)]
    events: usize,
    /// How many endpoints each account has
    #[arg(long, default_value_t = 1)]
    endpoints: usize,
    /// How many of the endpoints do not answer
    #[arg(long, default_value_t = 0)]
    hanging: usize,
    /// How many answer after 29 s
    #[arg(long, default_value_t = 0)]
    late: usize,
    /// How many answer 500
    #[arg(long, default_value_t = 0)]
    failing: usize,
    /// How many connections post
    #[arg(long, default_value_t = 64)]
    senders: usize,
    /// Events a second; without it, each connection posts again as soon as it is answered
    #[arg(long)]
    rate: Option<u32>,
    /// The seconds after each of which the system is looked at; needs --database
    #[arg(long, requires = "database")]
    every: Option<u64>,
    /// The file of the system's database
    #[arg(long)]
    database: Option<PathBuf>,
}

impl Arguments {
    fn faults(&self) -> Faults {
        Faults { hanging: self.hanging, late: self.late, failing: self.failing }
    }
}

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    let keys: Arc<[String]> = fs::read_to_string(&arguments.keys).unwrap().lines().map(str::to_owned).collect();
    let start = Instant::now();
    let receiver = Receiver::start(start, arguments.faults()).await;
    for key in keys.iter() {
        for endpoint in 0..arguments.endpoints {
            let url = format!("http://{}/{endpoint}", receiver.address);
            senders::create_endpoint(arguments.system, key, &url).await;
        }
    }
    let system = Process::new(arguments.pid);
    let cpu_before = system.cpu_seconds();
    let every = arguments.every.map(Duration::from_secs);
    let samples = every.zip(arguments.database).map(|(every, database)| Samples::start(system, database, every));
    let load = Load {
        system: arguments.system,
        keys,
        events: arguments.events,
        senders: arguments.senders,
        pause: arguments.rate.map(|rate| Duration::from_secs(1) / rate),
        start,
    };
    let posts = load.run().await;
    let healthy = arguments.endpoints - receiver.faults.count();
    receiver.wait_for(posts.len() * healthy, PATIENCE).await;
    // The last outcomes are written after the last answers.
    sleep(Duration::from_millis(200)).await;
    let cpu = cpu_before.zip(system.cpu_seconds()).map(|(before, after)| after - before);
    let mut report = report(&posts, &receiver, arguments.events, healthy);
    report["cpu_seconds_per_1000"] = json!(cpu.map(|cpu| cpu * 1_000.0 / count(posts.len() * healthy)));
    report["peak_mb"] = json!(system.peak_mb());
    report["pieces"] = json!(samples.map(|samples| samples.pieces(&waits(&posts, &receiver.arrivals()))));
    println!("{report}");
}

/// When the event of each delivery was accepted, since the first post, and the time from the answer to that post to the
/// arrival at an endpoint that does as it should.
fn waits(posts: &[Post], arrivals: &Arrivals) -> Vec<(Duration, Duration)> {
    let accepted: HashMap<usize, Duration> = posts.iter().map(|post| (post.number, post.answered)).collect();
    let began = began(posts);
    let wait = |((number, _), at): (&(usize, usize), &Duration)| {
        let answered = *accepted.get(number)?;
        Some((answered.saturating_sub(began), at.saturating_sub(answered)))
    };
    arrivals.first.iter().filter_map(wait).collect()
}

fn began(posts: &[Post]) -> Duration {
    posts.iter().map(|post| post.sent).min().unwrap_or_default()
}

/// What was seen: rates from the first post on, and the times from the answer to a post to the arrival of its deliveries.
fn report(posts: &[Post], receiver: &Receiver, asked: usize, endpoints: usize) -> Value {
    let arrivals = receiver.arrivals();
    let mut waits: Vec<Duration> = waits(posts, &arrivals).into_iter().map(|(_, wait)| wait).collect();
    waits.sort_unstable();
    let since = |last: Option<Duration>| (last.unwrap_or_default().saturating_sub(began(posts))).as_secs_f64();
    json!({
        "refused": asked - posts.len(),
        "expected": posts.len() * endpoints,
        "delivered": waits.len(),
        "repeated": arrivals.repeated,
        "accepted_per_second": count(posts.len()) / since(posts.iter().map(|post| post.answered).max()),
        "deliveries_per_second": count(waits.len()) / since(arrivals.first.values().max().copied()),
        "p50_ms": percentile(&waits, 50),
        "p95_ms": percentile(&waits, 95),
        "p99_ms": percentile(&waits, 99),
        "connections": receiver.connections(),
    })
}

fn percentile(sorted: &[Duration], percent: usize) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    Some(sorted[(sorted.len() * percent / 100).min(last)].as_secs_f64() * 1_000.0)
}

#[expect(clippy::cast_precision_loss, reason = "no benchmark has so many events")]
fn count(number: usize) -> f64 {
    number as f64
}
