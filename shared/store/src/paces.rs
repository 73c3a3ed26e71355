//! Paces of endpoints: who may start an attempt when.
//!
//! The item `PACE#<account>#<endpoint>` in the table of rate windows is what all workers of one endpoint share, see [`Line`].
//! There is none for an endpoint without a pace. Each change is one conditional update, which adds to what is there then:
//! workers that write at the same moment don't refuse each other. A process remembers what it saw last, so that its first try
//! is the right one mostly.

mod lines;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use domain::clock::SKEW;
use domain::pace::{Asking, Line, Move, Turn, Waiting};
use jiff::Timestamp;

use self::lines::Lines;
use crate::backoff::pause_before;
use crate::coalescer::Coalescer;
use crate::conditional::unless_refused;
use crate::item::{Item, Reader, n, s};
use crate::{Client, StoreError};

const TABLE: &str = "rate windows";
const PREFIX: &str = "PACE#";
/// How long the item of an endpoint is kept that nothing is sent to any more, in seconds.
const KEPT_SECONDS: i64 = 86_400;
/// How often a change is refused, because others have changed the item since it was read, before the attempts come again.
const MAX_REFUSALS: u32 = 10;

/// Paces of endpoints, in the table of rate windows.
#[derive(Debug, Clone)]
pub struct Paces {
    db: Client,
    table: String,
    asked: Coalescer<Turn>,
    lines: Lines,
}

/// What came of a change.
enum Changed {
    /// It was made, and this is the item.
    To(Line),
    /// Its condition does not hold: this is the item, if there is one.
    Refused(Option<Line>),
}

impl Paces {
    pub(crate) fn new(db: Client, table: String) -> Self {
        Self { db, table, asked: Coalescer::default(), lines: Lines::default() }
    }

    /// Takes the next slot of an endpoint if one is near, else a place in its line. One write unit, and a refused one whenever
    /// it is not as this process saw it last. Attempts of this process that want to start meanwhile share the next writes. An
    /// answer that is lost costs a slot, or makes the line one place longer.
    ///
    /// # Errors
    /// When DynamoDB can't be reached, or others change the item each time that it is tried.
    pub async fn take(&self, account: &str, endpoint_id: &str, asking: Asking) -> Result<Turn, StoreError> {
        let key = key(account, endpoint_id);
        let Asking { per_second, near, has_waited, .. } = asking;
        let name = format!("{key} {per_second} {} {has_waited}", near.as_millis());
        self.asked.take(&name, |count| Box::pin(self.take_all(&key, asking, count))).await
    }

    async fn take_all(&self, key: &str, asking: Asking, count: usize) -> Result<Vec<Turn>, StoreError> {
        let (mut turns, mut refusals) = (Vec::with_capacity(count), 0);
        let mut seen = self.lines.last(key);
        let mut is_fresh = false;
        while turns.len() < count {
            let left = u32::try_from(count - turns.len()).unwrap_or(u32::MAX);
            let wanted = asking.next(seen.as_ref(), left);
            if wanted == Move::TurnAway {
                if is_fresh {
                    turns.resize(count, Turn::Away);
                    break;
                }
                // Nothing would be written that shows whether the line is still as long.
                seen = None;
                continue;
            }
            let changed = self.change(key, &asking, wanted, seen).await?;
            is_fresh = true;
            match changed {
                Changed::To(line) => {
                    turns.extend(asking.turns(wanted, &line));
                    seen = Some(line);
                }
                Changed::Refused(_) if refusals == MAX_REFUSALS => return Err(StoreError::Contention(TABLE)),
                Changed::Refused(line) => {
                    pause_before(refusals).await;
                    refusals += 1;
                    seen = line;
                }
            }
        }
        self.lines.remember(key, seen, asking.now);
        Ok(turns)
    }

    /// Makes a change if it still is what follows from the item.
    async fn change(
        &self,
        key: &str,
        asking: &Asking,
        wanted: Move,
        seen: Option<Line>,
    ) -> Result<Changed, StoreError> {
        let now = asking.now;
        let call = self
            .db
            .update_item()
            .table_name(&self.table)
            .key("pk", s(key))
            .expression_attribute_values(":now", n(now.as_microsecond()))
            .expression_attribute_values(":ttl", n(now.as_second() + KEPT_SECONDS))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match with_move(call, asking, wanted, seen).send().await {
            Ok(output) => Ok(Changed::To(read(output.attributes().unwrap_or(&Item::new()))?)),
            Err(error) => match error.into_service_error() {
                UpdateItemError::ConditionalCheckFailedException(refused) => {
                    Ok(Changed::Refused(refused.item().map(read).transpose()?))
                }
                other => Err(StoreError::operation("UpdateItem pace", other)),
            },
        }
    }

    /// Ends the line of an endpoint: those who stand in it come at their times, and others don't wait for them. One write unit.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn end_line(&self, account: &str, endpoint_id: &str) -> Result<(), StoreError> {
        let ending = self
            .db
            .update_item()
            .table_name(&self.table)
            .key("pk", s(key(account, endpoint_id)))
            .update_expression("SET lineEnd = :none")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":none", n(0));
        unless_refused(ending.send().await, "UpdateItem pace").map(drop)
    }

    /// Forgets all lines and slots, for a start of the local system: what stood in line is queued anew. Reads the whole table.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn forget_all(&self) -> Result<(), StoreError> {
        let scan = self.db.scan().table_name(&self.table).filter_expression("begins_with(pk, :pace)");
        let pages = scan.expression_attribute_values(":pace", s(PREFIX)).into_paginator().items().send();
        let items: Vec<Item> = pages.try_collect().await.map_err(StoreError::call("Scan of paces"))?;
        for key in items.into_iter().filter_map(|mut item| item.remove("pk")) {
            let deleting = self.db.delete_item().table_name(&self.table).key("pk", key);
            deleting.send().await.map_err(StoreError::call("DeleteItem pace"))?;
        }
        Ok(())
    }

    /// What waits for the pace of an endpoint, about; `None` when nothing does. Half a read unit; eventually consistent.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or the item can't be read.
    pub async fn waiting(
        &self,
        account: &str,
        endpoint_id: &str,
        now: Timestamp,
    ) -> Result<Option<Waiting>, StoreError> {
        let key = s(key(account, endpoint_id));
        let output = self.db.get_item().table_name(&self.table).key("pk", key).send().await;
        let output = output.map_err(StoreError::call("GetItem pace"))?;
        Ok(output.item().map(read).transpose()?.and_then(|line| line.waiting(now)))
    }
}

/// The account that an item of the table is about, if it is that of a pace.
pub(crate) fn account_of(pk: &str) -> Option<&str> {
    pk.strip_prefix(PREFIX)?.split('#').next()
}

fn key(account: &str, endpoint_id: &str) -> String {
    format!("{PREFIX}{account}#{endpoint_id}")
}

/// The update that makes a move, under the condition that the move would be the same for what is stored then.
fn with_move(
    call: UpdateItemFluentBuilder,
    asking: &Asking,
    wanted: Move,
    seen: Option<Line>,
) -> UpdateItemFluentBuilder {
    let more = |count: u32| asking.interval() * i64::from(count);
    match wanted {
        Move::Begin(count) => begin(with_bound(call, asking), asking, more(count)),
        Move::Follow(count) => follow(with_bound(call, asking), asking, more(count)),
        Move::LineUp(count) => line_up(with_bound(call, asking), asking, more(count), seen),
        Move::StartOver => as_seen(call, seen)
            .update_expression("SET nextSlot = :now, lineEnd = :now, writtenAt = :now, expiresAt = :ttl"),
        // Nothing is written for it.
        Move::TurnAway => call,
    }
}

/// Takes slots from now on.
fn begin(call: UpdateItemFluentBuilder, asking: &Asking, more: i64) -> UpdateItemFluentBuilder {
    let (line, call) = line_is_near(call, asking);
    call.update_expression(
        "SET nextSlot = :slot, lineEnd = if_not_exists(lineEnd, :now), \
         slotInterval = if_not_exists(slotInterval, :interval), writtenAt = :now, expiresAt = :ttl",
    )
    .condition_expression(format!("attribute_not_exists(pk) OR (nextSlot <= :now AND writtenAt <= :ahead{line})"))
    .expression_attribute_values(":slot", n(asking.now.as_microsecond() + more))
    .expression_attribute_values(":interval", n(asking.interval()))
}

/// Takes slots behind those that are taken.
fn follow(call: UpdateItemFluentBuilder, asking: &Asking, more: i64) -> UpdateItemFluentBuilder {
    let (line, call) = line_is_near(call, asking);
    call.update_expression("SET nextSlot = nextSlot + :more, writtenAt = :now, expiresAt = :ttl")
        .condition_expression(format!("nextSlot > :now AND nextSlot <= :last AND writtenAt <= :ahead{line}"))
        .expression_attribute_values(":more", n(more))
        .expression_attribute_values(":last", n(asking.latest() - more + asking.interval()))
}

/// Moves the end of the line, which is not before the next slot, by `more`.
fn line_up(call: UpdateItemFluentBuilder, asking: &Asking, more: i64, seen: Option<Line>) -> UpdateItemFluentBuilder {
    let now = asking.now.as_microsecond();
    let slot = seen.map_or(now, |line| line.slot.max(now));
    let call = call
        .expression_attribute_values(":slot", n(slot))
        .expression_attribute_values(":interval", n(asking.interval()));
    let sane = "writtenAt <= :ahead";
    if seen.is_some_and(|line| line.end >= slot) {
        return call
            .update_expression(
                "SET lineEnd = lineEnd + :more, slotInterval = :interval, writtenAt = :now, expiresAt = :ttl",
            )
            .condition_expression(format!("lineEnd >= :slot AND {sane}"))
            .expression_attribute_values(":more", n(more));
    }
    call.update_expression("SET lineEnd = :end, slotInterval = :interval, writtenAt = :now, expiresAt = :ttl")
        .condition_expression(format!("lineEnd < :slot AND {sane}"))
        .expression_attribute_values(":end", n(slot + more))
}

/// The condition that the item is as it was read.
fn as_seen(call: UpdateItemFluentBuilder, seen: Option<Line>) -> UpdateItemFluentBuilder {
    let Some(seen) = seen else { return call };
    call.condition_expression("nextSlot = :seenSlot AND lineEnd = :seenEnd AND writtenAt = :seenAt")
        .expression_attribute_values(":seenSlot", n(seen.slot))
        .expression_attribute_values(":seenEnd", n(seen.end))
        .expression_attribute_values(":seenAt", n(seen.written_at))
}

/// The condition that nobody stands in line who is not overtaken, unless this is for those who do.
fn line_is_near(call: UpdateItemFluentBuilder, asking: &Asking) -> (&'static str, UpdateItemFluentBuilder) {
    if asking.has_waited {
        return ("", call);
    }
    (" AND lineEnd <= :near", call.expression_attribute_values(":near", n(asking.latest())))
}

fn with_bound(call: UpdateItemFluentBuilder, asking: &Asking) -> UpdateItemFluentBuilder {
    call.expression_attribute_values(":ahead", n((asking.now + SKEW).as_microsecond()))
}

fn read(item: &Item) -> Result<Line, StoreError> {
    let reader = Reader { table: TABLE, item };
    Ok(Line {
        slot: reader.number("nextSlot")?,
        end: reader.number("lineEnd")?,
        interval: reader.number("slotInterval")?,
        written_at: reader.number("writtenAt")?,
    })
}
