//! The account (tenant) that an API key belongs to.

use serde::{Deserialize, Serialize};

/// A tenant with the defaults that its records fall back to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// `acc_` + ULID; the first part of every key in every table.
    pub id: String,
    /// Display name.
    pub name: String,
    /// IANA name; the default of projects, employees and work orders.
    pub time_zone: String,
    /// ISO 4217; the default currency.
    pub currency: String,
    /// ISO 3166-1 alpha-2; the default country of addresses.
    pub country: String,
}
