//! What is tried, and how its inputs look.

use clap::ValueEnum;
use fastrand::Rng;
use serde_json::{Value, json};

use crate::mutate;

/// A way in from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
pub(crate) enum Target {
    /// Bytes on a connection to the gateway.
    Wire,
    /// An event of API Gateway on its way to a handler.
    Event,
    /// A JSON text.
    Json,
    /// An endpoint's URL, a line break, and a value of a header of its own.
    Url,
    /// A call with an inbound body: `POST /path`, a line break, the body.
    Inbound,
    /// A call of the management API, in the same form.
    Manage,
    /// A call that reads, with its query.
    Query,
    /// What a receiver sends back.
    Receiver,
    /// A batch of the delivery queue.
    Queue,
    /// A batch of the event stream.
    Stream,
}

impl Target {
    pub(crate) const ALL: [Self; 10] = [
        Self::Wire,
        Self::Event,
        Self::Json,
        Self::Url,
        Self::Inbound,
        Self::Manage,
        Self::Query,
        Self::Receiver,
        Self::Queue,
        Self::Stream,
    ];

    /// Its name in files and on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Wire => "wire",
            Self::Event => "event",
            Self::Json => "json",
            Self::Url => "url",
            Self::Inbound => "inbound",
            Self::Manage => "manage",
            Self::Query => "query",
            Self::Receiver => "receiver",
            Self::Queue => "queue",
            Self::Stream => "stream",
        }
    }

    /// Its share of the inputs: what touches no store is a hundred times faster than what does.
    pub(crate) fn percent(self) -> u64 {
        match self {
            Self::Wire => 8,
            Self::Event => 30,
            Self::Json => 25,
            Self::Url => 22,
            Self::Inbound => 6,
            Self::Query => 3,
            Self::Manage | Self::Queue => 2,
            Self::Receiver | Self::Stream => 1,
        }
    }

    /// How many inputs are tried side by side.
    pub(crate) fn at_once(self) -> usize {
        match self {
            Self::Wire => 64,
            Self::Inbound | Self::Manage | Self::Query => 8,
            _ => 1,
        }
    }

    /// A new input, from one seed and a piece of another.
    pub(crate) fn mutate(self, random: &mut Rng, seeds: &[Vec<u8>]) -> Vec<u8> {
        let (mut input, other) = (random.choice(seeds).unwrap().clone(), random.choice(seeds).unwrap());
        match self {
            Self::Event | Self::Queue | Self::Stream => json_of(random, &mut input, other),
            Self::Inbound | Self::Manage => {
                let head = input.iter().position(|byte| *byte == b'\n').map_or(input.len(), |end| end + 1);
                let mut body = input.split_off(head);
                let of_other =
                    other.iter().position(|byte| *byte == b'\n').map_or(&other[..0], |end| &other[end + 1..]);
                json_of(random, &mut body, of_other);
                if random.u8(0..20) == 0 {
                    mutate::bytes(random, &mut input, other);
                }
                input.extend(body);
            }
            Self::Wire | Self::Json | Self::Url | Self::Query | Self::Receiver => {
                mutate::bytes(random, &mut input, other);
            }
        }
        input
    }

    /// Seeds out of the project's fixtures.
    pub(crate) fn fixtures(self) -> Vec<Vec<u8>> {
        let bodies = ["employee", "vendor", "project", "workorder", "timeoff"]
            .into_iter()
            .flat_map(|kind| ["minimal", "typical"].map(|size| (kind, size)))
            .map(|(kind, size)| (kind, tests::fixture(&format!("{kind}/valid/{size}"))));
        let publication = json!({"event": "report.generated", "idempotencyKey": "k",
            "data": tests::fixture("events/report.generated")["data"]});
        match self {
            Self::Json => bodies.map(|(_, body)| body.to_string().into_bytes()).collect(),
            Self::Inbound => {
                bodies.map(|(kind, body)| format!("POST /api/webhook/{kind}\n{body}").into_bytes()).collect()
            }
            Self::Manage => vec![format!("POST /api/events\n{publication}").into_bytes()],
            _ => Vec::new(),
        }
    }
}

/// Mostly changed as JSON, and now and then as bytes.
fn json_of(random: &mut Rng, input: &mut Vec<u8>, other: &[u8]) {
    match serde_json::from_slice::<Value>(input) {
        Ok(mut value) if random.u8(0..10) > 0 => {
            mutate::json(random, &mut value, &serde_json::from_slice(other).unwrap_or_default());
            *input = value.to_string().into_bytes();
        }
        _ => mutate::bytes(random, input, other),
    }
}
