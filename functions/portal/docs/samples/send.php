<?php
// Sends a work order. usage: API_KEY=wsk_... php send.php [address of the API]
declare(strict_types=1);

$api = $argv[1] ?? 'http://127.0.0.1:3000';
$order = ['workOrderNumber' => 'WO-12345', 'title' => 'Install HVAC System', 'priority' => 'high'];

/** Sends a record. Sending again is safe: its number finds it. */
function send(string $url, array $record, int $tries = 3): array
{
    $headers = "X-API-Key: " . getenv('API_KEY') . "\r\nContent-Type: application/json\r\n";
    $options = ['method' => 'POST', 'header' => $headers, 'content' => json_encode($record), 'ignore_errors' => true];
    $body = file_get_contents($url, false, stream_context_create(['http' => $options]));
    $status = (int) explode(' ', $http_response_header[0])[1];
    if (($status === 429 || $status >= 500) && $tries > 1) {
        $wait = preg_grep('/^retry-after:/i', $http_response_header);
        sleep($wait ? (int) explode(':', reset($wait))[1] : 2);
        return send($url, $record, $tries - 1);
    }
    $answer = json_decode($body, true, flags: JSON_THROW_ON_ERROR);
    if ($status !== 200) {
        $defects = array_map(fn ($defect) => "{$defect['field']} {$defect['message']}", $answer['errors'] ?? []);
        fwrite(STDERR, implode('; ', [$answer['detail'], ...$defects, $answer['requestId']]) . "\n");
        exit(1);
    }
    return $answer;
}

$answer = send("$api/api/webhook/workorder", $order);
echo $answer['action'], ' ', $answer['data']['id'], ' version ', $answer['data']['version'], "\n";
