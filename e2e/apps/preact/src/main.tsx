import { render } from 'preact';
import { App } from './app';
import './main.css';

render(<App name="preact" />, document.getElementById('app')!);
