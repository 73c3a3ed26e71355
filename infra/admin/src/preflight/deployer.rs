//! Who deploys, and what that is allowed: CloudFormation makes everything in the name of whoever calls it.

use futures_util::future::try_join_all;

use super::calls::{Calls, Service, Unseen};
use super::findings::{Finding, Level, permissions};
use super::plan::Plan;
use super::xml;

const CHECK: &str = "permissions";

/// Who has called, as STS says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Caller {
    pub(super) account: String,
    pub(super) arn: String,
}

impl Caller {
    pub(super) async fn of(calls: &Calls) -> Result<Self, Unseen> {
        let answer = calls.query(Service::Sts, "GetCallerIdentity", &[]).await?;
        let text = |name| xml::first(&answer, name).ok_or_else(|| Unseen::answer(name));
        Ok(Self { account: text("Account")?, arn: text("Arn")? })
    }
}

/// Whose policies allow something.
#[derive(Debug, PartialEq, Eq)]
enum Principal<'a> {
    /// The account itself: no policy limits it.
    Root,
    /// A user or role with this ARN.
    Named(&'a str),
    /// A session of the role with this name, whose ARN has a path that the session's does not say.
    SessionOf(&'a str),
    /// Someone else, whose policies can't be simulated.
    Other,
}

impl<'a> Principal<'a> {
    fn of(arn: &'a str) -> Self {
        let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
        match resource.split('/').collect::<Vec<_>>()[..] {
            ["root"] => Self::Root,
            ["user" | "role", _, ..] => Self::Named(arn),
            ["assumed-role", role, ..] => Self::SessionOf(role),
            _ => Self::Other,
        }
    }
}

/// Some calls that a deployment makes, and an example of what they are made on.
struct Deed {
    calls: &'static [&'static str],
    resource: String,
}

/// What CloudFormation calls to make the stack; not all of it, but of each kind of thing that which policies leave out.
fn deeds(plan: &Plan, partition: &str, region: &str, account: &str) -> Vec<Deed> {
    let stack = &plan.stack;
    let arn = |service: &str, name: String| format!("arn:{partition}:{service}:{region}:{account}:{name}");
    let iam = |name: String| format!("arn:{partition}:iam::{account}:{name}");
    let deed = |calls, resource| Deed { calls, resource };
    let mut deeds = vec![
        deed(
            &["cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet", "cloudformation:DescribeStacks"],
            arn("cloudformation", format!("stack/{stack}/1")),
        ),
        deed(
            &["iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:PassRole"],
            iam(format!("role/{stack}-SweeperRole-1")),
        ),
        deed(&["iam:CreatePolicy"], iam(format!("policy/{stack}-GatePolicy-1"))),
        deed(&["kms:CreateKey", "kms:EnableKeyRotation", "kms:PutKeyPolicy"], "*".to_owned()),
        deed(
            &["lambda:CreateFunction", "lambda:AddPermission", "lambda:PutFunctionRecursionConfig"],
            arn("lambda", format!("function:{stack}-sweeper")),
        ),
        deed(&["lambda:CreateEventSourceMapping"], "*".to_owned()),
        deed(
            &["dynamodb:CreateTable", "dynamodb:UpdateTimeToLive", "dynamodb:UpdateContinuousBackups"],
            arn("dynamodb", format!("table/{stack}-events")),
        ),
        deed(&["sqs:CreateQueue", "sqs:SetQueueAttributes"], arn("sqs", format!("{stack}-delivery"))),
        deed(&["sns:CreateTopic", "sns:Subscribe"], arn("sns", plan.topic())),
        deed(&["apigateway:POST"], format!("arn:{partition}:apigateway:{region}::/apis")),
        deed(&["events:PutRule", "events:PutTargets"], arn("events", format!("rule/{stack}-SweeperEveryMinute-1"))),
        deed(
            &["logs:CreateLogGroup", "logs:PutRetentionPolicy"],
            arn("logs", format!("log-group:/aws/lambda/{stack}-sweeper")),
        ),
        // Of the API's access log, which API Gateway has delivered.
        deed(&["logs:CreateLogDelivery", "logs:PutResourcePolicy"], "*".to_owned()),
        deed(&["cloudwatch:PutMetricAlarm"], arn("cloudwatch", format!("alarm:{stack}-StreamAgeAlarm-1"))),
        deed(&["cloudwatch:PutDashboard"], format!("arn:{partition}:cloudwatch::{account}:dashboard/{stack}")),
    ];
    if plan.reserved() > 0 {
        deeds.push(deed(&["lambda:PutFunctionConcurrency"], arn("lambda", format!("function:{stack}-portal"))));
    }
    deeds
}

/// Whether `deployer`, else the caller, is allowed to make the stack.
pub(super) async fn may_deploy(calls: &Calls, caller: &Caller, deployer: Option<&str>, plan: &Plan) -> Finding {
    let given = deployer.unwrap_or(&caller.arn);
    let arn = match Principal::of(given) {
        Principal::Named(arn) => arn.to_owned(),
        Principal::SessionOf(role) => role_arn(calls, caller, role).await,
        Principal::Root => {
            let advice =
                "the account's root user may do everything; deploy as a role that may do no more than it has to";
            return Finding::new(Level::Warning, CHECK, advice);
        }
        Principal::Other => {
            let sentence = format!("the policies of {given} can't be looked at; name the role with --deployer");
            return Finding::new(Level::Warning, CHECK, sentence);
        }
    };
    match denied(calls, &arn, caller, plan).await {
        Ok(denied) => permissions(&arn, &denied),
        Err(unseen) => {
            Finding::unseen(CHECK, &format!("what {arn} is allowed"), "iam:SimulatePrincipalPolicy", &unseen)
        }
    }
}

/// The ARN of a role, with its path if that may be looked up.
async fn role_arn(calls: &Calls, caller: &Caller, role: &str) -> String {
    let answer = calls.query(Service::Iam, "GetRole", &[("RoleName".to_owned(), role.to_owned())]).await;
    let arn = answer.ok().and_then(|answer| xml::first(&answer, "Arn"));
    arn.unwrap_or_else(|| format!("arn:{}:iam::{}:role/{role}", partition(&caller.arn), caller.account))
}

/// The partition of an ARN: `aws`, `aws-cn`, `aws-us-gov`.
pub(super) fn partition(arn: &str) -> &str {
    arn.split(':').nth(1).unwrap_or("aws")
}

/// The calls that the policies of `arn` don't allow.
async fn denied(calls: &Calls, arn: &str, caller: &Caller, plan: &Plan) -> Result<Vec<String>, Unseen> {
    let deeds = deeds(plan, partition(&caller.arn), calls.region(), &caller.account);
    let answers = try_join_all(deeds.iter().map(|deed| async move {
        let answer = calls.query(Service::Iam, "SimulatePrincipalPolicy", &question(arn, deed, calls.region())).await?;
        denied_in(&answer, deed.calls.len())
    }));
    Ok(answers.await?.concat())
}

fn question(arn: &str, deed: &Deed, region: &str) -> Vec<(String, String)> {
    // Of the conditions that policies have, those that are known: where the calls are made, and what roles are passed to.
    let known = [("aws:RequestedRegion", region), ("iam:PassedToService", "lambda.amazonaws.com")];
    let mut question = vec![
        ("PolicySourceArn".to_owned(), arn.to_owned()),
        ("ResourceArns.member.1".to_owned(), deed.resource.clone()),
    ];
    for (number, (key, value)) in (1..).zip(known) {
        let context = format!("ContextEntries.member.{number}.");
        question.push((format!("{context}ContextKeyName"), key.to_owned()));
        question.push((format!("{context}ContextKeyType"), "string".to_owned()));
        question.push((format!("{context}ContextKeyValues.member.1"), value.to_owned()));
    }
    let names =
        (1..).zip(deed.calls).map(|(number, call)| (format!("ActionNames.member.{number}"), (*call).to_owned()));
    question.extend(names);
    question
}

/// Of an answer about so many calls, those that are denied.
fn denied_in(answer: &str, asked: usize) -> Result<Vec<String>, Unseen> {
    let (names, decisions) = (xml::all(answer, "EvalActionName"), xml::all(answer, "EvalDecision"));
    if names.len() != asked || decisions.len() != asked {
        return Err(Unseen::answer("decision on each call"));
    }
    let denied = names.into_iter().zip(decisions).filter(|(_, decision)| decision != "allowed");
    Ok(denied.map(|(name, _)| name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_has_the_policies_of_its_role() {
        for (arn, principal) in [
            ("arn:aws:iam::123456789012:root", Principal::Root),
            ("arn:aws:iam::123456789012:user/ops/eve", Principal::Named("arn:aws:iam::123456789012:user/ops/eve")),
            ("arn:aws-cn:iam::123456789012:role/ci", Principal::Named("arn:aws-cn:iam::123456789012:role/ci")),
            ("arn:aws:sts::123456789012:assumed-role/ci/build-7", Principal::SessionOf("ci")),
            ("arn:aws:sts::123456789012:federated-user/eve", Principal::Other),
            ("ci", Principal::Other),
        ] {
            assert_eq!(Principal::of(arn), principal, "{arn}");
        }
        assert_eq!(partition("arn:aws-cn:iam::123456789012:role/ci"), "aws-cn");
    }

    #[test]
    fn what_is_asked_names_the_stacks_own_resources() {
        let deeds = deeds(&Plan::new("hooks", &[]), "aws", "eu-west-1", "123456789012");
        let calls: Vec<&str> = deeds.iter().flat_map(|deed| deed.calls).copied().collect();
        assert!(calls.contains(&"iam:PassRole") && !calls.contains(&"lambda:PutFunctionConcurrency"));
        let question = question("arn:aws:iam::123456789012:role/ci", &deeds[2], "eu-west-1");
        let pairs: Vec<_> = question.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert!(pairs.contains(&"ActionNames.member.1=iam:CreatePolicy".to_owned()), "{pairs:?}");
        assert!(pairs.iter().any(|pair| pair.ends_with(":policy/hooks-GatePolicy-1")), "{pairs:?}");
        let reserving = [super::super::plan::parameter("ApiReservedConcurrency=1").unwrap()];
        let deeds = super::deeds(&Plan::new("hooks", &reserving), "aws", "eu-west-1", "123456789012");
        assert_eq!(deeds.last().unwrap().calls, ["lambda:PutFunctionConcurrency"]);
    }

    #[test]
    fn denied_is_whatever_is_not_allowed() {
        let member = |name: &str, decision: &str| {
            format!("<member><EvalActionName>{name}</EvalActionName><EvalDecision>{decision}</EvalDecision></member>")
        };
        let answer = [
            member("iam:CreateRole", "allowed"),
            member("iam:PassRole", "implicitDeny"),
            member("iam:PutRolePolicy", "explicitDeny"),
        ];
        assert_eq!(denied_in(&answer.concat(), 3).unwrap(), ["iam:PassRole", "iam:PutRolePolicy"]);
        assert!(denied_in(&answer.concat(), 4).is_err());
    }
}
