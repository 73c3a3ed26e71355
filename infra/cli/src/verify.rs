//! `verify`: why a signature does not verify.

mod mistakes;
mod received;

use std::fs;
use std::io::Read as _;
use std::path::Path;

use domain::signing::{TOLERANCE_SECONDS, VerifyError, check_age};
use jiff::Timestamp;
use serde_json::json;

use crate::Surroundings;
use crate::arguments::Verify;
use crate::failure::Failure;
use crate::output::Output;
use crate::{files, secrets};
use mistakes::Finding;
use received::{Received, Signature};

/// Looks into what arrived, and returns whether a receiver should trust it.
pub(crate) fn verify(wanted: &Verify, surroundings: &Surroundings, output: &mut Output<'_>) -> Result<bool, Failure> {
    let received = received(wanted, surroundings)?;
    let finding = mistakes::find(&received);
    let now = surroundings.clock.now();
    let (verified, verdict, advice) = told(&finding, &received, now);
    let lines: Vec<String> = advice.iter().map(|line| format!("\n  {line}")).collect();
    let text = format!("{verdict}{}\n", lines.concat());
    let json = json!({ "verified": verified, "verdict": verdict, "advice": advice, "wrong": finding.parts() });
    output.report(&text, &json)?;
    Ok(verified)
}

/// Whether all is well, the verdict, and what to do.
fn told(finding: &Finding, received: &Received, now: Timestamp) -> (bool, String, Vec<String>) {
    let Finding::Verified { by } = finding else {
        let (verdict, advice) = finding.told();
        return (false, verdict, advice);
    };
    let minutes = TOLERANCE_SECONDS / 60;
    let off = |which: &str, clock: &str| {
        let verdict = format!("The signature is right, but too {which}: receivers refuse more than {minutes} minutes.");
        (false, verdict, vec![format!("If the delivery has just arrived, the receiver's clock is {clock}.")])
    };
    match check_age(&received.timestamp, now) {
        Ok(()) => (true, format!("Verified: body, timestamp and secret match {by}."), Vec::new()),
        Err(VerifyError::TooOld) => off("old", "ahead"),
        Err(_) => off("new", "behind"),
    }
}

fn received(wanted: &Verify, surroundings: &Surroundings) -> Result<Received, Failure> {
    let secret = secrets::given_secret(wanted.secret_file.as_deref(), surroundings)?.ok_or_else(|| {
        let variable = secrets::SIGNING_SECRET;
        Failure::Usage(format!("there is no signing secret; set {variable} or name a file with --secret-file"))
    })?;
    let body = body(&wanted.body)?;
    if let Some(path) = &wanted.headers {
        return Received::of_headers(&files::read_text("the file", path)?, body, secret).map_err(Failure::Usage);
    }
    let signature = Signature::of_text(wanted.signature.clone().unwrap_or_default());
    let received = Received {
        body,
        secret,
        timestamp: wanted.timestamp.clone().unwrap_or_default(),
        id: wanted.id.clone(),
        signatures: vec![signature],
    };
    received.checked().map_err(Failure::Usage)
}

fn body(path: &Path) -> Result<Vec<u8>, Failure> {
    if path == Path::new("-") {
        let mut body = Vec::new();
        let read = std::io::stdin().lock().read_to_end(&mut body);
        return read.map(|_| body).map_err(|error| Failure::Usage(format!("stdin can't be read: {error}")));
    }
    fs::read(path).map_err(|error| Failure::file("the file", path, &error))
}
