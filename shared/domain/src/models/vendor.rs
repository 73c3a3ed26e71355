//! Vendors: `docs/contract.md#vendor`.

use super::parts::{ADDRESS, CONTACT, TAIL, control};
use super::{Kind, Model};
use crate::schema::Class::{Contact, Operational, Private, Secret};
use crate::schema::declare::{list, money, natural_key, on_create, optional, required, string, text};
use crate::schema::{Field, Shape, Type, fields};
use crate::words;

/// A supplier, subcontractor or rental house.
pub static VENDOR: Model = Model {
    kind: Kind::Vendor,
    prefix: "ven_",
    key: "vendorNumber",
    deletable: true,
    fields: fields![&control("ven_"), OWN, TAIL],
};

/// What a vendor supplies.
pub(crate) const VENDOR_TYPE: &[&str] =
    &["supplier", "subcontractor", "equipment_rental", "professional_service", "other"];
words! {
    /// States of a vendor.
    pub enum Status {
        /// Not approved yet.
        Pending = "pending",
        /// Can be assigned.
        Active = "active",
        /// Is no longer used.
        Inactive = "inactive",
        /// Must not be assigned.
        Blocked = "blocked",
    }
}
const TAX_ID_TYPE: &[&str] = &["ein", "ssn", "itin", "vat", "other"];
const INSURANCE_TYPE: &[&str] =
    &["general_liability", "workers_comp", "auto", "umbrella", "professional", "pollution", "builders_risk", "other"];

const TAX_ID: Type = Type::Line { min: 4, max: 32, shape: Shape::TaxId };

const OWN: &[Field] = &[
    natural_key("vendorNumber", "the vendor's number in your accounting: it finds the record; `V-2207`"),
    on_create("name", string(200), Operational, "what the company is called; `Müller Stahlbau GmbH & Co. KG`"),
    optional("legalName", string(200), Operational, "name on its tax form (in the US, the W-9)"),
    optional("tradeName", string(200), Operational, "name that it does business under"),
    on_create("vendorType", Type::Enum(VENDOR_TYPE), Operational, "what the company does for you"),
    optional(
        "status",
        Type::Enum(Status::WORDS),
        Operational,
        "default `active`; one that is `blocked` or `inactive` can't be newly assigned",
    ),
    optional("trades", list(20, &string(60)), Operational, "trades of the company; `structural steel`, `rigging`"),
    optional("email", Type::Email, Contact, "e-mail of the company"),
    optional("phone", Type::Phone, Contact, "phone of the company"),
    optional("website", Type::Url, Operational, "its page; http or https, up to 200 characters"),
    optional("address", ADDRESS, Contact, "postal address of the company"),
    optional("remitAddress", ADDRESS, Private, "where payments go, when that is elsewhere"),
    optional(
        "contacts",
        list(20, &CONTACT),
        Contact,
        "people at the company, the first being the main one; replaced whole",
    ),
    optional(
        "taxId",
        TAX_ID,
        Secret,
        "write-only: encrypted apart from the record and never in an answer; needs `taxIdType`",
    ),
    optional(
        "taxIdType",
        Type::Enum(TAX_ID_TYPE),
        Private,
        "which number `taxId` is; `ein`, `ssn` and `itin` have 9 digits, with or without hyphens",
    ),
    optional("is1099", Type::Bool, Private, "whether payments are reported on form 1099 (US); default false"),
    optional("w9OnFile", Type::Bool, Operational, "whether you have its form W-9 (US); default false"),
    optional("w9ReceivedOn", Type::HistoricDate, Operational, "when the W-9 came; needs `w9OnFile` to be true"),
    optional("paymentTerms", string(40), Private, "when you pay; `Net 30`"),
    optional(
        "currency",
        Type::Currency,
        Operational,
        "currency of the amounts; default: the account's when there is an amount",
    ),
    optional("licenses", list(20, &Type::Object(LICENSES)), Operational, "contractor licences; replaced whole"),
    optional("insurance", list(20, &Type::Object(INSURANCE)), Operational, "certificates of insurance; replaced whole"),
    optional("prequalified", Type::Bool, Operational, "whether it has passed your checks; default false"),
    optional("preferred", Type::Bool, Operational, "whether you like to work with it; default false"),
    optional("unionMember", Type::Bool, Operational, "whether it has signed a union agreement"),
    optional("hourlyBillRate", money(4), Private, "what an hour of it costs"),
    optional("notes", text(1000), Private, "remarks"),
];

const LICENSES: &[Field] = &[
    required("number", string(60), Operational, "number of the licence, as it stands in the public register"),
    required("jurisdiction", string(80), Operational, "where it is valid; `US-CA`, `City of Austin`"),
    optional("classification", string(80), Operational, "what it allows; `C-10`"),
    optional("expiresOn", Type::HistoricDate, Operational, "last day on which it is valid"),
];

const INSURANCE: &[Field] = &[
    required("type", Type::Enum(INSURANCE_TYPE), Operational, "what is insured"),
    required("carrier", string(120), Operational, "who insures"),
    optional("policyNumber", string(60), Private, "number of the policy"),
    optional("effectiveOn", Type::HistoricDate, Operational, "first day of cover"),
    required(
        "expiresOn",
        Type::HistoricDate,
        Operational,
        "last day of cover; not before `effectiveOn`; a past one is accepted, with a warning",
    ),
    optional("limit", money(2), Private, "limit for each occurrence"),
    optional("aggregateLimit", money(2), Private, "limit for all occurrences together"),
    optional("additionalInsured", Type::Bool, Operational, "whether you are named as additional insured"),
    optional("certificateOnFile", Type::Bool, Operational, "whether you have the certificate"),
];
