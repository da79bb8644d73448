// The page of one job.
import * as api from '../api.ts';
import { clone, part, put } from '../dom.ts';
import { say } from '../i18n.ts';
import { fill } from '../job.ts';
import { Missing } from './missing.ts';
import type { Board } from '../board.ts';
import type { Job } from '../types.ts';
import type { View } from './view.ts';

export class Detail implements View {
  readonly board: Board;
  readonly id: string;
  readonly root = document.createElement('div');
  #job?: Job;
  #absent?: Missing; // what to show instead, if there is no such job

  constructor({ board, id }: { board: Board; id: string }) {
    this.board = board;
    this.id = id;
    this.#job = board.find(id);
  }

  get title(): string {
    return this.#job?.title ?? this.#absent?.title ?? '';
  }

  // load shows the job that the board has, or asks the API for it.
  async load(): Promise<void> {
    if (!this.#job) {
      try {
        this.#job = await api.get(this.id);
      } catch (error) {
        const gone = error instanceof api.ApiError && error.status === 404;
        this.#absent = new Missing(gone ? 'missingJob' : 'broken', error);
      }
    }
    this.board.seen(this.id);
    this.speak();
  }

  speak(): void {
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
    if (link) part<HTMLAnchorElement>(view, 'apply').href = link;
    this.root.replaceChildren(view);
    this.draw();
  }

  // draw says how many jobs have come while this one is being read.
  draw(): void {
    if (!this.root.querySelector('[data-part="fresh"]')) return;
    const n = this.board.fresh;
    put(this.root, 'fresh', n > 0 ? say('fresh', { n }) : '');
  }
}

function paragraphs(text?: string): HTMLElement[] {
  return (text ?? '').split(/\n\s*\n/).filter(Boolean).map((block) => {
    const p = document.createElement('p');
    p.textContent = block;
    return p;
  });
}

// safeLink lets only web addresses through: a job is what a stranger typed, and
// javascript: is an address, too.
function safeLink(link = ''): string {
  try {
    const url = new URL(link);
    return ['https:', 'http:'].includes(url.protocol) ? url.href : '';
  } catch {
    return '';
  }
}
