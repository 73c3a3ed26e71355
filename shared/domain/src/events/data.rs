//! The data of each event: tables composed of groups of fields, in the order of the wire.

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

/// Additional fields of every `updated` event.
const CHANGES: &[Field] = &[
    always(
        "changedFields",
        Type::List { min: 1, max: 200, item: &string(60) },
        "names of all top-level fields that changed, private ones included",
    ),
    always(
        "previous",
        Type::Scalars,
        "old values of those changed fields that this event shows itself; lists and objects left out",
    ),
];

const DELETED: &[Field] = &[always("deletedAt", Type::DateTime, "when it was deleted")];

const REVISION: &[Field] = &[
    always(
        "version",
        VERSION,
        "grows by one with each stored change: of two events the one with the higher version is newer",
    ),
    always("updatedAt", Type::DateTime, "when this version was stored"),
];

/// The six fields of the public page's example, in its order.
const WORK_ORDER: &[Field] = &[
    always("id", WORK_ORDER_ID, "WorkSkedge's id of the work order"),
    always("workOrderNumber", key(50), "your number of the work order"),
    always("title", string(200), "what is to be done"),
    always("status", Type::Enum(work_order::Status::WORDS), "state after the change"),
    always("priority", Type::Enum(work_order::PRIORITY), "how urgent it is"),
    nullable("projectId", PROJECT_ID, "project that it belongs to; null without one"),
];

/// Schedule and assignments of a work order.
const WORK_ORDER_SCHEDULE: &[Field] = &[
    nullable("projectNumber", key(50), "your number of that project"),
    nullable("phase", string(100), "phase of the project"),
    nullable("costCode", string(40), "cost code of the order"),
    nullable("scheduledStart", Type::DateTime, "planned start, in UTC; null while it is unscheduled"),
    nullable("scheduledEnd", Type::DateTime, "planned end, in UTC"),
    always("timeZone", Type::TimeZone, "time zone of the site, for local days"),
    always("assignedEmployeeIds", list(100, &EMPLOYEE_ID), "employees on it, each once"),
    always("assignedVendorIds", list(100, &VENDOR_ID), "subcontractors' crews on it, each once"),
];

pub(super) const WORKORDER_CREATED: &[Field] = fields![WORK_ORDER, WORK_ORDER_SCHEDULE, REVISION];
pub(super) const WORKORDER_UPDATED: &[Field] = fields![WORKORDER_CREATED, CHANGES];
pub(super) const WORKORDER_DELETED: &[Field] = fields![WORK_ORDER, DELETED];
pub(super) const WORKORDER_STARTED: &[Field] =
    fields![WORKORDER_CREATED, &[always("actualStart", Type::DateTime, "when work began")]];
pub(super) const WORKORDER_COMPLETED: &[Field] = fields![
    WORKORDER_CREATED,
    &[
        nullable("actualStart", Type::DateTime, "when work began; null when nobody said"),
        always("actualEnd", Type::DateTime, "when it ended")
    ]
];
pub(super) const WORKORDER_CANCELLED: &[Field] = fields![
    WORKORDER_CREATED,
    &[always("cancelledAt", Type::DateTime, "when it was cancelled"), always("cancellationReason", string(500), "why")]
];

const PROJECT: &[Field] = &[
    always("id", PROJECT_ID, "WorkSkedge's id of the project"),
    always("projectNumber", key(50), "your job number"),
    always("name", string(200), "name of the project"),
    always("status", Type::Enum(project::Status::WORDS), "state after the change"),
    nullable("startDate", Type::Date, "planned first day"),
    nullable("endDate", Type::Date, "planned last day"),
    always("timeZone", Type::TimeZone, "time zone of the dates"),
    nullable("projectManagerId", EMPLOYEE_ID, "project manager"),
    nullable("percentComplete", number(0, 100, 2), "how much is done, in percent"),
];

pub(super) const PROJECT_CREATED: &[Field] = fields![PROJECT, REVISION];
pub(super) const PROJECT_UPDATED: &[Field] = fields![PROJECT_CREATED, CHANGES];
pub(super) const PROJECT_COMPLETED: &[Field] =
    fields![PROJECT_CREATED, &[always("actualEndDate", Type::Date, "last day of the project")]];

const EMPLOYEE: &[Field] = &[
    always("id", EMPLOYEE_ID, "WorkSkedge's id of the person"),
    always("employeeNumber", key(50), "your number of the person"),
    always("firstName", string(100), "given name"),
    always("lastName", string(100), "family name"),
    always("role", string(60), "what the person does"),
    always("status", Type::Enum(employee::Status::WORDS), "state after the change"),
];

/// Skills are their names.
const EMPLOYEE_TRADE: &[Field] = &[
    nullable("trade", string(60), "trade of the person"),
    nullable("email", Type::Email, "work e-mail"),
    always("skills", list(50, &string(80)), "names of the person's skills"),
];

pub(super) const EMPLOYEE_CREATED: &[Field] = fields![EMPLOYEE, EMPLOYEE_TRADE, REVISION];
pub(super) const EMPLOYEE_UPDATED: &[Field] = fields![EMPLOYEE_CREATED, CHANGES];
/// Without the name, which is personal data.
pub(super) const EMPLOYEE_DELETED: &[Field] = fields![
    &[
        always("id", EMPLOYEE_ID, "WorkSkedge's id that the person had"),
        always("employeeNumber", key(50), "your number of the person")
    ],
    DELETED
];
pub(super) const EMPLOYEE_ASSIGNED: &[Field] = fields![
    EMPLOYEE,
    &[always("assignment", Type::Object(ASSIGNMENT), "the work order or project, and the role there")]
];

/// To what someone was assigned. `start` and `end` are dates on a project, instants on a work order.
const ASSIGNMENT: &[Field] = &[
    always("type", Type::Enum(&["work_order", "project"]), "what it is"),
    always("id", string(60), "WorkSkedge's id of the work order or project"),
    always("number", key(50), "your number of it"),
    always("title", string(200), "its title or name"),
    nullable("role", string(60), "what the person does there"),
    always("lead", Type::Bool, "whether the person leads the crew"),
    nullable("start", string(30), "from when: an instant on a work order, a date on a project"),
    nullable("end", string(30), "until when, in the same form"),
];

const VENDOR: &[Field] = &[
    always("id", VENDOR_ID, "WorkSkedge's id of the vendor"),
    always("vendorNumber", key(50), "your number of the vendor"),
    always("name", string(200), "name of the company"),
    always("vendorType", Type::Enum(vendor::VENDOR_TYPE), "what the company does"),
    always("status", Type::Enum(vendor::Status::WORDS), "state after the change"),
];

/// The dates are the earliest of the lists.
const VENDOR_STANDING: &[Field] = &[
    always("trades", list(20, &string(60)), "trades of the company"),
    nullable("email", Type::Email, "e-mail of the company"),
    nullable("phone", Type::Phone, "phone of the company"),
    nullable("insuranceExpiresOn", Type::HistoricDate, "the earliest day on which one of its insurances ends"),
    nullable("licenseExpiresOn", Type::HistoricDate, "the earliest day on which one of its licences ends"),
    always("w9OnFile", Type::Bool, "whether you have its form W-9"),
];

pub(super) const VENDOR_CREATED: &[Field] = fields![VENDOR, VENDOR_STANDING, REVISION];
pub(super) const VENDOR_UPDATED: &[Field] = fields![VENDOR_CREATED, CHANGES];
pub(super) const VENDOR_DELETED: &[Field] = fields![
    &[
        always("id", VENDOR_ID, "WorkSkedge's id that the vendor had"),
        always("vendorNumber", key(50), "your number of the vendor"),
        always("name", string(200), "name of the company")
    ],
    DELETED
];

/// The type is the public one.
pub(super) const TIMEOFF_REQUESTED: &[Field] = &[
    always("id", TIME_OFF_ID, "WorkSkedge's id of the request"),
    always("requestNumber", key(50), "the request's id in your HR system"),
    always("employeeId", EMPLOYEE_ID, "whose time off"),
    always("employeeNumber", key(50), "your number of that person"),
    always(
        "type",
        Type::Enum(time_off::PUBLIC_TYPE),
        "reason; `protected_leave` stands for what concerns health, family or duty",
    ),
    always("status", Type::Enum(time_off::Status::WORDS), "state after the change"),
    always("startDate", Type::Date, "first day"),
    always("endDate", Type::Date, "last day, inclusive"),
    nullable("startTime", Type::Time, "of a part of a day; null for whole days"),
    nullable("endTime", Type::Time, "end of the part of a day"),
    nullable("hours", positive(8784, 2), "hours in all, when they were told"),
    always("paid", Type::Bool, "whether it is paid"),
    always("timeZone", Type::TimeZone, "time zone of the dates"),
    always("revision", int(1, 1000), "1, and one more each time that dates, hours or type are requested anew"),
    always("version", VERSION, "grows by one with each stored change, remarks and tags included"),
    always("updatedAt", Type::DateTime, "when this version was stored"),
];

/// Approved and denied.
pub(super) const TIMEOFF_DECIDED: &[Field] = fields![
    TIMEOFF_REQUESTED,
    &[
        always("decidedAt", Type::DateTime, "when it was decided"),
        nullable("decidedById", EMPLOYEE_ID, "who decided; null when nobody was named")
    ]
];
pub(super) const TIMEOFF_CANCELLED: &[Field] =
    fields![TIMEOFF_REQUESTED, &[always("cancelledAt", Type::DateTime, "when it was cancelled")]];

/// Name, type and format of a report.
const REPORT: &[Field] = &[
    always("name", string(120), "name of the report"),
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
        "kind of report",
    ),
    always("format", Type::Enum(&["pdf", "csv", "xlsx", "json"]), "file format"),
];

/// One run of a report; without a schedule somebody asked for it.
const RUN: &[Field] = &[
    always("id", REPORT_ID, "id of this run"),
    nullable("scheduleId", SCHEDULE_ID, "schedule that started it; null when a person did"),
];

pub(super) const REPORT_SCHEDULED: &[Field] = fields![
    &[always("id", SCHEDULE_ID, "id of the schedule")],
    REPORT,
    &[
        always("schedule", Type::Object(SCHEDULE), "when it runs"),
        always("createdAt", Type::DateTime, "when the schedule was made")
    ]
];

const SCHEDULE: &[Field] = &[
    always("frequency", Type::Enum(&["once", "daily", "weekly", "monthly"]), "how often"),
    nullable("dayOfWeek", WEEK_DAY, "day of a weekly run"),
    nullable("dayOfMonth", int(1, 31), "day of a monthly run"),
    always("time", Type::Time, "time of day, in `timeZone`"),
    always("timeZone", Type::TimeZone, "time zone of the schedule"),
    always("nextRunAt", Type::DateTime, "the next run, in UTC"),
];

pub(super) const REPORT_GENERATED: &[Field] = fields![
    RUN,
    REPORT,
    &[
        always("periodStart", Type::Date, "first day that the report covers"),
        always("periodEnd", Type::Date, "last day that it covers"),
        always("rowCount", int(0, MAX_COUNT), "rows in it"),
        always("sizeBytes", int(0, MAX_COUNT), "size of the file in bytes"),
        // Behind the login, never presigned: it would sit in the receivers' logs.
        always("downloadUrl", Type::Url, "where to fetch it, after signing in"),
        always("generatedAt", Type::DateTime, "when it was ready"),
    ]
];

pub(super) const REPORT_FAILED: &[Field] = fields![
    RUN,
    REPORT,
    &[
        always(
            "errorCode",
            Type::Enum(&["timeout", "too_large", "data_unavailable", "template_error", "internal_error"]),
            "why it failed, for machines"
        ),
        always("errorMessage", string(500), "why it failed, for people"),
        always("attempt", int(1, 10), "which attempt this was"),
        always("willRetry", Type::Bool, "whether it is tried again"),
        always("failedAt", Type::DateTime, "when it failed"),
    ]
];
