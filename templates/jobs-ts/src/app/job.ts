// How one job is shown, in a row of the list and on its own page.
import { ago, day, money, say } from './i18n.ts';
import { part, put } from './dom.ts';
import type { Job } from './types.ts';

// fill puts a job into the parts that a row and a page have in common.
export function fill(root: ParentNode, job: Job): void {
  const tile = part(root, 'tile');
  tile.textContent = initials(job.company);
  tile.dataset.tint = String(tint(job.company));
  put(root, 'title', job.title);
  put(root, 'company', job.company);
  put(root, 'place', job.place);
  put(root, 'mode', choice('mode', job.mode));
  put(root, 'kind', choice('kind', job.kind));
  put(root, 'pay', pay(job));
  fillTime(root, job);
}

// fillTime says how long ago the job was posted; it is called again as time goes by.
export function fillTime(root: ParentNode, job: Job): void {
  const date = new Date(job.createdAt);
  const time = part<HTMLTimeElement>(root, 'time');
  if (Number.isNaN(date.getTime())) {
    time.hidden = true;
    return;
  }
  time.dateTime = date.toISOString();
  time.title = day(date);
  time.textContent = ago(date);
}

// choice names one of the fixed values; one that we do not know is shown as it is.
function choice(group: string, value: string): string {
  const key = `${group}.${value}`;
  const text = say(key);
  return text === key ? String(value ?? '') : text;
}

function pay(job: Job): string {
  if (typeof job.salary !== 'number') return '';
  return money(job.salary, job.currency ?? 'EUR');
}

function initials(name: string): string {
  const all = name.split(/\s+/).filter((word) => /^\p{L}|^\p{N}/u.test(word));
  return all.slice(0, 2).map((word) => [...word][0]?.toUpperCase()).join('');
}

// tint gives a company one of the six colours of jobs.css, always the same.
function tint(name: string): number {
  let sum = 0;
  for (const char of name) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 6151;
  return sum % 6;
}
