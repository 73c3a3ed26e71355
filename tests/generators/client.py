"""An integrator and a subscriber with the client of openapi-python-client: what is right passes mypy and is answered. What is
wrong does not pass, and neither does this file if it did: its `type: ignore` would be one too many.

usage: client.py <address> <API key>
"""

import datetime
import sys
from collections.abc import Callable

from workskedge import AuthenticatedClient
from workskedge.api.events import list_events, publish_event
from workskedge.api.inbound import send_employee, send_project, send_timeoff, send_vendor, send_workorder
from workskedge.models import (
    Employee,
    EventWorkorderCreated,
    KeyBody,
    ListEventsEvent,
    ListEventsOrder,
    Problem,
    ProblemCode,
    Project,
    ProjectStatusType1,
    PublicationReportGenerated,
    PublicationWorkorderDeleted,
    PublicationWorkorderDeletedData,
    PublicationWorkorderDeletedDataPriority,
    PublicationWorkorderDeletedDataStatus,
    TimeOff,
    TimeOffType,
    Vendor,
    VendorVendorType,
    WorkOrder,
    WorkOrderMaterialsType0Item,
    WorkOrderPriorityType1,
)

address, key = sys.argv[1:]
client = AuthenticatedClient(
    base_url=address, token=key, prefix="", auth_header_name="X-API-Key", raise_on_unexpected_status=True
)
rebar = WorkOrderMaterialsType0Item(name="#5 rebar, 20 ft", quantity=40, unit="ea", unit_cost="0.0525", vendor_number="V-PY")
christmas = datetime.date(2026, 12, 24)
order = WorkOrder(
    work_order_number="WO-PY",
    title="Pour mat slab",
    priority=WorkOrderPriorityType1.HIGH,
    project_number="G-PY",
    materials=[rebar],
    site_contact=None,
)
deleted = PublicationWorkorderDeletedData(
    id="wo_abc123",
    work_order_number="WO-PY2",
    title="Pour mat slab",
    status=PublicationWorkorderDeletedDataStatus.CANCELLED,
    priority=PublicationWorkorderDeletedDataPriority.LOW,
    deleted_at=datetime.datetime(2026, 11, 24, 14, 30, tzinfo=datetime.UTC),
)


def send() -> None:
    project = Project(project_number="G-PY", name="Bridge 12", status=ProjectStatusType1.ACTIVE)
    employee = Employee(employee_number="E-PY", first_name="Ana", last_name="Ruiz", role="carpenter")
    vendor = Vendor(vendor_number="V-PY", name="Hill Country Gravel", vendor_type=VendorVendorType.SUPPLIER)
    time_off = TimeOff(
        request_number="TO-PY", employee_number="E-PY", type_=TimeOffType.VACATION, start_date=christmas, end_date=christmas
    )
    for answer in (
        send_project.sync(client=client, body=project),
        send_employee.sync(client=client, body=employee),
        send_vendor.sync(client=client, body=vendor),
        send_workorder.sync(client=client, body=order, idempotency_key="generators-py"),
        send_timeoff.sync(client=client, body=time_off),
    ):
        assert answer is not None and not isinstance(answer, Problem), answer
        assert answer.action.value == "created", answer
    refused = send_workorder.sync(client=client, body=WorkOrder(work_order_number="WO-PY3"))
    assert isinstance(refused, Problem) and refused.code is ProblemCode.VALIDATION_FAILED, refused
    assert refused.errors and refused.errors[0].field == "title", refused


def publish() -> None:
    body = PublicationWorkorderDeleted(event="workorder.deleted", idempotency_key="generators-py", data=deleted)
    published = publish_event.sync(client=client, body=body)
    assert published is not None and not isinstance(published, Problem) and not published.duplicate, published
    feed = list_events.sync(client=client, order=ListEventsOrder.NEWEST, event=ListEventsEvent.WORKORDER_DELETED)
    assert feed is not None and not isinstance(feed, Problem), feed
    event = feed.data[0]
    assert event.id == published.event_id and event.subject and event.subject.number == "WO-PY2", event


def shown(event: EventWorkorderCreated) -> str:
    """What a subscriber reads of an event."""
    return f"{event.event}: {event.data.work_order_number} {event.data.priority.value.upper()}"


# Each of these is refused, and none is called.
WRONG: list[Callable[[], object]] = [
    lambda: WorkOrder(work_order_number=12345),  # type: ignore[arg-type]
    lambda: WorkOrder(work_order_number="WO-1", priority="higher"),  # type: ignore[arg-type]
    lambda: WorkOrder(work_order_number="WO-1", sheduled_start=None),  # type: ignore[call-arg]
    lambda: WorkOrder(work_order_number="WO-1", not_to_exceed=185000),  # type: ignore[arg-type]
    lambda: WorkOrderMaterialsType0Item(name="Rebar", quantity="40", unit="ea"),  # type: ignore[arg-type]
    lambda: WorkOrderMaterialsType0Item(name="Rebar", quantity=40),  # type: ignore[call-arg]
    lambda: Project(project_number="G-1", status="closed"),  # type: ignore[arg-type]
    lambda: Employee(employee_number="E-1", first_name=True),  # type: ignore[arg-type]
    lambda: Vendor(vendor_number="V-1", iban="DE02120300000000202051"),  # type: ignore[call-arg]
    lambda: TimeOff(request_number="TO-1", type_="leave"),  # type: ignore[arg-type]
    lambda: KeyBody(name="ERP", scopes=["everything"]),  # type: ignore[list-item]
    lambda: PublicationReportGenerated(event="report.generated", idempotency_key="1", data=deleted),  # type: ignore[arg-type]
    lambda: PublicationReportGenerated(event="workorder.deleted", idempotency_key="1", data={}),  # type: ignore[arg-type]
    lambda: send_project.sync(client=client, body=order),  # type: ignore[arg-type]
]

send()
publish()
