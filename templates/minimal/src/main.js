// Everything this page does.

const form = document.querySelector('form');
const wall = document.getElementById('wall');
const state = document.getElementById('state');

// mostNotes is how many stay on the wall; the oldest make room.
const mostNotes = 60;

// The global io comes from /socket.io/socket.io.js.
const socket = io();

// Without a connection the client keeps the note and sends it once there is one.
form.addEventListener('submit', (event) => {
  event.preventDefault();
  const text = form.elements.text.value.trim();
  if (text) socket.emit('client:note', text);
  form.reset();
  form.elements.text.focus();
});

// realtimectl.yaml makes server:note of every client:note. Any page can send one, so
// anything may arrive: only text is shown, and only as text.
socket.on('server:note', (text) => {
  if (typeof text !== 'string') return;
  const note = document.createElement('li');
  note.textContent = text;
  wall.prepend(note);
  if (wall.children.length > mostNotes) wall.lastElementChild.remove();
});

socket.on('connect', () => show('Live', true));
socket.on('disconnect', () => show('Reconnecting', false));
socket.on('connect_error', () => show('Reconnecting', false));

function show(words, live) {
  state.textContent = words;
  state.classList.toggle('live', live);
}
