// The jobs this page knows: each once, newest first. It tells a listener what changed.

export class Board extends EventTarget {
  #jobs = new Map();
  total = 0; // on the server, as far as this page knows

  // jobs are sorted by the time they were created; ids decide a tie.
  get jobs() {
    return [...this.#jobs.values()].sort((a, b) => compare(b.createdAt, a.createdAt) || compare(b.id, a.id));
  }

  get size() {
    return this.#jobs.size;
  }

  find(id) {
    return this.#jobs.get(id);
  }

  // load takes a page of what the API says. With fresh, jobs that were not known are
  // marked as new. A page that is the whole list also says which jobs are gone.
  load({ jobs, total }, { fresh = false } = {}) {
    if (jobs.length === total) {
      const there = new Set(jobs.map((job) => job.id));
      for (const id of this.#jobs.keys()) if (!there.has(id)) this.#jobs.delete(id);
    }
    for (const job of jobs) {
      const known = this.#jobs.get(job.id);
      this.#jobs.set(job.id, { ...job, fresh: known ? known.fresh : fresh });
    }
    this.total = total;
    this.#tell('loaded');
  }

  // add takes one job, from an event or from our own form. A job that is here already is
  // left alone: the page that posted it hears of it too, and so may a page that has just
  // asked the API. Returns whether it was new.
  add(job) {
    if (!isJob(job) || this.#jobs.has(job.id)) return false;
    this.#jobs.set(job.id, { ...job, fresh: true });
    this.total += 1;
    this.#tell('added', this.#jobs.get(job.id));
    return true;
  }

  // seen takes the mark of novelty off a job.
  seen(id) {
    const job = this.#jobs.get(id);
    if (job) job.fresh = false;
  }

  get fresh() {
    return [...this.#jobs.values()].filter((job) => job.fresh).length;
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

function compare(a, b) {
  if (a === b) return 0;
  return a > b ? 1 : -1;
}

// isJob looks at what came from outside: any page can emit, so anything may arrive.
function isJob(job) {
  const texts = ['id', 'title', 'company', 'place', 'createdAt'];
  return typeof job === 'object' && job !== null && texts.every((name) => typeof job[name] === 'string');
}
