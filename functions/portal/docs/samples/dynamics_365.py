"""Maps vendors and work orders from Dynamics 365 (Dataverse) to WorkSkedge, and work orders back.

usage: python3 dynamics_365.py vendor|workorder < row.json     prints the body for POST /api/webhook/vendor or /workorder;
row.json is a row of `accounts` or `msdyn_workorders` as the Web API gives it
"""

import json
import re
import sys

STATUS = {
    690970000: "unscheduled",
    690970001: "scheduled",
    690970002: "in_progress",
    690970003: "completed",
    690970004: "completed",  # Posted
    690970005: "cancelled",
}


def vendor(row: dict, status: str | None = None, vendor_type: str = "supplier") -> dict:
    """Our body for an `account` whose customertypecode is 11 (Vendor) or 10 (Supplier). `status` is WorkSkedge's, if known.

    The number is made of accountid. accountnumber is left out: nothing keeps it from being empty, the same for two accounts, or
    the number of a bank account.
    """
    return present(
        vendorNumber=f"D365-{row['accountid']}",
        name=row["name"],
        vendorType=vendor_type,
        status=status_of(row["statecode"] == 0, status),
        email=row.get("emailaddress1"),
        phone=phone(row.get("telephone1")),
        website=website(row.get("websiteurl")),
        address=address(row, "address1_line1", "address1_line2", "address1_"),
        externalRef={"system": "dynamics365", "id": row["accountid"]},
        sourceUpdatedAt=row["modifiedon"],
    )


def status_of(active: bool, status: str | None) -> str:
    """`blocked` and `pending` are words that Dataverse has not: they stay as long as they fit."""
    if status and active == (status in ("active", "pending")):
        return status
    return "active" if active else "inactive"


def work_order(row: dict) -> dict:
    """Our body for an `msdyn_workorder`. Leave out those that are cancelled before you have sent them for the first time."""
    status, start = STATUS[row["msdyn_systemstatus"]], row.get("msdyn_timewindowstart")
    if status == "scheduled" and not start:
        status = "unscheduled"  # there, bookings alone make an order scheduled; here it takes a start
    minutes, cap = row.get("msdyn_totalestimatedduration"), row.get("msdyn_nottoexceedcostamount")
    return present(
        workOrderNumber=row["msdyn_name"],
        title=row.get("msdyn_workordersummary") or row["msdyn_name"],
        description=row.get("msdyn_primaryincidentdescription"),
        instructions=row.get("msdyn_instructions"),
        status=status,
        cancellationReason="Cancelled in Dynamics 365" if status == "cancelled" else None,
        scheduledStart=start,
        scheduledEnd=row.get("msdyn_timewindowend") if start else None,
        siteAddress=address(row, "msdyn_address1", "msdyn_address2", "msdyn_"),
        estimatedHours=round(minutes / 60, 2) if minutes is not None else None,
        notToExceed=f"{cap:.2f}" if cap is not None else None,
        externalRef={"system": "dynamics365", "id": row["msdyn_workorderid"]},
        sourceUpdatedAt=row["modifiedon"],
    )


def completed(data: dict) -> dict:
    """What to PATCH for the `data` of workorder.completed, where bookings don't fill in the times."""
    return {
        "msdyn_systemstatus": 690970003,
        "msdyn_firstarrivedon": data["actualStart"],
        "msdyn_completedon": data["actualEnd"],
    }


def address(row: dict, line1: str, line2: str, prefix: str) -> dict | None:
    """A country is often a word there: without two letters it is that of the account. Without a street there is no address."""
    country = row.get(f"{prefix}country") or ""
    found = present(
        line1=row.get(line1),
        line2=row.get(line2),
        city=row.get(f"{prefix}city"),
        state=row.get(f"{prefix}stateorprovince"),
        postalCode=row.get(f"{prefix}postalcode"),
        country=country if re.fullmatch("[A-Z]{2}", country) else None,
    )
    return found if "line1" in found else None


def phone(text: str | None) -> str | None:
    """What people write into the column is not always a number."""
    return text if text and len(text) <= 32 and re.fullmatch(r"[\d+().\-/ ]{7,}(\s*(x|ext\.?)\s*\d+)?", text, re.I) else None


def website(text: str | None) -> str | None:
    return text if not text or re.match("https?://", text) else f"https://{text}"


def present(**fields) -> dict:
    """Without those that have no value: null would clear what others have filled in."""
    return {name: value for name, value in fields.items() if value is not None}


if __name__ == "__main__":
    mapping = {"vendor": vendor, "workorder": work_order}[sys.argv[1]]
    print(json.dumps(mapping(json.load(sys.stdin)), indent=2))
