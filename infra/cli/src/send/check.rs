//! The check before anything is sent: bodies by the tables of fields that the API reads them by. Rules between fields and
//! records are the API's alone.

use domain::defect::{DefectCode, Defects};
use domain::models::{self, Model, Operation};
use serde_json::Value;

use crate::api::{Defect, Problem};
use crate::send::report::Refused;
use crate::send::rows::Row;

/// The most bytes of a body.
const LONGEST: usize = 131_072;

/// Takes the rows out that can't be right, with what is wrong.
pub(super) fn check(model: &Model, rows: &mut Vec<Row>) -> Vec<Refused> {
    let mut refused = Vec::new();
    rows.retain(|row| {
        let defects = defects(model, row);
        if defects.is_empty() {
            return true;
        }
        refused.push(Refused::new(row, model, problem(defects)));
        false
    });
    refused
}

fn defects(model: &Model, row: &Row) -> Defects {
    let mut defects = Defects::default();
    let record = models::parse_record(model, row.body.clone(), &mut defects);
    let creates = record.get("operation").and_then(Value::as_str) == Some(Operation::Create.as_str());
    if creates {
        defects.append_for_clean_fields(models::missing_on_create(model, &record));
    }
    if domain::json::write(&row.body).len() > LONGEST {
        defects.push("$", DefectCode::TooLarge, format!("has more than {LONGEST} bytes"));
    }
    defects
}

fn problem(defects: Defects) -> Problem {
    let defects = defects.into_sorted().into_iter();
    let errors = defects.map(|defect| Defect {
        field: defect.field,
        code: defect.code.as_str().to_owned(),
        message: defect.message,
    });
    Problem { status: 400, code: "validation_failed".to_owned(), errors: errors.collect(), ..Problem::default() }
}

#[cfg(test)]
mod tests {
    use domain::models::EMPLOYEE;
    use serde_json::json;

    use super::*;

    fn row(place: usize, body: Value) -> Row {
        let Value::Object(body) = body else { panic!("an object") };
        Row { place, body }
    }

    #[test]
    fn rows_that_can_not_be_right_are_taken_out_with_all_that_is_wrong() {
        let mut rows = vec![
            row(1, json!({ "employeeNumber": "E-1", "firstName": "Ana" })),
            row(2, json!({ "employeeNumber": "E-2", "mail": "x", "hireDate": "yesterday" })),
            row(3, json!({ "employeeNumber": "E-3", "operation": "create", "firstName": "Bo" })),
        ];
        let refused = check(&EMPLOYEE, &mut rows);
        assert_eq!(rows.iter().map(|row| row.place).collect::<Vec<_>>(), [1]);
        let told: Vec<_> = refused
            .iter()
            .map(|one| (one.row, one.number.as_deref(), one.problem.errors.iter().map(|e| e.code.as_str()).collect()))
            .collect();
        let expected: [(usize, Option<&str>, Vec<&str>); 2] =
            [(2, Some("E-2"), vec!["invalid_format", "unknown_field"]), (3, Some("E-3"), vec!["required", "required"])];
        assert_eq!(told, expected);
    }
}
