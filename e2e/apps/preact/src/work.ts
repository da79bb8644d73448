import { double } from './parts/double.js';
addEventListener('message', (event: MessageEvent<number>) => postMessage(double(event.data)));
