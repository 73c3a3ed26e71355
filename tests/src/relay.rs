//! A way to a server that a test can cut and mend, as a network does.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// Passes connections on to a server. While it is cut, its address refuses connections.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    to: SocketAddr,
    /// Holds the address while nobody listens there, so that no other test gets it.
    _held: TcpSocket,
    passing: Option<JoinHandle<()>>,
}

impl Relay {
    /// A way to the server of `url`, from an address of its own.
    #[must_use]
    pub fn to(url: &str) -> Self {
        let host = url.split('/').nth(2).unwrap();
        let held = reusable();
        held.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = held.local_addr().unwrap();
        let mut relay = Self { address, to: host.parse().unwrap(), _held: held, passing: None };
        relay.mend();
        relay
    }

    /// `url` by way of the relay.
    #[must_use]
    pub fn url(&self, url: &str) -> String {
        url.replacen(&self.to.to_string(), &self.address.to_string(), 1)
    }

    /// Breaks all connections, and takes no more.
    pub async fn cut(&mut self) {
        if let Some(passing) = self.passing.take() {
            passing.abort();
            // What it held is closed when it has ended.
            let _ = passing.await;
        }
    }

    /// Takes connections again.
    pub fn mend(&mut self) {
        let socket = reusable();
        socket.bind(self.address).unwrap();
        let listener = socket.listen(64).unwrap();
        self.passing = Some(tokio::spawn(pass(listener, self.to)));
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        if let Some(passing) = &self.passing {
            passing.abort();
        }
    }
}

fn reusable() -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket
}

async fn pass(listener: TcpListener, to: SocketAddr) {
    // Dropped with this task, and with it every connection.
    let mut connections = JoinSet::new();
    loop {
        let (mut from, _) = listener.accept().await.unwrap();
        connections.spawn(async move {
            if let Ok(mut server) = TcpStream::connect(to).await {
                let _ = copy_bidirectional(&mut from, &mut server).await;
            }
        });
    }
}
