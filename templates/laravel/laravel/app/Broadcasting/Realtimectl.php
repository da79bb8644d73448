<?php

namespace App\Broadcasting;

use RuntimeException;

/**
 * Speaks to the hub of realtimectl: one request raises an event in every browser, or in
 * those that are in one of the rooms. It needs nothing but PHP.
 */
class Realtimectl
{
    public function __construct(
        private string $url,
        private string $tokenFile,
        private float $timeout = 2.0,
    ) {
    }

    /**
     * Returns how many browsers got it. A socket id in $except does not.
     *
     * @param  list<mixed>  $args
     * @param  list<string>  $rooms
     * @param  list<string>  $except
     */
    public function emit(string $event, array $args = [], array $rooms = [], array $except = []): int
    {
        $token = @file_get_contents($this->tokenFile);
        if ($token === false) {
            throw new RuntimeException("there is no token in {$this->tokenFile}: does realtimectl serve run?");
        }
        $body = json_encode(compact('event', 'args', 'rooms', 'except'), JSON_THROW_ON_ERROR);
        $answer = @file_get_contents(rtrim($this->url, '/').'/__realtimectl/emit', false, stream_context_create(['http' => [
            'method' => 'POST',
            'header' => "Content-Type: application/json\r\nAuthorization: Bearer ".trim($token),
            'content' => $body,
            'timeout' => $this->timeout,
            'ignore_errors' => true,
        ]]));
        if ($answer === false) {
            throw new RuntimeException("the hub at {$this->url} does not answer");
        }
        $said = json_decode($answer, true);
        if (! is_array($said) || ! isset($said['delivered'])) {
            throw new RuntimeException('the hub refused '.$event.': '.($said['error'] ?? $answer));
        }

        return $said['delivered'];
    }
}
