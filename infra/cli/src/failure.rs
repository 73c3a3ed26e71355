//! Errors of commands: a sentence and an exit code.

use std::io;

/// The command can't be carried out, or not all of it.
pub(crate) const IMPOSSIBLE: u8 = 1;
/// The command line, a variable or a file can't be used.
pub(crate) const USAGE: u8 = 2;
/// The API can't be reached, or refuses the key.
const API: u8 = 3;

/// Why a command was not carried out.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something does not exist, or a rule forbids it.
    Impossible(String),
    /// The command line, a variable or a file can't be used.
    Usage(String),
    /// The API can't be reached, or refuses the key.
    Api(String),
    /// What is said can't be written to stdout.
    Output(io::Error),
}

impl Failure {
    /// A file that can't be read or written.
    pub(crate) fn file(what: &str, path: &std::path::Path, error: &io::Error) -> Self {
        Self::Usage(format!("{what} {} can't be used: {error}", path.display()))
    }

    /// The same with what follows from it.
    pub(crate) fn with_advice(self, advice: &str) -> Self {
        let add = |sentence: String| format!("{}; {advice}", sentence.trim_end_matches('.'));
        match self {
            Self::Impossible(sentence) => Self::Impossible(add(sentence)),
            Self::Usage(sentence) => Self::Usage(add(sentence)),
            Self::Api(sentence) => Self::Api(add(sentence)),
            Self::Output(error) => Self::Output(error),
        }
    }

    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::Impossible(_) | Self::Output(_) => IMPOSSIBLE,
            Self::Usage(_) => USAGE,
            Self::Api(_) => API,
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Impossible(sentence) | Self::Usage(sentence) | Self::Api(sentence) => {
                // What an answer says may have several lines, and anything in them.
                let sentence = crate::output::printable(&sentence.split_whitespace().collect::<Vec<_>>().join(" "));
                f.write_str(sentence.trim_end_matches('.'))?;
            }
            Self::Output(error) => write!(f, "the output can't be written: {error}")?,
        }
        f.write_str(".")
    }
}

impl From<io::Error> for Failure {
    /// Of stdout: errors of files say which one, see [`Failure::file`].
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}
