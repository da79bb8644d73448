import { answer } from './answer';

postMessage(answer + 1);
