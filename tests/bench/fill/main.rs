//! Fills a data directory of the local system for the benchmark, `tests/bench/run`: with accounts, and with events of
//! the past and their deliveries, stored by the code that the functions store them with.
//!
//! Half of the events are the first account's, the rest is spread over the others. Of one event in fifty, one delivery
//! has failed. The endpoints have been deleted since.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

mod database;
mod history;

use std::path::PathBuf;
use std::sync::Arc;

use clap::Parser;
use domain::account::Account;
use domain::api_key::{ApiKey, NewKey, Scope};
use domain::audit::Author;
use domain::ids;
use domain::rate_limit::Limits;
use jiff::{SignedDuration, Timestamp};

use self::database::Database;
use self::history::History;

const NO_LIMITS: Limits = Limits { per_hour: 1_000_000_000, per_minute: 1_000_000_000 };

/// Fills a data directory.
#[derive(Debug, Parser)]
struct Arguments {
    /// The directory, which must not exist
    #[arg(long)]
    data_dir: PathBuf,
    /// The file that the accounts' keys are written to, one a line, when all is done
    #[arg(long)]
    keys: PathBuf,
    /// How many events there are
    #[arg(long)]
    events: usize,
    /// How many deliveries each event has
    #[arg(long, default_value_t = 1)]
    endpoints: usize,
    /// How many accounts there are, beside the one that each data directory has
    #[arg(long, default_value_t = 10)]
    accounts: usize,
    /// How many seconds ago the first event was
    #[arg(long, default_value_t = 7 * 86_400)]
    ago: i64,
    /// The seconds over which the events are spread
    #[arg(long, default_value_t = 7 * 86_400 - 900)]
    over: i64,
    /// One event in so many has a delivery that failed
    #[arg(long, default_value_t = 50)]
    failed: usize,
}

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    #[expect(clippy::disallowed_methods, reason = "the rim: what the time is at the start")]
    let now = Timestamp::now();
    let begin = now - SignedDuration::from_secs(arguments.ago);
    let database = Database::create(&arguments.data_dir, begin).await;
    let (mut accounts, mut keys) = (Vec::new(), String::new());
    for number in 0..arguments.accounts {
        let (account, key) = make_account(&database, number, begin).await;
        accounts.push(account);
        keys.push_str(key.expose());
        keys.push('\n');
    }
    let history = History {
        events: arguments.events,
        endpoints: (0..arguments.endpoints).map(|_| ids::new_id("ep_", begin)).collect(),
        accounts,
        begin,
        over: SignedDuration::from_secs(arguments.over),
        failed: arguments.failed,
    };
    Arc::new(history).store(&database).await;
    database.close().await;
    database::settle(&arguments.data_dir, begin, now).await;
    std::fs::write(&arguments.keys, keys).unwrap();
}

async fn make_account(database: &Database, number: usize, now: Timestamp) -> (String, NewKey) {
    let id = ids::new_id("acc_", now);
    let account = Account {
        id: id.clone(),
        name: format!("Account {number}"),
        time_zone: "America/Chicago".to_owned(),
        currency: "USD".to_owned(),
        country: "US".to_owned(),
    };
    let new = NewKey::generate("local");
    let key = ApiKey { limits: Some(NO_LIMITS), ..ApiKey::new(&new, "bench", Scope::ALL.to_vec(), now) };
    let (audit, author) = (database.environment.audit().unwrap(), Author::operator(Some("bench"), now));
    let keys = database.environment.api_keys().unwrap();
    let created = keys.create_account(&account, &key, audit.of(&author)).await;
    assert!(created.unwrap(), "{id}");
    (id, new)
}
