// The home page: the most recent jobs, and the form to post one.
import * as api from '../api.ts';
import { clone, part, put } from '../dom.ts';
import { say, speak } from '../i18n.ts';
import { fill, fillTime } from '../job.ts';
import { reason } from '../reason.ts';
import { JobForm } from './form.ts';
import type { Board, Known } from '../board.ts';
import type { Live } from '../live.ts';
import type { View } from './view.ts';

// newFor is how long a job that has just come wears its badge, in milliseconds.
const newFor = 60_000;

export class Home implements View {
  readonly board: Board;
  readonly live: Live;
  readonly root = document.createElement('div');
  readonly list: HTMLElement;
  readonly form: JobForm;
  #rows = new Map<string, HTMLElement>(); // id → li
  #loaded = false;

  constructor({ board, live }: { board: Board; live: Live }) {
    this.board = board;
    this.live = live;
    this.root.append(clone('home-view'));
    this.list = part(this.root, 'list');
    this.form = new JobForm(part<HTMLFormElement>(this.root, 'form'), { board, live });
    part(this.root, 'more').addEventListener('click', () => this.#more());
    board.addEventListener('loaded', () => {
      this.#loaded = true;
      this.draw();
    });
    board.addEventListener('added', () => this.draw());
    setInterval(() => this.#tick(), 30_000);
  }

  get title(): string {
    return '';
  }

  // draw makes the list equal to the board. Rows that are there already stay, so that
  // focus and animations are not lost.
  draw(): void {
    for (const [id, row] of this.#rows) {
      if (this.board.find(id)) continue;
      row.remove();
      this.#rows.delete(id);
    }
    let before: Element | undefined;
    for (const job of this.board.jobs) {
      const row = this.#rows.get(job.id) ?? this.#row(job);
      fill(row, job);
      const place = before ? before.nextSibling : this.list.firstChild;
      if (row !== place) this.list.insertBefore(row, place);
      before = row;
    }
    this.list.setAttribute('aria-busy', 'false');
    this.#summary();
  }

  // speak puts the page into the language that was chosen.
  speak(): void {
    speak(this.root);
    for (const [row, job] of this.#shown()) fill(row, job);
    this.form.speak();
    this.#summary();
  }

  // failed says that the list could not be read; nothing takes it away.
  failed(error: unknown): void {
    const notice = error ? `${say('listFailed', { reason: reason(error) })}. ${say('retry')}` : '';
    put(this.root, 'notice', notice);
    this.list.setAttribute('aria-busy', 'false');
    part(this.root, 'empty').hidden ||= Boolean(error);
  }

  // shown are the rows with their jobs.
  #shown(): [HTMLElement, Known][] {
    return this.board.jobs.flatMap((job) => {
      const row = this.#rows.get(job.id);
      return row ? [[row, job]] : [];
    });
  }

  #row(job: Known): HTMLElement {
    const row = clone('job-row').firstElementChild as HTMLElement;
    part<HTMLAnchorElement>(row, 'title').href = `/jobs/${encodeURIComponent(job.id)}`;
    if (job.fresh) this.#markNew(row, job);
    this.#rows.set(job.id, row);
    return row;
  }

  #markNew(row: HTMLElement, job: Known): void {
    row.classList.add('job-new');
    part(row, 'badge').hidden = false;
    setTimeout(() => {
      this.board.seen(job.id);
      row.classList.remove('job-new');
      part(row, 'badge').hidden = true;
    }, newFor);
  }

  #summary(): void {
    const { total, size } = this.board;
    put(this.root, 'count', total > 0 ? say('count', { n: total }) : '');
    part(this.root, 'empty').hidden = size > 0 || !this.#loaded;
    part(this.root, 'more').hidden = size >= total;
  }

  async #more(): Promise<void> {
    const button = part<HTMLButtonElement>(this.root, 'more');
    button.disabled = true;
    try {
      // The page after what is here. It may overlap, as jobs have come since: the board
      // holds each only once.
      this.board.load(await api.list(Math.floor(this.board.size / api.pageSize) + 1));
      this.failed(null);
    } catch (error) {
      this.failed(error);
    }
    button.disabled = false;
  }

  #tick(): void {
    for (const [row, job] of this.#shown()) fillTime(row, job);
  }
}
