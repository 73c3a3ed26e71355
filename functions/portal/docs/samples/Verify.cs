// Verifies a delivery. VERIFY_NOW (Unix seconds) replaces the clock in tests.
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

static class Webhook
{
    const long ToleranceSeconds = 300;

    /// Whether body, the raw bytes, was signed with secret not long before now (Unix seconds).
    public static bool Verify(string secret, string timestamp, string signature, byte[] body, long now)
    {
        if (!long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var sent)) return false;
        if (now - sent is > ToleranceSeconds or < -ToleranceSeconds) return false;
        if (signature.Length != 64 || !signature.All(char.IsAsciiHexDigitLower)) return false;
        byte[] signed = [.. Encoding.UTF8.GetBytes(timestamp + "."), .. body];
        var expected = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed);
        return CryptographicOperations.FixedTimeEquals(expected, Convert.FromHexString(signature));
    }

    // usage: WEBHOOK_SECRET=whsec_... dotnet run -- <timestamp> <signature> < body
    static int Main(string[] arguments)
    {
        using var body = new MemoryStream();
        Console.OpenStandardInput().CopyTo(body);
        var fixedNow = long.TryParse(Environment.GetEnvironmentVariable("VERIFY_NOW"), out var seconds);
        var now = fixedNow ? seconds : DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var secret = Environment.GetEnvironmentVariable("WEBHOOK_SECRET") ?? "";
        var verified = arguments is [var timestamp, var signature] && Verify(secret, timestamp, signature, body.ToArray(), now);
        Console.WriteLine(verified ? "verified" : "refused");
        return verified ? 0 : 1;
    }
}
