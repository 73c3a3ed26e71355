//! The requests of the hot path, carried out on `dynoxide`'s tables without `dynoxide`.
//!
//! `dynoxide` has `SQLite` parse each statement anew, parses an expression four times, and reads an item two or three
//! times for a write; that was a third of the local system's CPU under load. Here a request goes from its JSON into
//! typed values, each expression is parsed once in the life of the process, statements stay prepared, and an item is
//! read once and at most once.
//!
//! What is taken: `GetItem`, `BatchGetItem`, `PutItem`, `UpdateItem` and `TransactWriteItems` of tables whose keys are
//! strings, with values that are stored as they were sent (no sets, and only whole numbers) and the expressions of
//! [`condition`] and [`update`]. All of a request has to be understood. Everything else is left to `dynoxide`, before
//! anything is written: other operations, members, tables and expressions, and each request that it would refuse,
//! except for a condition that does not hold. So every message is `dynoxide`'s, and what a word of an expression may be
//! is decided there too ([`expression::Expressions`]).
//!
//! A test sends the same requests to a database with this module and one without, and compares answers and rows.
//!
//! | file | holds |
//! |---|---|
//! | `read`, `write` | the operations |
//! | `condition`, `update`, `expression` | expressions |
//! | `tables`, `rows` | what is known of a table, and its rows |
//! | `value` | attribute values |

use std::collections::HashMap;

use dynoxide::DynoxideError;
use dynoxide::storage::Storage;
use serde::Deserialize;

use self::condition::Condition;
use self::expression::Expressions;
use self::tables::Tables;
use self::update::Update;
use self::value::{Item, Value};
use crate::embedded::Answer;
use crate::embedded::operations::failure;

mod condition;
mod expression;
mod read;
mod rows;
mod tables;
mod update;
mod value;
mod write;

/// Longer requests are left, so that nothing in a request can pass a limit of DynamoDB's by itself.
const LONGEST: usize = 300_000;

/// What this module remembers between requests.
pub(super) struct Direct {
    tables: Tables,
    conditions: Expressions<Condition>,
    updates: Expressions<Update>,
    /// The placeholders of a request without any.
    none: (HashMap<String, String>, HashMap<String, Value>),
    /// The item that is not there.
    nothing: Item,
}

/// Why a request has no result.
#[derive(Debug)]
enum Stop {
    /// It is left to `dynoxide`, and nothing has been written.
    Leave,
    /// A condition does not hold: the error document.
    Refused(String),
    /// `SQLite` refuses, and part of the request may have been written.
    Failed(rusqlite::Error),
}

impl Direct {
    pub(super) fn new() -> Self {
        Self {
            tables: Tables::default(),
            conditions: Expressions::new(Condition::parse),
            updates: Expressions::new(Update::parse),
            none: (HashMap::new(), HashMap::new()),
            nothing: Item::new(),
        }
    }

    /// Carries out a request, as part of a transaction that is rolled back if the answer is an error; or leaves it.
    pub(super) fn answer(&mut self, storage: &Storage, operation: &str, body: &[u8]) -> Option<Answer> {
        let answer = match operation {
            "GetItem" => read::get_item(&mut self.tables, storage, body),
            "BatchGetItem" => read::batch_get_item(&mut self.tables, storage, body),
            "PutItem" => write::put_item(self, storage, body),
            "UpdateItem" => write::update_item(self, storage, body),
            "TransactWriteItems" => write::transact_write_items(self, storage, body),
            _ => return None,
        };
        match answer {
            Ok(body) => Some(Answer { status: 200, body: body.into_bytes() }),
            Err(Stop::Refused(body)) => Some(Answer { status: 400, body: body.into_bytes() }),
            Err(Stop::Failed(error)) => Some(failure(&DynoxideError::from(error))),
            Err(Stop::Leave) => None,
        }
    }

    /// How `dynoxide` answered the request that was left to it last.
    pub(super) fn learn(&mut self, answer: Option<&Answer>) {
        let accepted = answer.is_some_and(|answer| answer.status == 200);
        self.conditions.learn(accepted);
        self.updates.learn(accepted);
    }

    /// To be called when a table may have been changed.
    pub(super) fn forget_tables(&mut self) {
        self.tables.forget();
    }
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error)
    }
}

fn parse<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<T, Stop> {
    if body.len() > LONGEST {
        return Err(Stop::Leave);
    }
    serde_json::from_slice(body).map_err(|_| Stop::Leave)
}
