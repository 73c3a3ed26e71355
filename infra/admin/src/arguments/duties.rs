//! The arguments of export and erasure.

use std::num::ParseIntError;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::AccountId;
use crate::help;

#[derive(Debug, Subcommand)]
pub(crate) enum PeopleCommand {
    /// Erase the data of an employee
    #[command(long_about = help::ERASE_PERSON)]
    Erase(ErasePerson),
}

#[derive(Debug, Args)]
pub(crate) struct ExportAccount {
    #[command(flatten)]
    pub(crate) account: AccountId,
    /// Directory for the files, which must be new or empty
    #[arg(long, value_name = "DIR")]
    pub(crate) output: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct EraseAccount {
    #[command(flatten)]
    pub(crate) account: AccountId,
    #[command(flatten)]
    pub(crate) erasing: Erasing,
}

#[derive(Debug, Args)]
pub(crate) struct ErasePerson {
    #[command(flatten)]
    pub(crate) account: AccountId,
    /// Number of the employee, or the id, which also finds one whose number another has by now
    #[arg(long, value_name = "NUMBER_OR_ID")]
    pub(crate) employee: String,
    #[command(flatten)]
    pub(crate) erasing: Erasing,
}

/// What all erasures are asked.
#[derive(Debug, Args)]
pub(crate) struct Erasing {
    /// The account's id, or the employee's number or id, once more, since nothing brings it back
    #[arg(long, value_name = "WHAT", required_unless_present = "dry_run")]
    pub(crate) confirm: Option<String>,
    /// Count what would be erased in each table, and erase nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Seconds to wait, once nothing new can begin, for what is under way: keys are remembered for 60 seconds, and functions
    /// run for up to 60. After less, what they write may be left over
    #[arg(long, value_name = "SECONDS", default_value = "120", value_parser = seconds)]
    pub(crate) wait: Duration,
}

fn seconds(text: &str) -> Result<Duration, ParseIntError> {
    text.parse().map(Duration::from_secs)
}
