//! The item that the deliveries of an event share.
//!
//! Most deliveries arrive at the first attempt, and nothing more is ever asked of them: an entry of some 60 bytes in a
//! map says so, `<endpoint>: "delivered <start in epoch ms> <duration in ms> <status code>"`. Anything else makes the
//! delivery move out into an item of its own (`moved.rs`), and its entry says `own`.
//!
//! In which format it was sent is said beside the map, unless in full: the sets `thin` and `cloudevents` have the endpoints.
//! Functions of before there were formats read the map as it always was.
//!
//! The sort key is the event's id; an event for more than [`MAX_SHARING`] endpoints has further items, `<event id>#<number>`.

use domain::attempt::AnswerHeaders;
use domain::delivery::{Attempt, Delivery, DeliveryStatus, LastAttempt, Trigger};
use domain::events::EventName;
use domain::format::Format;
use domain::ids;
use domain::subject::Subject;
use jiff::{SignedDuration, Timestamp};

use super::TABLE;
use crate::StoreError;
use crate::item::{Item, Reader, n, s};
use aws_sdk_dynamodb::types::AttributeValue;

/// How many deliveries share an item at most. Each outcome writes the whole item: with this many that costs 4 units.
pub(super) const MAX_SHARING: usize = 50;
/// The attribute that holds the entries, by endpoint.
pub(super) const ENTRIES: &str = "deliveries";
/// The attribute of an event's first item that says that the event is to be dispatched again.
pub(super) const INCOMPLETE: &str = "incomplete";

/// How a delivery of a shared item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// The first attempt has not been recorded.
    Pending,
    /// Likewise, and until then (epoch milliseconds) it belongs to the worker that has claimed it.
    Claimed { until: i64 },
    /// It arrived at the first attempt.
    Delivered { started_at: i64, duration_ms: u64, status_code: u16 },
    /// It has an item of its own by now.
    Own,
}

impl Entry {
    /// The entry of a delivery as it was read from a shared item, or as it is after its first attempt; `None` when an
    /// entry can't say it.
    pub(super) fn of(delivery: &Delivery) -> Option<Self> {
        match (delivery.status, &delivery.attempts[..]) {
            (DeliveryStatus::Pending, []) => Some(delivery.claimed_until.map_or(Self::Pending, Self::claimed)),
            (DeliveryStatus::Delivered, [only]) => Self::arrived(only),
            _ => None,
        }
    }

    /// The entry of a delivery that arrived with this attempt.
    pub(super) fn arrived(attempt: &Attempt) -> Option<Self> {
        let (started_at, duration_ms) = (attempt.started_at.as_millisecond(), attempt.duration_ms);
        attempt.status_code.map(|status_code| Self::Delivered { started_at, duration_ms, status_code })
    }

    pub(super) fn claimed(until: Timestamp) -> Self {
        Self::Claimed { until: until.as_millisecond() }
    }

    /// Whether the first attempt is still to be made or recorded.
    pub(super) const fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Claimed { .. })
    }

    pub(super) fn value(self) -> AttributeValue {
        s(match self {
            Self::Pending => "pending".to_owned(),
            Self::Claimed { until } => format!("claimed {until}"),
            Self::Own => "own".to_owned(),
            Self::Delivered { started_at, duration_ms, status_code } => {
                format!("delivered {started_at} {duration_ms} {status_code}")
            }
        })
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split(' ').collect();
        Some(match parts[..] {
            ["pending"] => Self::Pending,
            ["own"] => Self::Own,
            ["claimed", until] => Self::Claimed { until: until.parse().ok()? },
            ["delivered", started_at, duration_ms, status_code] => Self::Delivered {
                started_at: started_at.parse().ok()?,
                duration_ms: duration_ms.parse().ok()?,
                status_code: status_code.parse().ok()?,
            },
            _ => return None,
        })
    }
}

/// A shared item as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SharedItem {
    pub(super) account: String,
    pub(super) sort_key: String,
    pub(super) event: EventName,
    pub(super) subject: Option<Subject>,
    pub(super) outbox_id: String,
    pub(super) created_at: Timestamp,
    /// Whether endpoints could not be read that may want the event.
    pub(super) is_incomplete: bool,
    /// By endpoint, in no order.
    pub(super) entries: Vec<(String, Entry)>,
    /// In which format attempts were made that arrived, if not in full.
    pub(super) formats: Vec<(String, Format)>,
}

/// The formats that are said beside the entries, each in the attribute of its name.
pub(super) fn said_formats() -> impl Iterator<Item = Format> {
    Format::ALL.into_iter().filter(|format| !format.is_full())
}

/// The event that the sort key of a shared item names.
pub(super) fn event_of(sort_key: &str) -> &str {
    sort_key.split('#').next().unwrap_or_default()
}

impl SharedItem {
    /// The item, which is kept for as long as `kept` says.
    pub(super) fn to_item(&self, kept: SignedDuration) -> Item {
        let entries = self.entries.iter().map(|(endpoint, entry)| (endpoint.clone(), entry.value()));
        let mut item = Item::from([
            ("pk".to_owned(), s(&self.account)),
            ("sk".to_owned(), s(&self.sort_key)),
            ("event".to_owned(), s(self.event.as_str())),
            ("outboxId".to_owned(), s(&self.outbox_id)),
            ("createdAt".to_owned(), n(self.created_at.as_millisecond())),
            (ENTRIES.to_owned(), AttributeValue::M(entries.collect())),
            ("expiresAt".to_owned(), n((self.created_at + kept).as_second())),
        ]);
        if let Some(subject) = &self.subject {
            item.insert("subject".to_owned(), s(subject.to_string()));
        }
        for format in said_formats() {
            let sent = self.formats.iter().filter(|(_, sent)| *sent == format);
            let endpoints: Vec<String> = sent.map(|(endpoint, _)| endpoint.clone()).collect();
            if !endpoints.is_empty() {
                item.insert(format.as_str().to_owned(), AttributeValue::Ss(endpoints));
            }
        }
        if self.is_incomplete {
            item.insert(INCOMPLETE.to_owned(), AttributeValue::Bool(true));
        }
        item
    }

    pub(super) fn read(item: &Item) -> Result<Self, StoreError> {
        let reader = Reader { table: TABLE, item };
        let unreadable = || reader.unreadable(ENTRIES);
        let entries = item.get(ENTRIES).and_then(|value| value.as_m().ok()).ok_or_else(unreadable)?;
        let entries = entries.iter().map(|(endpoint, value)| {
            let entry = value.as_s().ok().and_then(|text| Entry::parse(text)).ok_or_else(unreadable)?;
            Ok((endpoint.clone(), entry))
        });
        let created_at = Timestamp::from_millisecond(reader.number("createdAt")?);
        Ok(Self {
            account: reader.string("pk")?,
            sort_key: reader.string("sk")?,
            event: reader.text("event")?.parse().map_err(|_| reader.unreadable("event"))?,
            subject: reader.opt_text("subject").and_then(|stored| stored.parse().ok()),
            outbox_id: reader.string("outboxId")?,
            created_at: created_at.map_err(|_| reader.unreadable("createdAt"))?,
            is_incomplete: reader.flag(INCOMPLETE),
            entries: entries.collect::<Result<_, StoreError>>()?,
            formats: formats(item),
        })
    }

    /// Its deliveries, without those that have an item of their own; in no order.
    pub(super) fn deliveries(&self) -> impl Iterator<Item = Delivery> {
        self.entries.iter().filter_map(|(endpoint, entry)| self.delivery(endpoint, *entry))
    }

    fn delivery(&self, endpoint: &str, entry: Entry) -> Option<Delivery> {
        let event_id = event_of(&self.sort_key);
        let pending = Delivery {
            account: self.account.clone(),
            id: ids::delivery_id(event_id, endpoint),
            event_id: event_id.to_owned(),
            event: self.event,
            subject: self.subject.clone(),
            outbox_id: self.outbox_id.clone(),
            shared: Some(self.sort_key.clone()),
            endpoint_id: endpoint.to_owned(),
            status: DeliveryStatus::Pending,
            attempt_count: 0,
            series_start: 0,
            series: 0,
            trigger: Trigger::Scheduled,
            next_attempt_at: Some(self.created_at),
            claimed_until: None,
            waiting_since: None,
            paced: false,
            created_at: self.created_at,
            completed_at: None,
            test: false,
            last_attempt: None,
            attempts: Vec::new(),
        };
        match entry {
            Entry::Own => None,
            Entry::Pending => Some(pending),
            Entry::Claimed { until } => {
                Some(Delivery { claimed_until: Timestamp::from_millisecond(until).ok(), ..pending })
            }
            Entry::Delivered { started_at, duration_ms, status_code } => {
                let said = self.formats.iter().find(|(sent_to, _)| sent_to == endpoint);
                let format = said.map(|(_, format)| *format).unwrap_or_default();
                arrived(pending, format, (started_at, duration_ms, status_code))
            }
        }
    }
}

/// In which formats an item says that its deliveries were sent.
fn formats(item: &Item) -> Vec<(String, Format)> {
    let said = |format: Format| {
        let endpoints = item.get(format.as_str()).and_then(|value| value.as_ss().ok()).map_or(&[][..], Vec::as_slice);
        endpoints.iter().map(move |endpoint| (endpoint.clone(), format))
    };
    said_formats().flat_map(said).collect()
}

/// `pending` after a first attempt that arrived, with what its entry says; `None` when it did not start at a time.
fn arrived(
    pending: Delivery,
    format: Format,
    (started_at, duration_ms, status_code): (i64, u64, u16),
) -> Option<Delivery> {
    let started_at = Timestamp::from_millisecond(started_at).ok()?;
    let attempt = Attempt {
        number: 1,
        trigger: pending.trigger,
        format,
        started_at,
        duration_ms,
        status_code: Some(status_code),
        error: None,
        error_detail: None,
        response_headers: AnswerHeaders::new(),
        response_body: None,
    };
    let took = SignedDuration::from_millis(i64::try_from(duration_ms).unwrap_or_default());
    Some(Delivery {
        status: DeliveryStatus::Delivered,
        attempt_count: 1,
        next_attempt_at: None,
        completed_at: Some(started_at + took),
        last_attempt: Some(LastAttempt::from(&attempt)),
        attempts: vec![attempt],
        ..pending
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(entries: Vec<(String, Entry)>) -> SharedItem {
        SharedItem {
            account: "acc_00000000000000000000000001".to_owned(),
            sort_key: "evt_01JAMB3X9T7Q2V5K8N4C6D0EFG#001".to_owned(),
            event: EventName::WorkorderCompleted,
            subject: "wo_1 WO 12".parse().ok(),
            outbox_id: "01JAMB3X9T7Q2V5K8N4C6D0EFG".to_owned(),
            created_at: Timestamp::from_millisecond(1_760_970_600_123).unwrap(),
            is_incomplete: false,
            entries,
            formats: Vec::new(),
        }
    }

    fn endpoint(number: usize) -> String {
        format!("ep_{number:026}")
    }

    const DELIVERED: Entry = Entry::Delivered { started_at: 1_760_970_600_456, duration_ms: 30_000, status_code: 204 };

    #[test]
    fn it_reads_back_as_it_was_written() {
        let item = item(vec![(endpoint(1), DELIVERED)]);
        assert_eq!(SharedItem::read(&item.to_item(SignedDuration::ZERO)).unwrap(), item);
        for entry in [Entry::Pending, Entry::Claimed { until: 1 }, Entry::Own, DELIVERED] {
            assert_eq!(Entry::parse(entry.value().as_s().unwrap()), Some(entry));
        }
        let formats =
            vec![(endpoint(1), Format::Thin), (endpoint(2), Format::CloudEvents), (endpoint(3), Format::CloudEvents)];
        let sent = SharedItem { formats, ..item };
        assert_eq!(SharedItem::read(&sent.to_item(SignedDuration::ZERO)).unwrap(), sent);
        for wrong in ["", "delivered", "delivered 1 2", "delivered 1 2 x", "failed"] {
            assert_eq!(Entry::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn entries_are_deliveries_but_for_those_with_an_item_of_their_own() {
        let entries = vec![(endpoint(1), Entry::Pending), (endpoint(2), Entry::Own), (endpoint(3), DELIVERED)];
        let deliveries: Vec<Delivery> = item(entries).deliveries().collect();
        let statuses: Vec<_> = deliveries.iter().map(|delivery| delivery.status).collect();
        assert_eq!(statuses, [DeliveryStatus::Pending, DeliveryStatus::Delivered]);
        assert_eq!(deliveries[0].id, ids::delivery_id("evt_01JAMB3X9T7Q2V5K8N4C6D0EFG", &endpoint(1)));
        assert_eq!([Entry::of(&deliveries[0]), Entry::of(&deliveries[1])], [Some(Entry::Pending), Some(DELIVERED)]);
    }

    #[test]
    fn a_delivery_that_arrived_says_in_which_format() {
        let entries = vec![(endpoint(1), DELIVERED), (endpoint(2), DELIVERED)];
        let item = SharedItem { formats: vec![(endpoint(2), Format::Thin)], ..item(entries) };
        let formats: Vec<_> = item.deliveries().map(|delivery| delivery.attempts[0].format).collect();
        assert_eq!(formats, [Format::Full, Format::Thin]);
    }

    /// The price of an event rests on this.
    #[test]
    fn a_dozen_deliveries_that_arrived_fit_into_one_write_unit() {
        let entries = (0..12).map(|number| (endpoint(number), DELIVERED)).collect();
        let size = |value: &AttributeValue| match value {
            AttributeValue::S(text) => text.len(),
            // At most: two digits a byte, and one for the sign.
            AttributeValue::N(number) => number.len() / 2 + 2,
            AttributeValue::M(map) => {
                3 + map.iter().map(|(name, value)| name.len() + value.as_s().unwrap().len() + 1).sum::<usize>()
            }
            other => panic!("{other:?}"),
        };
        let size: usize =
            item(entries).to_item(SignedDuration::ZERO).iter().map(|(name, value)| name.len() + size(value)).sum();
        assert!(size <= 1_024, "{size} bytes");
    }
}
