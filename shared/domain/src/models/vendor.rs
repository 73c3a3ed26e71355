//! Vendors: `docs/contract.md#vendor`.

use super::parts::{ADDRESS, CONTACT, TAIL, control};
use super::{Kind, Model};
use crate::schema::Class::{P0, P1, P2, P3};
use crate::schema::declare::{list, money, natural_key, on_create, optional, required, string, text};
use crate::schema::{Field, Shape, Type, fields};

/// A supplier, subcontractor or rental house.
pub static VENDOR: Model = Model {
    kind: Kind::Vendor,
    prefix: "ven_",
    key: "vendorNumber",
    deletable: true,
    fields: fields![&control("ven_"), OWN, TAIL],
    card: &["vendorNumber", "name", "status", "insurance", "licenses"],
};

/// What it sells.
pub(crate) const VENDOR_TYPE: &[&str] =
    &["supplier", "subcontractor", "equipment_rental", "professional_service", "other"];
/// States of a vendor.
pub(crate) const STATUS: &[&str] = &["pending", "active", "inactive", "blocked"];
const TAX_ID_TYPE: &[&str] = &["ein", "ssn", "itin", "vat", "other"];
const INSURANCE_TYPE: &[&str] =
    &["general_liability", "workers_comp", "auto", "umbrella", "professional", "pollution", "builders_risk", "other"];

const TAX_ID: Type = Type::Line { min: 4, max: 32, shape: Shape::TaxId };

const OWN: &[Field] = &[
    natural_key("vendorNumber", "the vendor's number in your accounting: it finds the record; `V-2207`"),
    on_create("name", string(200), P0, "what the company is called; `Müller Stahlbau GmbH & Co. KG`"),
    optional("legalName", string(200), P0, "name on its tax form (in the US, the W-9)"),
    optional("tradeName", string(200), P0, "name that it does business under"),
    on_create("vendorType", Type::Enum(VENDOR_TYPE), P0, "what the company does for you"),
    optional(
        "status",
        Type::Enum(STATUS),
        P0,
        "default `active`; one that is `blocked` or `inactive` can't be newly assigned",
    ),
    optional("trades", list(20, &string(60)), P0, "trades of the company; `structural steel`, `rigging`"),
    optional("email", Type::Email, P1, "e-mail of the company"),
    optional("phone", Type::Phone, P1, "phone of the company"),
    optional("website", Type::Url, P0, "its page; http or https, up to 200 characters"),
    optional("address", ADDRESS, P1, "postal address of the company"),
    optional("remitAddress", ADDRESS, P2, "where payments go, when that is elsewhere"),
    optional("contacts", list(20, &CONTACT), P1, "people at the company, the first being the main one; replaced whole"),
    optional(
        "taxId",
        TAX_ID,
        P3,
        "write-only: encrypted apart from the record and never in an answer; needs `taxIdType`",
    ),
    optional(
        "taxIdType",
        Type::Enum(TAX_ID_TYPE),
        P2,
        "which number `taxId` is; `ein`, `ssn` and `itin` have 9 digits, with or without hyphens",
    ),
    optional("is1099", Type::Bool, P2, "whether payments are reported on form 1099 (US); default false"),
    optional("w9OnFile", Type::Bool, P0, "whether you have its form W-9 (US); default false"),
    optional("w9ReceivedOn", Type::HistoricDate, P0, "when the W-9 came; needs `w9OnFile` to be true"),
    optional("paymentTerms", string(40), P2, "when you pay; `Net 30`"),
    optional("currency", Type::Currency, P0, "currency of the amounts; default: the account's when there is an amount"),
    optional("licenses", list(20, &Type::Object(LICENSES)), P0, "contractor licences; replaced whole"),
    optional("insurance", list(20, &Type::Object(INSURANCE)), P0, "certificates of insurance; replaced whole"),
    optional("prequalified", Type::Bool, P0, "whether it has passed your checks; default false"),
    optional("preferred", Type::Bool, P0, "whether you like to work with it; default false"),
    optional("unionMember", Type::Bool, P0, "whether it has signed a union agreement"),
    optional("hourlyBillRate", money(4), P2, "what an hour of it costs"),
    optional("notes", text(1000), P2, "remarks"),
];

const LICENSES: &[Field] = &[
    required("number", string(60), P0, "number of the licence, as it stands in the public register"),
    required("jurisdiction", string(80), P0, "where it is valid; `US-CA`, `City of Austin`"),
    optional("classification", string(80), P0, "what it allows; `C-10`"),
    optional("expiresOn", Type::HistoricDate, P0, "last day on which it is valid"),
];

const INSURANCE: &[Field] = &[
    required("type", Type::Enum(INSURANCE_TYPE), P0, "what is insured"),
    required("carrier", string(120), P0, "who insures"),
    optional("policyNumber", string(60), P2, "number of the policy"),
    optional("effectiveOn", Type::HistoricDate, P0, "first day of cover"),
    required(
        "expiresOn",
        Type::HistoricDate,
        P0,
        "last day of cover; not before `effectiveOn`; a past one is accepted, with a warning",
    ),
    optional("limit", money(2), P2, "limit for each occurrence"),
    optional("aggregateLimit", money(2), P2, "limit for all occurrences together"),
    optional("additionalInsured", Type::Bool, P0, "whether you are named as additional insured"),
    optional("certificateOnFile", Type::Bool, P0, "whether you have the certificate"),
];
