//! The arguments of export and erasure.

use std::path::PathBuf;

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
    /// The account's id once more, since nothing brings it back
    #[arg(long, value_name = "ACC_ID")]
    pub(crate) confirm: String,
}

#[derive(Debug, Args)]
pub(crate) struct ErasePerson {
    #[command(flatten)]
    pub(crate) account: AccountId,
    /// Number or id of the employee
    #[arg(long, value_name = "NUMBER_OR_ID")]
    pub(crate) employee: String,
    /// The same number or id once more, since nothing brings the person back
    #[arg(long, value_name = "NUMBER_OR_ID")]
    pub(crate) confirm: String,
}
