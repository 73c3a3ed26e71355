<?php
// A Laravel application around the sample, with the groups of middleware that a new one has, and a route beside it that asks for
// a CSRF token. usage: php -S 127.0.0.1:<port> laravel.php, with the directory of the samples in SAMPLES
declare(strict_types=1);

use App\Http\Controllers\WebhookController;
use Illuminate\Config\Repository;
use Illuminate\Contracts\Debug\ExceptionHandler;
use Illuminate\Contracts\Http\Kernel as HttpKernel;
use Illuminate\Foundation\Application;
use Illuminate\Foundation\Exceptions\Handler;
use Illuminate\Foundation\Http\Kernel;
use Illuminate\Foundation\Http\Middleware\VerifyCsrfToken;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\DB;
use Illuminate\Support\Facades\Facade;
use Illuminate\Support\Facades\Route;

// Laravel 8 on PHP 8.2: Debian's patches leave a few notices of things to come.
error_reporting(E_ALL & ~E_DEPRECATED);
require '/usr/share/php/Illuminate/autoload.php';
require getenv('SAMPLES') . '/WebhookController.php';

class SiteKernel extends Kernel
{
    // Without the files of a whole application: its providers are named below.
    protected $bootstrappers = [Illuminate\Foundation\Bootstrap\BootProviders::class];
    protected $middleware = [
        Illuminate\Foundation\Http\Middleware\ValidatePostSize::class,
        Illuminate\Foundation\Http\Middleware\TrimStrings::class,
        Illuminate\Foundation\Http\Middleware\ConvertEmptyStringsToNull::class,
    ];
    protected $middlewareGroups = [
        'web' => [
            Illuminate\Session\Middleware\StartSession::class,
            VerifyCsrfToken::class,
            Illuminate\Routing\Middleware\SubstituteBindings::class,
        ],
        'api' => [Illuminate\Routing\Middleware\SubstituteBindings::class],
    ];
}

$here = getcwd();
$_SERVER['SCRIPT_NAME'] = '/laravel.php';
$app = new Application($here);
$app->instance('config', new Repository([
    'app' => [
        'env' => 'production', 'debug' => false, 'key' => str_repeat('k', 32), 'cipher' => 'AES-256-CBC',
        'locale' => 'en', 'fallback_locale' => 'en',
    ],
    'database' => [
        'default' => 'sqlite',
        'connections' => ['sqlite' => ['driver' => 'sqlite', 'database' => "$here/deliveries.db"]],
    ],
    'logging' => ['default' => 'none', 'channels' => ['none' => ['driver' => 'errorlog']]],
    'services' => ['workskedge' => ['secret' => getenv('WEBHOOK_SECRET')]],
    'session' => ['driver' => 'array', 'lottery' => [0, 1], 'cookie' => 'site', 'path' => '/', 'domain' => null, 'lifetime' => 1,
        'expire_on_close' => true, 'secure' => false, 'http_only' => true, 'same_site' => 'lax', 'encrypt' => false],
    'view' => ['paths' => [], 'compiled' => $here],
]));
$app->instance('env', 'production');
Facade::setFacadeApplication($app);
$app->singleton(HttpKernel::class, SiteKernel::class);
$app->singleton(ExceptionHandler::class, Handler::class);
foreach ([
    Illuminate\Database\DatabaseServiceProvider::class,
    Illuminate\Encryption\EncryptionServiceProvider::class,
    Illuminate\Filesystem\FilesystemServiceProvider::class,
    Illuminate\Session\SessionServiceProvider::class,
    Illuminate\Translation\TranslationServiceProvider::class,
    Illuminate\View\ViewServiceProvider::class,
] as $provider) {
    $app->register($provider);
}
$app->booted(function () {
    DB::statement('CREATE TABLE IF NOT EXISTS deliveries (id TEXT PRIMARY KEY, body BLOB NOT NULL, done_at TEXT)');
    Route::middleware('api')->post('/webhooks', WebhookController::class);
    Route::middleware('web')->post('/guarded', fn () => response()->noContent());
});
touch("$here/deliveries.db");
$kernel = $app->make(HttpKernel::class);
$kernel->handle(Request::capture())->send();
