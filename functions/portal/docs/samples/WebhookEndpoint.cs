// Takes deliveries in ASP.NET Core: WebhookEndpoint.Map(app) in Program.cs, with Verify.cs in the project (without its Main).
// dotnet add package Microsoft.Data.Sqlite, or the package of another database.
using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Data.Sqlite;

static class WebhookEndpoint
{
    const string Table =
        "CREATE TABLE IF NOT EXISTS deliveries (id TEXT PRIMARY KEY, body BLOB NOT NULL, done_at TEXT)";
    const string Insert = "INSERT INTO deliveries (id, body) VALUES ($id, $body) ON CONFLICT (id) DO NOTHING";

    // A minimal API asks for no antiforgery token as long as it binds no form. A controller would need [IgnoreAntiforgeryToken].
    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapPost("/webhooks", (Func<HttpRequest, Task<IResult>>)Receive);
    }

    static async Task<IResult> Receive(HttpRequest request)
    {
        // The bytes as they came: no parameter with [FromBody], which would parse them.
        var copy = new MemoryStream();
        await request.Body.CopyToAsync(copy);
        var body = copy.ToArray();
        var signatures = new[] { "", "-Next", "-Previous" }.Select(which => (string)request.Headers["X-Webhook-Signature" + which]);
        var secret = Environment.GetEnvironmentVariable("WEBHOOK_SECRET");
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        if (!Webhook.Verify(secret, request.Headers["X-Webhook-Timestamp"], signatures, body, now)) return Results.Unauthorized();
        var id = (string)request.Headers["X-Webhook-ID"];
        if (string.IsNullOrEmpty(id)) return Results.BadRequest();
        await Store(id, body); // where this throws, the answer is 500, and the delivery comes again
        return Results.NoContent(); // stored once, and only now acknowledged; the work is done afterwards
    }

    static async Task Store(string id, byte[] body)
    {
        using (var connection = new SqliteConnection("Data Source=deliveries.db"))
        {
            await connection.OpenAsync();
            var command = connection.CreateCommand();
            command.CommandText = Table + "; " + Insert;
            command.Parameters.AddWithValue("$id", id);
            command.Parameters.AddWithValue("$body", body);
            await command.ExecuteNonQueryAsync();
        }
    }
}
