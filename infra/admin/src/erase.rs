//! `accounts erase`: deletes everything that is stored for an account.

use std::collections::BTreeMap;

use serde_json::json;
use store::holdings::{Holding, Holdings, Owner};
use store::tables::{self, API_KEYS, Table};

use crate::arguments::EraseAccount;
use crate::aws::Aws;
use crate::failure::Failure;
use crate::output::{Report, columns};

/// How often all tables are gone through at most, until nothing of the account is found.
const MOST_PASSES: usize = 6;
/// The note behind every erasure.
pub(crate) const LEFT: &str = "Backups, the stream of events, the log, and what subscribers have received are not erased: \
                               docs/operating.md says for how long they last.";

/// How many items were removed, by table.
#[derive(Debug, Default)]
struct Removed(BTreeMap<&'static str, usize>);

/// Revokes the keys of an account, waits until nobody can use them any more and what was under way has ended, and deletes
/// what all tables hold of it, over and over until nothing more is found; the account itself last, by which the same command
/// finds the rest when it is interrupted.
pub(crate) async fn erase(aws: &Aws, wanted: &EraseAccount) -> Result<Report, Failure> {
    let account = &wanted.account.id;
    confirm(account, &wanted.confirm)?;
    let holdings = aws.environment.holdings()?;
    let mut removed = Removed::default();
    for pass in 0..MOST_PASSES {
        let owner = holdings.owner(account).await.map_err(aws.on(API_KEYS))?;
        let revoked = holdings.revoke(&owner).await.map_err(aws.on(API_KEYS))?;
        removed.add(API_KEYS, revoked);
        // A key that was just revoked may have made another one.
        if pass == 0 || revoked > 0 {
            tokio::time::sleep(aws.settle).await;
        }
        if delete_rest(aws, &holdings, &owner, &mut removed).await? + revoked == 0 {
            let last = holdings.delete(&owner, Holding::Account).await.map_err(aws.on(API_KEYS))?;
            removed.add(API_KEYS, last);
            return removed.report(account);
        }
    }
    Err(Failure::Impossible("something of the account is written over and over; run the command again".to_owned()))
}

/// Deletes everything but the account itself, and returns how many items there were.
async fn delete_rest(aws: &Aws, holdings: &Holdings, owner: &Owner, removed: &mut Removed) -> Result<usize, Failure> {
    let mut found = 0;
    for holding in Holding::ALL.into_iter().filter(|holding| *holding != Holding::Account) {
        let deleted = holdings.delete(owner, holding).await.map_err(aws.on(holding.table()))?;
        removed.add(holding.table(), deleted);
        found += deleted;
    }
    Ok(found)
}

/// Refuses an erasure that was not confirmed by saying once more what is to be erased.
pub(crate) fn confirm(what: &str, confirmed: &str) -> Result<(), Failure> {
    if what == confirmed {
        return Ok(());
    }
    Err(Failure::Usage("--confirm must repeat exactly what is to be erased; nothing was erased".to_owned()))
}

impl Removed {
    fn add(&mut self, table: Table, items: usize) {
        *self.0.entry(table.name).or_default() += items;
    }

    fn report(&self, account: &str) -> Result<Report, Failure> {
        let total: usize = self.0.values().sum();
        if total == 0 {
            return Err(Failure::Impossible(format!("nothing is stored for the account {account}")));
        }
        let of = |table: &Table| self.0.get(table.name).copied().unwrap_or_default();
        let rows: Vec<_> = tables::ALL.iter().map(|table| [table.name.to_owned(), of(table).to_string()]).collect();
        let json = json!({ "account": account, "removed": self.0, "total": total });
        Ok(Report::new(json, columns(["TABLE", "REMOVED"], &rows)).with_note(LEFT))
    }
}
