//! Whatever comes from outside is answered, and never with a panic or a 5xx: see `--help`.
//!
//! Inputs are mutated from seeds: the fixtures, and what is kept in `tests/fuzz/seeds`. An input whose answer is of a new
//! kind becomes a seed of the same run. All mutations follow from one number, which is printed first.

#![expect(clippy::unwrap_used, reason = "a run that can't be set up fails by panicking")]

mod corpus;
mod mutate;
mod panics;
mod report;
mod target;
mod world;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use fastrand::Rng;
use futures_util::{StreamExt, stream};

use crate::corpus::Corpus;
use crate::report::Report;
use crate::target::Target;
use crate::world::World;

/// So many take a little more than a minute on two cores.
const INPUTS: u64 = 75_000;
/// Inputs of one round; every target has its share of them.
const ROUND: u64 = 5_000;
/// So many rounds see the same stored data.
const ROUNDS_OF_A_WORLD: u64 = 4;
/// How long an input may wait for its answer.
const PATIENCE: Duration = Duration::from_mins(1);

/// Sends the local system and its parts inputs that nobody means, and fails when one is answered with a panic, a 5xx or
/// nothing. Such an input is written to target/fuzz.
#[derive(Debug, Parser)]
#[command(name = "fuzz")]
struct Arguments {
    /// How many inputs
    #[arg(long, default_value_t = INPUTS)]
    inputs: u64,
    /// End after so many seconds, however many inputs there were by then
    #[arg(long, conflicts_with = "inputs")]
    seconds: Option<u64>,
    /// The number that all mutations follow from [default: by chance]
    #[arg(long)]
    seed: Option<u64>,
    /// This target alone
    #[arg(long)]
    only: Option<Target>,
    /// Adds inputs with answers of a new kind to tests/fuzz/seeds
    #[arg(long)]
    keep: bool,
    /// Tries the input in this file alone, with `--only`
    #[arg(long, value_name = "FILE", requires = "only")]
    replay: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    panics::count();
    let arguments = Arguments::parse();
    let report = match (&arguments.replay, arguments.only) {
        (Some(file), Some(target)) => replay(file, target).await,
        _ => Box::pin(run(&arguments)).await,
    };
    print(&report.to_string());
    if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn replay(file: &PathBuf, target: Target) -> Report {
    let (world, mut report) = (World::new().await, Report::default());
    let input = std::fs::read(file).unwrap();
    for answer in answers(&world, target, vec![input]).await {
        print(&format!("{answer:?}"));
        report.add(target, &answer);
    }
    report
}

async fn run(arguments: &Arguments) -> Report {
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..));
    print(&format!("--seed {seed}"));
    let (mut random, started) = (Rng::with_seed(seed), Instant::now());
    let (mut corpus, mut report) = (Corpus::read(), Report::default());
    let mut world = World::new().await;
    let is_enough = |inputs| match arguments.seconds {
        Some(seconds) => started.elapsed() >= Duration::from_secs(seconds),
        None => inputs >= arguments.inputs,
    };
    for round in 0.. {
        if round > 0 && is_enough(report.inputs()) {
            break;
        }
        if round % ROUNDS_OF_A_WORLD == ROUNDS_OF_A_WORLD - 1 {
            world = World::new().await;
        }
        let round_size = ROUND.min(arguments.inputs);
        for target in Target::ALL.into_iter().filter(|target| arguments.only.is_none_or(|only| only == *target)) {
            let share = if arguments.only.is_some() { 100 } else { target.percent() };
            // The first round begins with the seeds as they are.
            let mut inputs = if round == 0 { corpus.of(target).to_vec() } else { Vec::new() };
            let count = usize::try_from(round_size * share / 100).unwrap();
            while inputs.len() < count {
                inputs.push(target.mutate(&mut random, corpus.of(target)));
            }
            for answer in answers(&world, target, inputs).await {
                report.add(target, &answer);
                corpus.learn(target, &answer);
            }
        }
        print(&format!("{:>9} inputs after {:>4} s", report.inputs(), started.elapsed().as_secs()));
    }
    if arguments.keep {
        corpus.keep();
    }
    report
}

/// An input and what came of it: the kind of the answer in a few words, or what is wrong with it.
#[derive(Debug)]
struct Answered {
    input: Vec<u8>,
    answer: Result<String, String>,
}

/// Tries the inputs. Requests are tried side by side: a panic among those is the fault of the one that is answered 500, or
/// of all together if there is none.
async fn answers(world: &World, target: Target, inputs: Vec<Vec<u8>>) -> Vec<Answered> {
    let before = panics::so_far();
    let tries = inputs.into_iter().map(async |input| {
        let panics = panics::so_far();
        let tried = tokio::time::timeout(PATIENCE, world.try_one(target, &input)).await;
        let alone = panics::since(panics).filter(|_| target.at_once() == 1);
        let answer = match (alone, tried) {
            (Some(panic), _) => Err(format!("panic: {panic}")),
            (None, Ok(answer)) => answer,
            (None, Err(_)) => Err("no answer in time".to_owned()),
        };
        Answered { input, answer }
    });
    let mut answers: Vec<Answered> = stream::iter(tries).buffered(target.at_once()).collect().await;
    let known = answers.iter().any(|answered| answered.answer.is_err());
    if let Some(panic) = panics::since(before).filter(|_| !known) {
        let input = answers.iter().flat_map(|answered| answered.input.clone()).collect();
        answers.push(Answered { input, answer: Err(format!("panic: {panic}")) });
    }
    answers
}

#[expect(clippy::print_stdout, reason = "for the person at the terminal")]
fn print(text: &str) {
    println!("{text}");
}
