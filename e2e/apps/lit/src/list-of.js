import { LitElement, css, html } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { until } from 'lit/directives/until.js';

class ListOf extends LitElement {
  static properties = { items: { type: Array } };
  static styles = css`output { color: rgb(1, 2, 3) }`;

  createRenderRoot() {
    return this; // for the test to see
  }

  render() {
    return html`<output>lit ${repeat(this.items, item => html`<b>${item}</b>`)} ${until(Promise.resolve('later'), 'soon')}</output>`;
  }
}
customElements.define('list-of', ListOf);
