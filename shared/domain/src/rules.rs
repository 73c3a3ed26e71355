//! Rules that several resources share (`docs/contract.md#rules-across-records`), each written once: pure functions on records.

pub mod address;
pub mod assigned;
pub mod currency;
pub mod fields;
pub mod links;
