import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.TreeMap;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.RedisTemplate;
import org.springframework.data.redis.serializer.RedisSerializer;
import org.springframework.session.Session;
import org.springframework.session.SessionRepository;
import org.springframework.session.data.redis.RedisSessionRepository;

/** Spring Session's own repository behind one command a line: make, read ID, change ID, rename ID, delete ID. */
public class SpringSession {
  public static void main(String[] args) throws Exception {
    var factory = new LettuceConnectionFactory("127.0.0.1", Integer.parseInt(args[0]));
    factory.afterPropertiesSet();
    factory.start();
    var template = new RedisTemplate<String, Object>();
    template.setConnectionFactory(factory);
    template.setKeySerializer(RedisSerializer.string());
    template.setHashKeySerializer(RedisSerializer.string());
    template.setDefaultSerializer(RedisSerializer.json());
    template.afterPropertiesSet();
    serve(new RedisSessionRepository(template));
    factory.destroy();
  }

  private static <S extends Session> void serve(SessionRepository<S> sessions) throws Exception {
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    var out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    for (var line = in.readLine(); line != null; line = in.readLine()) {
      var words = line.split(" ");
      try {
        out.println(run(sessions, words[0], words.length > 1 ? words[1] : ""));
      } catch (Exception error) {
        out.println("error " + error.toString().replace('\n', ' '));
      }
    }
  }

  private static <S extends Session> String run(SessionRepository<S> sessions, String command, String id) {
    var session = command.equals("make") ? sessions.createSession() : sessions.findById(id);
    if (session == null) return "none";
    switch (command) {
      case "make" -> {
        session.setAttribute("text", "한글 \"q\"");
        session.setAttribute("flag", true);
        session.setAttribute("whole", 42);
        session.setAttribute("part", 1.5);
      }
      case "change" -> {
        session.setAttribute("whole", 43);
        session.removeAttribute("flag");
      }
      case "rename" -> session.changeSessionId();
      case "delete" -> {
        sessions.deleteById(id);
        return "deleted";
      }
      default -> {
        return describe(session);
      }
    }
    sessions.save(session);
    return session.getId();
  }

  /** Attributes with the classes that Java sees, and the idle timeout. */
  private static String describe(Session session) {
    var all = new TreeMap<String, String>();
    for (var name : session.getAttributeNames()) {
      var value = session.<Object>getAttribute(name);
      all.put(name, value.getClass().getSimpleName() + " " + value);
    }
    return all + " " + session.getMaxInactiveInterval();
  }
}
