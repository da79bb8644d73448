// The start. Jobs come from three sides (the API, the hub, our own form) into one board;
// the views show the board.
import * as api from './api.js';
import { Board } from './board.js';
import { announce } from './dom.js';
import { say, speak } from './i18n.js';
import { Live } from './live.js';
import { startRouter } from './router.js';
import { startSwitches } from './switches.js';
import { Detail } from './views/detail.js';
import { Home } from './views/home.js';
import { Missing } from './views/missing.js';

// retryAfter is how long to wait before asking an API again that did not answer, in
// milliseconds.
const retryAfter = 5_000;

const brand = document.title;
const main = document.getElementById('main');
const board = new Board();
const live = new Live();
const home = new Home({ board, live });
let view = home;
let loaded = false;
let retry;

// refresh asks the API for the newest jobs, and tries again until it answers.
async function refresh() {
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
async function catchUp() {
  const fresh = loaded;
  for (let page = 1, met = false; !met; page += 1) {
    const answer = await api.list(page);
    met = !fresh || page * api.pageSize >= answer.total || answer.jobs.some(({ id }) => board.find(id));
    board.load(answer, { fresh });
    loaded = true;
  }
}

function show(next, { focus, scroll }) {
  view = next;
  main.replaceChildren(view.root);
  retitle();
  scrollTo(0, scroll);
  // After a change of page a keyboard and a screen reader start at its heading.
  if (focus) view.root.querySelector('h1')?.focus({ preventScroll: true });
}

// retitle names the page; new jobs are counted while nobody looks.
function retitle() {
  const count = document.hidden && board.fresh > 0 ? `(${board.fresh}) ` : '';
  document.title = count + (view.title ? `${view.title} · ${brand}` : brand);
}

async function showJob([, id], how) {
  const detail = new Detail({ board, id: decodeURIComponent(id) });
  await detail.load();
  show(detail, how);
}

function showState() {
  const state = document.getElementById('state');
  state.dataset.state = live.state;
  document.getElementById('state-words').textContent = say(`state.${live.state}`);
}

function speakAll() {
  speak(document);
  view.speak();
  if (view !== home) home.speak();
  showState();
  retitle();
}

live.addEventListener('state', showState);
live.addEventListener('stale', refresh);
live.addEventListener('job', ({ detail: { job } }) => {
  if (board.add(job)) announce(say('arrived', job));
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
