// What is shown when there is nothing to show.
import { clone, put } from '../dom.js';
import { say } from '../i18n.js';

export class Missing {
  // what is missingPage, missingJob, or broken with the error that was met.
  constructor(what, error) {
    this.what = what;
    this.error = error;
    this.root = document.createElement('div');
    this.speak();
  }

  get title() {
    return say(this.what);
  }

  speak() {
    this.root.replaceChildren(clone('missing-view'));
    put(this.root, 'title', say(this.what));
    put(this.root, 'words', this.what === 'broken' ? this.#reason() : say(`${this.what}Words`));
  }

  #reason() {
    return this.error.status === 0 ? say('error.network') : this.error.message;
  }
}
