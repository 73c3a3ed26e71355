//! The system that the inputs meet, and what their answers must be.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use dispatcher::Dispatcher;
use domain::endpoint::Lane;
use domain::signing::{Signers, SigningSecret};
use domain::trace::TraceContext;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use inbound::http::function;
use lambda_http::{Body, Context, Response};
use outbound::deliverer::Deliverer;
use outbound::sender::{Outgoing, Sender, check_endpoint_url, check_own_header};
use serde_json::Value;
use tests::{InboundApp, TestApp, fixture};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::target::Target;

/// What became of an input: the kind of its answer, or what is wrong with it.
type Verdict = Result<String, String>;

/// How long the gateway waits for the rest of a request.
const HALF_A_REQUEST: Duration = Duration::from_millis(200);

/// A system in memory with some records, an endpoint, and a receiver that sends what it is told to.
pub(crate) struct World {
    app: InboundApp,
    deliverer: Deliverer,
    dispatcher: Dispatcher,
    sender: Sender,
    receiver: String,
    answer: Arc<Mutex<Vec<u8>>>,
    signers: Signers,
    /// What stands in seeds for ids that only this system has.
    names: Vec<(&'static str, String)>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let app = TestApp::builder().patience(HALF_A_REQUEST).start_inbound().await;
        let environment = app.system().environment();
        let (deliverer, sender) = (
            Deliverer::from_environment(environment, Lane::Later).unwrap(),
            Sender::from_environment(environment).unwrap(),
        );
        let dispatcher = Dispatcher::from_environment(environment).unwrap();
        let answer = Arc::new(Mutex::new(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()));
        let receiver = receive(Arc::clone(&answer)).await;

        let endpoint = app.endpoint(&receiver, ["*"]).await.id;
        for kind in ["employee", "vendor", "project", "workorder", "timeoff"] {
            app.post(&format!("/api/webhook/{kind}"), fixture(&format!("{kind}/valid/minimal"))).await;
        }
        app.system().drain_stream().await.unwrap();
        app.system().drain_delivery_queue().await.unwrap();
        let delivery = app.get("/api/deliveries?limit=1").await.expect(200).body["data"][0].clone();
        let text = |name: &str| delivery[name].as_str().unwrap().to_owned();
        let names = vec![
            ("{key}", app.key.clone()),
            ("{account}", app.account.clone()),
            ("{endpoint}", endpoint),
            ("{delivery}", text("id")),
            ("{event}", text("eventId")),
        ];
        let signers = Signers::new(Arc::new(SigningSecret::from_bytes([7; 32])), Vec::new(), 0);
        Self { app, deliverer, dispatcher, sender, receiver, answer, signers, names }
    }

    pub(crate) async fn try_one(&self, target: Target, input: &[u8]) -> Verdict {
        match target {
            Target::Wire => self.wire(&self.named(input)).await,
            Target::Event => event(input).await,
            Target::Json => {
                Ok(domain::json::parse_object(input).map_or_else(|error| word(&error), |_| "object".to_owned()))
            }
            Target::Url => Ok(url(&String::from_utf8_lossy(input))),
            Target::Inbound | Target::Manage | Target::Query => self.call(&self.named(input)).await,
            Target::Receiver => self.receiver(input).await,
            Target::Queue => self.queue(&self.named(input)).await,
            Target::Stream => self.stream(&self.named(input)).await,
        }
    }

    /// The input with this system's ids.
    fn named(&self, input: &[u8]) -> Vec<u8> {
        let mut named = input.to_vec();
        for (name, value) in &self.names {
            let mut from = 0;
            while let Some(at) = named[from..].windows(name.len()).position(|window| window == name.as_bytes()) {
                named.splice(from + at..from + at + name.len(), value.bytes());
                from += at + value.len();
            }
        }
        named
    }

    /// Bytes on a connection of their own.
    async fn wire(&self, input: &[u8]) -> Verdict {
        let (mut read, mut write) = tokio::io::split(self.app.system().connect());
        let send = async {
            // The gateway may have had enough before the end.
            let _ = write.write_all(input).await;
            std::future::pending::<()>().await;
        };
        let mut answer = Vec::new();
        tokio::select! {
            _ = read.read_to_end(&mut answer) => {}
            () = send => {}
        }
        let text = String::from_utf8_lossy(&answer);
        let Some((head, rest)) = text.split_once("\r\n\r\n") else {
            return if text.is_empty() { Ok("cut off".to_owned()) } else { Err(format!("no answer is {text}")) };
        };
        if let Some(at) = text.find("HTTP/1.1 5").or_else(|| text.find("HTTP/1.0 5")) {
            return Err(format!("5xx: {}", &text[at..]));
        }
        let status = head.split(' ').nth(1).unwrap_or_default();
        // What is not HTTP is refused by hyper, which has no words for it.
        let wordless = rest.is_empty() || head.contains("content-length: 0");
        // And the docs have a page for people who are lost.
        let told = head.contains("application/problem+json") || head.contains("text/html");
        if status.starts_with('4') && !wordless && !told {
            return Err(format!("no problem: {text}"));
        }
        let code = rest.split(r#""code":""#).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        Ok(format!("{status} {code} {}", text.matches("HTTP/1.").count()))
    }

    /// `POST /path`, a line break, and a body.
    async fn call(&self, input: &[u8]) -> Verdict {
        let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
        let body = Bytes::copy_from_slice(input.get(end + 1..).unwrap_or_default());
        let head = String::from_utf8_lossy(&input[..end]).into_owned();
        let (method, path) = head.split_once(' ').unwrap_or(("GET", &head));
        let request = Request::builder().method(method).uri(path).header("host", "localhost");
        let request = request.header("x-api-key", &self.app.key).header("content-type", "application/json");
        let Ok(request) = request.body(Full::new(body)) else { return Ok("no request".to_owned()) };

        let (mut sender, connection) = http1::handshake(TokioIo::new(self.app.system().connect())).await.unwrap();
        let connection = tokio::spawn(connection);
        let answered = sender.send_request(request).await;
        let verdict = match answered {
            Ok(answer) => {
                let (head, body) = answer.into_parts();
                let body = body.collect().await.map_err(|error| format!("half an answer: {error}"))?.to_bytes();
                let kind = head.headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
                judge(method, head.status, kind, &body)
            }
            Err(error) if error.is_user() => Ok("no request".to_owned()),
            Err(error) => Err(format!("no answer: {error}")),
        };
        connection.abort();
        verdict
    }

    /// Bytes that a receiver sends back.
    async fn receiver(&self, input: &[u8]) -> Verdict {
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = input.to_vec();
        let outgoing = Outgoing {
            url: &self.receiver,
            event: "workorder.created",
            event_id: "evt_01JAMB3X9T7Q2V5K8N4C6D0EFG",
            delivery_id: "dlv_01JAMB3X9T7Q2V5K8N4C6D0EFG",
            retry: 0,
            content_type: "application/json",
            body: Bytes::from_static(b"{}"),
            signers: &self.signers,
            headers: &domain::endpoint::OwnHeaders::default(),
            timestamp: self.app.now().as_second(),
            trace: TraceContext::start(),
            timeout: Duration::from_secs(2),
        };
        let answer = self.sender.send(outgoing).await;
        if answer.status_code.is_none() && answer.error.is_none() {
            return Err("neither a status nor an error".to_owned());
        }
        Ok(format!("{:?} {:?} {}", answer.status_code, answer.error, answer.retry_after.is_some()))
    }

    async fn queue(&self, input: &[u8]) -> Verdict {
        let Ok(batch) = serde_json::from_slice::<aws_lambda_events::sqs::SqsEvent>(input) else {
            return Ok("no batch".to_owned());
        };
        let messages = batch.records.len();
        let failed = self.deliverer.handle(batch, self.app.now()).await.batch_item_failures.len();
        if failed > messages {
            Err(format!("{failed} failures of {messages}"))
        } else {
            Ok(format!("{failed} of {messages}"))
        }
    }

    async fn stream(&self, input: &[u8]) -> Verdict {
        let Ok(batch) = serde_json::from_slice::<aws_lambda_events::dynamodb::Event>(input) else {
            return Ok("no batch".to_owned());
        };
        let failed = self.dispatcher.handle(batch, self.app.now()).await.batch_item_failures.len();
        Ok(format!("{failed} failed"))
    }
}

/// What every answer of the API must be, and what kind it is of: the codes of its defects, without their places.
fn judge(method: &str, status: StatusCode, content_type: &str, body: &[u8]) -> Verdict {
    let text = String::from_utf8_lossy(body);
    if status.is_server_error() {
        return Err(format!("5xx: {status} {text}"));
    }
    if method == "HEAD" || status == StatusCode::NO_CONTENT {
        return Ok(format!("{method} {status}"));
    }
    let json = serde_json::from_slice::<Value>(body).unwrap_or_default();
    if status.is_client_error() && (content_type != "application/problem+json" || json["code"].as_str().is_none()) {
        return Err(format!("no problem: {status} {text}"));
    }
    if status.is_success() && content_type == "application/json" && json.is_null() {
        return Err(format!("no JSON: {text}"));
    }
    let mut codes: Vec<&str> =
        json["errors"].as_array().into_iter().flatten().filter_map(|error| error["code"].as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    let word = json["code"].as_str().or(json["action"].as_str()).unwrap_or_default();
    Ok(format!("{method} {} {word} {}", status.as_u16(), codes.join(" ")))
}

/// An event as Lambda hands it to an HTTP function, up to the handler.
async fn event(input: &[u8]) -> Verdict {
    let Ok(event) = serde_json::from_slice::<aws_lambda_events::apigw::ApiGatewayV2httpRequest>(input) else {
        return Ok("no event".to_owned());
    };
    let handler = async |_| Response::new(Body::Empty);
    let response = function::answer(event, Context::default(), "req_1", handler).await;
    let Body::Text(text) = response.body() else { return Ok(response.status().to_string()) };
    let kind = response.headers()["content-type"].to_str().unwrap_or_default();
    judge("", response.status(), kind, text.as_bytes())
}

/// A URL, a line break, and a header's value.
fn url(text: &str) -> String {
    let (url, header) = text.split_once('\n').unwrap_or((text, ""));
    let (name, value) = header.split_once(':').unwrap_or(("X-Own", header));
    let open = check_endpoint_url(url, true).map_or_else(|defect| format!("{defect:?}"), |_| "url".to_owned());
    let strict = check_endpoint_url(url, false).map_or_else(|defect| format!("{defect:?}"), |_| "url".to_owned());
    let header = check_own_header(name, value).map_or_else(|defect| format!("{defect:?}"), |()| "header".to_owned());
    format!("{} {} {}", word(&open), word(&strict), word(&header))
}

/// The name of a variant, without what it holds.
fn word(debug: &(impl std::fmt::Debug + ?Sized)) -> String {
    let text = format!("{debug:?}");
    text.trim_matches('"').chars().take_while(char::is_ascii_alphanumeric).collect()
}

/// A server that reads a request and answers with the bytes of the moment. Its URL.
async fn receive(answer: Arc<Mutex<Vec<u8>>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let bytes = answer.lock().unwrap_or_else(PoisonError::into_inner).clone();
            tokio::spawn(reply(stream, bytes));
        }
    });
    url
}

async fn reply(mut stream: TcpStream, bytes: Vec<u8>) {
    let mut request = vec![0; 16 * 1_024];
    let mut length = 0;
    // All the bodies that are sent to it end like this.
    while !request[..length].ends_with(b"}") {
        match stream.read(&mut request[length..]).await {
            Ok(read) if read > 0 => length += read,
            _ => return,
        }
    }
    let _ = stream.write_all(&bytes).await;
    let _ = stream.shutdown().await;
    // Until the other side has read it: a reset would overtake the answer.
    let _ = tokio::time::timeout(Duration::from_secs(2), stream.read(&mut request)).await;
}
