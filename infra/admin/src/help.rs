//! The long texts of `--help`.

/// The command that exports the AWS CLI's credentials to the environment, including those of SSO, which the program
/// can't get by itself.
pub(crate) const EXPORT: &str = "eval \"$(aws configure export-credentials --format env)\"";

/// The text after the options.
pub(crate) const AFTER: &str = r#"Examples:
  workskedge-admin --stack webhooks-prod preflight --parameter DeliveryConcurrency=20
  workskedge-admin --stack webhooks-prod accounts create --name "Acme Builders" --time-zone America/Denver
  workskedge-admin --stack webhooks-test accounts create --name "Acme Builders" --environment test
  workskedge-admin keys list --account acc_01JAMB3X9T7Q2V5K8N4C6D0EFG
  workskedge-admin keys set-limits key_01JAMB... --account acc_01JAMB... --per-hour 5000 --per-minute 250
  workskedge-admin queues list
  workskedge-admin queues redrive delivery --dry-run
  workskedge-admin deliveries show dlv_01JAMB... --account acc_01JAMB... --json | jq .attempts
  workskedge-admin accounts export --account acc_01JAMB... --output acme
  workskedge-admin accounts erase --account acc_01JAMB... --confirm acc_01JAMB...
  workskedge-admin people erase --account acc_01JAMB... --employee E-1042 --confirm E-1042

Environment:
  AWS_REGION, AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_ENDPOINT_URL, ...
      as every AWS SDK reads them. Credentials may come from these variables, from keys or a role in ~/.aws, from a web
      identity, or from a container or an EC2 instance. For SSO and credential_process, run first:
      eval "$(aws configure export-credentials --format env)"
  API_KEYS_TABLE, RATE_WINDOWS_TABLE, RECORDS_TABLE, EVENTS_TABLE, UNDISPATCHED_TABLE, ENDPOINTS_TABLE, DELIVERIES_TABLE,
  ALERTS_TABLE, REQUESTS_TABLE, AUDIT_TABLE, IDEMPOTENCY_TABLE
      names of tables, as the functions have them. They override --stack, by which tables are called <stack>-api-keys,
      <stack>-rate-windows, <stack>-records, <stack>-events, <stack>-undispatched, <stack>-endpoints, <stack>-deliveries,
      <stack>-alerts, <stack>-requests, <stack>-audit, <stack>-idempotency.
  DELIVERY_QUEUE_URL, RETRY_QUEUE_URL, SLOW_QUEUE_URL, DELIVERY_DEAD_QUEUE_URL, RETRY_DEAD_QUEUE_URL, SLOW_DEAD_QUEUE_URL,
  DISPATCH_DEAD_QUEUE_URL
      URLs of queues. They override --stack, by which queues are called <stack>-delivery, <stack>-retry, <stack>-slow,
      <stack>-delivery-dead, <stack>-retry-dead, <stack>-slow-dead, <stack>-dispatch-dead.
  KEY_ENVIRONMENT
      the environment that new keys name, as in wsk_live_..., unless --environment is given; default live.
  WORKSKEDGE_OPERATOR
      who you are, unless --operator is given: what accounts create and keys create, set-limits and revoke change stands in
      the audit log of the account, with this name.

Permissions:
  preflight        none at all; without these a line says what could not be seen: cloudformation:DescribeStacks, DescribeType;
                   dynamodb:DescribeTable, DescribeLimits; sqs:GetQueueUrl; lambda:GetFunctionConcurrency, GetAccountSettings;
                   logs:DescribeLogGroups; sns:GetTopicAttributes; iam:GetRole, SimulatePrincipalPolicy
  accounts, keys   dynamodb:GetItem, Query, PutItem, UpdateItem, DeleteItem on api-keys; GetItem on rate-windows;
                   PutItem on audit
  queues           sqs:GetQueueUrl, GetQueueAttributes on all; ReceiveMessage, DeleteMessage, ChangeMessageVisibility on
                   a dead-letter queue, SendMessage on its queue
  deliveries       dynamodb:GetItem on deliveries; BatchGetItem on endpoints; Query on events with --body
  alerts           dynamodb:GetItem on api-keys; Query on alerts
  accounts export  dynamodb:Query, Scan on all tables
  accounts erase   dynamodb:Query, Scan, BatchWriteItem on all tables
  people erase     dynamodb:Scan, GetItem, BatchGetItem, PutItem, UpdateItem, DeleteItem on records; Query, UpdateItem,
                   DeleteItem on events; Query, GetItem, UpdateItem, BatchWriteItem on deliveries; Scan, BatchWriteItem
                   on idempotency; Query, BatchWriteItem on requests

Output:
  Text on stdout, or with --json one object: a list is {"data": [...], "next": id or null}, and keys, deliveries and
  alerts are as the API shows them. Notes and errors are sentences on stderr.

Exit codes:
  0  done
  1  the command can't be carried out: something does not exist, or a rule forbids it; or an erasure is done but for
     items that can't be read, which are named; or preflight has found a problem
  2  the command line or a variable can't be used
  3  AWS can't be reached or refuses: credentials, permissions, a missing table or queue"#;

/// The description of `preflight`.
pub(crate) const PREFLIGHT: &str = "\
Look for what a deployment would stumble over: names that are taken, quotas, what the region has, permissions. It reads and \
changes nothing, and needs no stack.

Each line is ok, a warning or a problem, with what to do. What can't be seen is a warning that names the missing permission. \
With a problem the exit code is 1; 2 and 3 are as for all commands, see the help of the program.

What no call shows, it does not say: conditions in policies and the policies of a session, the bucket that packages go to, \
and what a service of the region refuses only when it is used.";

/// The description of `accounts export`.
pub(crate) const EXPORT_ACCOUNT: &str = "\
Write everything that is stored for an account to files of JSON lines, one for each kind of thing.

Left out are secrets: signing secrets, own headers of endpoints, tax ids but for their last four characters, sealed \
answers; and hashes of keys and bodies. The tables of records, keys, rate windows, markers and idempotency keys are read \
wholly, whosever the items are.";

/// The description of `accounts erase`.
pub(crate) const ERASE_ACCOUNT: &str = "\
Revoke an account's keys and delete everything that is stored for it, in every table.

What makes work goes first: keys, endpoints, markers. Then it waits for what is under way and goes through the tables, \
again with a wait, until nothing is left. Each time, the tables of records, keys, rate windows, markers and idempotency \
keys are read wholly. When it is interrupted, give the same command again: it does the rest. The counts are those of one \
run.";

/// The description of `people erase`.
pub(crate) const ERASE_PERSON: &str = "\
Erase the data of an employee: the record, its time off, events with its data and their deliveries, kept answers, calls \
about it that were refused, and its name, e-mail address and phone numbers in other records.

Other records go on referring to the employee by id and number: on whose orders and projects the person was. A contact \
that is the person is removed; in a text, [erased] takes the place of its full name. What a colleague has too stays.

Stop whatever sends the employee first: it would be created anew, and the erasure would fail. It waits for what is under \
way. The first line on stderr says by which id it is repeated. When it is interrupted, give the same command again: it \
does the rest. The tables of records and idempotency keys are read wholly, several times.";

/// The description of `queues redrive`.
pub(crate) const REDRIVE: &str = "\
Move the messages of a dead-letter queue back to its queue.

A message moves to a dead-letter queue when it was received five times and could not be processed: DynamoDB or KMS was \
unavailable, or the function failed. Fix the cause first, or the message comes back. No delivery is lost meanwhile: \
the sweeper puts overdue deliveries back on a queue, so that many of these messages are out of date. Moving them is \
safe: a message whose attempt was already made is dropped.

Messages that can't be read stay where they are. Messages that --dry-run looks at are hidden from other consumers \
until the command ends.";
