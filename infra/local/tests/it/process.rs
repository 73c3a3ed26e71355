//! The system as a process of its own, with the limits and signals of one.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);

/// A system that may open so many files, ended with the test.
struct Process {
    child: Child,
    address: String,
    _data: tempfile::TempDir,
}

impl Process {
    fn start(open_files: u32) -> Self {
        let data = tempfile::tempdir().unwrap();
        let limited = format!("ulimit -n {open_files}; exec \"$0\" --port 0 --data-dir \"$1\"");
        let mut command = Command::new("sh");
        command.args(["-c", &limited, env!("CARGO_BIN_EXE_workskedge-webhooks")]).arg(data.path().join("data"));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").expect("a system that has started").to_owned();
        Self { child, address, _data: data }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// A request on a new connection, and its answer.
    fn get(&self, path: &str) -> String {
        let mut stream = self.connect();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer in time");
        answer
    }

    /// How it ended, within [`PATIENCE`].
    fn wait(&mut self) -> ExitStatus {
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(since.elapsed() < PATIENCE, "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn idle_connections_make_room_for_a_busy_client() {
    let system = Process::start(64);
    let idle: Vec<TcpStream> = (0..120).map(|_| system.connect()).collect();
    for _ in 0..10 {
        let answer = system.get("/openapi.json");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer:.300}");
    }
    drop(idle);
}

#[test]
fn a_signal_stops_the_system_despite_open_connections() {
    let mut system = Process::start(256);
    let idle: Vec<TcpStream> = (0..20).map(|_| system.connect()).collect();
    assert!(system.get("/openapi.json").starts_with("HTTP/1.1 200 "));
    let signal = Command::new("kill").args(["-TERM", &system.child.id().to_string()]).status().unwrap();
    assert!(signal.success() && system.wait().success());
    drop(idle);
}
