//! The filters of endpoints, compiled once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Filter, Pattern};
use crate::defect::Defects;
use crate::endpoint::Endpoint;

/// Past this many, all are forgotten: each takes some ten times its text.
const MAX_KEPT: usize = 500;

/// The filters that a process has compiled, by their endpoints. Each is compiled again when its endpoint has another one.
/// An endpoint without a filter costs nothing here.
#[derive(Debug, Default)]
pub struct Filters(Mutex<HashMap<String, (Filter, Arc<Pattern>)>>);

impl Filters {
    /// The filter of an endpoint; `None` when it has none.
    ///
    /// # Errors
    /// The defects of one that this version doesn't understand.
    pub fn of(&self, endpoint: &Endpoint) -> Result<Option<Arc<Pattern>>, Defects> {
        let Some(filter) = &endpoint.filter else { return Ok(None) };
        if let Some(known) = self.known(&endpoint.id, filter) {
            return Ok(Some(known));
        }
        let pattern = Arc::new(filter.compile()?);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        kept.insert(endpoint.id.clone(), (filter.clone(), Arc::clone(&pattern)));
        Ok(Some(pattern))
    }

    fn known(&self, endpoint_id: &str, filter: &Filter) -> Option<Arc<Pattern>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (compiled, pattern) = kept.get(endpoint_id)?;
        (compiled == filter).then(|| Arc::clone(pattern))
    }
}
