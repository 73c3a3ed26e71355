//! What is to be thought of what was seen: pure functions, each with one sentence that says what to do.

use super::calls::Unseen;
use super::plan::{API_FUNCTIONS, Plan};
use crate::places::Obstacle;

/// Lambda refuses a reservation that leaves fewer to functions without one.
/// Source: <https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionConcurrency.html>.
const NEVER_RESERVED: u64 = 100;
/// Executions beside those of the queues: ten of the dispatcher (`ParallelizationFactor`), and the sweeper.
const BESIDE_THE_QUEUES: u64 = 11;
/// The least that a queue's concurrency can be set to.
const LEAST_CONCURRENCY: u64 = 2;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Ok,
    /// It may go well, or can't be seen.
    Warning,
    /// The deployment fails, or what is deployed does not work well.
    Problem,
}

impl Level {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// One line of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) level: Level,
    /// What was looked at, in one word.
    pub(super) check: &'static str,
    /// What was found and, unless it is `ok`, what to do.
    pub(super) sentence: String,
}

impl Finding {
    pub(super) fn new(level: Level, check: &'static str, sentence: impl Into<String>) -> Self {
        Self { level, check, sentence: sentence.into() }
    }

    /// Something that can't be seen; `permissions` are those that it takes.
    pub(super) fn unseen(check: &'static str, what: &str, permissions: &str, unseen: &Unseen) -> Self {
        let cause = &unseen.cause;
        let sentence = match unseen.obstacle {
            Obstacle::Forbidden => format!("{what} can't be seen without the permission {permissions}: {cause}"),
            Obstacle::NoAnswer => {
                format!("{what} can't be seen; check that this region has the service, and the network: {cause}")
            }
            _ => format!("{what} can't be seen: {cause}"),
        };
        Self::new(Level::Warning, check, sentence)
    }
}

/// How a stack stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StackState {
    Absent,
    /// With this status of CloudFormation.
    Present(String),
}

impl StackState {
    /// Whether names that are taken are the stack's own.
    pub(super) fn owns_names(&self) -> bool {
        let has_failed = |status: &str| {
            matches!(
                status,
                "REVIEW_IN_PROGRESS" | "CREATE_FAILED" | "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "DELETE_FAILED"
            )
        };
        matches!(self, Self::Present(status) if !has_failed(status))
    }
}

/// Whether CloudFormation would take a deployment of this stack now.
pub(super) fn stack(name: &str, state: &StackState) -> Finding {
    let StackState::Present(status) = state else {
        return Finding::new(Level::Ok, "stack", format!("there is no stack {name}: this deployment makes it"));
    };
    let (level, words) = match status.as_str() {
        "REVIEW_IN_PROGRESS" => (Level::Ok, "it has a change set and nothing else yet"),
        "UPDATE_ROLLBACK_FAILED" => {
            (Level::Problem, "finish its rollback first: aws cloudformation continue-update-rollback")
        }
        "CREATE_FAILED" | "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "DELETE_FAILED" => {
            (Level::Problem, "it was never made; delete it first: aws cloudformation delete-stack")
        }
        status if status.ends_with("_IN_PROGRESS") => (Level::Warning, "wait until that is done"),
        _ => (Level::Ok, "this deployment changes it, and names that are taken are its own"),
    };
    Finding::new(level, "stack", format!("the stack {name} exists ({status}): {words}"))
}

/// Things with names, of one kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    pub(super) check: &'static str,
    /// The permission to see them.
    pub(super) permission: &'static str,
    /// What becomes of those that are left over.
    pub(super) advice: &'static str,
}

/// Whether the names of a kind are free, or the stack's own; whose they are is open when `state` could not be seen.
pub(super) fn names(
    kind: Kind,
    wanted: usize,
    taken: &Result<Vec<String>, Unseen>,
    state: Option<&StackState>,
) -> Finding {
    let check = kind.check;
    match taken {
        Err(unseen) => {
            Finding::unseen(check, &format!("whether {check} of these names exist"), kind.permission, unseen)
        }
        Ok(taken) if taken.is_empty() => Finding::new(Level::Ok, check, format!("{wanted} names are free")),
        Ok(taken) if state.is_some_and(StackState::owns_names) => {
            Finding::new(Level::Ok, check, format!("{} of {wanted} exist, as the stack does", taken.len()))
        }
        Ok(taken) => {
            let sentence = format!("names are taken: {}; {}, or choose another --stack", taken.join(", "), kind.advice);
            let level = if state.is_some() { Level::Problem } else { Level::Warning };
            Finding::new(level, check, sentence)
        }
    }
}

/// What Lambda allows an account in a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Concurrency {
    /// The quota.
    pub(super) limit: u64,
    /// What no function has reserved, or this stack's functions have.
    pub(super) free: u64,
}

/// Whether as many functions may run at once as the stack's queues and reservations want.
pub(super) fn concurrency(account: Concurrency, plan: &Plan) -> Finding {
    let Concurrency { limit, free } = account;
    let (reserved, workers) = (plan.reserved(), plan.workers());
    let problem = |sentence| Finding::new(Level::Problem, "concurrency", sentence);
    let quota = "have the quota \"Concurrent executions\" of Lambda (L-B99A9384) raised";
    if reserved > 0 && reserved + NEVER_RESERVED > free {
        let most = free.saturating_sub(NEVER_RESERVED) / API_FUNCTIONS.len() as u64;
        return problem(format!(
            "ApiReservedConcurrency reserves {reserved} for ten functions, and Lambda keeps {NEVER_RESERVED} of the {free} \
             that are free for all others: {quota}, or set it to {most}"
        ));
    }
    let shared = free - reserved;
    // Those behind the API share it, unless they have reserved theirs.
    let others = BESIDE_THE_QUEUES + if reserved > 0 { 0 } else { API_FUNCTIONS.len() as u64 };
    let most = shared.saturating_sub(others) / 3;
    let or_lower = match most {
        0..LEAST_CONCURRENCY => "DeliveryConcurrency, RetryConcurrency and SlowConcurrency to 2 until then".to_owned(),
        _ => format!("DeliveryConcurrency, RetryConcurrency and SlowConcurrency to {most} each"),
    };
    let numbers =
        format!("of {limit} executions at once {shared} are not reserved, and the queues take up to {workers}");
    if workers > shared {
        return problem(format!("{numbers}, so that deliveries are throttled: {quota}, or set {or_lower}"));
    }
    if workers + others > shared {
        let left = shared - workers;
        let sentence = format!("{numbers}, which leaves {left} to all other functions: {quota}, or set {or_lower}");
        return Finding::new(Level::Warning, "concurrency", sentence);
    }
    Finding::new(Level::Ok, "concurrency", numbers)
}

/// The most that one table may be asked for, in units a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TableLimits {
    pub(super) reads: u64,
    pub(super) writes: u64,
}

/// Whether a table may be asked for as much as the parameters say.
pub(super) fn capacity(limits: TableLimits, plan: &Plan) -> Finding {
    let TableLimits { reads, writes } = limits;
    let parameters =
        [("MaxReadUnits", reads), ("WarmReadUnits", reads), ("MaxWriteUnits", writes), ("WarmWriteUnits", writes)];
    let beyond = |(name, most): &(&str, u64)| {
        let value = plan.parameter(name);
        (plan.is_set(name) && value > *most).then(|| format!("{name}={value} is more than {most}"))
    };
    let beyond: Vec<String> = parameters.iter().filter_map(beyond).collect();
    if beyond.is_empty() {
        let sentence = format!("a table may be asked for {reads} read and {writes} write units a second");
        return Finding::new(Level::Ok, "capacity", sentence);
    }
    let sentence = format!(
        "{}, the most that this account allows for a table: lower it, or have DynamoDB's quota for tables raised",
        beyond.join(", ")
    );
    Finding::new(Level::Problem, "capacity", sentence)
}

/// Whether the deployer's policies allow what CloudFormation does in its name: the calls that they don't.
pub(super) fn permissions(who: &str, denied: &[String]) -> Finding {
    if denied.is_empty() {
        let sentence =
            format!("the policies of {who} allow each call that was tried; conditions and session policies aside");
        return Finding::new(Level::Ok, "permissions", sentence);
    }
    let sentence = format!("the policies of {who} don't allow {}; have them added", denied.join(", "));
    Finding::new(Level::Problem, "permissions", sentence)
}

#[cfg(test)]
mod tests;
