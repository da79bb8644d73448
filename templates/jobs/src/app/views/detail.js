// The page of one job.
import * as api from '../api.js';
import { clone, part, put } from '../dom.js';
import { say } from '../i18n.js';
import { fill } from '../job.js';
import { Missing } from './missing.js';

export class Detail {
  #job;
  #absent; // what to show instead, if there is no such job

  constructor({ board, id }) {
    this.board = board;
    this.id = id;
    this.root = document.createElement('div');
    this.#job = board.find(id);
  }

  get title() {
    return this.#job?.title ?? this.#absent?.title ?? '';
  }

  // load shows the job that the board has, or asks the API for it.
  async load() {
    if (!this.#job) {
      try {
        this.#job = await api.get(this.id);
      } catch (error) {
        this.#absent = new Missing(error.status === 404 ? 'missingJob' : 'broken', error);
      }
    }
    this.board.seen(this.id);
    this.speak();
  }

  speak() {
    if (this.#absent) {
      this.#absent.speak();
      this.root.replaceChildren(this.#absent.root);
      return;
    }
    if (!this.#job) return;
    const view = clone('job-view');
    fill(view, this.#job);
    part(view, 'pay-row').hidden = part(view, 'pay').hidden;
    part(view, 'description').append(...paragraphs(this.#job.description));
    const link = safeLink(this.#job.link);
    part(view, 'apply').hidden = !link;
    if (link) part(view, 'apply').href = link;
    this.root.replaceChildren(view);
    this.draw();
  }

  // draw says how many jobs have come while this one is being read.
  draw() {
    if (!part(this.root, 'fresh')) return;
    const n = this.board.fresh;
    put(this.root, 'fresh', n > 0 ? say('fresh', { n }) : '');
  }
}

function paragraphs(text) {
  return String(text ?? '').split(/\n\s*\n/).filter(Boolean).map((block) => {
    const p = document.createElement('p');
    p.textContent = block;
    return p;
  });
}

// safeLink lets only web addresses through: a job is what a stranger typed, and
// javascript: is an address, too.
function safeLink(link) {
  try {
    const url = new URL(link);
    return ['https:', 'http:'].includes(url.protocol) ? url.href : '';
  } catch {
    return '';
  }
}
