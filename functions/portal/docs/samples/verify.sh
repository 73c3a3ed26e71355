#!/usr/bin/env bash
# Verifies a delivery. VERIFY_NOW (Unix seconds) replaces the clock in tests.
# usage: WEBHOOK_SECRET=whsec_... bash verify.sh <timestamp> <signature> [more signatures] < body
set -euo pipefail
tolerance_seconds=300

# Whether the body on standard input was signed with $WEBHOOK_SECRET not long ago. Behind the timestamp:
# X-Webhook-Signature, X-Webhook-Signature-Next and -Previous, as far as they are there. One has to match.
verify() {
    local timestamp=$1 now=${VERIFY_NOW:-$(date +%s)} age expected signature
    [[ -n ${WEBHOOK_SECRET:-} && $timestamp =~ ^[0-9]{1,12}$ ]] || return 1
    age=$((now - 10#$timestamp))
    ((age <= tolerance_seconds && age >= -tolerance_seconds)) || return 1
    # The pipe keeps every byte of the body, a line break at its end included. Other users of the machine can see the
    # secret in the list of processes: for scripts of your own.
    expected=$({ printf '%s.' "$timestamp"; cat; } | openssl dgst -sha256 -hmac "$WEBHOOK_SECRET" -r | cut -d ' ' -f 1)
    for signature in "${@:2}"; do
        [[ $signature =~ ^[0-9a-f]{64}$ ]] || continue
        # Hashes are compared, so that the time it takes tells nothing about the signature.
        [[ $(sha256sum <<<"$expected") != $(sha256sum <<<"$signature") ]] || return 0
    done
    return 1
}

if verify "${1:-}" "${@:2}"; then echo verified; else echo refused && exit 1; fi
