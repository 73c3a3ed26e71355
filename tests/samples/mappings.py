"""The mappings of the docs, on records as QuickBooks and Dynamics 365 give them.

What they make is taken, sending it again changes nothing, and no account number reaches a subscriber. The examples on the
pages are what the mappings make of each other.
"""

import contextlib
import importlib
import json
import pathlib
import re
import sys

from system import Capture, call, check, serving, until

DOCS = pathlib.Path("functions/portal/docs").resolve()
ACCOUNT = "00412345678901234567"
sys.path.insert(0, str(DOCS / "samples"))
quickbooks, dynamics = importlib.import_module("quickbooks"), importlib.import_module("dynamics_365")


def quickbooks_vendor(id, **fields):
    """A vendor as QuickBooks gives those about whom it was told nothing more."""
    times = {"CreateTime": "2026-09-02T10:07:32-07:00", "LastUpdatedTime": "2026-09-19T12:50:51-07:00"}
    least = {"domain": "QBO", "sparse": False, "Id": id, "SyncToken": "0", "Active": True, "Vendor1099": False, "Balance": 0}
    return least | {"DisplayName": f"Vendor {id}", "PrintOnCheckName": f"Vendor {id}", "MetaData": times} | fields


VENDORS = [
    quickbooks_vendor("46"),
    quickbooks_vendor(
        "30",
        AcctNum="1345",
        GivenName="Bessie",
        FamilyName="Williams",
        CompanyName="Books by Bessie",
        CurrencyRef={"value": "USD", "name": "United States Dollar"},
        PrimaryPhone={"FreeFormNumber": "(650) 555-7745"},
        PrimaryEmailAddr={"Address": "books@bessie.example"},
        WebAddr={"URI": "http://www.booksbybessie.example"},
        BillAddr={
            "Id": "31",
            "Line1": "15 Main St.",
            "City": "Palo Alto",
            "CountrySubDivisionCode": "CA",
            "PostalCode": "94303",
            "Lat": "37.445013",
            "Long": "-122.1391443",
        },
    ),
    # The number of a bank account, and the last digits of a tax id.
    quickbooks_vendor("51", AcctNum=ACCOUNT, TaxIdentifier="XXXXXX7891", Vendor1099=True),
    # The same number as another's.
    quickbooks_vendor("52", AcctNum="1345"),
    # Deleted: inactive, and called so.
    quickbooks_vendor("53", DisplayName="Cal Telephone (deleted)", Active=False),
    # What people type.
    quickbooks_vendor(
        "54",
        DisplayName="  Tania's   Nursery " + "x" * 300,
        PrimaryPhone={"FreeFormNumber": "ask for Tania"},
        WebAddr={"URI": "tanias.example"},
        BillAddr={
            "Line1": "Tania's Nursery",
            "Line2": "45 Old Bay Rd.",
            "Line3": "Gate 2",
            "City": "Bayshore",
            "Country": "U.S.A",
            "Lat": "INVALID",
            "Long": "INVALID",
        },
    ),
    quickbooks_vendor("55", BillAddr={"City": "Millbrae"}, PrimaryPhone={"FreeFormNumber": "+1 650 555 0101 x12"}),
]


def dataverse_account(number, **columns):
    """A row of `accounts`, which has every column, most of them null."""
    id = f"a56b3f4b-1be7-e611-8101-e0071b6af2{number:02x}"
    names = ["accountnumber", "emailaddress1", "telephone1", "websiteurl"]
    names += [f"address1_{name}" for name in ("line1", "line2", "city", "stateorprovince", "postalcode", "country")]
    row = {"@odata.etag": 'W/"4370453"', "accountid": id, "name": f"Account {number}", "customertypecode": 11, "statecode": 0}
    return row | dict.fromkeys(names) | {"modifiedon": "2026-11-24T14:29:58Z"} | columns


ACCOUNTS = [
    dataverse_account(1),
    dataverse_account(2, accountnumber=ACCOUNT, emailaddress1="ap@adatum.example", telephone1="555-0152", customertypecode=10),
    dataverse_account(3, accountnumber=ACCOUNT, statecode=1),
    dataverse_account(4, telephone1="Reception: 5", websiteurl="www.litware.example", address1_city="Dallas"),
    dataverse_account(5, address1_line1="9 Pier Rd", address1_country="United States", address1_postalcode="75201"),
]


def dataverse_order(number, **columns):
    row = {"@odata.etag": 'W/"1"', "msdyn_workorderid": f"5f0d2b7c-3a6e-ee11-8179-000d3a1b2c{number:02x}"}
    row |= dict.fromkeys(
        f"msdyn_{name}" for name in ("timewindowstart", "timewindowend", "instructions", "address1", "country")
    )
    row |= {"msdyn_name": f"0{number:04}", "msdyn_workordersummary": None, "msdyn_systemstatus": 690970000}
    return row | {"msdyn_nottoexceedcostamount": None, "modifiedon": "2026-11-24T14:29:58Z"} | columns


ORDERS = [
    dataverse_order(1),
    # Scheduled by bookings alone.
    dataverse_order(2, msdyn_systemstatus=690970001, msdyn_totalestimatedduration=95),
    dataverse_order(3, msdyn_systemstatus=690970004, msdyn_timewindowstart="2026-11-30T13:00:00Z"),
    dataverse_order(4, msdyn_address1="1 Main St", msdyn_country="USA", msdyn_nottoexceedcostamount=1200.5),
]


def examples(page):
    """The blocks of JSON on a page."""
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", (DOCS / page).read_text(), re.S)]


def check_pages():
    row, body, event, update = examples("quickbooks.md")
    check(quickbooks.to_workskedge(row["Vendor"]) == body, f"QuickBooks' example is {quickbooks.to_workskedge(row['Vendor'])}")
    check(quickbooks.to_quickbooks(event["data"], "3") == update, "QuickBooks' other example")
    order, body, event, update, account, vendor = examples("dynamics-365.md")
    check(dynamics.work_order(order) == body, f"Dynamics' example is {dynamics.work_order(order)}")
    check(dynamics.completed(event["data"]) == update, "Dynamics' other example")
    check(dynamics.vendor(account) == vendor, f"Dynamics' vendor is {dynamics.vendor(account)}")
    blocked = quickbooks.to_workskedge(quickbooks_vendor("1", Active=False), "blocked")["status"]
    check(blocked == "blocked", f"what was blocked came back from QuickBooks as {blocked}")
    freed = dynamics.vendor(dataverse_account(1), "blocked")["status"]
    check(freed == "active", f"what was activated in Dynamics is {freed}")
    own = {"vendorNumber": "V-1", "name": "x", "changedFields": ["name"]}
    check(quickbooks.to_quickbooks(own, "1") is None, "a vendor of our own went to QuickBooks")


def check_mappings(base, key):
    check_pages()
    vendors = [quickbooks.to_workskedge(vendor) for vendor in VENDORS] + [dynamics.vendor(row) for row in ACCOUNTS]
    # Where somebody wants the account number in WorkSkedge after all.
    vendors.append(vendors[2] | {"vendorNumber": "QB-99", "externalRef": {"system": "quickbooks", "id": "99"}})
    vendors[-1]["customFields"] = {"quickbooksAcctNum": ACCOUNT}
    sent = [("vendor", vendor) for vendor in vendors] + [("workorder", dynamics.work_order(row)) for row in ORDERS]
    receiver = type("Receiver", (Capture,), {"received": []})
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(serving(receiver))
        endpoint = call(base, key, "/api/endpoints", {"url": url, "events": ["vendor.*", "workorder.*"]})
        for kind, body in sent:
            for action in ("created", "unchanged"):
                answer = call(base, key, f"/api/webhook/{kind}", body)
                check(answer["action"] == action, f"{body} is {answer}")
        # Everything that these records have raised, however late.
        until("the events of the mappings", lambda: len(created(receiver)) == len(sent))
        for headers, body in receiver.received:
            check(ACCOUNT.encode() not in body and b"XXXXXX7891" not in body, f"a subscriber got {body} with {headers}")
        call(base, key, f"/api/endpoints/{endpoint['id']}", method="DELETE")


def created(receiver):
    return [body for _, body in receiver.received if b".created" in body[:40]]
