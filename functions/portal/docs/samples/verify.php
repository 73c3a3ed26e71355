<?php
// Verifies a delivery. VERIFY_NOW (Unix seconds) replaces the clock in tests.
declare(strict_types=1);

const TOLERANCE_SECONDS = 300;

/**
 * Whether $body, the raw bytes (php://input), was signed with $secret not long before $now (Unix seconds).
 * $signatures: X-Webhook-Signature, X-Webhook-Signature-Next and -Previous, as far as they are there. One has to match.
 */
function verify(string $secret, string $timestamp, array $signatures, string $body, ?int $now = null): bool
{
    if ($secret === '' || !preg_match('/\A[0-9]{1,12}\z/', $timestamp)) {
        return false;
    }
    if (abs(($now ?? time()) - (int) $timestamp) > TOLERANCE_SECONDS) {
        return false;
    }
    $expected = hash_hmac('sha256', $timestamp . '.' . $body, $secret);
    foreach ($signatures as $signature) {
        if (preg_match('/\A[0-9a-f]{64}\z/', $signature ?? '') && hash_equals($expected, $signature)) {
            return true;
        }
    }
    return false;
}

// usage: WEBHOOK_SECRET=whsec_... php verify.php <timestamp> <signature> [more signatures] < body
if (PHP_SAPI === 'cli' && realpath($_SERVER['argv'][0] ?? '') === __FILE__) {
    $now = getenv('VERIFY_NOW') === false ? null : (int) getenv('VERIFY_NOW');
    $body = stream_get_contents(STDIN);
    $verified = verify((string) getenv('WEBHOOK_SECRET'), $argv[1] ?? '', array_slice($argv, 2), $body, $now);
    echo $verified ? "verified\n" : "refused\n";
    exit($verified ? 0 : 1);
}
