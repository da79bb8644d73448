// What is shown when there is nothing to show.
import { clone, put } from '../dom.ts';
import { say } from '../i18n.ts';
import { reason } from '../reason.ts';
import type { View } from './view.ts';

type What = 'missingPage' | 'missingJob' | 'broken';

export class Missing implements View {
  readonly what: What;
  readonly error: unknown;
  readonly root = document.createElement('div');

  // what is missingPage, missingJob, or broken with the error that was met.
  constructor(what: What, error?: unknown) {
    this.what = what;
    this.error = error;
    this.speak();
  }

  get title(): string {
    return say(this.what);
  }

  speak(): void {
    this.root.replaceChildren(clone('missing-view'));
    put(this.root, 'title', say(this.what));
    put(this.root, 'words', this.what === 'broken' ? reason(this.error) : say(`${this.what}Words`));
  }
}
