// The jobs on the server: /api/jobs.

import type { Draft, Job, Mistake } from './types.ts';

const base = '/api/jobs';

// pageSize is how many jobs the home page shows at first, and how many more each time.
export const pageSize = 20;

// ApiError is an answer that says no. fields is what a form can show: one entry for each
// mistake. status 0 means that nobody answered.
export class ApiError extends Error {
  readonly status: number;
  readonly fields: Mistake[];

  constructor(status: number, message: string, fields: Mistake[] = []) {
    super(message);
    this.status = status;
    this.fields = fields;
  }
}

// Page is a part of the list, and how many jobs there are in all.
export interface Page {
  jobs: Job[];
  total: number;
}

// list returns a page of jobs, newest first, and how many there are in all.
export async function list(page = 1): Promise<Page> {
  const answer = await send(`${base}?_limit=${pageSize}&_page=${page}`);
  const jobs: Job[] = await answer.json();
  return { jobs, total: Number(answer.headers.get('X-Total-Count') ?? jobs.length) };
}

export async function get(id: string): Promise<Job> {
  return (await send(`${base}/${encodeURIComponent(id)}`)).json();
}

// create returns the job as it is stored, with its id.
export async function create(job: Draft): Promise<Job> {
  const answer = await send(base, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(job),
  });
  return answer.json();
}

async function send(url: string, options: RequestInit = {}): Promise<Response> {
  let answer: Response;
  try {
    // no-cache asks the server each time; an unchanged list costs a 304.
    answer = await fetch(url, { cache: 'no-cache', ...options });
  } catch (cause) {
    throw new ApiError(0, String(cause));
  }
  if (answer.ok) return answer;
  const problem: { detail?: string; errors?: Mistake[] } = await answer.json().catch(() => ({}));
  throw new ApiError(answer.status, problem.detail ?? `${answer.status} ${answer.statusText}`, problem.errors);
}
