//! Functions that are deployed elsewhere, to LocalStack or ministack: this process is the API Gateway in front of them.
//!
//! LocalStack's free plan has no HTTP APIs. The gateway hands its events to the functions through `lambda:Invoke`, as API
//! Gateway does.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_smithy_runtime_api::client::http::HttpConnector as _;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use inbound::problem::{Problem, ProblemCode};
use lambda_http::http::header::SET_COOKIE;
use lambda_http::http::{self, HeaderValue, Response, StatusCode};
use lambda_http::{Body, Context};
use store::aws::Https;
use telemetry::causes::causes;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::{Host, Url};

use crate::clock::Clock;
use crate::embedded::REGION;
use crate::functions::{HttpFunction, routes};
use crate::gateway::{Gateway, HttpHandler, Patience, listen};

/// How long API Gateway waits for a function.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The functions of a stack.
#[derive(Debug, Clone)]
pub struct Lambdas {
    https: Https,
    endpoint: Url,
    stack: String,
}

/// Why there is no gateway in front of functions.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum LambdasError {
    #[error("Lambda at {0} can't be used; start LocalStack or ministack first")]
    Unusable(Url, #[source] InvokeError),
    #[error("there is no function {0} at {1}; deploy the stack first, or name it with --stack")]
    NotDeployed(String, Url),
    #[error("port {0} on 127.0.0.1 can't be used; choose another with --port")]
    Port(u16, #[source] io::Error),
}

/// Why a function has not answered.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum InvokeError {
    #[error("the event can't be written")]
    Event(#[source] serde_json::Error),
    #[error("the request can't be made")]
    Request(#[source] http::Error),
    #[error("Lambda can't be reached")]
    Call(#[from] ConnectorError),
    #[error("the function did not answer within {} s", TIMEOUT.as_secs())]
    Late,
    #[error("Lambda answered with status {0}")]
    Status(u16),
    #[error("the function ended with an error ({0})")]
    Function(String),
    #[error("API Gateway can't use the function's answer")]
    Answer(#[source] serde_json::Error),
}

/// A URL that is none of this machine's.
#[derive(Debug, thiserror::Error)]
#[error("must be a URL of this machine, such as http://127.0.0.1:4566")]
pub struct NotOnThisMachine;

/// A gateway that listens.
pub struct Front {
    gateway: Arc<Gateway>,
    listener: TcpListener,
    address: SocketAddr,
}

impl Lambdas {
    /// The functions that `stack` has deployed to the services at `endpoint`.
    #[must_use]
    pub fn new(endpoint: Url, stack: String) -> Self {
        Self { https: Https::new(), endpoint, stack }
    }

    /// Makes sure that they are there, and listens on this port of 127.0.0.1; 0 = any free port.
    ///
    /// # Errors
    /// See [`LambdasError`].
    pub async fn front(&self, port: u16) -> Result<Front, LambdasError> {
        let portal = HttpFunction::Portal;
        match self.call(http::Method::GET, portal, "", Vec::new()).await {
            Ok(_) => {}
            Err(InvokeError::Status(404)) => {
                return Err(LambdasError::NotDeployed(self.name(portal), self.endpoint.clone()));
            }
            Err(error) => return Err(LambdasError::Unusable(self.endpoint.clone(), error)),
        }
        let (listener, address) = listen(port).await.map_err(|error| LambdasError::Port(port, error))?;
        let Ok(routes) = routes(|function| Ok::<_, std::convert::Infallible>(self.handler(function)));
        let gateway = Gateway::new(routes, Clock::system(), Arc::default(), Patience::default());
        Ok(Front { gateway: Arc::new(gateway), listener, address })
    }

    fn handler(&self, function: HttpFunction) -> HttpHandler {
        let lambdas = self.clone();
        Arc::new(move |event, context| {
            let lambdas = lambdas.clone();
            Box::pin(async move { lambdas.answer(function, event, &context).await })
        })
    }

    async fn answer(
        &self,
        function: HttpFunction,
        event: ApiGatewayV2httpRequest,
        context: &Context,
    ) -> Response<Body> {
        let error = match self.invoke(function, event).await {
            Ok(response) => return response,
            Err(error) => error,
        };
        let (request_id, name) = (&context.request_id, self.name(function));
        tracing::error!(function = name, request_id, error = %causes(&error), "a function has not answered");
        problem(&error).into_response(request_id)
    }

    async fn invoke(
        &self,
        function: HttpFunction,
        mut event: ApiGatewayV2httpRequest,
    ) -> Result<Response<Body>, InvokeError> {
        event.headers.values_mut().for_each(as_text);
        let event = serde_json::to_vec(&event).map_err(InvokeError::Event)?;
        let answer = self.call(http::Method::POST, function, "/invocations", event).await?;
        if let Some(kind) = answer.headers().get("x-amz-function-error") {
            return Err(InvokeError::Function(kind.to_owned()));
        }
        let answer = serde_json::from_slice(answer.body().bytes().unwrap_or_default()).map_err(InvokeError::Answer)?;
        Ok(response(answer))
    }

    /// A call of Lambda's API about a function.
    async fn call(
        &self,
        method: http::Method,
        function: HttpFunction,
        path: &str,
        body: Vec<u8>,
    ) -> Result<HttpResponse, InvokeError> {
        let name = self.name(function);
        let url = format!("{}/2015-03-31/functions/{name}{path}", self.endpoint.as_str().trim_end_matches('/'));
        // Nobody checks the signature; the scope says which service and region are meant.
        let scope = format!("AWS4-HMAC-SHA256 Credential=test/20150331/{REGION}/lambda/aws4_request");
        let request = http::Request::builder().method(method).uri(url);
        let request = request.header("Authorization", format!("{scope}, SignedHeaders=host, Signature=0"));
        let request = request.header("Content-Type", "application/json");
        let request = request.body(SdkBody::from(body)).map_err(InvokeError::Request)?;
        let request = HttpRequest::try_from(request).map_err(|error| ConnectorError::user(error.into()))?;
        let answer = tokio::time::timeout(TIMEOUT, self.https.call(request)).await.map_err(|_| InvokeError::Late)??;
        if answer.status().is_success() { Ok(answer) } else { Err(InvokeError::Status(answer.status().as_u16())) }
    }

    fn name(&self, function: HttpFunction) -> String {
        format!("{}-{}", self.stack, function.name())
    }
}

impl fmt::Display for Lambdas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the functions of {} at {}", self.stack, self.endpoint)
    }
}

impl Front {
    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers requests until `stop`, then finishes those that are under way.
    pub async fn serve(self, stop: CancellationToken) {
        self.gateway.serve(self.listener, stop).await;
    }
}

/// What a function that has not answered means to the caller. It may have done its work all the same.
fn problem(error: &InvokeError) -> Problem {
    let code = match error {
        InvokeError::Status(413) => ProblemCode::PayloadTooLarge,
        InvokeError::Function(_) | InvokeError::Answer(_) | InvokeError::Event(_) | InvokeError::Request(_) => {
            return Problem::panicked();
        }
        InvokeError::Call(_) | InvokeError::Late | InvokeError::Status(_) => ProblemCode::Unavailable,
    };
    Problem::new(code, format!("The function has not answered: {error}."))
}

/// Events are JSON, which has no place for other bytes than text.
fn as_text(value: &mut HeaderValue) {
    if value.to_str().is_err() {
        let text: Vec<u8> =
            value.as_bytes().iter().map(|byte| if (b' '..=b'~').contains(byte) { *byte } else { b'?' }).collect();
        *value = HeaderValue::from_bytes(&text).unwrap_or_else(|_| HeaderValue::from_static("?"));
    }
}

/// Reads the URL of services on this machine. Requests go there as they are, with their keys, and nobody signs them.
///
/// # Errors
/// When it is another URL.
pub fn on_this_machine(text: &str) -> Result<Url, NotOnThisMachine> {
    let url = Url::parse(text).ok().filter(|url| url.scheme() == "http").ok_or(NotOnThisMachine)?;
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if is_here { Ok(url) } else { Err(NotOnThisMachine) }
}

/// What API Gateway makes of an answer of our functions.
fn response(answer: ApiGatewayV2httpResponse) -> Response<Body> {
    let body = match answer.body {
        Some(Body::Text(text)) if answer.is_base64_encoded => {
            STANDARD.decode(&text).map_or(Body::Text(text), Body::Binary)
        }
        body => body.unwrap_or_default(),
    };
    let mut response = Response::new(body);
    let status = u16::try_from(answer.status_code).ok().and_then(|status| StatusCode::from_u16(status).ok());
    *response.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = answer.headers;
    for cookie in answer.cookies.iter().filter_map(|cookie| HeaderValue::from_str(cookie).ok()) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}
