//! Portal links. Each has three items: `HASH#<sha-256>` · `-`, by which its token is authenticated, `LINK#<account>` · link id,
//! which the account's people list, and `FRAME#<link id>` · `-`, which says who may frame the console: the page asks for it
//! before anybody has sent the token, by a role that reads nothing else of this table. All expire a day after the link.

use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem};
use domain::account::Account;
use domain::api_key::{ApiKey, KeyHash};
use domain::audit::{Action, Change, Snapshot};
use domain::portal_link::PortalLink;

use super::transaction::{KEPT_SECONDS, Transacted};
use super::{ApiKeys, MAX_TRIES, TABLE, hash_key};
use crate::StoreError;
use crate::audit::Log;
use crate::item::{Item, Reader, json, n, s};

/// How the partition key of an account's links begins.
pub(crate) const LINKS: &str = "LINK#";
/// How the partition key begins of what says who may frame the console.
pub(crate) const FRAMES: &str = "FRAME#";

/// A link with the key that made it.
#[derive(Debug, Clone)]
pub struct Linked {
    /// The link.
    pub link: PortalLink,
    /// The key as it is now.
    pub key: ApiKey,
    /// Whose they are.
    pub account: Account,
}

/// One page of an account's links.
#[derive(Debug, Default)]
pub struct LinkPage {
    /// Newest first.
    pub links: Vec<PortalLink>,
    /// The id after which the next page begins, if there is one.
    pub next: Option<String>,
}

impl ApiKeys {
    /// The link whose token has this hash; `None` also when its key was revoked. Read consistently, as keys are. Two read
    /// units.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or an item can't be read.
    pub async fn link_by_hash(&self, hash: &KeyHash) -> Result<Option<Linked>, StoreError> {
        let Some(item) = self.one(hash_key(hash), "-", "GetItem portal link").await? else { return Ok(None) };
        let reader = Reader { table: TABLE, item: &item };
        let (link, account): (PortalLink, Account) = (reader.json("link")?, reader.json("account")?);
        let key = self.get(&account.id, &link.key_id).await?;
        Ok(key.map(|key| Linked { link, key, account }))
    }

    /// Stores a new link of `account`.
    ///
    /// # Errors
    /// When DynamoDB can't be reached, or the transaction meets another one.
    pub async fn create_link(&self, account: &Account, link: &PortalLink, log: Log<'_>) -> Result<(), StoreError> {
        let put = |[pk, sk]: [String; 2], more: [(&str, AttributeValue); 2]| {
            let expires = n(link.expires_at.as_second() + KEPT_SECONDS);
            let put =
                Put::builder().table_name(&self.table).item("pk", s(pk)).item("sk", s(sk)).item("expiresAt", expires);
            let put = more.into_iter().fold(put, |put, (name, value)| put.item(name, value));
            let put = put.condition_expression("attribute_not_exists(pk)").build();
            put.map(|put| TransactWriteItem::builder().put(put).build()).map_err(StoreError::built("Put portal link"))
        };
        let [by_hash, by_account, frame] = places(&account.id, link);
        let mut items = vec![
            put(by_hash, [("link", json(link)), ("account", json(account))])?,
            put(by_account, [("link", json(link)), ("of", s(&account.id))])?,
            put(frame, [("origins", json(&link.origins)), ("of", s(&account.id))])?,
        ];
        items.push(log.put(&account.id, Action::LinkCreated, &link.id, &Change::Created(Snapshot::of_link(link)))?);
        match self.transact(items).await? {
            Transacted::Done => Ok(()),
            Transacted::Refused(_) => Err(StoreError::Contention(TABLE)),
        }
    }

    /// A page of an account's links, newest first, after the id `after` if given: those that work, and those that expired
    /// within a day. One query, consistent.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or an item can't be read.
    pub async fn links(&self, account: &str, after: Option<&str>, limit: i32) -> Result<LinkPage, StoreError> {
        let (items, more) = self.newest(format!("{LINKS}{account}"), after, limit, "Query portal links").await?;
        let links = items.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let next = links.last().filter(|_| more).map(|link| link.id.clone());
        Ok(LinkPage { links, next })
    }

    /// One link of an account, read consistently; `None` when there is none. One read unit.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or the item can't be read.
    pub async fn link(&self, account: &str, id: &str) -> Result<Option<PortalLink>, StoreError> {
        self.one(format!("{LINKS}{account}"), id, "GetItem portal link").await?.as_ref().map(read).transpose()
    }

    /// Deletes a link, and returns whether there was one.
    ///
    /// # Errors
    /// When DynamoDB can't be reached, the item can't be read, or others delete the link over and over.
    pub async fn delete_link(&self, account: &str, id: &str, log: Log<'_>) -> Result<bool, StoreError> {
        for _ in 0..MAX_TRIES {
            let Some(link) = self.link(account, id).await? else { return Ok(false) };
            let delete = |[pk, sk]: [String; 2]| {
                let delete = Delete::builder().table_name(&self.table).key("pk", s(pk)).key("sk", s(sk));
                let delete = delete.condition_expression("attribute_exists(pk)").build();
                let delete = delete.map_err(StoreError::built("Delete portal link"))?;
                Ok(TransactWriteItem::builder().delete(delete).build())
            };
            let mut items = places(account, &link).into_iter().map(delete).collect::<Result<Vec<_>, StoreError>>()?;
            let deleted = Change::Deleted(Some(Snapshot::of_link(&link)));
            items.push(log.put(account, Action::LinkDeleted, id, &deleted)?);
            if let Transacted::Done = self.transact(items).await? {
                return Ok(true);
            }
        }
        Err(StoreError::Contention(TABLE))
    }

    /// The origins of pages that may frame the console for the link with this id, of whatever account; none for one that there
    /// is not. One read unit.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or the item can't be read.
    pub async fn frame_origins(&self, link_id: &str) -> Result<Vec<String>, StoreError> {
        let item = self.one(format!("{FRAMES}{link_id}"), "-", "GetItem frame").await?;
        item.map_or_else(|| Ok(Vec::new()), |item| Reader { table: TABLE, item: &item }.json("origins"))
    }
}

/// The keys of a link's items: by its hash, by its account, and for the frame.
fn places(account: &str, link: &PortalLink) -> [[String; 2]; 3] {
    let whole = "-".to_owned();
    [
        [hash_key(&link.hash), whole.clone()],
        [format!("{LINKS}{account}"), link.id.clone()],
        [format!("{FRAMES}{}", link.id), whole],
    ]
}

fn read(item: &Item) -> Result<PortalLink, StoreError> {
    Reader { table: TABLE, item }.json("link")
}
