//! The command line.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use domain::endpoint::EventFilter;
use domain::ids::is_id;
use domain::models::Kind;
use outbound::sender::check_endpoint_url;
use serde_json::Value;

use crate::help;
use crate::paths::{self, Step};
use crate::since::Since;

/// The heading of the options that all commands share.
const EVERYWHERE: &str = "Deployment and output";

/// Works with WorkSkedge Webhooks from a terminal: receives events on this machine, sends records from a file, tries out
/// endpoints and signatures.
#[derive(Debug, Parser)]
#[command(name = "workskedge", version, after_long_help = help::AFTER)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) connection: Connection,
    /// Print JSON instead of text: one object, or one a line where a list grows
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where the deployment is, and the key for it.
#[derive(Debug, Args)]
pub(crate) struct Connection {
    /// URL of the deployment, instead of `WORKSKEDGE_URL` [default: the local system, `http://127.0.0.1:3000`]
    #[arg(long, global = true, value_name = "URL", help_heading = EVERYWHERE)]
    pub(crate) url: Option<String>,
    /// File that holds the API key, instead of `WORKSKEDGE_API_KEY`
    #[arg(long, global = true, value_name = "FILE", help_heading = EVERYWHERE)]
    pub(crate) key_file: Option<PathBuf>,
    /// Allow an `http://` URL of another machine, to which the key travels unencrypted
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub(crate) plain_http: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Bring events to a receiver on this machine, signed, without an endpoint or a tunnel
    #[command(long_about = help::LISTEN)]
    Listen(Listen),
    /// Send one event to try a receiver
    #[command(long_about = help::TRIGGER)]
    Trigger(Trigger),
    /// Send records from a file
    #[command(long_about = help::SEND)]
    Send(Send),
    /// Events of the account
    #[command(subcommand)]
    Events(EventsCommand),
    /// Deliveries to endpoints
    #[command(subcommand)]
    Deliveries(DeliveriesCommand),
    /// Find out why a signature does not verify
    #[command(long_about = help::VERIFY)]
    Verify(Verify),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// Which events, and from when on.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// Only these events: names, groups such as workorder.*; several with commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = event_filter)]
    pub(crate) events: Vec<EventFilter>,
    /// Begin with events of this time, such as 2026-11-20T00:00:00Z, or of so long ago, such as 30m, 2h or 7d
    #[arg(long, value_name = "TIME", value_parser = Since::read)]
    pub(crate) since: Option<Since>,
    /// End when there are no more events, instead of waiting for the next ones
    #[arg(long)]
    pub(crate) once: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Listen {
    /// URL to send the events to, such as <http://localhost:3000/hook>
    #[arg(long, value_name = "URL", value_parser = receiver_url)]
    pub(crate) forward: String,
    #[command(flatten)]
    pub(crate) which: Which,
    /// How often an event is sent again that got another answer than 2xx, after 1, 2, 4, ... seconds. An event that got no
    /// answer is sent until there is one
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(0..=100))]
    pub(crate) retries: u32,
    /// File that holds the signing secret, instead of `WORKSKEDGE_SIGNING_SECRET`
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,
    /// File that keeps the position [default: one for this deployment, key and URL, in the directory of states]
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("to").required(true).args(["endpoint", "forward", "publish"])))]
pub(crate) struct Trigger {
    /// Name of the event, such as workorder.completed
    pub(crate) event: String,
    /// Replace a value of the catalog's example, such as data.title=Roof; what reads as JSON is JSON. May be repeated
    #[arg(long = "set", value_name = "PATH=VALUE", value_parser = setting)]
    pub(crate) settings: Vec<Setting>,
    /// Have it sent to this endpoint, as a test
    #[arg(long, value_name = "EP_ID", value_parser = |text: &str| id(text, "ep_"))]
    pub(crate) endpoint: Option<String>,
    /// Sign it here and send it to this URL
    #[arg(long, value_name = "URL", value_parser = receiver_url)]
    pub(crate) forward: Option<String>,
    /// Publish it: every endpoint of the account that wants the event gets it, and it is in the feed
    #[arg(long)]
    pub(crate) publish: bool,
    /// File that holds the signing secret for --forward, instead of `WORKSKEDGE_SIGNING_SECRET`
    #[arg(long, value_name = "FILE", requires = "forward")]
    pub(crate) secret_file: Option<PathBuf>,
}

/// A value in the place of the example's.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    /// Below `data`.
    pub(crate) path: Vec<Step>,
    pub(crate) value: Value,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub(crate) struct Send {
    /// What the records are
    pub(crate) kind: Resource,
    /// File with the records: .json, .jsonl (one a line) or .csv
    pub(crate) file: PathBuf,
    /// Only check the records here, and send nothing
    #[arg(long, conflicts_with_all = ["no_check", "valid_only", "again", "dry_run"])]
    pub(crate) check: bool,
    /// Have the API check all records against what is stored, and store nothing
    #[arg(long, conflicts_with_all = ["again", "state"])]
    pub(crate) dry_run: bool,
    /// Send the records without checking them here, to a deployment that knows more fields than this program
    #[arg(long)]
    pub(crate) no_check: bool,
    /// Send the records that pass the check, even if others do not
    #[arg(long, conflicts_with = "no_check")]
    pub(crate) valid_only: bool,
    /// Send all records, also those that an earlier run has sent
    #[arg(long)]
    pub(crate) again: bool,
    /// Let an empty cell of a CSV file clear its field, instead of leaving it as it is
    #[arg(long)]
    pub(crate) clear_empty: bool,
    /// What separates the cells of a CSV file
    #[arg(long, value_name = "CHARACTER", default_value = ",", value_parser = delimiter)]
    pub(crate) delimiter: u8,
    /// File that keeps what was sent [default: FILE.workskedge]
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
}

/// A resource by its word in the paths of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Resource {
    /// Work orders
    Workorder,
    /// Projects
    Project,
    /// Employees
    Employee,
    /// Vendors
    Vendor,
    /// Requests for time off
    Timeoff,
}

impl Resource {
    pub(crate) const fn kind(self) -> Kind {
        match self {
            Self::Workorder => Kind::WorkOrder,
            Self::Project => Kind::Project,
            Self::Employee => Kind::Employee,
            Self::Vendor => Kind::Vendor,
            Self::Timeoff => Kind::TimeOff,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    /// Print events as they happen, some twenty seconds later; from now on, or from --since
    Tail(Which),
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeliveriesCommand {
    /// Send deliveries again now, under the same ids
    Retry(Retry),
}

#[derive(Debug, Args)]
pub(crate) struct Retry {
    /// Ids of deliveries
    #[arg(required = true, value_name = "DLV_ID", value_parser = |text: &str| id(text, "dlv_"))]
    pub(crate) ids: Vec<String>,
    /// Also send what the endpoint has accepted already
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// File with the body as it arrived, byte for byte; - for stdin
    #[arg(value_name = "BODY_FILE")]
    pub(crate) body: PathBuf,
    /// File with the headers as they arrived, one a line: `X-Webhook-Signature: ...`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["signature", "timestamp", "id"], required_unless_present = "signature")]
    pub(crate) headers: Option<PathBuf>,
    /// A signature: that of `X-Webhook-Signature`, -Next or -Previous, or `webhook-signature`
    #[arg(long, value_name = "TEXT", requires = "timestamp")]
    pub(crate) signature: Option<String>,
    /// The timestamp that came with it
    #[arg(long, value_name = "TEXT")]
    pub(crate) timestamp: Option<String>,
    /// The `webhook-id`, for a `webhook-signature`
    #[arg(long, value_name = "TEXT")]
    pub(crate) id: Option<String>,
    /// File that holds the signing secret, instead of `WORKSKEDGE_SIGNING_SECRET`
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,
}

fn id(text: &str, prefix: &str) -> Result<String, String> {
    if is_id(text, prefix) {
        return Ok(text.to_owned());
    }
    Err(format!("an id is {prefix} and 26 letters and digits, such as {prefix}01JAMB3X9T7Q2V5K8N4C6D0EFG"))
}

fn event_filter(text: &str) -> Result<EventFilter, String> {
    EventFilter::try_from(text.to_owned()).map_err(|error| format!("it {error}"))
}

fn receiver_url(text: &str) -> Result<String, String> {
    check_endpoint_url(text, true).map(|_| text.to_owned()).map_err(|defect| format!("it {defect}"))
}

fn setting(text: &str) -> Result<Setting, String> {
    let (path, value) = text.split_once('=').ok_or("it must be a path and a value, such as data.title=Roof")?;
    let path = path.strip_prefix("data.").ok_or("its path must begin with data., such as data.title=Roof")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
    Ok(Setting { path: paths::read(path)?, value })
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        [one] if !matches!(one, b'"' | b'\n' | b'\r') && one.is_ascii() => Ok(*one),
        _ if text == "\\t" => Ok(b'\t'),
        _ => Err("it must be one ASCII character, or \\t".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn resources_are_called_as_in_the_paths_of_the_api() {
        for resource in Resource::value_variants() {
            assert_eq!(resource.to_possible_value().unwrap().get_name(), resource.kind().segment());
        }
    }

    #[test]
    fn no_option_takes_a_key_or_a_secret() {
        let mut command = Arguments::command();
        command.build();
        let mut open = vec![command];
        while let Some(command) = open.pop() {
            for option in command.get_arguments() {
                let name = option.get_long().unwrap_or_default();
                let is_secret = name.contains("key") || name.contains("secret");
                assert!(!is_secret || name.ends_with("-file"), "--{name}");
            }
            open.extend(command.get_subcommands().cloned());
        }
    }

    #[test]
    fn a_setting_is_json_or_text_below_data() {
        let read = |text| setting(text).map(|setting| setting.value);
        assert_eq!(read("data.title=Roof = new").unwrap(), json!("Roof = new"));
        assert_eq!(read("data.materials[0].quantity=2.5").unwrap(), json!(2.5));
        assert_eq!(read("data.description=null").unwrap(), json!(null));
        assert_eq!(read("data.title=\"7\"").unwrap(), json!("7"));
        for wrong in ["title=Roof", "data.title", "data.=1", "event=x"] {
            assert!(setting(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn cells_are_separated_by_one_character() {
        assert_eq!([",", ";", "\\t", "\t"].map(|text| delimiter(text).unwrap()), [b',', b';', b'\t', b'\t']);
        for wrong in ["", "ab", "\"", "\u{e9}"] {
            assert!(delimiter(wrong).is_err(), "{wrong}");
        }
    }
}
