//! Create, update and delete through one call: `docs/contract.md#writing-records`.

mod conditions;
mod deletions;
mod fields;
mod numbers;
