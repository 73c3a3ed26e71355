// Takes deliveries in Spring MVC, in Spring Boot too, with Verify.java beside this file. Both belong in a package of yours.
//
// A table: CREATE TABLE deliveries (id VARCHAR(64) PRIMARY KEY, body BLOB NOT NULL, done_at TIMESTAMP)
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;

@RestController
public class WebhookController {
    private final JdbcTemplate jdbc;
    private final String secret = System.getenv("WEBHOOK_SECRET");

    public WebhookController(JdbcTemplate jdbc) {
        this.jdbc = jdbc;
    }

    // byte[]: the bytes as they came. An object in its place would be parsed, and a String decoded.
    @PostMapping("/webhooks")
    public ResponseEntity<Void> receive(@RequestHeader HttpHeaders headers, @RequestBody(required = false) byte[] sent) {
        byte[] body = sent == null ? new byte[0] : sent;
        List<String> signatures =
                Stream.of("", "-Next", "-Previous").map(which -> headers.getFirst("X-Webhook-Signature" + which)).toList();
        String timestamp = headers.getFirst("X-Webhook-Timestamp");
        if (!Verify.verify(secret, timestamp, signatures, body, Instant.now().getEpochSecond())) {
            return ResponseEntity.status(HttpStatus.UNAUTHORIZED).build();
        }
        String id = headers.getFirst("X-Webhook-ID");
        if (id == null || id.isEmpty()) return ResponseEntity.badRequest().build();
        try {
            jdbc.update("INSERT INTO deliveries (id, body) VALUES (?, ?)", id, body);
        } catch (DuplicateKeyException isThere) {
            // It came before: there is one row for each id. Where anything else is thrown, Spring answers 500, and it comes again.
        }
        return ResponseEntity.noContent().build(); // stored once, and only now acknowledged; the work is done afterwards
    }
}
