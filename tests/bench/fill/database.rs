//! The embedded DynamoDB on a data directory, without the rest of the local system.

use std::path::Path;

use jiff::Timestamp;
use local::data_dir::DataDir;
use local::embedded::Embedded;
use local::embedded::dynamodb::DynamoDb;
use local::embedded::sns::Sns;
use local::embedded::sqs::Sqs;
use local::first_start::make_account;
use local::resources::create_tables;
use local::{Clock, Options, Storage, System};
use store::config::Environment;
use store::shard::Shard;
use store::sums::Progress;
use store::tables;
use store::undispatched::bucket_of;

/// No record of a stream has a larger number.
const EVERY_RECORD: &str = "109223372036854775807";
/// A sweep takes half a minute at most.
const MAX_SWEEPS: usize = 60;

/// The tables, and what the stores are made of.
pub(crate) struct Database {
    pub(crate) environment: Environment,
    dynamodb: DynamoDb,
    _data_dir: DataDir,
}

impl Database {
    /// Makes a data directory as the first start does.
    pub(crate) async fn create(path: &Path, now: Timestamp) -> Self {
        let data_dir = DataDir::lock(path).unwrap();
        let (dynamodb, kms) = data_dir.open().unwrap();
        let embedded = Embedded::new(dynamodb.clone(), Sqs::new(Clock::system()), Sns::default(), kms);
        let sdk_config = embedded.sdk_config();
        create_tables(&aws_sdk_dynamodb::Client::new(&sdk_config), tables::ALL).await.unwrap();
        let names = tables::ALL.iter().map(|table| (table.variable.to_owned(), table.name.to_owned()));
        let environment = Environment::given(&sdk_config, names);
        let first_key = make_account(&environment, Some(&data_dir), now).await.unwrap();
        assert!(first_key.is_some(), "{} was there already", path.display());
        Self { environment, dynamodb, _data_dir: data_dir }
    }

    /// Drops what the stream has: these events have been dispatched.
    pub(crate) async fn empty_stream(&self) {
        self.dynamodb.trim_stream(tables::EVENTS.name, EVERY_RECORD).await.unwrap();
    }

    pub(crate) async fn close(self) {
        self.empty_stream().await;
        self.dynamodb.close().await;
    }
}

/// Lets the sweeper compare the events with their deliveries, until there is nothing that it has not compared. All since
/// `begin` have markers, so that statistics may believe its sums from then on, as if it had swept from the beginning.
pub(crate) async fn settle(path: &Path, begin: Timestamp, now: Timestamp) {
    let options = Options { storage: Storage::Directory(path.to_owned()), ..Options::for_test(Clock::system()) };
    let system = System::start(options).await.unwrap();
    let markers = system.environment().undispatched().unwrap();
    let begin = bucket_of(begin);
    system.environment().sums().unwrap().note_progress(Progress { since: begin, until: begin }).await.unwrap();
    for shard in Shard::all() {
        let mut sweeps = 0;
        while !markers.overdue(shard, None, None, now, 1).await.unwrap().markers.is_empty() {
            assert!(sweeps < MAX_SWEEPS, "what was stored is not what the sweeper expects");
            sweeps += 1;
            system.sweep(now).await;
        }
    }
    system.shutdown().await;
}
