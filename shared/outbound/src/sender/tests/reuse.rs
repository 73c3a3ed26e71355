//! Connections that were kept for the next delivery and fail then, which is no failure of the receiver.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// What a receiver does with the request after the last that it answers on a connection.
#[derive(Debug, Clone, Copy)]
enum Ending {
    /// It resets the connection at the first byte.
    Reset,
    /// It reads the request and closes the connection.
    Close,
    /// It says at the first byte that nothing more will come, and goes on reading.
    HalfClose,
    /// It begins an answer and closes the connection.
    Begin,
    /// It does not answer.
    Hang,
}

/// A receiver that answers so many requests on each connection.
struct Forgetful {
    url: String,
    connections: Arc<AtomicUsize>,
    received: mpsc::UnboundedReceiver<String>,
}

impl Forgetful {
    async fn start(good: usize, ending: Ending) -> Self {
        let connections = Arc::new(AtomicUsize::new(0));
        let (requests, received) = mpsc::unbounded_channel();
        let counted = Arc::clone(&connections);
        let url = tcp_server(move |mut stream| {
            counted.fetch_add(1, Ordering::SeqCst);
            let requests = requests.clone();
            async move {
                for _ in 0..good {
                    let Some(request) = read_request(&mut stream).await else { return };
                    let _ = requests.send(request);
                    stream.write_all(answer_with("200 OK", "").as_bytes()).await.unwrap();
                }
                end(stream, ending).await;
            }
        })
        .await;
        Self { url, connections, received }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn end(mut stream: TcpStream, ending: Ending) {
    let mut first = [0];
    match ending {
        Ending::Reset => {
            let _ = stream.read(&mut first).await;
            stream.set_zero_linger().unwrap();
        }
        Ending::HalfClose => {
            let _ = stream.read(&mut first).await;
            let _ = stream.shutdown().await;
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
        Ending::Close => drop(read_request(&mut stream).await),
        Ending::Begin => {
            read_request(&mut stream).await;
            let _ = stream.write_all(b"HTTP/1.1 2").await;
        }
        Ending::Hang => {
            read_request(&mut stream).await;
            let _ = stream.read(&mut first).await;
        }
    }
}

fn assert_connect(answer: &Answer) {
    assert_eq!((answer.status_code, answer.error), (None, Some(AttemptError::Connect)));
}

#[tokio::test]
async fn a_kept_connection_that_fails_is_replaced_within_the_attempt() {
    for ending in [Ending::Reset, Ending::Close, Ending::HalfClose] {
        for good in [1, 3] {
            let mut receiver = Forgetful::start(good, ending).await;
            let sender = local_sender();
            for attempt in 0..=2 * good {
                let answer = send(&sender, &receiver.url).await;
                assert_eq!((answer.status_code, answer.error), (Some(200), None), "{ending:?} {good} {attempt}");
            }
            assert_eq!(receiver.connections(), 3, "{ending:?} {good}");
            let first = receiver.received.recv().await.unwrap();
            for _ in 0..2 * good {
                assert_eq!(receiver.received.recv().await.unwrap(), first, "the same request, signature and all");
            }
        }
    }
}

#[tokio::test]
async fn a_burst_on_kept_connections_that_all_fail_arrives_whole() {
    let mut receiver = Forgetful::start(1, Ending::Reset).await;
    let sender = local_sender();
    let burst = || async {
        let sends = (0..100).map(|_| send(&sender, &receiver.url));
        for answer in futures_util::future::join_all(sends).await {
            assert_eq!((answer.status_code, answer.error), (Some(200), None));
        }
    };
    burst().await;
    burst().await;
    for _ in 0..200 {
        assert!(receiver.received.try_recv().is_ok());
    }
    assert!(receiver.received.try_recv().is_err());
}

#[tokio::test]
async fn bursts_use_the_connections_of_the_first() {
    const BURST: usize = 300;
    let receiver = Forgetful::start(usize::MAX, Ending::Hang).await;
    let sender = local_sender();
    for _ in 0..3 {
        let sends = (0..BURST).map(|_| send(&sender, &receiver.url));
        for answer in futures_util::future::join_all(sends).await {
            assert_eq!((answer.status_code, answer.error), (Some(200), None));
        }
    }
    assert!(receiver.connections() <= BURST, "{} connections", receiver.connections());
}

#[tokio::test]
async fn a_receiver_that_ends_every_connection_gets_a_burst_all_the_same() {
    let (url, mut received) = server("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").await;
    let sender = local_sender();
    for answer in futures_util::future::join_all((0..100).map(|_| send(&sender, &url))).await {
        assert_eq!((answer.status_code, answer.error), (Some(200), None));
    }
    for _ in 0..100 {
        assert!(received.try_recv().is_ok());
    }
}

#[tokio::test]
async fn a_fresh_connection_that_fails_is_a_failure() {
    for ending in [Ending::Reset, Ending::Close, Ending::HalfClose] {
        let receiver = Forgetful::start(0, ending).await;
        assert_connect(&send(&local_sender(), &receiver.url).await);
        assert_eq!(receiver.connections(), 1, "{ending:?}");
    }
}

#[tokio::test]
async fn it_is_sent_twice_at_most() {
    let tried = Arc::new(AtomicUsize::new(0));
    let connections = Arc::clone(&tried);
    // The first connection takes one request; those after it none.
    let url = tcp_server(move |mut stream| {
        let first = connections.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            if first {
                read_request(&mut stream).await;
                stream.write_all(answer_with("200 OK", "").as_bytes()).await.unwrap();
            }
            end(stream, Ending::Reset).await;
        }
    })
    .await;
    let sender = local_sender();
    assert_eq!(send(&sender, &url).await.status_code, Some(200));
    let answer = send(&sender, &url).await;
    assert_connect(&answer);
    assert_eq!(answer.error_detail, Some(ErrorDetail::Reset));
    assert_eq!(tried.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn what_was_being_answered_is_not_sent_again() {
    let receiver = Forgetful::start(1, Ending::Begin).await;
    let sender = local_sender();
    assert_eq!(send(&sender, &receiver.url).await.status_code, Some(200));
    assert_connect(&send(&sender, &receiver.url).await);
    assert_eq!(receiver.connections(), 1);
}

#[tokio::test]
async fn silence_on_a_kept_connection_is_a_timeout() {
    let receiver = Forgetful::start(1, Ending::Hang).await;
    let sender = local_sender();
    assert_eq!(send(&sender, &receiver.url).await.status_code, Some(200));
    let answer = send_within(&sender, &receiver.url, Duration::from_millis(200)).await;
    assert_eq!(answer.error, Some(AttemptError::Timeout));
    assert_eq!(receiver.connections(), 1);
}

#[tokio::test]
async fn an_answer_that_ends_the_connection_is_believed() {
    let (url, mut received) = server("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").await;
    let sender = local_sender();
    for _ in 0..2 {
        assert_eq!(send(&sender, &url).await.status_code, Some(200));
    }
    let peers = [received.recv().await, received.recv().await].map(|request| request.unwrap().0);
    assert_ne!(peers[0], peers[1]);
}

#[tokio::test]
async fn a_connection_is_not_kept_for_longer_than_servers_keep_theirs() {
    let (url, mut received) = server(answer_with("200 OK", "")).await;
    let sender = local_sender();
    let mut peers = Vec::new();
    for pause in [0, 1, 5] {
        // The machine's time stands still only while it is moved by hand: sockets don't know of it.
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(pause)).await;
        tokio::time::resume();
        assert_eq!(send(&sender, &url).await.status_code, Some(200));
        peers.push(received.recv().await.unwrap().0);
    }
    assert_eq!(peers[0], peers[1]);
    assert_ne!(peers[1], peers[2]);
}
