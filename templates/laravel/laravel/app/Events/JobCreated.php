<?php

namespace App\Events;

use Illuminate\Broadcasting\Channel;
use Illuminate\Contracts\Broadcasting\ShouldBroadcastNow;

/**
 * Tells every page of a job that has been stored:
 * broadcast(new JobCreated($job->toArray())).
 */
class JobCreated implements ShouldBroadcastNow
{
    /** @param  array<string, mixed>  $job  as the API answers with it */
    public function __construct(private array $job)
    {
    }

    public function broadcastOn(): Channel
    {
        return new Channel('jobs');
    }

    public function broadcastAs(): string
    {
        return 'server:created:job';
    }

    /** @return array<string, mixed> */
    public function broadcastWith(): array
    {
        return $this->job;
    }
}
