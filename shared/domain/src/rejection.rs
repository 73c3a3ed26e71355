//! Why a resource's rules refuse a change.

use crate::defect::Defects;

/// Why a resource's rules refuse a change. Knows nothing of HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejection {
    /// The body is wrong: 400.
    Invalid(Defects),
    /// The stored state does not allow it: 409.
    Conflict {
        /// Which conflict.
        code: ConflictCode,
        /// A sentence that the sender can act on.
        detail: String,
        /// The fields concerned, if any.
        errors: Defects,
    },
}

impl Rejection {
    /// A conflict that names no fields.
    #[must_use]
    pub fn conflict(code: ConflictCode, detail: impl Into<String>) -> Self {
        Self::Conflict { code, detail: detail.into(), errors: Defects::default() }
    }
}

/// The conflicts that a resource's rules can find: 409.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the inbound crate's ProblemCode says it")]
pub enum ConflictCode {
    AlreadyExists,
    VersionConflict,
    InvalidStateTransition,
    Overlap,
    StillReferenced,
    ImmutableField,
    ExternalRefMismatch,
}
