//! `preflight`: what a deployment would stumble over, before there is a stack.
//!
//! | file | holds |
//! |---|---|
//! | `plan` | what is going to be made: names, and parameters that need room |
//! | `calls`, `xml` | signed calls, and what is read of answers in XML |
//! | `look` | what is there, and what the account allows |
//! | `region`, `deployer` | what CloudFormation knows in the region; what the deployer is allowed |
//! | `findings` | what is to be thought of it |

mod calls;
mod deployer;
mod findings;
mod look;
pub(crate) mod plan;
mod region;
mod xml;

use futures_util::future::{join, join5};
use serde_json::{Value, json};

use crate::arguments::Preflight;
use crate::aws::Aws;
use crate::failure::Failure;
use crate::output::{Report, columns};
use crate::places::Obstacle;
use calls::{Calls, Unseen};
use deployer::{Caller, may_deploy, partition};
use findings::{Finding, Kind, Level, StackState};
use plan::Plan;

const TABLES: Kind = Kind {
    check: "tables",
    permission: "dynamodb:DescribeTable",
    advice: "an earlier stack has left them (docs/operating.md, Deleting and restoring): take them over, or delete them",
};
const QUEUES: Kind = Kind { check: "queues", permission: "sqs:GetQueueUrl", advice: "delete them" };
const FUNCTIONS: Kind = Kind { check: "functions", permission: "lambda:GetFunctionConcurrency", advice: "delete them" };
const LOG_GROUPS: Kind = Kind { check: "log groups", permission: "logs:DescribeLogGroups", advice: "delete them" };
const TOPICS: Kind = Kind { check: "topics", permission: "sns:GetTopicAttributes", advice: "delete it" };

/// Looks at the account and the region for a deployment of the stack. It is complete if there is no problem.
pub(crate) async fn preflight(aws: &Aws, wanted: &Preflight) -> Result<Report, Failure> {
    let plan = Plan::new(aws.stack(), &wanted.parameters);
    let calls = Calls::new(aws).await?;
    let caller = Caller::of(&calls).await;
    if let Err(unseen) = &caller
        && matches!(unseen.obstacle, Obstacle::Credentials | Obstacle::NoAnswer)
    {
        // Everybody may ask who he is: nothing else will answer either.
        let cause = &unseen.cause;
        return Err(Failure::Aws(format!(
            "AWS does not say who calls; check the credentials, the network and the region: {cause}"
        )));
    }
    let state = look::stack(&calls, &plan.stack).await;
    let mut findings = vec![who(&calls, &caller), how_it_stands(&plan, &state)];
    findings.extend(taken_names(&calls, &plan, &caller, state.as_ref().ok()).await);
    let (limits, region) = join(look::table_limits(&calls), region::features(&calls, &plan)).await;
    findings.push(match limits {
        Ok(limits) => findings::capacity(limits, &plan),
        Err(unseen) => Finding::unseen("capacity", "what a table may be asked for", "dynamodb:DescribeLimits", &unseen),
    });
    findings.push(region);
    findings.push(match &caller {
        Ok(caller) => may_deploy(&calls, caller, wanted.deployer.as_deref(), &plan).await,
        Err(unseen) => Finding::unseen("permissions", "what the caller is allowed", "sts:GetCallerIdentity", unseen),
    });
    Ok(report(&findings))
}

fn who(calls: &Calls, caller: &Result<Caller, Unseen>) -> Finding {
    match caller {
        Ok(Caller { account, arn }) => {
            let sentence = format!("{arn}, in the account {account} and the region {}", calls.region());
            Finding::new(Level::Ok, "caller", sentence)
        }
        Err(unseen) => Finding::unseen("caller", "who calls", "sts:GetCallerIdentity", unseen),
    }
}

fn how_it_stands(plan: &Plan, state: &Result<StackState, Unseen>) -> Finding {
    match state {
        Ok(state) => findings::stack(&plan.stack, state),
        Err(unseen) => {
            Finding::unseen("stack", "whether there is a stack of this name", "cloudformation:DescribeStacks", unseen)
        }
    }
}

/// Names that are taken, and the concurrency, of which the stack's functions may have reserved some.
async fn taken_names(
    calls: &Calls,
    plan: &Plan,
    caller: &Result<Caller, Unseen>,
    state: Option<&StackState>,
) -> Vec<Finding> {
    let topics = async {
        let Caller { account, arn } = caller.as_ref().map_err(Clone::clone)?;
        look::topics(calls, plan, partition(arn), account).await
    };
    let (tables, queues, functions, groups, topics) = join5(
        look::tables(calls, plan),
        look::queues(calls, plan),
        look::functions(calls, plan),
        look::log_groups(calls, plan),
        topics,
    )
    .await;
    let own = functions.as_ref().map_or(0, |(_, reserved)| *reserved);
    let functions = functions.map(|(names, _)| names);
    vec![
        findings::names(TABLES, plan.tables().len(), &tables, state),
        findings::names(QUEUES, plan.queues().len(), &queues, state),
        findings::names(FUNCTIONS, plan.functions().len(), &functions, state),
        findings::names(LOG_GROUPS, plan.log_groups().len(), &groups, state),
        findings::names(TOPICS, 1, &topics, state),
        match look::concurrency(calls, own).await {
            Ok(account) => findings::concurrency(account, plan),
            Err(unseen) => {
                let what = "how many functions may run at once";
                Finding::unseen("concurrency", what, "lambda:GetAccountSettings", &unseen)
            }
        },
    ]
}

fn report(findings: &[Finding]) -> Report {
    let data: Vec<Value> = findings.iter().map(as_json).collect();
    let rows: Vec<_> = findings
        .iter()
        .map(|finding| [finding.level.as_str().to_owned(), finding.check.to_owned(), format!("{}.", finding.sentence)])
        .collect();
    let mut report = Report::new(json!({ "data": data }), columns(["RESULT", "CHECK", "FINDING"], &rows));
    report.is_complete = findings.iter().all(|finding| finding.level != Level::Problem);
    report
}

fn as_json(finding: &Finding) -> Value {
    json!({ "result": finding.level.as_str(), "check": finding.check, "finding": finding.sentence })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_problem_is_enough() {
        let finding = |level| Finding::new(level, "tables", "what was found");
        let done = report(&[finding(Level::Ok), finding(Level::Warning)]);
        assert!(done.is_complete);
        assert_eq!(done.text.lines().nth(2), Some("warning  tables  what was found."));
        let bad = report(&[finding(Level::Problem), finding(Level::Ok)]);
        assert!(!bad.is_complete);
        let first = json!({ "result": "problem", "check": "tables", "finding": "what was found" });
        assert_eq!(bad.json["data"][0], first);
    }
}
