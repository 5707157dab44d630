package com.example.session;

import jakarta.servlet.http.HttpSession;
import java.util.List;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.core.authority.SimpleGrantedAuthority;
import org.springframework.security.core.context.SecurityContext;
import org.springframework.security.core.context.SecurityContextImpl;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/**
 * The tutorial's last paragraph: an object of a class in the session. As JSON it is written, and can never be read again,
 * because Jackson finds no constructor: from then on every page of this user fails. With SERIALIZER=java it comes back.
 */
@RestController
public class ContextController {
    private static final String NAME = "SPRING_SECURITY_CONTEXT"; // what Spring Security calls it

    @PostMapping("/context")
    public String set(@RequestParam("user") String user, HttpSession session) {
        var authorities = List.of(new SimpleGrantedAuthority("ROLE_USER"));
        session.setAttribute(NAME, new SecurityContextImpl(
                UsernamePasswordAuthenticationToken.authenticated(user, null, authorities)));
        return "Saved: " + user;
    }

    @GetMapping("/context")
    public String get(HttpSession session) {
        var context = (SecurityContext) session.getAttribute(NAME);
        return context == null ? "null" : context.getAuthentication().getName();
    }

    @PostMapping("/logout")
    public String logout(HttpSession session) {
        session.invalidate();
        return "Logged out";
    }
}
