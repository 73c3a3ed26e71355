"""Verifies a delivery. VERIFY_NOW (Unix seconds) replaces the clock in tests."""

import hashlib
import hmac
import os
import re
import sys
import time

TOLERANCE_SECONDS = 300


def verify(secret: str, timestamp: str, signatures: list[str | None], body: bytes, now: float | None = None) -> bool:
    """Whether `body`, the raw bytes, was signed with `secret` not long before `now` (Unix seconds).

    `signatures`: X-Webhook-Signature, X-Webhook-Signature-Next and -Previous, as far as they are there. One has to match.
    """
    if not secret or not re.fullmatch(r"[0-9]{1,12}", timestamp or ""):
        return False
    if abs((time.time() if now is None else now) - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    expected = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    well_formed = [signature for signature in signatures if re.fullmatch(r"[0-9a-f]{64}", signature or "")]
    return any(hmac.compare_digest(expected, signature) for signature in well_formed)


# usage: WEBHOOK_SECRET=whsec_... python3 verify.py <timestamp> <signature> [more signatures] < body
if __name__ == "__main__":
    now = float(os.environ["VERIFY_NOW"]) if "VERIFY_NOW" in os.environ else None
    timestamp, *signatures = sys.argv[1:]
    verified = verify(os.environ["WEBHOOK_SECRET"], timestamp, signatures, sys.stdin.buffer.read(), now)
    print("verified" if verified else "refused")
    sys.exit(0 if verified else 1)
