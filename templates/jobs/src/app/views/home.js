// The home page: the most recent jobs, and the form to post one.
import * as api from '../api.js';
import { clone, part, put } from '../dom.js';
import { say, speak } from '../i18n.js';
import { fill, fillTime } from '../job.js';
import { JobForm } from './form.js';

// newFor is how long a job that has just come wears its badge, in milliseconds.
const newFor = 60_000;

export class Home {
  #rows = new Map(); // id → li
  #loaded = false;

  constructor({ board, live }) {
    this.board = board;
    this.live = live;
    this.root = document.createElement('div');
    this.root.append(clone('home-view'));
    this.list = part(this.root, 'list');
    this.form = new JobForm(part(this.root, 'form'), { board, live });
    part(this.root, 'more').addEventListener('click', () => this.#more());
    board.addEventListener('loaded', () => {
      this.#loaded = true;
      this.draw();
    });
    board.addEventListener('added', () => this.draw());
    setInterval(() => this.#tick(), 30_000);
  }

  get title() {
    return '';
  }

  // draw makes the list equal to the board. Rows that are there already stay, so that
  // focus and animations are not lost.
  draw() {
    for (const [id, row] of this.#rows) {
      if (this.board.find(id)) continue;
      row.remove();
      this.#rows.delete(id);
    }
    let before = null;
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
  speak() {
    speak(this.root);
    for (const [id, row] of this.#rows) fill(row, this.board.find(id));
    this.form.speak();
    this.#summary();
  }

  // failed says that the list could not be read; nothing takes it away.
  failed(error) {
    const reason = error && (error.status === 0 ? say('error.network') : error.message);
    put(this.root, 'notice', error && `${say('listFailed', { reason })}. ${say('retry')}`);
    this.list.setAttribute('aria-busy', 'false');
    part(this.root, 'empty').hidden ||= Boolean(error);
  }

  #row(job) {
    const row = clone('job-row').firstElementChild;
    part(row, 'title').href = `/jobs/${encodeURIComponent(job.id)}`;
    if (job.fresh) this.#markNew(row, job);
    this.#rows.set(job.id, row);
    return row;
  }

  #markNew(row, job) {
    row.classList.add('job-new');
    part(row, 'badge').hidden = false;
    setTimeout(() => {
      this.board.seen(job.id);
      row.classList.remove('job-new');
      part(row, 'badge').hidden = true;
    }, newFor);
  }

  #summary() {
    const { total, size } = this.board;
    put(this.root, 'count', total > 0 ? say('count', { n: total }) : '');
    part(this.root, 'empty').hidden = size > 0 || !this.#loaded;
    part(this.root, 'more').hidden = size >= total;
  }

  async #more() {
    const button = part(this.root, 'more');
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

  #tick() {
    for (const [id, row] of this.#rows) fillTime(row, this.board.find(id));
  }
}
