//! The environment that the functions are given, as the template gives it: tables and queues, and the variables that
//! name them.

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::error::BoxError;
use store::config::Environment;
use store::tables;
use store::tables::Table;

use super::Options;
use crate::embedded::kms;
use crate::functions::QUEUES;
use crate::resources::{create_queues, create_tables, stream_arn};

/// On their own machine, people give their keys whatever limits they like.
const OWN_MACHINE_LIMIT: &str = "1000000000";

/// What was created, or existed already.
pub(super) struct Resources {
    /// The URLs of queues and dead-letter queues, by name.
    pub(super) queue_urls: HashMap<&'static str, String>,
    /// The ARN of the stream of the events table.
    pub(super) stream_arn: String,
}

impl Resources {
    /// Creates the tables and queues that are missing.
    ///
    /// # Errors
    /// The embedded services refuse.
    pub(super) async fn create(sdk_config: &SdkConfig, options: &Options) -> Result<Self, BoxError> {
        let dynamodb = aws_sdk_dynamodb::Client::new(sdk_config);
        // Another DynamoDB has a clock of its own, and would delete what expires by ours.
        let ages = options.dynamodb_url.is_none();
        let tables: Vec<Table> =
            tables::ALL.iter().map(|table| Table { ttl: table.ttl.filter(|_| ages), ..*table }).collect();
        create_tables(&dynamodb, &tables).await?;
        let stream_arn = stream_arn(&dynamodb, tables::EVENTS.name).await?;
        let queue_urls = create_queues(&aws_sdk_sqs::Client::new(sdk_config), &QUEUES).await?;
        Ok(Self { queue_urls, stream_arn })
    }

    /// The URL of a queue that was created.
    pub(super) fn queue_url(&self, name: &str) -> String {
        self.queue_urls.get(name).cloned().unwrap_or_default()
    }

    /// The environment of the functions.
    pub(super) fn environment(&self, sdk_config: &SdkConfig, options: &Options) -> Environment {
        Environment::given(sdk_config, self.variables(options))
            .trusting(options.trusted_roots.clone())
            .counting_within(options.count_patience)
            .batches_within(options.batch_patience)
    }

    fn variables(&self, options: &Options) -> HashMap<String, String> {
        let schedule: Vec<String> = options.retry_schedule.iter().map(|wait| wait.as_secs().to_string()).collect();
        let mut variables = HashMap::from([
            ("RETRY_SCHEDULE_SECONDS".to_owned(), schedule.join(",")),
            ("SLOW_AFTER_SECONDS".to_owned(), options.slow_after.as_secs().to_string()),
            ("EVENT_RETENTION_DAYS".to_owned(), options.event_retention_days.to_string()),
            ("ALLOW_PRIVATE_ENDPOINTS".to_owned(), options.allow_private_endpoints.to_string()),
            ("SEAL_KEY_ID".to_owned(), kms::SEAL_KEY_ID.to_owned()),
            ("MAC_KEY_ID".to_owned(), kms::MAC_KEY_ID.to_owned()),
            ("ALERT_TOPIC_ARN".to_owned(), "arn:aws:sns:us-east-1:000000000000:alerts".to_owned()),
            ("KEY_ENVIRONMENT".to_owned(), "local".to_owned()),
            ("KEY_LIMIT_PER_HOUR".to_owned(), OWN_MACHINE_LIMIT.to_owned()),
            ("KEY_LIMIT_PER_MINUTE".to_owned(), OWN_MACHINE_LIMIT.to_owned()),
            ("MAX_ENDPOINTS_PER_ACCOUNT".to_owned(), "10000".to_owned()),
        ]);
        variables.extend(tables::ALL.iter().map(|table| (table.variable.to_owned(), table.name.to_owned())));
        variables.extend(QUEUES.map(|queue| (queue.variable.to_owned(), self.queue_url(queue.name))));
        variables.extend(options.variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        variables
    }
}
