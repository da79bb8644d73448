import { answer } from './answer';

postMessage(answer);
