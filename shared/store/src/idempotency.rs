//! Idempotency keys: the first request under a key claims it, leaves its answer, and later ones get that answer.
//!
//! A key is an item `<account>#<path>#<key>`, and the claim is one conditional put of it. A claim whose holder died is
//! free again after a minute, and the request that takes it over runs again. The inbound calls are idempotent by
//! themselves; a call that creates something (an endpoint, a key, another secret) may then have created it twice, which
//! its list shows.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use domain::clock::SKEW;
use jiff::Timestamp;

use crate::conditional::unless_refused;
use crate::erasing::Mode;
use crate::item::{Item, Reader, n, s};
use crate::tables::IDEMPOTENCY;
use crate::walk::{self, Span};
use crate::{Client, StoreError, body};

pub(crate) const TABLE: &str = "idempotency";
/// Answers are kept 24 hours.
const KEEP_SECONDS: i64 = 86_400;
/// After this long without an answer a claim counts as abandoned.
const CLAIM_SECONDS: i64 = 60;

/// From so many bytes on an answer is deflated, as those of batches are. Shorter ones stay text, which the version before reads.
const WORTH_DEFLATING: usize = 4_096;

/// The table of idempotency keys.
#[derive(Debug, Clone)]
pub struct Idempotency {
    db: Client,
    table: String,
}

/// What a claim found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The key is ours: do the work, then [`Idempotency::complete`].
    Ours,
    /// The first request is done, and this was its answer.
    Done {
        /// SHA-256 of the body of the first request.
        fingerprint: String,
        /// The answer as [`Idempotency::complete`] was given it.
        answer: String,
    },
    /// The first request is still running.
    Running {
        /// SHA-256 of the body of the first request.
        fingerprint: String,
    },
}

impl Claim {
    /// The claim that the item of a key records.
    pub(crate) fn read(item: &Item) -> Result<Self, StoreError> {
        let reader = Reader { table: TABLE, item };
        let fingerprint = reader.string("fingerprint")?;
        if !item.contains_key("answer") {
            return Ok(Self::Running { fingerprint });
        }
        let answer = item.get("answer").and_then(body::text).ok_or_else(|| reader.unreadable("answer"))?;
        Ok(Self::Done { fingerprint, answer })
    }
}

impl Idempotency {
    pub(crate) fn new(db: Client, table: String) -> Self {
        Self { db, table }
    }

    /// Claims `key` (account, path and key in one) for a minute, for the request `owner`, whose body has this
    /// fingerprint. One write unit; a refused claim returns what is under the key. `owner` may claim its own key again.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or the item can't be read.
    pub async fn claim(&self, key: &str, owner: &str, fingerprint: &str, now: Timestamp) -> Result<Claim, StoreError> {
        let outcome = self
            .db
            .put_item()
            .table_name(&self.table)
            .item("pk", s(key))
            .item("fingerprint", s(fingerprint))
            .item("owner", s(owner))
            .item("claimedUntil", n(now.as_second() + CLAIM_SECONDS))
            .item("expiresAt", n(now.as_second() + KEEP_SECONDS))
            .condition_expression(
                "attribute_not_exists(pk) OR expiresAt <= :now \
                 OR (attribute_not_exists(answer) AND (claimedUntil <= :now OR claimedUntil > :ahead OR #owner = :owner))",
            )
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", s(owner))
            .expression_attribute_values(":now", n(now.as_second()))
            // No claim made now ends this late: one that does was made by a clock that ran ahead.
            .expression_attribute_values(":ahead", n(now.as_second() + CLAIM_SECONDS + SKEW.as_secs()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let item = match outcome.map_err(SdkError::into_service_error) {
            Ok(_) => return Ok(Claim::Ours),
            Err(PutItemError::ConditionalCheckFailedException(refused)) => refused.item,
            Err(other) => return Err(StoreError::operation("PutItem idempotency key", other)),
        };
        Claim::read(&item.unwrap_or_default())
    }

    /// The write that leaves `answer` under `key`, for a transaction with the work itself. Refused when the key was
    /// used before and has not expired; the reason then has the item.
    pub(crate) fn put_once(
        &self,
        key: &str,
        fingerprint: &str,
        answer: &str,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(&self.table)
            .item("pk", s(key))
            .item("fingerprint", s(fingerprint))
            .item("answer", s(answer))
            .item("expiresAt", n(now.as_second() + KEEP_SECONDS))
            .condition_expression("attribute_not_exists(pk) OR expiresAt <= :now")
            .expression_attribute_values(":now", n(now.as_second()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(StoreError::built("Put idempotency key"))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Leaves the answer under a key, for 24 hours from the claim. Nothing happens when another request has taken the
    /// claim of `owner` over. One write unit for each KB of the answer, deflated from 4 KB on.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn complete(&self, key: &str, owner: &str, answer: &str) -> Result<(), StoreError> {
        let answer = if answer.len() < WORTH_DEFLATING { s(answer) } else { body::attribute(answer) };
        let outcome = self
            .db
            .update_item()
            .table_name(&self.table)
            .key("pk", s(key))
            .update_expression("SET answer = :answer")
            .condition_expression("#owner = :owner")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", s(owner))
            .expression_attribute_values(":answer", answer)
            .send()
            .await;
        unless_refused(outcome, "UpdateItem idempotency key")?;
        Ok(())
    }

    /// Deletes an account's keys which `is_personal`, or whose answers are, or only counts them, and returns how many there
    /// were. Reads the whole table.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn erase(
        &self,
        account: &str,
        mode: Mode,
        is_personal: impl Fn(&str) -> bool,
    ) -> Result<usize, StoreError> {
        let span = Span::Prefix(format!("{account}#"));
        let goes = |item: &Item| {
            let mut texts = ["pk", "answer"].into_iter().filter_map(|name| item.get(name).and_then(body::text));
            texts.any(|text| is_personal(&text))
        };
        walk::delete(&self.db, (IDEMPOTENCY, &self.table), &span, mode, goes).await
    }

    /// Deletes a claim of `owner` whose request did nothing and may be sent again. Nothing happens when another request
    /// has taken it over.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn release(&self, key: &str, owner: &str) -> Result<(), StoreError> {
        let outcome = self
            .db
            .delete_item()
            .table_name(&self.table)
            .key("pk", s(key))
            .condition_expression("#owner = :owner")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", s(owner))
            .send()
            .await;
        unless_refused(outcome, "DeleteItem idempotency key")?;
        Ok(())
    }
}
