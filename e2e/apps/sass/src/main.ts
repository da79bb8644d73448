import './main.scss';
import names from './box.module.scss';
import text from './text.txt?raw';
import Work from './work.ts?worker';

const output = document.querySelector('output')!;
const answerOf = (worker: Worker) => new Promise<number>(resolve => { worker.onmessage = event => resolve(event.data); });

output.className = names.box;
const answers = await Promise.all([answerOf(new Work()), answerOf(new Worker(new URL('./classic.ts', import.meta.url)))]);
const style = getComputedStyle(output);
output.textContent = [style.color, style.outlineWidth, text.trim(), import.meta.env.VITE_WORD, document.title, ...answers].join(' ');
