//! `deliveries retry`: a new series of attempts for deliveries, now.

use serde_json::{Value, json};

use crate::api::{Api, Call, Trouble};
use crate::arguments::Retry;
use crate::failure::Failure;
use crate::output::{Output, columns};

/// Asks for each delivery to be sent again. One that can't be says why, and the others go on. Returns whether all are
/// sent.
pub(crate) async fn retry(api: &Api, wanted: &Retry, output: &mut Output<'_>) -> Result<bool, Failure> {
    let body = if wanted.force { json!({ "force": true }) } else { json!({}) };
    let (mut rows, mut data, mut all) = (Vec::new(), Vec::new(), true);
    for id in &wanted.ids {
        let call = Call::post(format!("/api/deliveries/{id}/retry"), &body);
        let (status, why, entry) = match api.call(&call).await {
            Ok(answer) => {
                let status = answer.body.get("status").and_then(Value::as_str).unwrap_or_default().to_owned();
                (status, "-".to_owned(), answer.body)
            }
            Err(Trouble::Refused(problem, _)) if !problem.is_about_the_key() && problem.status < 500 => {
                all = false;
                let entry = json!({ "id": id, "problem": problem });
                ("not sent".to_owned(), problem.reason(), entry)
            }
            Err(trouble) => return Err(trouble.into()),
        };
        rows.push([id.clone(), status, why]);
        data.push(entry);
    }
    output.report(&columns(["DELIVERY", "STATUS", "WHY NOT"], &rows), &json!({ "data": data }))?;
    Ok(all)
}
