//! `workskedge`, the command of integrators and subscribers, against the whole system. What is about the process itself, a
//! kill among it, is tested in `infra/cli/tests`.

mod listen;
mod outages;
mod send;
mod tools;

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use cli::{Clock, Surroundings};
use serde_json::Value;
use tempfile::TempDir;
use tests::InboundApp;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long [`Written::wait_for`] waits.
const PATIENCE: Duration = Duration::from_secs(10);

/// A user of the program: a home of its own, a deployment and a key.
struct User {
    home: TempDir,
    surroundings: Surroundings,
    /// Whether a program of the user's waits.
    waits: watch::Sender<bool>,
}

/// What the program did.
struct Done {
    code: u8,
    out: String,
    err: String,
}

/// What a program that still runs has written.
#[derive(Clone)]
struct Written(watch::Sender<String>);

/// How a program waits.
#[derive(Clone, Copy)]
enum Waiting {
    /// It advances the application's clock.
    Advances,
    /// It waits until the test has advanced the application's clock.
    Follows,
}

impl User {
    /// Somebody with the application's first key.
    fn of(app: &InboundApp, waiting: Waiting) -> Self {
        Self::at(app, &app.system().base_url(), waiting)
    }

    /// The same, who reaches the application at another address.
    fn at(app: &InboundApp, url: &str, waiting: Waiting) -> Self {
        let home = tempfile::tempdir().unwrap();
        let variables = HashMap::from([
            ("WORKSKEDGE_URL".to_owned(), url.to_owned()),
            ("WORKSKEDGE_API_KEY".to_owned(), app.key.clone()),
            ("XDG_STATE_HOME".to_owned(), home.path().to_str().unwrap().to_owned()),
        ]);
        let (told, waited, waits) = (app.clock(), app.clock(), watch::Sender::new(false));
        let noted = waits.clone();
        let clock = Clock::new(
            move || told.now(),
            move |time| {
                let (clock, waits) = (waited.clone(), noted.clone());
                Box::pin(async move {
                    match waiting {
                        Waiting::Advances => clock.set(clock.now() + time),
                        Waiting::Follows => {
                            let due = clock.steady() + time;
                            waits.send_replace(true);
                            clock.sleep_until(due).await;
                            waits.send_replace(false);
                        }
                    }
                })
            },
        );
        Self { home, surroundings: Surroundings { variables, clock, is_terminal: false }, waits }
    }

    /// Lets a minute pass whenever the user's program waits, as long as this is polled.
    async fn pass_time(&self, app: &InboundApp) {
        let mut waits = self.waits.subscribe();
        while waits.wait_for(|waits| *waits).await.is_ok() {
            app.advance(Duration::from_mins(1)).await;
        }
    }

    fn home(&self) -> &Path {
        self.home.path()
    }

    /// Writes a file into the user's home, and returns its path.
    fn file(&self, name: &str, text: &str) -> String {
        let path = self.home().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Runs a command to its end.
    async fn run(&self, arguments: &[&str]) -> Done {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let arguments = std::iter::once("workskedge").chain(arguments.iter().copied());
        let code = cli::run(arguments, &self.surroundings, &mut out, &mut err).await;
        Done { code, out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap() }
    }

    /// Starts a command that runs until it is aborted.
    fn start(&self, arguments: &[&str]) -> (JoinHandle<u8>, Written) {
        let arguments: Vec<String> =
            std::iter::once("workskedge").chain(arguments.iter().copied()).map(str::to_owned).collect();
        let (surroundings, out) = (self.surroundings.clone(), Written(watch::Sender::default()));
        let mut both = (out.clone(), out.clone());
        let running = async move { cli::run(arguments, &surroundings, &mut both.0, &mut both.1).await };
        (tokio::spawn(running), out)
    }
}

impl Done {
    /// What it printed, when all was done.
    #[track_caller]
    fn text(&self) -> &str {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        &self.out
    }

    /// The JSON that it printed.
    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("one JSON value: {}{}", self.out, self.err))
    }

    /// The JSON lines that it printed, when all was done.
    #[track_caller]
    fn lines(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Written {
    fn text(&self) -> String {
        self.0.borrow().clone()
    }

    /// Waits until these words are there so often; panics after ten seconds.
    async fn wait_for(&self, words: &str, count: usize) {
        let mut written = self.0.subscribe();
        let said = written.wait_for(|text| text.matches(words).count() >= count);
        let said = tokio::time::timeout(PATIENCE, said).await;
        said.unwrap_or_else(|_| panic!("{words}: {}", self.text())).unwrap();
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send_modify(|text| text.push_str(std::str::from_utf8(bytes).unwrap()));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
