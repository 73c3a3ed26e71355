//! Signed calls of services that have no client here. The preflight asks some twenty questions, for which the SDKs of Lambda, IAM,
//! CloudFormation, CloudWatch Logs and STS would be five dependencies more; `aws-sigv4`, which signs, is one of the SDK anyway.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::http::HttpConnector as _;
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use serde_json::Value;
use store::aws::Https;
use telemetry::causes::causes;
use url::form_urlencoded::Serializer;

use super::xml;
use crate::aws::Aws;
use crate::failure::Failure;
use crate::places::Obstacle;

/// The timeout of a call; they answer within a second.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A service, and how it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    CloudFormation,
    DynamoDb,
    Iam,
    Lambda,
    Logs,
    Sns,
    Sqs,
    Sts,
}

impl Service {
    /// Its name in host names and signatures.
    const fn name(self) -> &'static str {
        match self {
            Self::CloudFormation => "cloudformation",
            Self::DynamoDb => "dynamodb",
            Self::Iam => "iam",
            Self::Lambda => "lambda",
            Self::Logs => "logs",
            Self::Sns => "sns",
            Self::Sqs => "sqs",
            Self::Sts => "sts",
        }
    }

    /// The version of a service that speaks the Query protocol.
    const fn version(self) -> &'static str {
        match self {
            Self::CloudFormation => "2010-05-15",
            Self::Iam => "2010-05-08",
            Self::Sns => "2010-03-31",
            _ => "2011-06-15",
        }
    }

    /// What stands before the name of a call, and the content type, of a service that speaks JSON.
    const fn json(self) -> (&'static str, &'static str) {
        match self {
            Self::DynamoDb => ("DynamoDB_20120810", "application/x-amz-json-1.0"),
            Self::Sqs => ("AmazonSQS", "application/x-amz-json-1.0"),
            _ => ("Logs_20140328", "application/x-amz-json-1.1"),
        }
    }

    /// The host that answers for `region`, and the region that its signatures name: IAM has one of each for a partition.
    fn host(self, region: &str) -> (String, String) {
        let (suffix, global) = match region.split('-').next() {
            Some("cn") => ("amazonaws.com.cn", "cn-north-1"),
            _ if region.starts_with("us-gov-") => ("amazonaws.com", "us-gov-west-1"),
            _ => ("amazonaws.com", "us-east-1"),
        };
        let host = match (self, global) {
            (Self::Iam, "us-east-1") => format!("iam.{suffix}"),
            (Self::Iam, "us-gov-west-1") => format!("iam.us-gov.{suffix}"),
            (Self::Iam, _) => format!("iam.{global}.{suffix}"),
            _ => format!("{}.{region}.{suffix}", self.name()),
        };
        (host, if self == Self::Iam { global } else { region }.to_owned())
    }
}

/// Why something was not seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unseen {
    pub(super) obstacle: Obstacle,
    /// What the service, or the network, says.
    pub(super) cause: String,
}

impl Unseen {
    pub(super) fn answer(what: &str) -> Self {
        Self { obstacle: Obstacle::Other, cause: format!("its answer has no {what}") }
    }
}

/// A request that is not signed yet.
struct Question<'a> {
    service: Service,
    method: &'static str,
    path: &'a str,
    headers: &'a [(&'a str, &'a str)],
    body: String,
}

impl<'a> Question<'a> {
    fn post(service: Service, headers: &'a [(&'a str, &'a str)], body: String) -> Self {
        Self { service, method: "POST", path: "/", headers, body }
    }
}

/// A place where services answer, and who asks them.
#[derive(Debug)]
pub(super) struct Calls {
    https: Https,
    identity: Identity,
    region: String,
    endpoint_url: Option<String>,
    now: SystemTime,
}

impl Calls {
    /// Calls with the credentials and in the region of `aws`.
    pub(super) async fn new(aws: &Aws) -> Result<Self, Failure> {
        let sdk = aws.environment.sdk_config();
        let no_credentials = || Failure::Aws("there are no AWS credentials that can be used".to_owned());
        let provider = sdk.credentials_provider().ok_or_else(no_credentials)?;
        let credentials: Credentials = provider.provide_credentials().await.map_err(|_| no_credentials())?;
        Ok(Self {
            https: Https::new(),
            identity: credentials.into(),
            region: sdk.region().map(ToString::to_string).unwrap_or_default(),
            endpoint_url: sdk.endpoint_url().map(|url| url.trim_end_matches('/').to_owned()),
            now: SystemTime::UNIX_EPOCH + Duration::from_secs(aws.now.as_second().try_into().unwrap_or_default()),
        })
    }

    pub(super) fn region(&self) -> &str {
        &self.region
    }

    /// A call of Lambda's API: the answer to a GET of `path`.
    pub(super) async fn get(&self, path: &str) -> Result<Value, Unseen> {
        let question = Question { service: Service::Lambda, method: "GET", path, headers: &[], body: String::new() };
        let answer = self.send(question).await?;
        serde_json::from_str(&answer).map_err(|_| Unseen::answer("JSON"))
    }

    /// A call of a service that speaks JSON.
    pub(super) async fn json(&self, service: Service, call: &str, body: &Value) -> Result<Value, Unseen> {
        let (target, content_type) = service.json();
        let target = format!("{target}.{call}");
        let headers = [("content-type", content_type), ("x-amz-target", &target)];
        let answer = self.send(Question::post(service, &headers, body.to_string())).await?;
        serde_json::from_str(&answer).map_err(|_| Unseen::answer("JSON"))
    }

    /// A call of a service that speaks the Query protocol; the answer is XML.
    pub(super) async fn query(
        &self,
        service: Service,
        call: &str,
        given: &[(String, String)],
    ) -> Result<String, Unseen> {
        let mut form = Serializer::new(String::new());
        form.append_pair("Action", call).append_pair("Version", service.version()).extend_pairs(given);
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.send(Question::post(service, &headers, form.finish())).await
    }

    async fn send(&self, question: Question<'_>) -> Result<String, Unseen> {
        let request = self.signed(question).map_err(|cause| Unseen { obstacle: Obstacle::Other, cause })?;
        let unanswered = |cause| Unseen { obstacle: Obstacle::NoAnswer, cause };
        match tokio::time::timeout(TIMEOUT, self.https.call(request)).await {
            Ok(Ok(answer)) => text_of(&answer),
            Ok(Err(error)) => Err(unanswered(causes(&error))),
            Err(_) => Err(unanswered(format!("no answer within {} s", TIMEOUT.as_secs()))),
        }
    }

    fn signed(&self, question: Question<'_>) -> Result<HttpRequest, String> {
        let Question { service, method, path, headers, body } = question;
        let (host, region) = service.host(&self.region);
        let base = self.endpoint_url.clone().unwrap_or_else(|| format!("https://{host}"));
        let url = format!("{base}{path}");
        let signing = SigningParams::builder().identity(&self.identity).region(&region).name(service.name());
        let signing = signing.time(self.now).settings(SigningSettings::default()).build();
        let signing = signing.map_err(|error| causes(&error))?.into();
        let signable = SignableBody::Bytes(body.as_bytes());
        let signable = SignableRequest::new(method, url.as_str(), headers.iter().copied(), signable);
        let signature = signable.and_then(|request| sign(request, &signing)).map_err(|error| causes(&error))?;
        let (instructions, _) = signature.into_parts();
        let own = instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<Vec<_>>();
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method(method).map_err(|error| causes(&error))?;
        request.set_uri(url).map_err(|error| causes(&error))?;
        for (name, value) in headers {
            request.headers_mut().insert((*name).to_owned(), (*value).to_owned());
        }
        for (name, value) in own {
            request.headers_mut().insert(name, value);
        }
        Ok(request)
    }
}

fn text_of(answer: &HttpResponse) -> Result<String, Unseen> {
    let text = String::from_utf8_lossy(answer.body().bytes().unwrap_or_default()).into_owned();
    if answer.status().is_success() {
        return Ok(text);
    }
    let header = answer.headers().get("x-amzn-errortype").map(str::to_owned);
    Err(refusal(answer.status().as_u16(), header, &text))
}

/// What an error is, in whichever of the three forms services write it.
fn refusal(status: u16, header: Option<String>, text: &str) -> Unseen {
    let json: Option<Value> = serde_json::from_str(text).ok();
    let member = |name: &str| json.as_ref()?.get(name)?.as_str().map(str::to_owned);
    let code = header.or_else(|| member("__type")).or_else(|| xml::first(text, "Code")).unwrap_or_default();
    // `com.amazon.coral.service#AccessDeniedException`, `AccessDeniedException:http://internal.amazon.com/...`
    let code = code.split(':').next().unwrap_or_default().rsplit('#').next().unwrap_or_default();
    let words = member("message").or_else(|| member("Message")).or_else(|| xml::first(text, "Message"));
    let words = words.map_or_else(|| format!("status {status}"), |words| format!("{words} (status {status})"));
    Unseen {
        obstacle: Obstacle::of(Some(code)),
        cause: if code.is_empty() { words } else { format!("{code}: {words}") },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_those_of_the_partition() {
        for (service, region, host, signed_for) in [
            (Service::Lambda, "eu-west-1", "lambda.eu-west-1.amazonaws.com", "eu-west-1"),
            (Service::Iam, "eu-west-1", "iam.amazonaws.com", "us-east-1"),
            (Service::Sts, "cn-north-1", "sts.cn-north-1.amazonaws.com.cn", "cn-north-1"),
            (Service::Iam, "cn-northwest-1", "iam.cn-north-1.amazonaws.com.cn", "cn-north-1"),
            (Service::Iam, "us-gov-east-1", "iam.us-gov.amazonaws.com", "us-gov-west-1"),
        ] {
            assert_eq!(service.host(region), (host.to_owned(), signed_for.to_owned()), "{service:?} {region}");
        }
    }

    #[test]
    fn an_error_is_known_in_each_form() {
        let json = r#"{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"not authorized"}"#;
        let xml =
            "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized</Message></Error></ErrorResponse>";
        let header = Some("AccessDeniedException:http://internal.amazon.com/coral/".to_owned());
        for refused in [refusal(400, None, json), refusal(403, None, xml), refusal(403, header, "{}")] {
            assert_eq!(refused.obstacle, Obstacle::Forbidden, "{refused:?}");
        }
        let missing = refusal(404, None, r#"{"__type":"ResourceNotFoundException","message":"no such table"}"#);
        assert_eq!(missing.obstacle, Obstacle::Missing);
        assert_eq!(missing.cause, "ResourceNotFoundException: no such table (status 404)");
        let other = refusal(501, None, "<html>");
        assert_eq!((other.obstacle, other.cause.as_str()), (Obstacle::Other, "status 501"));
    }
}
