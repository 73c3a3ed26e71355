#!/usr/bin/env bash
# Sends a signed delivery to a receiver of yours, as we would. usage: WEBHOOK_SECRET=whsec_... bash sign.sh <url> <event> [api]
# Needs curl, jq and openssl. The body is the example of the event's catalog; the secret can be any, as long as the receiver has it.
set -euo pipefail
url=$1 event=$2 api=${3:-http://127.0.0.1:3000}
body=$(curl --silent --show-error --fail "$api/api/event-types/$event" | jq --compact-output .example)
timestamp=$(date +%s)
# Other users of the machine can see the secret in the list of processes: not for one that is in use.
signature=$(printf '%s.%s' "$timestamp" "$body" | openssl dgst -sha256 -hmac "$WEBHOOK_SECRET" -r | cut -d ' ' -f 1)
# An id of the form that ours have. The same again is a duplicate: ID=dlv_... bash sign.sh ...
id=${ID:-dlv_$(openssl rand -hex 13 | tr a-f A-F)}
curl --silent --show-error --max-time 30 --write-out '%{http_code}\n' "$url" -d "$body" \
    -H "Content-Type: application/json" -H "X-Webhook-Event: $event" -H "X-Webhook-ID: $id" -H "X-Webhook-Retry: 0" \
    -H "X-Webhook-Timestamp: $timestamp" -H "X-Webhook-Signature: $signature"
