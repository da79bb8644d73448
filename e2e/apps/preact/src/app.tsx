import { useEffect, useState } from 'preact/hooks';
import { greeting } from '~/parts';
import data from './data.json';
import styles from './app.module.css';
import dot from './dot.svg';
import logo from '/logo.svg';

type Props = { name: string };

export function App({ name }: Props) {
  const [count, setCount] = useState(0);
  const [late, setLate] = useState('');
  const [answer, setAnswer] = useState(0);
  useEffect(() => {
    import('./parts/late').then(part => setLate(part.late));
    const worker = new Worker(new URL('./work.ts', import.meta.url), { type: 'module' });
    worker.onmessage = event => setAnswer(event.data);
    worker.postMessage(20);
    setCount(n => n + 1);
  }, []);
  const images = [dot, logo].filter(url => url.endsWith('.svg') || url.startsWith('data:')).length;
  const [first] = document.querySelectorAll('div');
  return (
    <output class={styles.box} onClick={() => { throw new Error('clicked ' + first.id); }}>
      {greeting(name)} {count} {late} {data.items.length} {answer} {images}
    </output>
  );
}
