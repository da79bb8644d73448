<?php

namespace App\Broadcasting;

use Illuminate\Broadcasting\BroadcastException;
use Illuminate\Broadcasting\Broadcasters\Broadcaster;
use RuntimeException;
use Symfony\Component\HttpKernel\Exception\AccessDeniedHttpException;

/**
 * Lets Laravel broadcast through realtimectl: a channel is a room of the hub, the payload
 * is the event's only argument, and toOthers() leaves the sender's socket out.
 *
 * Who is in which room is decided by the rules in realtimectl.yaml, so there is nothing to
 * authorize here.
 */
class RealtimectlBroadcaster extends Broadcaster
{
    public function __construct(private Realtimectl $hub)
    {
    }

    public function auth($request)
    {
        throw new AccessDeniedHttpException;
    }

    public function validAuthenticationResponse($request, $result)
    {
        throw new AccessDeniedHttpException;
    }

    public function broadcast(array $channels, $event, array $payload = [])
    {
        $socket = $payload['socket'] ?? null;
        unset($payload['socket']);
        try {
            $this->hub->emit($event, [(object) $payload], $this->formatChannels($channels), $socket === null ? [] : [$socket]);
        } catch (RuntimeException $e) {
            throw new BroadcastException($e->getMessage(), 0, $e);
        }
    }
}
