#!/usr/bin/env bash
# Sends a work order. usage: API_KEY=wsk_... bash send.sh [address of the API]
set -euo pipefail
api=${1:-http://127.0.0.1:3000}
body='{"workOrderNumber":"WO-12345","title":"Install HVAC System","priority":"high"}'
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT
# Sending the same body again is safe: its number finds the record. curl does so after no answer, 408, 429 and 5xx, and
# waits as Retry-After says or 1, 2, 4, ... seconds, but begins no try later than two minutes after the first.
status=$(curl --silent --show-error --max-time 30 --retry 4 --retry-all-errors --retry-max-time 120 \
    --output "$answer" --write-out '%{http_code}' "$api/api/webhook/workorder" \
    -H "X-API-Key: $API_KEY" -H "Content-Type: application/json" -d "$body")
cat "$answer"
[[ $status == 200 ]]
