// The jobs this page knows: each once, newest first. It tells a listener what changed.
import type { Page } from './api.ts';
import type { Job } from './types.ts';

// Known is a job on the board; fresh ones have not been seen yet.
export type Known = Job & { fresh: boolean };

export class Board extends EventTarget {
  #jobs = new Map<string, Known>();
  total = 0; // on the server, as far as this page knows

  // jobs are sorted by the time they were created; ids decide a tie.
  get jobs(): Known[] {
    return [...this.#jobs.values()].sort((a, b) => compare(b.createdAt, a.createdAt) || compare(b.id, a.id));
  }

  get size(): number {
    return this.#jobs.size;
  }

  find(id: string): Known | undefined {
    return this.#jobs.get(id);
  }

  // load takes a page of what the API says. With fresh, jobs that were not known are
  // marked as new. A page that is the whole list also says which jobs are gone.
  load({ jobs, total }: Page, { fresh = false } = {}): void {
    if (jobs.length === total) {
      const there = new Set(jobs.map((job) => job.id));
      for (const id of this.#jobs.keys()) if (!there.has(id)) this.#jobs.delete(id);
    }
    for (const job of jobs) {
      const known = this.#jobs.get(job.id);
      this.#jobs.set(job.id, { ...job, fresh: known ? known.fresh : fresh });
    }
    this.total = total;
    this.dispatchEvent(new Event('loaded'));
  }

  // add takes one job, from an event or from our own form. A job that is here already is
  // left alone: the page that posted it hears of it too, and so may a page that has just
  // asked the API. Returns whether it was new.
  add(job: unknown): job is Job {
    if (!isJob(job) || this.#jobs.has(job.id)) return false;
    this.#jobs.set(job.id, { ...job, fresh: true });
    this.total += 1;
    this.dispatchEvent(new Event('added'));
    return true;
  }

  // seen takes the mark of novelty off a job.
  seen(id: string): void {
    const job = this.#jobs.get(id);
    if (job) job.fresh = false;
  }

  get fresh(): number {
    return [...this.#jobs.values()].filter((job) => job.fresh).length;
  }
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a > b ? 1 : -1;
}

// isJob looks at what came from outside: any page can emit, so anything may arrive.
function isJob(job: unknown): job is Job {
  const texts = ['id', 'title', 'company', 'place', 'createdAt'];
  if (typeof job !== 'object' || job === null) return false;
  const values = job as Record<string, unknown>;
  return texts.every((name) => typeof values[name] === 'string');
}
