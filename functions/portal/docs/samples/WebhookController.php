<?php
// Takes deliveries in Laravel: app/Http/Controllers/WebhookController.php, with verify.php beside it.
//
// routes/api.php, whose routes need no CSRF token:  Route::post('/webhooks', WebhookController::class);
// config/services.php:  'workskedge' => ['secret' => env('WEBHOOK_SECRET')],
// a migration:  Schema::create('deliveries', function (Blueprint $table) {
//                   $table->string('id', 64)->primary(); $table->binary('body'); $table->timestamp('done_at')->nullable(); });

namespace App\Http\Controllers;

use Illuminate\Http\Request;
use Illuminate\Http\Response;
use Illuminate\Support\Facades\DB;

require_once __DIR__ . '/verify.php';

class WebhookController
{
    public function __invoke(Request $request): Response
    {
        $body = $request->getContent(); // the bytes as they came; $request->all() has what Laravel has parsed of them
        $signatures = array_map(fn ($which) => $request->header("X-Webhook-Signature$which"), ['', '-Next', '-Previous']);
        $timestamp = (string) $request->header('X-Webhook-Timestamp');
        if (!verify((string) config('services.workskedge.secret'), $timestamp, $signatures, $body)) {
            return response()->noContent(401);
        }
        $id = $request->header('X-Webhook-ID');
        if (!$id) {
            return response()->noContent(400);
        }
        // One row for each id, however often it arrives. Where this throws, Laravel answers 500, and the delivery comes again.
        DB::table('deliveries')->insertOrIgnore(['id' => $id, 'body' => $body]);
        return response()->noContent(); // stored once, and only now acknowledged; the work is done afterwards
    }
}
