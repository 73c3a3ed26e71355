//! `keys`: an account's API keys, with their limits.

use domain::api_key::view::KeyView;
use domain::api_key::{ApiKey, NewKey, Scope};
use domain::rate_limit::{Limits, Usage};
use domain::schema::Class::Operational;
use domain::schema::Field;
use domain::schema::declare::{on_create, string};
use futures_util::future::try_join_all;
use serde_json::{Value, json};
use store::api_keys::{Changed, Deleted};
use store::tables::{API_KEYS, RATE_WINDOWS};

use crate::accounts::{KEEP_IT, UNUSED, valid};
use crate::arguments::{self, AccountId, KeyId, Page, SetLimits};
use crate::aws::Aws;
use crate::failure::Failure;
use crate::output::{Report, facts, or_dash};

const NAME: [Field; 1] = [on_create("name", string(100), Operational, "what people call it")];

/// One page of an account's keys, newest first, with their usage in the present hour and minute.
pub(crate) async fn list(aws: &Aws, account: &AccountId, page: &Page) -> Result<Report, Failure> {
    let account = aws.account(&account.id).await?;
    let found = aws.environment.api_keys()?.page(&account.id, page.after.as_deref(), page.limit).await;
    let found = found.map_err(aws.on(API_KEYS))?;
    let rates = &aws.environment.rate_windows()?;
    let usages = try_join_all(found.keys.iter().map(|key| rates.usage(&key.id, aws.now))).await;
    let usages = usages.map_err(aws.on(RATE_WINDOWS))?;
    let views: Vec<_> = found.keys.iter().zip(&usages).map(|(key, usage)| KeyView::of(key, *usage)).collect();
    let rows: Vec<_> = found.keys.iter().zip(&usages).map(|(key, usage)| row(key, *usage)).collect();
    let head = ["KEY", "NAME", "HINT", "SCOPES", "HOUR", "MINUTE", "LAST USED", "EXPIRES"];
    Ok(Report::page(&json!(views), found.next.as_deref(), head, &rows))
}

/// Creates a key with these scopes.
pub(crate) async fn create(aws: &Aws, wanted: &arguments::NewKey) -> Result<Report, Failure> {
    let name = valid(&NAME, json!({ "name": wanted.name }))?;
    let name = name.get("name").and_then(Value::as_str).unwrap_or_default();
    let account = aws.account(&wanted.account.id).await?;
    let mut scopes = wanted.scopes.clone();
    scopes.sort_by_key(|scope| Scope::ALL.iter().position(|one| one == scope));
    scopes.dedup();
    let secret = NewKey::generate(&aws.key_environment(&wanted.environment)?);
    let key = ApiKey::new(&secret, name, scopes, aws.now);
    let audit = aws.environment.audit()?;
    let created = aws.environment.api_keys()?.create(&account, &key, audit.of(&aws.author)).await;
    created.map_err(aws.on(API_KEYS))?;
    let mut lines = described(&account.id, &key);
    lines.push(("key", secret.expose().to_owned()));
    Ok(Report::new(json!(KeyView::of(&key, UNUSED).with_key(&secret)), facts(&lines)).with_note(KEEP_IT))
}

/// Changes a key's limits, without an upper bound: that is the operator's decision.
pub(crate) async fn set_limits(aws: &Aws, wanted: &SetLimits) -> Result<Report, Failure> {
    let change = |key: &mut ApiKey| {
        let now = key.limits();
        let wanted_limits = Limits {
            per_hour: wanted.per_hour.unwrap_or(now.per_hour),
            per_minute: wanted.per_minute.unwrap_or(now.per_minute),
        };
        key.limits = (!wanted.default).then_some(wanted_limits);
    };
    let KeyId { id, account } = &wanted.key;
    let (keys, audit) = (aws.environment.api_keys()?, aws.environment.audit()?);
    let changed = keys.update(&account.id, id, change, audit.of(&aws.author)).await.map_err(aws.on(API_KEYS))?;
    let Changed::Done(key) = changed else { return Err(no_such_key(&wanted.key)) };
    let usage = aws.environment.rate_windows()?.usage(id, aws.now).await.map_err(aws.on(RATE_WINDOWS))?;
    let report = Report::new(json!(KeyView::of(&key, usage)), facts(&described(&account.id, &key)));
    Ok(report.with_note("The limits are in effect within 60 seconds."))
}

/// Deletes a key, unless it is the account's last with which people can create another.
pub(crate) async fn revoke(aws: &Aws, key: &KeyId) -> Result<Report, Failure> {
    let (keys, audit) = (aws.environment.api_keys()?, aws.environment.audit()?);
    match keys.delete(&key.account.id, &key.id, audit.of(&aws.author)).await.map_err(aws.on(API_KEYS))? {
        Deleted::Gone => {
            let lines = [("account", key.account.id.clone()), ("revoked", key.id.clone())];
            let report = Report::new(json!({ "id": key.id, "revoked": true }), facts(&lines));
            Ok(report.with_note("The key is refused everywhere within 60 seconds."))
        }
        Deleted::NotFound => Err(no_such_key(key)),
        Deleted::Last => Err(Failure::Impossible(format!(
            "{} is the account's last key with the scope keys:manage that does not expire; make another one first \
             (keys create --scope keys:manage)",
            key.id
        ))),
    }
}

fn no_such_key(KeyId { id, account }: &KeyId) -> Failure {
    Failure::Impossible(format!("there is no key {id} in account {}; keys list shows those there are", account.id))
}

fn row(key: &ApiKey, usage: Usage) -> [String; 8] {
    let limits = key.limits();
    [
        key.id.clone(),
        key.name.clone(),
        key.hint.clone(),
        scopes(key),
        format!("{}/{}", usage.hour, limits.per_hour),
        format!("{}/{}", usage.minute, limits.per_minute),
        or_dash(key.last_used_at),
        or_dash(key.expires_at),
    ]
}

fn described(account: &str, key: &ApiKey) -> Vec<(&'static str, String)> {
    let limits = key.limits();
    vec![
        ("account", account.to_owned()),
        ("key id", key.id.clone()),
        ("name", key.name.clone()),
        ("scopes", scopes(key)),
        ("limits", format!("{} an hour, {} a minute", limits.per_hour, limits.per_minute)),
    ]
}

fn scopes(key: &ApiKey) -> String {
    key.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(",")
}
