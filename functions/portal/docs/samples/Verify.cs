// Verifies a delivery. VERIFY_NOW (Unix seconds) replaces the clock in tests.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;

static class Webhook
{
    const long ToleranceSeconds = 300;

    /// Whether body, the raw bytes, was signed with secret not long before now (Unix seconds). signatures:
    /// X-Webhook-Signature, X-Webhook-Signature-Next and -Previous, as far as they are there. One has to match.
    public static bool Verify(string secret, string timestamp, IEnumerable<string> signatures, byte[] body, long now)
    {
        long sent;
        if (!long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out sent)) return false;
        if (string.IsNullOrEmpty(secret) || now - sent > ToleranceSeconds || sent - now > ToleranceSeconds) return false;
        using (var hmac = new HMACSHA256(Encoding.UTF8.GetBytes(secret)))
        {
            var signed = Encoding.UTF8.GetBytes(timestamp + ".").Concat(body).ToArray();
            var expected = BitConverter.ToString(hmac.ComputeHash(signed)).Replace("-", "").ToLowerInvariant();
            return signatures.Any(signature => SameInConstantTime(expected, signature ?? ""));
        }
    }

    /// .NET Core has CryptographicOperations.FixedTimeEquals for it.
    static bool SameInConstantTime(string expected, string given)
    {
        if (given.Length != expected.Length) return false;
        var difference = 0;
        for (var i = 0; i < expected.Length; i++) difference |= expected[i] ^ given[i];
        return difference == 0;
    }

    // usage: WEBHOOK_SECRET=whsec_... dotnet run -- <timestamp> <signature> [more signatures] < body
    static int Main(string[] arguments)
    {
        var body = new MemoryStream();
        Console.OpenStandardInput().CopyTo(body);
        long now;
        if (!long.TryParse(Environment.GetEnvironmentVariable("VERIFY_NOW"), out now))
            now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var secret = Environment.GetEnvironmentVariable("WEBHOOK_SECRET");
        var verified = arguments.Length > 1 && Verify(secret, arguments[0], arguments.Skip(1), body.ToArray(), now);
        Console.WriteLine(verified ? "verified" : "refused");
        return verified ? 0 : 1;
    }
}
