//! What several resources have in common: control and tail fields, addresses, contacts, days.

use crate::schema::Class::{Contact, Operational, Private};
use crate::schema::declare::{int, list, optional, required, shaped, string};
use crate::schema::{Field, Shape, Type};
use crate::words;

/// The version of a record, wherever it is a field; also the limit of other counters.
pub(crate) const VERSION: Type = int(1, MAX_COUNT);
/// Counters and versions fit 32 bits everywhere.
pub(crate) const MAX_COUNT: i64 = 2_147_483_647;

words! {
    /// What a body asks for.
    pub enum Operation {
        /// Create the record, or update it when it exists.
        Upsert = "upsert",
        /// Create the record, which must not exist.
        Create = "create",
        /// Update the record, which must exist.
        Update = "update",
        /// Delete the record. The last word: resources that can't be deleted have those before it.
        Delete = "delete",
    }
}

/// The control fields of every body: they say what to do, and to which version of which record.
pub const CONTROL: [&str; 4] = ["operation", "id", "ifVersion", "sourceUpdatedAt"];

/// Control fields of a resource that can be deleted.
pub(super) const fn control(prefix: &'static str) -> [Field; 4] {
    const OPERATIONS: Type = Type::Enum(Operation::WORDS);
    const DOC: &str = "`upsert` (default) creates or updates; `create` is refused with 409 when the record exists, \
                       `update` with 404 when it does not; `delete` deletes it";
    control_with(optional("operation", OPERATIONS, Operational, DOC), prefix)
}

/// Control fields of a resource that can't be deleted; `doc` says what to do instead.
pub(super) const fn control_without_delete(prefix: &'static str, doc: &'static str) -> [Field; 4] {
    const OPERATIONS: Type = Type::Enum(Operation::WORDS.split_at(Operation::Delete as usize).0);
    control_with(optional("operation", OPERATIONS, Operational, doc), prefix)
}

const fn control_with(operation: Field, prefix: &'static str) -> [Field; 4] {
    [
        operation,
        optional(
            "id",
            Type::Id(prefix),
            Operational,
            "WorkSkedge's id; when given it finds the record, and the number may then be changed",
        ),
        optional(
            "ifVersion",
            VERSION,
            Operational,
            "change only this version; another one stored is refused with 409 `version_conflict`",
        ),
        optional(
            "sourceUpdatedAt",
            Type::Instant,
            Operational,
            "your clock, at most 5 minutes ahead of ours: a body older than what is stored, or than the deletion, changes \
             nothing and gives the warning `stale_update`",
        ),
    ]
}

/// The last fields of every resource.
pub(super) const TAIL: &[Field] = &[
    optional("tags", list(20, &string(40)), Operational, "labels of your own"),
    optional(
        "externalRef",
        Type::Object(EXTERNAL_REF),
        Operational,
        "the record's id in the system that it comes from",
    ),
    optional("customFields", Type::CustomFields, Private, "fields of your own, merged key by key; null removes a key"),
];

const EXTERNAL_REF: &[Field] = &[
    required(
        "system",
        shaped(40, Shape::SystemName),
        Operational,
        "name of the other system; `dynamics365`, `quickbooks`, `procore`",
    ),
    required("id", string(128), Operational, "the record's id there"),
];

/// An address; it needs a street or both coordinates.
pub(super) const ADDRESS: Type = Type::Object(&[
    optional("line1", string(250), Operational, "street; required unless both coordinates are given"),
    optional("line2", string(250), Operational, "suite, lot or gate"),
    optional("city", string(80), Operational, "city or town"),
    optional("state", string(50), Operational, "state or province; `TX`, `Jalisco`"),
    optional("postalCode", string(20), Operational, "postal code"),
    optional("country", Type::Country, Operational, "two letters of ISO 3166-1; default: the account's country"),
    optional(
        "latitude",
        Type::Coordinate { max: 90 },
        Operational,
        "degrees north (WGS 84); with `longitude` or not at all",
    ),
    optional(
        "longitude",
        Type::Coordinate { max: 180 },
        Operational,
        "degrees east (WGS 84); with `latitude` or not at all",
    ),
]);

/// A contact person.
pub(super) const CONTACT: Type = Type::Object(&[
    required("name", string(100), Contact, "name of the person"),
    optional("title", string(80), Contact, "position of the person"),
    optional("email", Type::Email, Contact, "e-mail of the person"),
    optional("phone", Type::Phone, Contact, "phone of the person"),
]);

/// A day of the week.
pub(crate) const WEEK_DAY: Type = Type::Enum(&["mon", "tue", "wed", "thu", "fri", "sat", "sun"]);

/// The days on which people work.
pub(super) const WORK_DAYS: Type = list(7, &WEEK_DAY);
