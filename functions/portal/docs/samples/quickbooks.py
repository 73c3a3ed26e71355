"""Maps vendors between QuickBooks Online and WorkSkedge.

usage: python3 quickbooks.py < vendor.json     prints the body for POST /api/webhook/vendor; vendor.json is what QuickBooks'
GET /v3/company/<company>/vendor/<id> gives
"""

import json
import re
import sys


def to_workskedge(vendor: dict, status: str | None = None, vendor_type: str = "supplier") -> dict:
    """Our body for a `Vendor` of QuickBooks, which knows no `vendorType`. `status` is the one that WorkSkedge has, if known.

    AcctNum is left out: it is often empty, two vendors may have the same, and it may be the number of a bank account. So is
    TaxIdentifier, of which QuickBooks shows the last digits only.
    """
    body = {
        "vendorNumber": f"QB-{vendor['Id']}",
        "name": line(vendor["DisplayName"], 200),
        "legalName": line(vendor.get("CompanyName"), 200),
        "vendorType": vendor_type,
        "status": status_of(vendor["Active"], status),
        "email": (vendor.get("PrimaryEmailAddr") or {}).get("Address"),
        "phone": phone((vendor.get("PrimaryPhone") or {}).get("FreeFormNumber")),
        "website": website((vendor.get("WebAddr") or {}).get("URI")),
        "address": address(vendor.get("BillAddr") or {}),
        "is1099": vendor.get("Vendor1099", False),
        "externalRef": {"system": "quickbooks", "id": vendor["Id"]},
        "sourceUpdatedAt": vendor["MetaData"]["LastUpdatedTime"],
    }
    # Null would clear what others have filled in.
    return {name: value for name, value in body.items() if value is not None}


def to_quickbooks(data: dict, sync_token: str) -> dict | None:
    """A sparse update for the `data` of vendor.updated; None for a vendor that did not come from QuickBooks."""
    number = re.fullmatch(r"QB-(\d+)", data["vendorNumber"])
    if not number:
        return None
    update = {"sparse": True, "Id": number[1], "SyncToken": sync_token}
    if "name" in data["changedFields"]:
        update["DisplayName"] = re.sub(r"[:\t\n]", "-", data["name"])
    if "phone" in data["changedFields"]:
        # Without the extension, for which 21 characters are too few.
        update["PrimaryPhone"] = {"FreeFormNumber": re.split(r"\s*(?:x|ext)", data["phone"] or "", flags=re.I)[0][:21]}
    if "status" in data["changedFields"]:
        update["Active"] = data["status"] in ("active", "pending")
    return update


def status_of(active: bool, status: str | None) -> str:
    """`blocked` and `pending` are words that QuickBooks has not: they stay as long as they fit."""
    if status and active == (status in ("active", "pending")):
        return status
    return "active" if active else "inactive"


def line(text: str | None, longest: int) -> str | None:
    return " ".join(text.split())[:longest].strip() if text else None


def phone(text: str | None) -> str | None:
    """What people write into the field is not always a number."""
    return text if text and len(text) <= 32 and re.fullmatch(r"[\d+().\-/ ]{7,}(\s*(x|ext\.?)\s*\d+)?", text, re.I) else None


def website(text: str | None) -> str | None:
    return text if not text or re.match("https?://", text) else f"https://{text}"


def address(bill: dict) -> dict | None:
    """Five lines become two. A country is often a word here: without two letters it is that of the account."""
    lines = [text for text in (line(bill.get(f"Line{number}"), 250) for number in range(1, 6)) if text]
    if not lines:
        return None
    country = bill.get("Country") or ""
    found = {
        "line1": lines[0],
        "line2": ", ".join(lines[1:])[:250] or None,
        "city": line(bill.get("City"), 80),
        "state": line(bill.get("CountrySubDivisionCode"), 50),
        "postalCode": line(bill.get("PostalCode"), 20),
        "country": country if re.fullmatch("[A-Z]{2}", country) else None,
    }
    return {name: value for name, value in found.items() if value is not None}


if __name__ == "__main__":
    print(json.dumps(to_workskedge(json.load(sys.stdin)["Vendor"]), indent=2))
