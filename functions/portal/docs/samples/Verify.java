// Verifies a delivery. VERIFY_NOW (Unix seconds) replaces the clock in tests. Java 17 or later.
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public final class Verify {
    private static final long TOLERANCE_SECONDS = 300;

    private Verify() {}

    /**
     * Whether body, the raw bytes, was signed with secret not long before now (Unix seconds). signatures: X-Webhook-Signature,
     * X-Webhook-Signature-Next and -Previous, as far as they are there; null for the others. One has to match.
     */
    public static boolean verify(String secret, String timestamp, List<String> signatures, byte[] body, long now) {
        if (secret == null || secret.isEmpty() || timestamp == null || !timestamp.matches("[0-9]{1,12}")) return false;
        if (Math.abs(now - Long.parseLong(timestamp)) > TOLERANCE_SECONDS) return false;
        byte[] expected = hmac(secret, timestamp + ".", body);
        for (String signature : signatures) {
            if (signature == null || !signature.matches("[0-9a-f]{64}")) continue;
            if (MessageDigest.isEqual(expected, HexFormat.of().parseHex(signature))) return true; // in constant time
        }
        return false;
    }

    private static byte[] hmac(String secret, String prefix, byte[] body) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            mac.update(prefix.getBytes(StandardCharsets.UTF_8));
            return mac.doFinal(body);
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible); // every Java has HmacSHA256
        }
    }

    // usage: WEBHOOK_SECRET=whsec_... java Verify.java <timestamp> <signature> [more signatures] < body
    public static void main(String[] arguments) throws IOException {
        String clock = System.getenv("VERIFY_NOW");
        long now = clock == null ? Instant.now().getEpochSecond() : Long.parseLong(clock);
        byte[] body = System.in.readAllBytes();
        List<String> signatures = Arrays.asList(arguments).subList(Math.min(1, arguments.length), arguments.length);
        String timestamp = arguments.length == 0 ? "" : arguments[0];
        boolean verified = verify(System.getenv("WEBHOOK_SECRET"), timestamp, signatures, body, now);
        System.out.println(verified ? "verified" : "refused");
        System.exit(verified ? 0 : 1);
    }
}
