// The jobs on the server: /api/jobs.

const base = '/api/jobs';

// pageSize is how many jobs the home page shows at first, and how many more each time.
export const pageSize = 20;

// ApiError is an answer that says no. fields is what a form can show: one entry for each
// mistake, { field, rule, limit, message }. status 0 means that nobody answered.
export class ApiError extends Error {
  constructor(status, message, fields = []) {
    super(message);
    this.status = status;
    this.fields = fields;
  }
}

// list returns a page of jobs, newest first, and how many there are in all.
export async function list(page = 1) {
  const answer = await send(`${base}?_limit=${pageSize}&_page=${page}`);
  const jobs = await answer.json();
  return { jobs, total: Number(answer.headers.get('X-Total-Count') ?? jobs.length) };
}

export async function get(id) {
  return (await send(`${base}/${encodeURIComponent(id)}`)).json();
}

// create returns the job as it is stored, with its id.
export async function create(job) {
  const answer = await send(base, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(job),
  });
  return answer.json();
}

async function send(url, options = {}) {
  let answer;
  try {
    // no-cache asks the server each time; an unchanged list costs a 304.
    answer = await fetch(url, { cache: 'no-cache', ...options });
  } catch (cause) {
    throw new ApiError(0, String(cause));
  }
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({}));
  throw new ApiError(answer.status, problem.detail ?? `${answer.status} ${answer.statusText}`, problem.errors);
}
