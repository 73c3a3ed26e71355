//! The event types, drafts of events and their wire form: `docs/contract.md#events`.

mod catalog;
mod data;
mod draft;
mod wire;

pub use catalog::{EventName, EventType, UnknownEvent, catalog_entry, json_schema};
pub use draft::{EventDraft, changeable_fields, changed_fields, public_time_off_type};
pub use wire::{Event, body_as_sent};
