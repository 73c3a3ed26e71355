//! Errors of commands: a sentence and an exit code.

use std::io;

use store::config::ConfigError;

/// The command can't be carried out.
pub(crate) const IMPOSSIBLE: u8 = 1;
/// The command line or a variable can't be used.
pub(crate) const USAGE: u8 = 2;
/// AWS can't be reached or refuses.
const AWS: u8 = 3;

/// Why a command was not carried out.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something does not exist, or a rule forbids it.
    Impossible(String),
    /// The command line or a variable can't be used.
    Usage(String),
    /// AWS can't be reached, or refuses.
    Aws(String),
    /// The answer can't be written to stdout.
    Output(io::Error),
}

impl Failure {
    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::Impossible(_) | Self::Output(_) => IMPOSSIBLE,
            Self::Usage(_) => USAGE,
            Self::Aws(_) => AWS,
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Impossible(sentence) | Self::Usage(sentence) | Self::Aws(sentence) => {
                // A cause that the SDK gives may have several lines.
                let words: Vec<&str> = sentence.split_whitespace().collect();
                f.write_str(words.join(" ").trim_end_matches('.'))?;
            }
            Self::Output(error) => write!(f, "the command was carried out, but its answer can't be written: {error}")?,
        }
        f.write_str(".")
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Usage(error.to_string())
    }
}
