import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import software.amazon.event.ruler.JsonRuleCompiler;
import software.amazon.event.ruler.Machine;

/** Asks Amazon's matcher about each case of a file, and fails when it says something else. */
public class Ask {
    public static void main(String[] arguments) throws Exception {
        var json = new ObjectMapper();
        int cases = 0, wrong = 0;
        for (String line : Files.readAllLines(Path.of(arguments[0]))) {
            JsonNode one = json.readTree(line);
            String expected = one.has("invalid") ? "invalid" : one.get("matches").asText();
            String said = answer(json.writeValueAsString(one.get("pattern")), json.writeValueAsString(one.path("event")));
            cases++;
            if (!said.equals(expected)) {
                wrong++;
                System.out.println(one.get("of").asText() + ": " + said + ", not " + expected);
            }
        }
        System.out.println(cases + " cases, " + wrong + " of them answered otherwise");
        System.exit(wrong == 0 && cases > 0 ? 0 : 1);
    }

    private static String answer(String pattern, String event) throws Exception {
        if (JsonRuleCompiler.check(pattern, false) != null) {
            return "invalid";
        }
        var machine = Machine.builder().build();
        machine.addRule("pattern", pattern);
        return String.valueOf(!machine.rulesForJSONEvent(event).isEmpty());
    }
}
