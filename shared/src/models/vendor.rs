//! Vendors (contract 3.4).

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
/// States of a vendor (contract section 4).
pub(crate) const STATUS: &[&str] = &["pending", "active", "inactive", "blocked"];
const TAX_ID_TYPE: &[&str] = &["ein", "ssn", "itin", "vat", "other"];
const INSURANCE_TYPE: &[&str] =
    &["general_liability", "workers_comp", "auto", "umbrella", "professional", "pollution", "builders_risk", "other"];

const TAX_ID: Type = Type::Line { min: 4, max: 32, shape: Shape::TaxId };

const OWN: &[Field] = &[
    natural_key("vendorNumber", "natural key = AP number; `V-2207`"),
    on_create("name", string(200), P0, "`Müller Stahlbau GmbH & Co. KG`"),
    optional("legalName", string(200), P0, "name on the W-9"),
    optional("tradeName", string(200), P0, "DBA"),
    on_create("vendorType", Type::Enum(VENDOR_TYPE), P0, ""),
    optional("status", Type::Enum(STATUS), P0, "default `active`; blocked/inactive cannot be newly assigned"),
    optional("trades", list(20, &string(60)), P0, ""),
    optional("email", Type::Email, P1, ""),
    optional("phone", Type::Phone, P1, ""),
    optional("website", Type::Url, P0, "http or https, <= 200"),
    optional("address", ADDRESS, P1, "bill-to"),
    optional("remitAddress", ADDRESS, P2, ""),
    optional("contacts", list(20, &CONTACT), P1, "first = primary"),
    optional(
        "taxId",
        TAX_ID,
        P3,
        "WRITE-ONLY; needs taxIdType; encrypted apart; keyed hash kept to see changes; read back only as `taxIdLast4`",
    ),
    optional("taxIdType", Type::Enum(TAX_ID_TYPE), P2, "ein/ssn/itin: 9 digits, `NN-NNNNNNN` / `NNN-NN-NNNN` or plain"),
    optional("is1099", Type::Bool, P2, "default false"),
    optional("w9OnFile", Type::Bool, P0, "default false"),
    optional("w9ReceivedOn", Type::Date, P0, "needs w9OnFile = true"),
    optional("paymentTerms", string(40), P2, "`Net 30`"),
    optional("currency", Type::Currency, P0, ""),
    optional("licenses", list(20, &Type::Object(LICENSES)), P0, ""),
    optional("insurance", list(20, &Type::Object(INSURANCE)), P0, "certificates (ACORD 25)"),
    optional("prequalified", Type::Bool, P0, "default false"),
    optional("preferred", Type::Bool, P0, "default false"),
    optional("unionMember", Type::Bool, P0, "company is signatory"),
    optional("hourlyBillRate", money(4), P2, ""),
    optional("notes", text(1000), P2, "QBO Notes holds 1024"),
];

const LICENSES: &[Field] = &[
    required("number", string(60), P0, "contractor licence: public register"),
    required("jurisdiction", string(80), P0, "`US-CA`, `City of Austin`"),
    optional("classification", string(80), P0, "`C-10`"),
    optional("expiresOn", Type::Date, P0, ""),
];

const INSURANCE: &[Field] = &[
    required("type", Type::Enum(INSURANCE_TYPE), P0, ""),
    required("carrier", string(120), P0, ""),
    optional("policyNumber", string(60), P2, ""),
    optional("effectiveOn", Type::Date, P0, ""),
    required("expiresOn", Type::Date, P0, ">= effectiveOn; past = accepted + warning"),
    optional("limit", money(2), P2, "each occurrence"),
    optional("aggregateLimit", money(2), P2, ""),
    optional("additionalInsured", Type::Bool, P0, ""),
    optional("certificateOnFile", Type::Bool, P0, ""),
];
