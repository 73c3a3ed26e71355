//! The gateway in front of functions elsewhere, against a Lambda that gives canned answers.

use std::io;

use local::lambdas::{Lambdas, LambdasError, on_this_machine};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const STACK: &str = "hooks";

/// What arrives at the API of Lambda, and how it is answered: status, headers and body.
struct Lambda {
    url: String,
    calls: mpsc::UnboundedReceiver<(String, Value)>,
    answers: mpsc::UnboundedSender<(u16, &'static str, Value)>,
}

impl Lambda {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (called, calls) = mpsc::unbounded_channel();
        let (answers, mut answer) = mpsc::unbounded_channel::<(u16, &'static str, Value)>();
        tokio::spawn(async move {
            while let Some((status, headers, body)) = answer.recv().await {
                let (mut stream, _) = listener.accept().await.unwrap();
                called.send(read(&mut stream).await.unwrap()).unwrap();
                let body = body.to_string();
                let length = body.len();
                let head =
                    format!("HTTP/1.1 {status} X\r\n{headers}Connection: close\r\nContent-Length: {length}\r\n\r\n");
                stream.write_all((head + &body).as_bytes()).await.unwrap();
            }
        });
        Self { url, calls, answers }
    }

    fn answers(&self, status: u16, headers: &'static str, body: Value) {
        self.answers.send((status, headers, body)).unwrap();
    }

    fn lambdas(&self) -> Lambdas {
        Lambdas::new(self.url.parse().unwrap(), STACK.to_owned())
    }

    /// The address of a gateway in front of it.
    async fn front(&mut self) -> String {
        self.answers(200, "", json!({}));
        let front = self.lambdas().front(0).await.unwrap();
        assert_eq!(self.calls.recv().await.unwrap().0, "GET /2015-03-31/functions/hooks-portal");
        let address = front.base_url().replace("http://", "");
        tokio::spawn(front.serve(CancellationToken::new()));
        address
    }
}

/// The first two words and the body of a request.
async fn read(stream: &mut TcpStream) -> io::Result<(String, Value)> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0) {
            let (method, path) = head.split_once(" HTTP/1.1").unwrap().0.split_once(' ').unwrap();
            return Ok((format!("{method} {path}"), serde_json::from_str(body).unwrap_or_default()));
        }
    }
}

async fn send(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

const POST: &str = "POST /api/webhook/workorder?a=b HTTP/1.1\r\nHost: x\r\nX-API-Key: k\r\nX-Name: a \u{e9}\r\nConnection: close\r\n\
                    Content-Length: 7\r\n\r\n{\"a\":1}";

#[tokio::test]
async fn a_request_becomes_an_invocation_and_its_answer_a_response() {
    let mut lambda = Lambda::start().await;
    let address = lambda.front().await;
    lambda.answers(
        200,
        "",
        json!({ "statusCode": 201, "headers": { "x-request-id": "req_of_the_function" }, "multiValueHeaders": {},
                "cookies": ["session=1"], "body": "aGk=", "isBase64Encoded": true }),
    );
    let answer = send(&address, POST).await;
    let (call, event) = lambda.calls.recv().await.unwrap();
    assert_eq!(call, "POST /2015-03-31/functions/hooks-create-workorder/invocations");
    assert_eq!(event["version"], "2.0");
    assert_eq!(event["routeKey"], "ANY /api/webhook/workorder");
    assert_eq!(event["rawQueryString"], "a=b");
    assert_eq!(event["headers"]["x-api-key"], "k");
    assert_eq!(event["headers"]["x-name"], "a ??", "what is no text");
    assert_eq!(event["body"], "{\"a\":1}");
    assert_eq!(event["requestContext"]["http"]["sourceIp"], "127.0.0.1");
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    for part in ["\r\nx-request-id: req_of_the_function\r\n", "\r\nset-cookie: session=1\r\n", "\r\n\r\nhi"] {
        assert!(answer.contains(part), "{answer}");
    }
}

#[tokio::test]
async fn what_lambda_can_not_do_is_a_problem() {
    let mut lambda = Lambda::start().await;
    let address = lambda.front().await;
    let cases = [
        (429, "", json!({ "Reason": "ConcurrentInvocationLimitExceeded" }), "HTTP/1.1 503 "),
        (404, "", json!({}), "HTTP/1.1 503 "),
        (413, "", json!({}), "HTTP/1.1 413 "),
        (200, "X-Amz-Function-Error: Unhandled\r\n", json!({ "errorMessage": "secret" }), "HTTP/1.1 500 "),
        (200, "", json!("no answer"), "HTTP/1.1 500 "),
    ];
    for (status, headers, body, wanted) in cases {
        lambda.answers(status, headers, body);
        let answer = send(&address, POST).await;
        assert!(answer.starts_with(wanted), "{answer}");
        assert!(answer.contains("application/problem+json") && answer.contains("\r\nx-request-id: req_"), "{answer}");
        assert!(!answer.contains("secret"), "{answer}");
    }
}

#[tokio::test]
async fn a_start_without_functions_says_what_is_missing() {
    let lambda = Lambda::start().await;
    lambda.answers(404, "", json!({}));
    let error = lambda.lambdas().front(0).await.err().unwrap();
    assert!(matches!(error, LambdasError::NotDeployed(..)));
    assert!(error.to_string().starts_with("there is no function hooks-portal at http://127.0.0.1:"), "{error}");
    // Closes each connection at once.
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", closed.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move {
        loop {
            drop(closed.accept().await);
        }
    });
    let error = Lambdas::new(url, STACK.to_owned()).front(0).await.err().unwrap();
    assert!(matches!(error, LambdasError::Unusable(..)), "{error}");
    for url in
        ["localhost:4566", "https://localhost:4566", "http://localhost.example.com", "http://10.0.0.1:4566", "4566"]
    {
        assert!(on_this_machine(url).is_err(), "{url}");
    }
    for url in ["http://localhost:4566", "http://127.0.0.1:4566/", "http://[::1]:4566"] {
        on_this_machine(url).unwrap();
    }
}
