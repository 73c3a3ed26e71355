#!/usr/bin/env bash
# Sends a work order. usage: API_KEY=wsk_... bash send.sh [address of the API]
set -euo pipefail
api=${1:-http://127.0.0.1:3000}
body='{"workOrderNumber":"WO-12345","title":"Install HVAC System","priority":"high"}'
# Sending again is safe: the number finds the record. Retries 408, 429 and 5xx, and waits as Retry-After says.
answer=$(curl --silent --show-error --retry 3 --write-out '\n%{http_code}' "$api/api/webhook/workorder" \
    -H "X-API-Key: $API_KEY" -H "Content-Type: application/json" -d "$body")
echo "${answer%$'\n'*}"
[[ ${answer##*$'\n'} == 200 ]]
