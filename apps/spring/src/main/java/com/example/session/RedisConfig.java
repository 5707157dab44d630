package com.example.session;

import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.redis.serializer.RedisSerializer;

/** The tutorial's bean. Without it, with SERIALIZER=java, attributes are written in Java's own serialization. */
@Configuration
public class RedisConfig {
    @Bean
    @ConditionalOnProperty(name = "app.serializer", havingValue = "json")
    public RedisSerializer<Object> springSessionDefaultRedisSerializer() {
        return RedisSerializer.json();
    }
}
