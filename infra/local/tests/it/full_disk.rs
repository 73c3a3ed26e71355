//! A disk without space: refusals that say so, nothing lost, and no restart needed when there is space again.
//!
//! A limit of file sizes takes the place of the disk's end: it can be set on a process that runs, and lifted again.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};

use rlimit::Resource;
use serde_json::{Value, json};

/// The system as a process.
struct Process {
    child: Child,
    address: String,
    key: String,
    log: Option<JoinHandle<Vec<String>>>,
}

impl Process {
    fn start(directory: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_workskedge-webhooks"));
        command.args(["--port", "0", "--data-dir"]).arg(directory).env_remove("RUST_LOG");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let log = Some(thread::spawn(move || log.lines().map_while(Result::ok).collect()));
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap().to_owned();
        let key = std::fs::read_to_string(directory.join("api-key")).unwrap().trim().to_owned();
        Self { child, address, key, log }
    }

    /// Sets the limit of file sizes, in bytes.
    fn limit_files(&self, bytes: u64) {
        let pid = self.child.id().try_into().unwrap();
        rlimit::prlimit(pid, Resource::FSIZE, Some((bytes, rlimit::INFINITY)), None).unwrap();
    }

    /// Status, head and body of the answer to a work order.
    fn send(&self, number: &str) -> (u16, String, Value) {
        let body = json!({ "workOrderNumber": number, "title": "t" }).to_string();
        let (key, length) = (&self.key, body.len());
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = format!(
            "POST /api/webhook/workorder HTTP/1.1\r\nhost: x\r\nx-api-key: {key}\r\ncontent-type: application/json\r\n\
             connection: close\r\ncontent-length: {length}\r\n\r\n"
        );
        stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), head.to_owned(), serde_json::from_str(body).unwrap())
    }

    /// Ends it, and says what it logged as errors.
    fn errors(mut self) -> Vec<String> {
        let log = self.log.take().unwrap();
        drop(self);
        log.join().unwrap().into_iter().filter(|line| line.contains("\"ERROR\"")).collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_full_disk_answers_503_until_there_is_space() {
    let directory = tempfile::tempdir().unwrap();
    let system = Process::start(&directory.path().join("data"));
    assert_eq!(system.send("WO-1").0, 200);

    system.limit_files(1);
    for _ in 0..3 {
        let (status, head, body) = system.send("WO-2");
        assert_eq!((status, &body["code"]), (503, &json!("unavailable")), "{body}");
        assert!(head.contains("content-type: application/problem+json"), "{head}");
    }
    system.limit_files(rlimit::INFINITY);
    assert_eq!(system.send("WO-1").2["action"], "unchanged", "nothing that was answered is lost");
    assert_eq!(system.send("WO-2").2["action"], "created", "and nothing that was refused was stored");
    let errors = system.errors();
    let refused = errors.iter().filter(|line| line.contains("request 503"));
    assert_eq!(refused.count(), 3, "{errors:#?}");
    assert!(errors.iter().all(|line| line.contains("disk") && !line.contains("connection")), "{errors:#?}");
}
