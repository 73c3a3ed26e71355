//! The command line.

mod duties;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use domain::api_key::Scope;
use domain::ids::ulid_of;
use store::config::is_key_environment;
use url::Url;

use crate::help;
use crate::preflight::plan::{Parameter, parameter};

pub(crate) use duties::{EraseAccount, ErasePerson, Erasing, ExportAccount, PeopleCommand};

/// The heading of the options that all commands share.
const EVERYWHERE: &str = "Deployment and output";

/// Operates a deployment of WorkSkedge Webhooks: accounts and keys, dead-letter queues, deliveries. Before there is one,
/// `preflight` looks for what it would stumble over.
#[derive(Debug, Parser)]
#[command(name = "workskedge-admin", version, after_long_help = help::AFTER)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) connection: Connection,
    /// Print one JSON object instead of text
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where the deployment is.
#[derive(Debug, Args)]
pub(crate) struct Connection {
    /// Name of the stack, by which its tables and queues are called [default: workskedge-webhooks]
    #[arg(long, global = true, value_name = "NAME", help_heading = EVERYWHERE)]
    pub(crate) stack: Option<String>,
    /// AWS region, instead of `AWS_REGION`
    #[arg(long, global = true, value_name = "NAME", help_heading = EVERYWHERE)]
    pub(crate) region: Option<String>,
    /// URL of a service that replaces AWS, instead of `AWS_ENDPOINT_URL`
    #[arg(long, global = true, value_name = "URL", value_parser = endpoint_url, help_heading = EVERYWHERE)]
    pub(crate) endpoint_url: Option<String>,
    /// Who you are, for the audit log of the account that is changed, instead of `WORKSKEDGE_OPERATOR`; its people read it
    #[arg(long, global = true, value_name = "NAME", value_parser = operator, help_heading = EVERYWHERE)]
    pub(crate) operator: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Look for what a deployment would stumble over, before there is a stack
    #[command(long_about = help::PREFLIGHT)]
    Preflight(Preflight),
    /// Accounts (tenants)
    #[command(subcommand)]
    Accounts(AccountsCommand),
    /// API keys of an account
    #[command(subcommand)]
    Keys(KeysCommand),
    /// People: employees among the records of an account
    #[command(subcommand)]
    People(PeopleCommand),
    /// Queues and dead-letter queues
    #[command(subcommand)]
    Queues(QueuesCommand),
    /// Deliveries of events to endpoints
    #[command(subcommand)]
    Deliveries(DeliveriesCommand),
    /// Alerts: endpoints and deliveries that need attention
    #[command(subcommand)]
    Alerts(AlertsCommand),
}

/// What is going to be deployed.
#[derive(Debug, Args)]
pub(crate) struct Preflight {
    /// A parameter of the template that is not left at its default, such as DeliveryConcurrency=20; may be repeated
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    pub(crate) parameters: Vec<Parameter>,
    /// ARN of the role that deploys, if that is not the caller's
    #[arg(long, value_name = "ARN")]
    pub(crate) deployer: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccountsCommand {
    /// Create an account and its first key, which has every scope and is shown only once
    Create(NewAccount),
    /// List accounts, newest first
    List(Page),
    /// Write everything that is stored for an account to files, without secrets
    #[command(long_about = help::EXPORT_ACCOUNT)]
    Export(ExportAccount),
    /// Revoke an account's keys and delete everything that is stored for it
    #[command(long_about = help::ERASE_ACCOUNT)]
    Erase(EraseAccount),
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// List an account's keys with their limits and use, newest first; never the keys themselves
    List {
        #[command(flatten)]
        account: AccountId,
        #[command(flatten)]
        page: Page,
    },
    /// Create another key, which is shown only once
    Create(NewKey),
    /// Set a key's own limits, higher or lower than the default; in effect within 60 seconds
    SetLimits(SetLimits),
    /// Delete a key; it is refused everywhere within 60 seconds
    Revoke(KeyId),
}

#[derive(Debug, Subcommand)]
pub(crate) enum QueuesCommand {
    /// Show how many messages each queue and its dead-letter queue hold, approximately
    List,
    /// Move the messages of a dead-letter queue back to its queue
    #[command(long_about = help::REDRIVE)]
    Redrive(Redrive),
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeliveriesCommand {
    /// Show a delivery with its attempts
    Show(ShowDelivery),
}

#[derive(Debug, Subcommand)]
pub(crate) enum AlertsCommand {
    /// List an account's alerts, newest first
    List {
        #[command(flatten)]
        account: AccountId,
        #[command(flatten)]
        page: Page,
    },
}

#[derive(Debug, Args)]
pub(crate) struct AccountId {
    /// Id of the account
    #[arg(id = "account", long = "account", value_name = "ACC_ID", value_parser = |text: &str| id(text, "acc_"))]
    pub(crate) id: String,
}

#[derive(Debug, Args)]
pub(crate) struct Page {
    /// How many to list at most
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(i32).range(1..=100))]
    pub(crate) limit: i32,
    /// Continue after this id, which the previous page ended with
    #[arg(long, value_name = "ID", value_parser = any_id)]
    pub(crate) after: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct NewAccount {
    /// What people call it
    #[arg(long)]
    pub(crate) name: String,
    /// Default IANA time zone of its records
    #[arg(long, default_value = "America/Chicago")]
    pub(crate) time_zone: String,
    /// Default currency of its records (ISO 4217)
    #[arg(long, default_value = "USD")]
    pub(crate) currency: String,
    /// Default country of its addresses (ISO 3166-1)
    #[arg(long, default_value = "US")]
    pub(crate) country: String,
    /// Create it even if there is an account with this name
    #[arg(long)]
    pub(crate) same_name: bool,
    #[command(flatten)]
    pub(crate) environment: KeyEnvironment,
}

/// The environment that a new key names, so that people see which deployment it is for.
#[derive(Debug, Args)]
pub(crate) struct KeyEnvironment {
    /// Environment in the key, as in `wsk_live_...`: live in production, elsewhere the stack's Stage [default:
    /// `KEY_ENVIRONMENT`, or live]
    #[arg(long, value_name = "WORD", value_parser = key_environment)]
    pub(crate) environment: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct NewKey {
    #[command(flatten)]
    pub(crate) account: AccountId,
    /// What people call it
    #[arg(long)]
    pub(crate) name: String,
    /// What it may be used for: inbound, events:publish, webhooks:manage, records:read, keys:manage,
    /// audit:read; several with commas
    #[arg(long = "scope", required = true, value_delimiter = ',', value_parser = scope)]
    pub(crate) scopes: Vec<Scope>,
    #[command(flatten)]
    pub(crate) environment: KeyEnvironment,
}

#[derive(Debug, Args)]
pub(crate) struct KeyId {
    /// Id of the key
    #[arg(value_name = "KEY_ID", value_parser = |text: &str| id(text, "key_"))]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) account: AccountId,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("limits").required(true).multiple(true).args(["per_hour", "per_minute", "default"])))]
pub(crate) struct SetLimits {
    #[command(flatten)]
    pub(crate) key: KeyId,
    /// Calls per hour; unchanged if not given
    #[arg(long, value_name = "N", value_parser = limit())]
    pub(crate) per_hour: Option<u64>,
    /// Calls per minute; unchanged if not given
    #[arg(long, value_name = "N", value_parser = limit())]
    pub(crate) per_minute: Option<u64>,
    /// Reset to the default: 1000 per hour and 50 per minute
    #[arg(long, conflicts_with_all = ["per_hour", "per_minute"])]
    pub(crate) default: bool,
}

/// The queues of the template, by what follows the stack in their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum QueueName {
    /// First attempts
    Delivery,
    /// Later attempts
    Retry,
    /// Attempts at slow endpoints
    Slow,
    /// Events that could not be dispatched (dead-letter queue only)
    Dispatch,
}

#[derive(Debug, Args)]
pub(crate) struct Redrive {
    /// Queue whose dead-letter queue to redrive
    pub(crate) queue: QueueName,
    /// How many messages to move at most
    #[arg(long, default_value_t = 1000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) max: u32,
    /// Only show what would be moved
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ShowDelivery {
    /// Id of the delivery: what its receiver got as `X-Webhook-ID`
    #[arg(value_name = "DLV_ID", value_parser = |text: &str| id(text, "dlv_"))]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) account: AccountId,
    /// Include the body that was sent and the response bodies, which may hold contact data
    #[arg(long)]
    pub(crate) body: bool,
}

fn id(text: &str, prefix: &str) -> Result<String, String> {
    if text.starts_with(prefix) && ulid_of(text).is_some() {
        return Ok(text.to_owned());
    }
    Err(format!("an id is {prefix} and 26 letters and digits, such as {prefix}01JAMB3X9T7Q2V5K8N4C6D0EFG"))
}

fn any_id(text: &str) -> Result<String, String> {
    match ulid_of(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err("it must be the id that the previous page ended with".to_owned()),
    }
}

fn scope(text: &str) -> Result<Scope, String> {
    let names = Scope::ALL.map(Scope::as_str).join(", ");
    Scope::parse(text).ok_or_else(|| format!("the scopes are {names}"))
}

fn key_environment(text: &str) -> Result<String, String> {
    is_key_environment(text)
        .then(|| text.to_owned())
        .ok_or_else(|| "it must be 1 to 20 lower-case letters and digits".to_owned())
}

pub(crate) fn operator(text: &str) -> Result<String, String> {
    let text = text.trim();
    let fits = (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned()).ok_or_else(|| "it must be one line of 1 to 100 characters".to_owned())
}

fn limit() -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(1..=1_000_000_000)
}

fn endpoint_url(text: &str) -> Result<String, String> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(text.to_owned()),
        _ => Err("it must be an http or https URL, such as http://127.0.0.1:4566".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn what_can_not_be_an_id_or_a_url_is_refused_before_anything_is_asked() {
        assert!(id("acc_01JAMB3X9T7Q2V5K8N4C6D0EFG", "acc_").is_ok());
        for text in ["acc_1", "key_01JAMB3X9T7Q2V5K8N4C6D0EFG", "01JAMB3X9T7Q2V5K8N4C6D0EFG", ""] {
            assert!(id(text, "acc_").is_err(), "{text}");
        }
        assert!(endpoint_url("http://127.0.0.1:4566").is_ok());
        for text in ["localhost:4566", "127.0.0.1:4566", "ftp://host", "http://"] {
            assert!(endpoint_url(text).is_err(), "{text}");
        }
        assert_eq!(operator(" On call ").as_deref(), Ok("On call"));
        for text in ["", " ", "two\nlines", &"x".repeat(101)] {
            assert!(operator(text).is_err(), "{text}");
        }
        assert!(key_environment("test").is_ok());
        for text in ["", "Test", "wsk_test", "a-word-that-is-far-too-long"] {
            assert!(key_environment(text).is_err(), "{text}");
        }
    }
}
