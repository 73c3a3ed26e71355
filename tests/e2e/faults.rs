//! The fault matrix: each call of AWS goes wrong in each way, and nothing is lost.
//!
//! A scenario is run once to learn its calls of AWS. Then it is run again for each of these calls and each [`Fault`],
//! on a system of its own: the integrator sends again what was not accepted, time passes, the sweeper runs. In the end
//! all that was accepted has to have arrived, and the tables have to agree. `tests/faults/run` runs all of it.
//!
//! [`Fault`]: tests::Fault

mod agreement;
mod case;
mod matrix;
mod scenarios;
mod world;

use tests::Carriage;

use self::case::Case;
use self::matrix::Matrix;
use self::scenarios::Scenario;
use self::world::World;

/// How many runs `cargo test` makes: ten seconds' worth.
const EVERY_DAY: usize = 40;

#[test]
fn nothing_is_lost() {
    if let Some(case) = asked("FAULTS_CASE") {
        let case: Case = case.parse().unwrap();
        return Matrix::of(&[case.scenario]).run(&[case]).check();
    }
    // Another database is slower, and is tried by the other tests.
    if asked("DYNAMODB_URL").is_some() {
        return;
    }
    let scenario: Option<Scenario> = asked("FAULTS_SCENARIO").map(|name| name.parse().unwrap());
    let matrix = Matrix::of(scenario.as_ref().map_or(Scenario::ALL, std::slice::from_ref));
    let part = asked("FAULTS_PART").unwrap_or_else(|| "all".to_owned());
    let mut cases = cases(&matrix, &part, scenario);
    let all = cases.len();
    let seed = asked("FAULTS_SEED").map_or(1, |seed| seed.parse().unwrap());
    fastrand::Rng::with_seed(seed).shuffle(&mut cases);
    cases.truncate(asked("FAULTS_RUNS").map_or(EVERY_DAY, |runs| runs.parse().unwrap()));
    println!("{} of {all} cases", cases.len());
    matrix.run(&cases).check();
}

/// The cases of a part of the matrix. Two faults, and batches that are carried otherwise, are those of the hot path unless
/// a scenario is named.
fn cases(matrix: &Matrix, part: &str, named: Option<Scenario>) -> Vec<Case> {
    let of = |scenario: Scenario| named.unwrap_or(scenario);
    match part {
        "singles" => matrix.singles(Scenario::ALL, Carriage::Once),
        "pairs" => matrix.pairs(&[of(Scenario::Hot)]),
        "carriages" => {
            let mut cases = matrix.carriages();
            for carriage in &Carriage::ALL[1..] {
                cases.extend(matrix.singles(&[of(Scenario::Hot), of(Scenario::Burst)], *carriage));
            }
            cases
        }
        "all" => ["singles", "pairs", "carriages"].iter().flat_map(|part| cases(matrix, part, named)).collect(),
        other => panic!("{other} is none of those: all, singles, pairs, carriages"),
    }
}

/// What `tests/faults/run` asks for.
fn asked(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.into_string().unwrap())
}

/// The comparison at the end of each run can fail.
#[tokio::test]
async fn what_is_lost_for_good_is_noticed() {
    let mut world = World::start(|builder| builder).await;
    world.subscribe().await;
    scenarios::create(&mut world, "WO-1").await;
    world.app.system().skip_stream().await.unwrap();
    world.app.forget_markers().await;
    world.settle().await;
    assert!(world.wrong.is_empty(), "nobody knows of it: {:?}", world.wrong);
    world.compare().await;
    let [wrong] = &world.wrong[..] else { panic!("{:?}", world.wrong) };
    assert!(wrong.starts_with("{} came to ep_"), "{wrong}");
}
