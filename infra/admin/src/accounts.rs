//! `accounts`: the tenants of a deployment.

use domain::account::Account;
use domain::api_key::view::KeyView;
use domain::api_key::{ApiKey, NewKey, Scope};
use domain::defect::Defects;
use domain::ids;
use domain::rate_limit::Usage;
use domain::schema::Class::Operational;
use domain::schema::declare::{on_create, string};
use domain::schema::{Field, Type};
use inbound::manage::body;
use inbound::manage::body::Form;
use serde_json::{Map, Value, json};
use store::tables::API_KEYS;

use crate::arguments::{NewAccount, Page};
use crate::aws::Aws;
use crate::failure::Failure;
use crate::output::{Report, facts};

/// The fields of an account, by the same rules as those of the records that take their defaults from it.
const FIELDS: [Field; 4] = [
    on_create("name", string(100), Operational, "what people call it"),
    on_create("timeZone", Type::TimeZone, Operational, "default time zone"),
    on_create("currency", Type::Currency, Operational, "default currency"),
    on_create("country", Type::Country, Operational, "default country"),
];
const PAGE: i32 = 100;
/// The usage of a key that was never used.
pub(crate) const UNUSED: Usage = Usage { hour: 0, minute: 0, granted: true };

/// Creates an account and its first key. Names need not be unique, but running the same command twice should not create
/// two accounts: an existing account with the name is a failure unless the operator says `--same-name`. Two such
/// commands at the same moment both succeed.
pub(crate) async fn create(aws: &Aws, wanted: &NewAccount) -> Result<Report, Failure> {
    let account = read(aws, wanted)?;
    if !wanted.same_name
        && let Some(id) = find(aws, &account.name).await?
    {
        let id_and_advice = format!("{id}; keys create makes another key for it, --same-name another account");
        return Err(Failure::Impossible(format!("there is an account with this name, {id_and_advice}")));
    }
    let secret = NewKey::generate(&aws.key_environment(&wanted.environment)?);
    let key = ApiKey::new(&secret, "first key", Scope::ALL.to_vec(), aws.now);
    let keys = aws.environment.api_keys()?;
    let audit = aws.environment.audit()?;
    if !keys.create_account(&account, &key, audit.of(&aws.author)).await.map_err(aws.on(API_KEYS))? {
        return Err(Failure::Impossible("the id of the new account was taken; run the command again".to_owned()));
    }
    let json = json!({ "account": account, "key": KeyView::of(&key, UNUSED).with_key(&secret) });
    let mut lines = described(&account);
    lines.extend([("key id", key.id.clone()), ("key", secret.expose().to_owned())]);
    Ok(Report::new(json, facts(&lines)).with_note(KEEP_IT))
}

/// The note for whoever creates a key.
pub(crate) const KEEP_IT: &str = "Keep the key: it is not stored, and not shown again.";

/// One page of accounts, newest first.
pub(crate) async fn list(aws: &Aws, page: &Page) -> Result<Report, Failure> {
    let found = aws.environment.api_keys()?.accounts(page.after.as_deref(), page.limit).await;
    let found = found.map_err(aws.on(API_KEYS))?;
    let row = |account: &Account| {
        let Account { id, name, time_zone, currency, country } = account.clone();
        [id, name, time_zone, currency, country]
    };
    let rows: Vec<_> = found.accounts.iter().map(row).collect();
    Ok(Report::page(
        &json!(found.accounts),
        found.next.as_deref(),
        ["ACCOUNT", "NAME", "TIME ZONE", "CURRENCY", "COUNTRY"],
        &rows,
    ))
}

fn described(account: &Account) -> Vec<(&'static str, String)> {
    let Account { id, name, time_zone, currency, country } = account.clone();
    vec![("account", id), ("name", name), ("time zone", time_zone), ("currency", currency), ("country", country)]
}

/// The account as it will be stored, or everything that is wrong with it.
fn read(aws: &Aws, wanted: &NewAccount) -> Result<Account, Failure> {
    let NewAccount { name, time_zone, currency, country, .. } = wanted;
    let sent = json!({ "name": name, "timeZone": time_zone, "currency": currency, "country": country });
    let read = valid(&FIELDS, sent)?;
    let text = |name: &str| read.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(Account {
        id: ids::new_id("acc_", aws.now),
        name: text("name"),
        time_zone: text("timeZone"),
        currency: text("currency"),
        country: text("country"),
    })
}

/// Reads the options as a body of the API is read; the failure lists all their defects.
pub(crate) fn valid(fields: &[Field], sent: Value) -> Result<Map<String, Value>, Failure> {
    let Value::Object(sent) = sent else { return Ok(Map::new()) };
    let mut defects = Defects::default();
    let read = body::read(fields, sent, Form::New, &mut defects);
    if defects.is_empty() {
        return Ok(read);
    }
    let sentences = defects.iter().map(|defect| format!("{} {}", option(&defect.field), defect.message));
    Err(Failure::Usage(sentences.collect::<Vec<_>>().join("; ")))
}

/// The option for a field: `--time-zone` for `timeZone`.
fn option(field: &str) -> String {
    let words = field.chars().flat_map(|c| c.is_uppercase().then_some('-').into_iter().chain(c.to_lowercase()));
    format!("--{}", words.collect::<String>())
}

/// The id of an account with this name, if there is one.
async fn find(aws: &Aws, name: &str) -> Result<Option<String>, Failure> {
    let keys = aws.environment.api_keys()?;
    let mut after: Option<String> = None;
    loop {
        let page = keys.accounts(after.as_deref(), PAGE).await.map_err(aws.on(API_KEYS))?;
        if let Some(account) = page.accounts.into_iter().find(|account| account.name == name) {
            return Ok(Some(account.id));
        }
        after = page.next;
        if after.is_none() {
            return Ok(None);
        }
    }
}
