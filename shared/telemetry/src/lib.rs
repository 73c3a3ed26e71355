//! What a function tells about itself: its log, what may be logged at all, and what happens after a panic.

pub mod causes;
pub mod guard;
pub mod logging;
