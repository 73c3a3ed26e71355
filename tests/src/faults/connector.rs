//! The connector between the SDK of a function and the embedded services.

use std::future::pending;
use std::io::{Error, ErrorKind};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::config::{AsyncSleep, SharedAsyncSleep, SharedHttpClient, Sleep};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use super::answers::{add, answer, refusal, take_out};
use super::asked::Asked;
use super::place::Kind;
use super::{Faults, Next};

/// The configuration of the AWS clients of a function: with `faults`, and with the retries of production.
pub(super) fn sdk_config(sdk: &SdkConfig, function: &'static str, faults: &Faults) -> SdkConfig {
    let inner = sdk.http_client().unwrap();
    let mut config = sdk.clone().into_builder();
    config.set_retry_config(None);
    let client = FaultyClient { inner, function, faults: faults.clone() };
    config.http_client(client).sleep_impl(SharedAsyncSleep::new(NoSleep)).build()
}

/// The SDK's waits before it tries again take no time.
#[derive(Debug)]
struct NoSleep;

impl AsyncSleep for NoSleep {
    fn sleep(&self, _: Duration) -> Sleep {
        Sleep::new(tokio::task::yield_now())
    }
}

#[derive(Debug)]
struct FaultyClient {
    inner: SharedHttpClient,
    function: &'static str,
    faults: Faults,
}

impl HttpClient for FaultyClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(FaultyConnector { inner, function: self.function, faults: self.faults.clone() })
    }
}

#[derive(Debug, Clone)]
struct FaultyConnector {
    inner: SharedHttpConnector,
    function: &'static str,
    faults: Faults,
}

/// A request that is still to be carried out, though nobody waits for the answer.
pub(super) struct Late {
    connector: FaultyConnector,
    request: HttpRequest,
    asked: Asked,
}

impl HttpConnector for FaultyConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let connector = self.clone();
        HttpConnectorFuture::new(async move {
            let asked = Asked::of(&request);
            match connector.faults.next(connector.function, &asked) {
                Next::Ordinary => {
                    let answer = connector.carry_out(request, &asked).await;
                    connector.faults.carry_out_late(connector.function).await;
                    answer
                }
                Next::Fault(kind) => connector.go_wrong(kind, request, asked).await,
                Next::Never => pending().await,
            }
        })
    }
}

impl FaultyConnector {
    /// Carries out a request, but not a transaction for the second time: DynamoDB would answer that as it did at first.
    async fn carry_out(&self, request: HttpRequest, asked: &Asked) -> Result<HttpResponse, ConnectorError> {
        let Some(token) = &asked.token else { return self.inner.call(request).await };
        let known = self.faults.state().transactions.get(token).cloned();
        if let Some((status, body)) = known {
            return Ok(answer(status, body));
        }
        let response = self.inner.call(request).await?;
        if response.status().is_success() {
            let known = (response.status().as_u16(), response.body().bytes().unwrap().to_vec());
            self.faults.state().transactions.insert(token.clone(), known);
        }
        Ok(response)
    }

    async fn go_wrong(
        &self,
        kind: Kind,
        mut request: HttpRequest,
        asked: Asked,
    ) -> Result<HttpResponse, ConnectorError> {
        match kind {
            Kind::Refused | Kind::Denied | Kind::Throttled | Kind::Conflict => Ok(refusal(kind, &asked)),
            Kind::Unanswered => Err(no_answer()),
            Kind::Late => {
                let late = Late { connector: self.clone(), request, asked };
                self.faults.state().late.push(late);
                Err(no_answer())
            }
            Kind::Lost => {
                self.carry_out(request, &asked).await?;
                Err(ConnectorError::io(Error::from(ErrorKind::ConnectionReset).into()))
            }
            Kind::Twice => {
                self.carry_out(request.try_clone().unwrap(), &asked).await?;
                self.carry_out(request, &asked).await
            }
            Kind::Partly => match take_out(&mut request, &asked) {
                Some(left_out) => Ok(add(left_out, &self.inner.call(request).await?)),
                None => Ok(refusal(Kind::Throttled, &asked)),
            },
            Kind::KilledBefore => self.die().await,
            Kind::KilledAfter => {
                self.carry_out(request, &asked).await?;
                self.die().await
            }
        }
    }

    async fn die(&self) -> Result<HttpResponse, ConnectorError> {
        self.faults.kill(self.function);
        pending().await
    }
}

impl Faults {
    /// Carries out the requests of a function that were not answered in time.
    pub(super) async fn carry_out_late(&self, function: &'static str) {
        let late: Vec<Late> = self.state().late.extract_if(.., |late| late.connector.function == function).collect();
        for Late { connector, request, asked } in late {
            // What comes of it nobody learns.
            let _ = connector.carry_out(request, &asked).await;
        }
    }
}

fn no_answer() -> ConnectorError {
    ConnectorError::timeout("no answer in time".into())
}
