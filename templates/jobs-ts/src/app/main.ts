// The start. Jobs come from three sides (the API, the hub, our own form) into one board;
// the views show the board.
import * as api from './api.ts';
import { Board } from './board.ts';
import { announce, byId } from './dom.ts';
import { say, speak } from './i18n.ts';
import { JobEvent, Live } from './live.ts';
import { startRouter } from './router.ts';
import type { How } from './router.ts';
import { startSwitches } from './switches.ts';
import { Detail } from './views/detail.ts';
import { Home } from './views/home.ts';
import { Missing } from './views/missing.ts';
import type { View } from './views/view.ts';

// retryAfter is how long to wait before asking an API again that did not answer, in
// milliseconds.
const retryAfter = 5_000;

const brand = document.title;
const main = byId('main');
const board = new Board();
const live = new Live();
const home = new Home({ board, live });
let view: View = home;
let loaded = false;
let retry: number | undefined;

// refresh asks the API for the newest jobs, and tries again until it answers.
async function refresh(): Promise<void> {
  clearTimeout(retry);
  try {
    await catchUp();
    home.failed(null);
  } catch (error) {
    home.failed(error);
    retry = setTimeout(refresh, retryAfter);
  }
}

// catchUp reads pages until it meets a job that is known: after a long absence there may
// be more than one page of news. What comes after the first time is new to the reader.
async function catchUp(): Promise<void> {
  const fresh = loaded;
  for (let page = 1, met = false; !met; page += 1) {
    const answer = await api.list(page);
    met = !fresh || page * api.pageSize >= answer.total || answer.jobs.some(({ id }) => board.find(id));
    board.load(answer, { fresh });
    loaded = true;
  }
}

function show(next: View, { focus, scroll }: How): void {
  view = next;
  main.replaceChildren(view.root);
  retitle();
  scrollTo(0, scroll);
  // After a change of page a keyboard and a screen reader start at its heading.
  if (focus) view.root.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true });
}

// retitle names the page; new jobs are counted while nobody looks.
function retitle(): void {
  const count = document.hidden && board.fresh > 0 ? `(${board.fresh}) ` : '';
  document.title = count + (view.title ? `${view.title} · ${brand}` : brand);
}

async function showJob([, id = '']: RegExpMatchArray, how: How): Promise<void> {
  const detail = new Detail({ board, id: decodeURIComponent(id) });
  await detail.load();
  show(detail, how);
}

function showState(): void {
  const state = byId('state');
  state.dataset.state = live.state;
  byId('state-words').textContent = say(`state.${live.state}`);
}

function speakAll(): void {
  speak(document);
  view.speak();
  if (view !== home) home.speak();
  showState();
  retitle();
}

live.addEventListener('state', showState);
live.addEventListener('stale', refresh);
live.addEventListener('job', (event) => {
  if (event instanceof JobEvent && board.add(event.job)) announce(say('arrived', event.job));
});
board.addEventListener('added', () => {
  view.draw?.();
  retitle();
});
document.addEventListener('visibilitychange', retitle);
addEventListener('online', refresh);

startSwitches(speakAll);
startRouter([
  [/^\/(?:index\.html)?$/, (_, how) => show(home, how)],
  [/^\/jobs\/([^/]+)\/?$/, showJob],
  [/^/, (_, how) => show(new Missing('missingPage'), how)],
]);
speakAll();
refresh();
live.start();
