//! Rules that several resources share (contract sections 3, 4 and 7), each written once: pure functions on records.

pub mod address;
pub mod assigned;
pub mod currency;
pub mod fields;
pub mod links;
