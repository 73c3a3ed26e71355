//! How a function is watched: its log, what may stand in it, and what becomes of a panic.

pub mod causes;
pub mod guard;
pub mod logging;
