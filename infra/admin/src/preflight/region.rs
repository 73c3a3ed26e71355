//! Whether a region has what the template uses. No call says what a region's services can do; but CloudFormation keeps the
//! schema of each type of resource in each region, and refuses a property that is not in it.

use futures_util::future::join_all;
use serde_json::Value;

use super::calls::{Calls, Service, Unseen};
use super::findings::{Finding, Level};
use super::plan::Plan;
use super::xml;
use crate::places::Obstacle;

const CHECK: &str = "region";

/// A type of resource, and properties of it that have come later than the type.
#[derive(Debug)]
struct Used {
    kind: &'static str,
    properties: Vec<&'static str>,
}

/// What the template uses with these parameters.
fn used(plan: &Plan) -> Vec<Used> {
    let used = |kind, properties: &[&'static str]| Used { kind, properties: properties.to_vec() };
    let is_set = |names: [&str; 2]| names.iter().any(|name| plan.is_set(name));
    let mut table = vec!["DeletionProtectionEnabled"];
    table.extend(is_set(["MaxReadUnits", "MaxWriteUnits"]).then_some("OnDemandThroughput"));
    table.extend(is_set(["WarmReadUnits", "WarmWriteUnits"]).then_some("WarmThroughput"));
    vec![
        used("AWS::ApiGatewayV2::Api", &["CorsConfiguration", "DisableExecuteApiEndpoint"]),
        used("AWS::Lambda::Function", &["Architectures", "LoggingConfig", "RecursiveLoop"]),
        used("AWS::Lambda::EventSourceMapping", &["ScalingConfig", "FilterCriteria"]),
        used("AWS::DynamoDB::Table", &table),
        used("AWS::Logs::LogGroup", &["LogGroupClass"]),
    ]
}

/// What is missing of a type in a region; nothing = it has everything. A type that is not there at all is missing itself.
fn missing(used: &Used, schema: Option<&Value>) -> Vec<String> {
    let Some(schema) = schema else { return vec![used.kind.to_owned()] };
    let has = |property: &&&str| schema["properties"].get(**property).is_some();
    let without = used.properties.iter().filter(|property| !has(property));
    without.map(|property| format!("{}.{property}", used.kind)).collect()
}

/// Whether CloudFormation knows in this region what the template uses.
pub(super) async fn features(calls: &Calls, plan: &Plan) -> Finding {
    let used = used(plan);
    let schemas = join_all(used.iter().map(|used| schema(calls, used.kind))).await;
    let mut absent = Vec::new();
    for (used, schema) in used.iter().zip(schemas) {
        match schema {
            Ok(schema) => absent.extend(missing(used, schema.as_ref())),
            Err(unseen) => {
                let what = "what CloudFormation knows in this region";
                return Finding::unseen(CHECK, what, "cloudformation:DescribeType", &unseen);
            }
        }
    }
    judge(calls.region(), &absent)
}

fn judge(region: &str, absent: &[String]) -> Finding {
    if absent.is_empty() {
        let sentence =
            format!("CloudFormation knows in {region} the properties that not every region has had from the start");
        return Finding::new(Level::Ok, CHECK, sentence);
    }
    let sentence = format!("CloudFormation does not know {} in {region}; deploy in another region", absent.join(", "));
    Finding::new(Level::Problem, CHECK, sentence)
}

/// The schema of a type; `None` when the region does not have it.
async fn schema(calls: &Calls, kind: &str) -> Result<Option<Value>, Unseen> {
    let given = [("Type", "RESOURCE"), ("TypeName", kind)].map(|(name, value)| (name.to_owned(), value.to_owned()));
    match calls.query(Service::CloudFormation, "DescribeType", &given).await {
        Ok(answer) => {
            let schema = xml::first(&answer, "Schema").and_then(|text| serde_json::from_str(&text).ok());
            schema.map(Some).ok_or_else(|| Unseen::answer("schema"))
        }
        Err(Unseen { obstacle: Obstacle::Missing, .. }) => Ok(None),
        Err(unseen) => Err(unseen),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::plan::parameter;
    use super::*;

    #[test]
    fn what_is_not_asked_for_need_not_be_there() {
        let of = |given: &[&str]| {
            let given: Vec<_> = given.iter().map(|text| parameter(text).unwrap()).collect();
            let table = used(&Plan::new("hooks", &given)).into_iter().find(|used| used.kind == "AWS::DynamoDB::Table");
            missing(&table.unwrap(), Some(&json!({ "properties": { "DeletionProtectionEnabled": {} } })))
        };
        assert!(of(&[]).is_empty());
        assert_eq!(of(&["WarmReadUnits=20000"]), ["AWS::DynamoDB::Table.WarmThroughput"]);
        assert_eq!(of(&["MaxReadUnits=1", "MaxWriteUnits=1"]), ["AWS::DynamoDB::Table.OnDemandThroughput"]);
    }

    #[test]
    fn a_region_without_something_is_another_regions_turn() {
        let api = Used { kind: "AWS::ApiGatewayV2::Api", properties: vec![] };
        assert_eq!(missing(&api, None), ["AWS::ApiGatewayV2::Api"]);
        let problem = judge("mars-1", &missing(&api, None));
        assert_eq!(problem.level, Level::Problem);
        assert!(problem.sentence.contains("does not know AWS::ApiGatewayV2::Api in mars-1"), "{problem:?}");
        assert_eq!(judge("eu-west-1", &[]).level, Level::Ok);
    }

    #[test]
    fn what_is_looked_for_is_in_the_template() {
        let template = concat!(env!("CARGO_MANIFEST_DIR"), "/../../template.yaml");
        let template = std::fs::read_to_string(template).unwrap();
        let given = ["MaxReadUnits=1", "WarmReadUnits=1"].map(|text| parameter(text).unwrap());
        for property in used(&Plan::new("hooks", &given)).iter().flat_map(|used| &used.properties) {
            assert!(template.contains(&format!("{property}:")), "{property}");
        }
    }
}
