package com.example.session;

import jakarta.servlet.http.HttpServletResponse;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.data.redis.serializer.SerializationException;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** What makes it a server of the cluster: it says who answered, whether it is ready, and why a session could not be read. */
@Configuration
public class ClusterConfig {
    @Bean
    FilterRegistrationBean<jakarta.servlet.Filter> servedBy(@Value("${app.node}") String node) {
        var filter = new FilterRegistrationBean<jakarta.servlet.Filter>((request, response, chain) -> {
            ((HttpServletResponse) response).setHeader("X-Served-By", node);
            try {
                chain.doFilter(request, response);
            } catch (SerializationException unreadable) {
                // Spring Session reads the whole session before any controller runs: show why it could not.
                response.setContentType("text/plain;charset=UTF-8");
                ((HttpServletResponse) response).setStatus(500);
                response.getWriter().println(unreadable.getMessage());
            }
        });
        filter.setOrder(Ordered.HIGHEST_PRECEDENCE);
        return filter;
    }

    @RestController
    static class Health {
        @GetMapping({"/readyz", "/livez"})
        String ok() {
            return "ok";
        }
    }
}
