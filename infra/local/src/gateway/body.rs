//! Bodies of requests, which are read whole.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use inbound::problem::{Problem, ProblemCode};
use lambda_http::http::HeaderValue;
use lambda_http::http::header::CONNECTION;

/// The largest body that API Gateway accepts (bytes). The functions' own limit is far lower.
const MAX_BODY: usize = 10 * 1024 * 1024;

/// How long the rest of a body that is too large is read and discarded.
const DISCARD: Duration = Duration::from_secs(1);

/// Reads the whole body. One that is too large is read up to the limit and discarded.
pub(super) async fn collect(mut body: Incoming) -> Result<Bytes, Problem> {
    let mut read =
        BytesMut::with_capacity(body.size_hint().exact().and_then(|n| n.try_into().ok()).unwrap_or(0).min(MAX_BODY));
    while let Some(frame) = body.frame().await {
        let broken = |_| closing(Problem::new(ProblemCode::RequestTimeout, "The connection broke within the body."));
        if let Ok(data) = frame.map_err(broken)?.into_data() {
            if read.len() + data.len() > MAX_BODY {
                // A client that is still sending does not read an answer, and a reset of the connection would overtake
                // it.
                let rest = async { while body.frame().await.is_some_and(|frame| frame.is_ok()) {} };
                let _ = tokio::time::timeout(DISCARD, rest).await;
                return Err(closing(Problem::new(ProblemCode::PayloadTooLarge, "A body may have 10 MB at most.")));
            }
            read.extend_from_slice(&data);
        }
    }
    Ok(read.freeze())
}

/// Makes the problem the last answer of its connection.
pub(super) fn closing(problem: Problem) -> Problem {
    problem.with_header(CONNECTION, HeaderValue::from_static("close"))
}
