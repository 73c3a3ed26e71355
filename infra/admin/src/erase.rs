//! `accounts erase`: deletes everything that is stored for an account.

use serde_json::json;
use store::erasing::Mode;
use store::holdings::{Holding, Holdings, Owner};
use store::tables::API_KEYS;

use crate::arguments::EraseAccount;
use crate::aws::Aws;
use crate::erasure::{MOST_PASSES, Outcome};
use crate::failure::Failure;
use crate::output::Report;

/// Deletes what all tables hold of an account, over and over until nothing more is found; the account itself last, by which
/// the same command finds the rest when it is interrupted.
pub(crate) async fn erase(aws: &Aws, wanted: &EraseAccount) -> Result<Report, Failure> {
    let (account, erasing) = (&wanted.account.id, &wanted.erasing);
    erasing.confirm(account)?;
    let (holdings, mode) = (aws.environment.holdings()?, erasing.mode());
    let mut outcome = Outcome::default();
    for _ in 0..MOST_PASSES {
        let owner = holdings.owner(account).await.map_err(aws.on(API_KEYS))?;
        let mut pass = Outcome::default();
        shut_off(aws, &holdings, &owner, mode, &mut pass).await?;
        // Functions that know the keys and endpoints still, and what is in their hands.
        erasing.settle().await;
        delete(aws, &holdings, &owner, mode, &mut pass, |holding| !holding.makes_work() && holding != Holding::Account)
            .await?;
        let found = pass.total();
        outcome.absorb(pass);
        if found == 0 || mode == Mode::Count {
            delete(aws, &holdings, &owner, mode, &mut outcome, |holding| holding == Holding::Account).await?;
            return report(account, outcome, mode);
        }
    }
    Err(Failure::Impossible("something of the account is written over and over; run the command again".to_owned()))
}

/// Nothing new can come in or go out from now on: the keys go first, then what makes work.
async fn shut_off(
    aws: &Aws,
    holdings: &Holdings,
    owner: &Owner,
    mode: Mode,
    pass: &mut Outcome,
) -> Result<(), Failure> {
    if mode == Mode::Erase {
        pass.remove(API_KEYS, holdings.revoke(owner).await.map_err(aws.on(API_KEYS))?);
    }
    delete(aws, holdings, owner, mode, pass, Holding::makes_work).await
}

/// Deletes the holdings that `go`.
async fn delete(
    aws: &Aws,
    holdings: &Holdings,
    owner: &Owner,
    mode: Mode,
    pass: &mut Outcome,
    go: impl Fn(Holding) -> bool,
) -> Result<(), Failure> {
    for holding in Holding::ALL.into_iter().filter(|holding| go(*holding)) {
        let deleted = holdings.delete(owner, holding, mode).await.map_err(aws.on(holding.table()))?;
        pass.remove(holding.table(), deleted);
    }
    Ok(())
}

fn report(account: &str, outcome: Outcome, mode: Mode) -> Result<Report, Failure> {
    match outcome.total() {
        0 => Err(Failure::Impossible(format!("nothing is stored for the account {account}"))),
        total => Ok(outcome.report(json!({ "account": account, "total": total }), mode)),
    }
}
