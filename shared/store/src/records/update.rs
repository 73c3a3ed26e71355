//! Updates of items as they are gathered: a transaction may name an item only once.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};

use super::key::ItemKey;
use crate::StoreError;
use crate::item::{Item, s};

/// What changes in one item, and on what conditions. Placeholders are unique among all that may meet in one item.
#[derive(Debug, Clone, Default)]
pub(super) struct ItemUpdate {
    set: Vec<String>,
    remove: Vec<String>,
    conditions: Vec<String>,
    names: HashMap<String, String>,
    values: Item,
}

impl ItemUpdate {
    pub(super) fn set(&mut self, clause: impl Into<String>) -> &mut Self {
        self.set.push(clause.into());
        self
    }

    pub(super) fn remove(&mut self, path: impl Into<String>) -> &mut Self {
        self.remove.push(path.into());
        self
    }

    pub(super) fn on(&mut self, condition: impl Into<String>) -> &mut Self {
        self.conditions.push(condition.into());
        self
    }

    pub(super) fn name(&mut self, placeholder: impl Into<String>, name: impl Into<String>) -> &mut Self {
        self.names.insert(placeholder.into(), name.into());
        self
    }

    pub(super) fn value(&mut self, placeholder: impl Into<String>, value: AttributeValue) -> &mut Self {
        self.values.insert(placeholder.into(), value);
        self
    }

    /// Whether it has no values, neither to set nor to compare with.
    pub(super) fn only_removes(&self) -> bool {
        self.values.is_empty()
    }

    fn and(&mut self, other: Self) {
        self.set.extend(other.set);
        self.remove.extend(other.remove);
        self.conditions.extend(other.conditions);
        self.names.extend(other.names);
        self.values.extend(other.values);
    }

    pub(super) fn expression(&self) -> String {
        let clause = |word: &str, parts: &[String]| match parts {
            [] => String::new(),
            parts => format!("{word} {} ", parts.join(", ")),
        };
        clause("SET", &self.set) + &clause("REMOVE", &self.remove)
    }

    pub(super) fn condition(&self) -> String {
        self.conditions.join(" AND ")
    }

    pub(super) fn names(&self) -> Option<HashMap<String, String>> {
        (!self.names.is_empty()).then(|| self.names.clone())
    }

    pub(super) fn values(&self) -> Option<Item> {
        (!self.values.is_empty()).then(|| self.values.clone())
    }
}

/// The writes of one transaction.
#[derive(Debug, Default)]
pub(super) struct Writes {
    whole: Vec<TransactWriteItem>,
    updates: Vec<(ItemKey, ItemUpdate)>,
}

impl Writes {
    /// Adds a put or a delete, of an item that nothing else in the transaction changes.
    pub(super) fn push(&mut self, item: TransactWriteItem) {
        self.whole.push(item);
    }

    /// Adds an update, to the one of the same item if there is one.
    pub(super) fn update(&mut self, key: ItemKey, update: ItemUpdate) {
        match self.updates.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => known.and(update),
            None => self.updates.push((key, update)),
        }
    }

    pub(super) fn into_items(self, table: &str, account: &str) -> Result<Vec<TransactWriteItem>, StoreError> {
        let mut items = self.whole;
        for (key, update) in self.updates {
            let update = Update::builder()
                .table_name(table)
                .key("pk", s(key.pk(account)))
                .update_expression(update.expression())
                .condition_expression(update.condition())
                .set_expression_attribute_names(update.names())
                .set_expression_attribute_values(update.values())
                .build()
                .map_err(StoreError::built("Update record"))?;
            items.push(TransactWriteItem::builder().update(update).build());
        }
        Ok(items)
    }
}
