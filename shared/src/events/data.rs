//! What each event says (contract 5.3): tables made of sets, in the order of the wire.

use crate::models::parts::{MAX_COUNT, VERSION, WEEK_DAY};
use crate::models::{employee, project, time_off, vendor, work_order};
use crate::schema::declare::{always, int, key, list, nullable, number, positive, string};
use crate::schema::{Field, Type, fields};

const WORK_ORDER_ID: Type = Type::Id("wo_");
const PROJECT_ID: Type = Type::Id("proj_");
const EMPLOYEE_ID: Type = Type::Id("emp_");
const VENDOR_ID: Type = Type::Id("ven_");
const TIME_OFF_ID: Type = Type::Id("to_");
const REPORT_ID: Type = Type::Id("rpt_");
const SCHEDULE_ID: Type = Type::Id("rsch_");

/// What every update says on top.
const CHANGES: &[Field] =
    &[always("changedFields", Type::List { min: 1, max: 200, item: &string(60) }), always("previous", Type::Scalars)];

const DELETED: &[Field] = &[always("deletedAt", Type::DateTime)];

const REVISION: &[Field] = &[always("version", VERSION), always("updatedAt", Type::DateTime)];

/// WO6: the six fields of the public page's example, in its order.
const WORK_ORDER: &[Field] = &[
    always("id", WORK_ORDER_ID),
    always("workOrderNumber", key(50)),
    always("title", string(200)),
    always("status", Type::Enum(work_order::STATUS)),
    always("priority", Type::Enum(work_order::PRIORITY)),
    nullable("projectId", PROJECT_ID),
];

/// WOX, without the version.
const WORK_ORDER_SCHEDULE: &[Field] = &[
    nullable("projectNumber", key(50)),
    nullable("phase", string(100)),
    nullable("costCode", string(40)),
    nullable("scheduledStart", Type::DateTime),
    nullable("scheduledEnd", Type::DateTime),
    always("timeZone", Type::TimeZone),
    always("assignedEmployeeIds", list(100, &EMPLOYEE_ID)),
    always("assignedVendorIds", list(100, &VENDOR_ID)),
];

pub(super) const WORKORDER_CREATED: &[Field] = fields![WORK_ORDER, WORK_ORDER_SCHEDULE, REVISION];
pub(super) const WORKORDER_UPDATED: &[Field] = fields![WORKORDER_CREATED, CHANGES];
pub(super) const WORKORDER_DELETED: &[Field] = fields![WORK_ORDER, DELETED];
pub(super) const WORKORDER_STARTED: &[Field] = fields![WORKORDER_CREATED, &[always("actualStart", Type::DateTime)]];
pub(super) const WORKORDER_COMPLETED: &[Field] =
    fields![WORKORDER_CREATED, &[nullable("actualStart", Type::DateTime), always("actualEnd", Type::DateTime)]];
pub(super) const WORKORDER_CANCELLED: &[Field] =
    fields![WORKORDER_CREATED, &[always("cancelledAt", Type::DateTime), always("cancellationReason", string(500))]];

/// PR, without the version.
const PROJECT: &[Field] = &[
    always("id", PROJECT_ID),
    always("projectNumber", key(50)),
    always("name", string(200)),
    always("status", Type::Enum(project::STATUS)),
    nullable("startDate", Type::Date),
    nullable("endDate", Type::Date),
    always("timeZone", Type::TimeZone),
    nullable("projectManagerId", EMPLOYEE_ID),
    nullable("percentComplete", number(0, 100, 2)),
];

pub(super) const PROJECT_CREATED: &[Field] = fields![PROJECT, REVISION];
pub(super) const PROJECT_UPDATED: &[Field] = fields![PROJECT_CREATED, CHANGES];
pub(super) const PROJECT_COMPLETED: &[Field] = fields![PROJECT_CREATED, &[always("actualEndDate", Type::Date)]];

/// EM.
const EMPLOYEE: &[Field] = &[
    always("id", EMPLOYEE_ID),
    always("employeeNumber", key(50)),
    always("firstName", string(100)),
    always("lastName", string(100)),
    always("role", string(60)),
    always("status", Type::Enum(employee::STATUS)),
];

/// EMX, without the version. Skills are their names.
const EMPLOYEE_TRADE: &[Field] =
    &[nullable("trade", string(60)), nullable("email", Type::Email), always("skills", list(50, &string(80)))];

pub(super) const EMPLOYEE_CREATED: &[Field] = fields![EMPLOYEE, EMPLOYEE_TRADE, REVISION];
pub(super) const EMPLOYEE_UPDATED: &[Field] = fields![EMPLOYEE_CREATED, CHANGES];
/// Carries no name.
pub(super) const EMPLOYEE_DELETED: &[Field] =
    fields![&[always("id", EMPLOYEE_ID), always("employeeNumber", key(50))], DELETED];
pub(super) const EMPLOYEE_ASSIGNED: &[Field] = fields![EMPLOYEE, &[always("assignment", Type::Object(ASSIGNMENT))]];

/// To what someone was assigned. `start` and `end` are dates on a project, instants on a work order.
const ASSIGNMENT: &[Field] = &[
    always("type", Type::Enum(&["work_order", "project"])),
    always("id", string(60)),
    always("number", key(50)),
    always("title", string(200)),
    nullable("role", string(60)),
    always("lead", Type::Bool),
    nullable("start", string(30)),
    nullable("end", string(30)),
];

/// VE.
const VENDOR: &[Field] = &[
    always("id", VENDOR_ID),
    always("vendorNumber", key(50)),
    always("name", string(200)),
    always("vendorType", Type::Enum(vendor::VENDOR_TYPE)),
    always("status", Type::Enum(vendor::STATUS)),
];

/// VEX, without the version. The dates are the earliest of the lists.
const VENDOR_STANDING: &[Field] = &[
    always("trades", list(20, &string(60))),
    nullable("email", Type::Email),
    nullable("phone", Type::Phone),
    nullable("insuranceExpiresOn", Type::Date),
    nullable("licenseExpiresOn", Type::Date),
    always("w9OnFile", Type::Bool),
];

pub(super) const VENDOR_CREATED: &[Field] = fields![VENDOR, VENDOR_STANDING, REVISION];
pub(super) const VENDOR_UPDATED: &[Field] = fields![VENDOR_CREATED, CHANGES];
pub(super) const VENDOR_DELETED: &[Field] =
    fields![&[always("id", VENDOR_ID), always("vendorNumber", key(50)), always("name", string(200))], DELETED];

/// TO. The type is the public one.
pub(super) const TIMEOFF_REQUESTED: &[Field] = &[
    always("id", TIME_OFF_ID),
    always("requestNumber", key(50)),
    always("employeeId", EMPLOYEE_ID),
    always("employeeNumber", key(50)),
    always("type", Type::Enum(time_off::PUBLIC_TYPE)),
    always("status", Type::Enum(time_off::STATUS)),
    always("startDate", Type::Date),
    always("endDate", Type::Date),
    nullable("startTime", Type::Time),
    nullable("endTime", Type::Time),
    nullable("hours", positive(8784, 2)),
    always("paid", Type::Bool),
    always("timeZone", Type::TimeZone),
    always("revision", int(1, 1000)),
    always("version", VERSION),
    always("updatedAt", Type::DateTime),
];

/// Approved and denied.
pub(super) const TIMEOFF_DECIDED: &[Field] =
    fields![TIMEOFF_REQUESTED, &[always("decidedAt", Type::DateTime), nullable("decidedById", EMPLOYEE_ID)]];
pub(super) const TIMEOFF_CANCELLED: &[Field] = fields![TIMEOFF_REQUESTED, &[always("cancelledAt", Type::DateTime)]];

/// What kind of report, and as what.
const REPORT: &[Field] = &[
    always("name", string(120)),
    always(
        "reportType",
        Type::Enum(&[
            "daily_schedule",
            "weekly_schedule",
            "labor_hours",
            "project_status",
            "vendor_compliance",
            "time_off",
            "custom",
        ]),
    ),
    always("format", Type::Enum(&["pdf", "csv", "xlsx", "json"])),
];

/// One run of a report; without a schedule somebody asked for it.
const RUN: &[Field] = &[always("id", REPORT_ID), nullable("scheduleId", SCHEDULE_ID)];

pub(super) const REPORT_SCHEDULED: &[Field] = fields![
    &[always("id", SCHEDULE_ID)],
    REPORT,
    &[always("schedule", Type::Object(SCHEDULE)), always("createdAt", Type::DateTime)]
];

const SCHEDULE: &[Field] = &[
    always("frequency", Type::Enum(&["once", "daily", "weekly", "monthly"])),
    nullable("dayOfWeek", WEEK_DAY),
    nullable("dayOfMonth", int(1, 31)),
    always("time", Type::Time),
    always("timeZone", Type::TimeZone),
    always("nextRunAt", Type::DateTime),
];

pub(super) const REPORT_GENERATED: &[Field] = fields![
    RUN,
    REPORT,
    &[
        always("periodStart", Type::Date),
        always("periodEnd", Type::Date),
        always("rowCount", int(0, MAX_COUNT)),
        always("sizeBytes", int(0, MAX_COUNT)),
        // Behind the login, never presigned: it would sit in the receivers' logs.
        always("downloadUrl", Type::Url),
        always("generatedAt", Type::DateTime),
    ]
];

pub(super) const REPORT_FAILED: &[Field] = fields![
    RUN,
    REPORT,
    &[
        always(
            "errorCode",
            Type::Enum(&["timeout", "too_large", "data_unavailable", "template_error", "internal_error"])
        ),
        always("errorMessage", string(500)),
        always("attempt", int(1, 10)),
        always("willRetry", Type::Bool),
        always("failedAt", Type::DateTime),
    ]
];
