package demo;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpSession;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.Banner;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.redis.serializer.RedisSerializer;
import org.springframework.session.FindByIndexNameSessionRepository;
import org.springframework.session.Session;
import org.springframework.session.data.redis.config.annotation.web.http.EnableRedisHttpSession;
import org.springframework.session.data.redis.config.annotation.web.http.EnableRedisIndexedHttpSession;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Several Spring Boot applications in one process, one for each of the given variants; prints `<variant> <port>` of each. */
public class Demo {
  public static void main(String[] args) throws IOException {
    for (int i = 1; i < args.length; i++) start(args[0], args[i]);
    System.out.println("ready");
    while (System.in.read() != -1) {} // until whoever started it ends
    System.exit(0);
  }

  /** A variant is `<namespace's beginning>:<kind>`, and the namespace too. */
  static void start(String redisPort, String variant) {
    String name = variant.substring(variant.indexOf(':') + 1);
    Class<?> kind = name.equals("indexed") ? Indexed.class : Plain.class;
    Class<?> form = name.equals("jdk") ? Java.class : name.equals("jackson2") ? Jackson2.class : Json.class;
    var context = new SpringApplicationBuilder(kind, form, Routes.class)
        .bannerMode(Banner.Mode.OFF)
        .run("--server.port=0", "--spring.data.redis.port=" + redisPort, "--ns=" + variant, "--logging.level.root=off",
            "--spring.jmx.enabled=false");
    System.out.println(variant + " " + context.getEnvironment().getProperty("local.server.port"));
  }

  @Configuration @EnableAutoConfiguration @EnableRedisHttpSession(redisNamespace = "${ns}")
  static class Plain {}

  @Configuration @EnableAutoConfiguration @EnableRedisIndexedHttpSession(redisNamespace = "${ns}")
  static class Indexed {}

  @Configuration
  static class Java {}

  @Configuration
  static class Json {
    @Bean RedisSerializer<Object> springSessionDefaultRedisSerializer() { return RedisSerializer.json(); }
  }

  /** By name, because Boot 4 comes without Jackson 2. */
  @Configuration
  static class Jackson2 {
    @Bean @SuppressWarnings("unchecked") RedisSerializer<Object> springSessionDefaultRedisSerializer() throws Exception {
      String name = "org.springframework.data.redis.serializer.GenericJackson2JsonRedisSerializer";
      return (RedisSerializer<Object>) Class.forName(name).getConstructor().newInstance();
    }
  }

  public static class Cart implements Serializable {
    public int items = 3;

    @Override public String toString() { return "of " + items; }
  }

  @RestController
  static class Routes {
    @Autowired(required = false) FindByIndexNameSessionRepository<? extends Session> find;

    @Autowired(required = false) RedisSerializer<Object> serializer;

    /** Reads each line (Base64) as Spring Session reads an attribute; answers the classes that came of it, and how Java writes it. */
    @PostMapping("/codec") String codec(@RequestBody String lines) {
      return lines.lines().map(line -> {
        Object value = serializer.deserialize(Base64.getDecoder().decode(line));
        Set<String> names = new TreeSet<>();
        collect(value, names);
        return String.join(",", names) + " " + Base64.getEncoder().encodeToString(serializer.serialize(value));
      }).collect(Collectors.joining("\n"));
    }

    static void collect(Object value, Set<String> names) {
      if (value == null) return;
      names.add(value.getClass().getName());
      if (value instanceof Map<?, ?> map) map.values().forEach(child -> collect(child, names));
      if (value instanceof Iterable<?> items) items.forEach(child -> collect(child, names));
    }

    @GetMapping("/make") String make(HttpSession session) {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("list", new ArrayList<>(List.of(1, "x")));
      map.put("long", 5L);
      map.put("none", null);
      session.setAttribute("text", "한글 \"q\"");
      session.setAttribute("int", 42);
      session.setAttribute("long", 9007199254740993L);
      session.setAttribute("double", 1.5);
      session.setAttribute("flag", true);
      session.setAttribute("map", map);
      session.setAttribute("list", new ArrayList<>(List.of("java.io.File", "/etc/passwd")));
      session.setAttribute("set", new LinkedHashSet<>(List.of("a", "b")));
      session.setAttribute("date", new Date(1_700_000_000_000L));
      session.setAttribute("cart", new Cart());
      return "made";
    }

    @GetMapping("/set") String set(@RequestParam("q") String q, HttpSession session) {
      session.setAttribute("q", q);
      return "set";
    }

    /** Every attribute with its class, nested ones too. */
    @GetMapping("/all") String all(HttpServletRequest request) {
      HttpSession session = request.getSession(false);
      if (session == null) return "no session";
      Map<String, String> all = new TreeMap<>();
      for (String name : Collections.list(session.getAttributeNames())) all.put(name, shown(session.getAttribute(name)));
      return all.entrySet().stream().map(e -> e.getKey() + " = " + e.getValue()).collect(Collectors.joining("\n"));
    }

    static String shown(Object value) {
      if (value == null) return "null";
      String name = value.getClass().getSimpleName();
      if (value instanceof Date date) return name + " " + date.getTime();
      if (value instanceof Map<?, ?> map) {
        return name + " {" + map.entrySet().stream().map(e -> e.getKey() + ": " + shown(e.getValue()))
            .collect(Collectors.joining(", ")) + "}";
      }
      if (value instanceof Iterable<?> items) {
        List<String> shown = new ArrayList<>();
        for (Object item : items) shown.add(shown(item));
        return name + " [" + String.join(", ", shown) + "]";
      }
      return name + " " + value;
    }

    @GetMapping("/rotate") String rotate(HttpServletRequest request) {
      request.getSession();
      request.changeSessionId();
      return "rotated";
    }

    @GetMapping("/login") String login(@RequestParam("user") String user, HttpServletRequest request) {
      request.getSession().setAttribute(FindByIndexNameSessionRepository.PRINCIPAL_NAME_INDEX_NAME, user);
      request.changeSessionId();
      return "logged in";
    }

    @GetMapping("/logout") String logout(HttpServletRequest request) {
      HttpSession session = request.getSession(false);
      if (session != null) session.invalidate();
      return "logged out";
    }

    /** Ends all of a user's sessions, as an operator does. */
    @GetMapping("/everywhere") String everywhere(@RequestParam("user") String user) {
      var ids = find.findByPrincipalName(user).keySet();
      ids.forEach(find::deleteById);
      return "ended " + ids.size();
    }
  }
}
