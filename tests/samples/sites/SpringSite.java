import java.util.Map;
import org.apache.catalina.Context;
import org.apache.catalina.startup.Tomcat;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.support.GenericWebApplicationContext;
import org.springframework.web.servlet.DispatcherServlet;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerAdapter;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;

/** Spring MVC in Tomcat around the sample. `GET /stored` counts what is stored. usage: java SpringSite <port> */
public class SpringSite {
    @RestController
    public static class Stored {
        private final JdbcTemplate jdbc;

        Stored(JdbcTemplate jdbc) {
            this.jdbc = jdbc;
        }

        @GetMapping("/stored")
        public String count() {
            return jdbc.queryForObject("SELECT count(*) FROM deliveries", Integer.class).toString();
        }
    }

    public static void main(String[] arguments) throws Exception {
        JdbcTemplate jdbc = new JdbcTemplate(new DriverManagerDataSource("jdbc:h2:mem:site;DB_CLOSE_DELAY=-1"));
        jdbc.execute("CREATE TABLE deliveries (id VARCHAR(64) PRIMARY KEY, body BLOB NOT NULL, done_at TIMESTAMP)");
        GenericWebApplicationContext spring = new GenericWebApplicationContext();
        Map.of("webhooks", new WebhookController(jdbc), "stored", new Stored(jdbc))
                .forEach((name, bean) -> spring.getBeanFactory().registerSingleton(name, bean));
        spring.registerBeanDefinition("mapping", new RootBeanDefinition(RequestMappingHandlerMapping.class));
        spring.registerBeanDefinition("adapter", new RootBeanDefinition(RequestMappingHandlerAdapter.class));
        Tomcat tomcat = new Tomcat();
        tomcat.setBaseDir("tomcat");
        tomcat.setHostname("127.0.0.1");
        tomcat.setPort(Integer.parseInt(arguments[0]));
        Context context = tomcat.addContext("", null);
        Tomcat.addServlet(context, "spring", new DispatcherServlet(spring)).setLoadOnStartup(1);
        context.addServletMappingDecoded("/", "spring");
        tomcat.getConnector();
        tomcat.start();
        tomcat.getServer().await();
    }
}
