//! Single defects of a request's body or query, and where they are collected.

use serde::Serialize;

use crate::words;

words! {
    /// What is wrong with one field. The names are those of `docs/contract.md#codes-of-single-defects`, in
    /// `snake_case` on the wire.
    #[expect(missing_docs, reason = "the contract's words say it")]
    pub enum DefectCode {
        Required = "required",
        InvalidType = "invalid_type",
        InvalidFormat = "invalid_format",
        InvalidValue = "invalid_value",
        InvalidCharacters = "invalid_characters",
        InvalidKey = "invalid_key",
        TooShort = "too_short",
        TooLong = "too_long",
        TooManyItems = "too_many_items",
        TooFewItems = "too_few_items",
        TooManyDecimals = "too_many_decimals",
        TooLarge = "too_large",
        OutOfRange = "out_of_range",
        OutsideWindow = "outside_window",
        DateOrder = "date_order",
        DuplicateItem = "duplicate_item",
        UnknownField = "unknown_field",
        ForbiddenField = "forbidden_field",
        SensitiveValue = "sensitive_value",
        MissingDependency = "missing_dependency",
        ConflictingFields = "conflicting_fields",
        SelfReference = "self_reference",
        MultipleLeads = "multiple_leads",
        BudgetExceeded = "budget_exceeded",
        HoursExceedSpan = "hours_exceed_span",
        InvalidInitialStatus = "invalid_initial_status",
        UnknownReference = "unknown_reference",
        ReferenceMismatch = "reference_mismatch",
        InactiveReference = "inactive_reference",
        UnknownParameter = "unknown_parameter",
    }
}

/// One defect: where, what, and a sentence that never contains the received value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Defect {
    /// Path in the body, `materials[0].quantity`; `$` is the body itself.
    pub field: String,
    /// The code, for programs.
    pub code: DefectCode,
    /// The message for people, to be read after the field's name: `must be greater than 0`.
    pub message: String,
}

/// All defects of one body, in the order in which they were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Defects(Vec<Defect>);

impl Defects {
    /// Adds a defect.
    pub fn push(&mut self, field: impl Into<String>, code: DefectCode, message: impl Into<String>) {
        self.0.push(Defect { field: field.into(), code, message: message.into() });
    }

    /// Takes over all defects of `other`.
    pub fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// Takes over those of `other` that are about fields without a defect so far, one for each: one defect is one error.
    pub fn append_for_clean_fields(&mut self, other: Self) {
        for defect in other.0 {
            if !self.0.iter().any(|first| first.field == defect.field) {
                self.0.push(defect);
            }
        }
    }

    /// Whether the body is clean.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The defects as found.
    pub fn iter(&self) -> std::slice::Iter<'_, Defect> {
        self.0.iter()
    }

    /// Sorted by field, for an answer.
    #[must_use]
    pub fn into_sorted(self) -> Vec<Defect> {
        let mut all = self.0;
        all.sort_by(|a, b| a.field.cmp(&b.field));
        all
    }
}

impl<'a> IntoIterator for &'a Defects {
    type Item = &'a Defect;
    type IntoIter = std::slice::Iter<'a, Defect>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
