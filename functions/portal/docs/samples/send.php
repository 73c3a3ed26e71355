<?php
// Sends a work order. usage: API_KEY=wsk_... php send.php [address of the API]
declare(strict_types=1);

$api = $argv[1] ?? 'http://127.0.0.1:3000';
$order = ['workOrderNumber' => 'WO-12345', 'title' => 'Install HVAC System', 'priority' => 'high'];
const TRIES = 5;
const LONGEST_WAIT_SECONDS = 120;

/** Status, seconds to wait (null when not told) and JSON of the answer; status 0 when there is none. */
function post(string $url, string $body): array
{
    $headers = "X-API-Key: " . getenv('API_KEY') . "\r\nContent-Type: application/json\r\n";
    $http = ['method' => 'POST', 'header' => $headers, 'content' => $body, 'ignore_errors' => true, 'timeout' => 30];
    $text = @file_get_contents($url, false, stream_context_create(['http' => $http]));
    if ($text === false || empty($http_response_header)) {
        return [0, null, []];
    }
    $wait = preg_grep('/^retry-after:/i', $http_response_header);
    $seconds = $wait ? (int) explode(':', reset($wait))[1] : null;
    return [(int) explode(' ', $http_response_header[0])[1], $seconds, json_decode($text, true) ?? []];
}

/** Sends a record. Sending the same body again is safe: its number finds the record. */
function send(string $url, array $record): array
{
    $body = json_encode($record, JSON_THROW_ON_ERROR);
    for ($attempt = 1; ; $attempt++) {
        [$status, $seconds, $answer] = post($url, $body);
        if ($status === 200) {
            return $answer;
        }
        $seconds ??= 2 ** ($attempt - 1);
        // No answer, 408, 429 and 5xx may be better the next time; everything else won't.
        $again = in_array($status, [0, 408, 429], true) || $status >= 500;
        if (!$again || $attempt === TRIES || $seconds > LONGEST_WAIT_SECONDS) {
            $defects = array_map(fn ($defect) => "{$defect['field']} {$defect['message']}", $answer['errors'] ?? []);
            $lines = [$answer['detail'] ?? 'no answer', ...$defects, $answer['requestId'] ?? ''];
            fwrite(STDERR, implode('; ', $lines) . "\n");
            exit(1);
        }
        sleep($seconds);
    }
}

$answer = send("$api/api/webhook/workorder", $order);
echo $answer['action'], ' ', $answer['data']['id'], ' version ', $answer['data']['version'], "\n";
