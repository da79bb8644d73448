// The form: checks what can be checked here, posts the rest, and shows what the API says
// field by field. Nothing appears in the list before the API has stored it.
import * as api from '../api.ts';
import { part } from '../dom.ts';
import { say } from '../i18n.ts';
import { reason } from '../reason.ts';
import type { Board } from '../board.ts';
import type { Live } from '../live.ts';
import type { Draft, Mistake } from '../types.ts';

type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

const texts = ['title', 'company', 'place', 'link', 'description'] as const;

// The same limits as data/job.schema.json, so that most mistakes need no round trip. The
// API has the last word.
const shortest: Partial<Record<keyof Draft, number>> = { title: 3, company: 2, place: 2, description: 20 };

export class JobForm {
  readonly form: HTMLFormElement;
  readonly board: Board;
  readonly live: Live;
  #errors: Mistake[] = [];
  #outcome = ''; // the key of the sentence under the button
  #sending = false;

  constructor(form: HTMLFormElement, { board, live }: { board: Board; live: Live }) {
    this.form = form;
    this.board = board;
    this.live = live;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    form.addEventListener('input', (event) => this.#mend((event.target as Field).name));
  }

  speak(): void {
    this.#showErrors();
    this.#showState();
  }

  async #submit(): Promise<void> {
    if (this.#sending) return;
    const job = this.#read();
    this.#errors = check(job);
    this.#outcome = '';
    if (this.#errors.length === 0) await this.#send(job);
    this.#showErrors();
    this.#showState();
    if (this.#errors.length > 0) part(this.form, 'errors').focus();
  }

  async #send(job: Draft): Promise<void> {
    this.#sending = true;
    this.#showState();
    try {
      const stored = await api.create(job);
      this.board.add(stored);
      this.live.created(stored);
      this.#outcome = this.live.state === 'live' ? 'done' : 'doneOffline';
      this.form.reset();
    } catch (error) {
      const fields = error instanceof api.ApiError ? error.fields : [];
      this.#errors = fields.length > 0 ? fields : [{ field: '', rule: 'send', message: reason(error) }];
    }
    this.#sending = false;
  }

  // read returns the job as the API wants it: trimmed, and without what was left empty.
  #read(): Draft {
    const job: Draft = { mode: this.#field('mode').value, kind: this.#field('kind').value };
    for (const name of texts) {
      const value = this.#field(name).value.trim();
      if (value) job[name] = value;
    }
    const salary = this.#field('salary').value.replace(/[\s.,']/g, '');
    if (salary) {
      job.salary = /^\d+$/.test(salary) ? Number(salary) : NaN;
      job.currency = this.#field('currency').value;
    }
    return job;
  }

  #field(name: string): Field {
    return this.form.elements.namedItem(name) as Field;
  }

  // mend takes away the mark of a field that is being corrected, and the outcome of the
  // job before.
  #mend(field: string): void {
    if (this.#outcome) {
      this.#outcome = '';
      this.#showState();
    }
    if (!this.#errors.some((error) => error.field === field)) return;
    this.#errors = this.#errors.filter((error) => error.field !== field);
    this.#showErrors();
  }

  #showErrors(): void {
    const box = part(this.form, 'errors');
    part(box, 'errors-title').textContent = say('errors', { n: this.#errors.length });
    const items = this.#errors.map((error) => this.#item(error));
    box.querySelector('ul')?.replaceChildren(...items);
    box.hidden = items.length === 0;
    for (const input of this.form.querySelectorAll<Field>('input, select, textarea')) this.#markField(input);
  }

  #item(error: Mistake): HTMLLIElement {
    const item = document.createElement('li');
    const input = error.field && (this.form.elements.namedItem(error.field) as Field | null);
    if (!input) {
      item.textContent = sentence(error);
      return item;
    }
    const link = document.createElement('a');
    link.href = `#${input.id}`;
    link.textContent = sentence(error);
    link.addEventListener('click', (event) => {
      event.preventDefault();
      input.focus();
    });
    item.append(link);
    return item;
  }

  // markField puts the mistake of one field under it, where a screen reader finds it too.
  #markField(input: Field): void {
    const error = this.#errors.find((one) => one.field === input.name);
    const id = `${input.id}-error`;
    document.getElementById(id)?.remove();
    input.removeAttribute('aria-invalid');
    input.removeAttribute('aria-describedby');
    if (!error) return;
    const hint = document.createElement('p');
    hint.id = id;
    hint.className = 'field-error';
    hint.textContent = sentence(error);
    input.after(hint);
    input.setAttribute('aria-invalid', 'true');
    input.setAttribute('aria-describedby', id);
  }

  #showState(): void {
    const button = part(this.form, 'send');
    button.setAttribute('aria-disabled', String(this.#sending));
    button.firstElementChild?.replaceChildren(say(this.#sending ? 'sending' : 'send'));
    part(this.form, 'done').textContent = this.#outcome ? say(this.#outcome) : '';
  }
}

function check(job: Draft): Mistake[] {
  const errors: Mistake[] = [];
  for (const [field, limit] of Object.entries(shortest)) {
    const text = job[field as keyof Draft];
    if (!text) errors.push({ field, rule: 'required' });
    else if ([...String(text)].length < limit) errors.push({ field, rule: 'minLength', limit });
  }
  if (Number.isNaN(job.salary)) errors.push({ field: 'salary', rule: 'number' });
  if (job.link && !/^https?:\/\/\S+$/.test(job.link)) errors.push({ field: 'link', rule: 'link' });
  const order = ['title', 'company', 'place', 'salary', 'link', 'description'];
  return errors.sort((a, b) => order.indexOf(a.field) - order.indexOf(b.field));
}

// sentence says a mistake in the reader's language.
function sentence({ field, rule, limit, message }: Mistake): string {
  if (rule === 'send') return say('error.send', { reason: message });
  const values = { field: say(field), limit, message };
  if (rule === 'format' || rule === 'pattern') return say('error.link', values);
  if (rule === 'type') return say('error.number', values);
  const key = `error.${rule}`;
  const text = say(key, values);
  return text === key ? say('error.other', values) : text;
}
