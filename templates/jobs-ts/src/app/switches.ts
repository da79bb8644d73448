// The two switches in the bar: language and theme. early.js has applied what was chosen
// before; without a choice the system decides.
import { byId } from './dom.ts';
import { language, remember, setLanguage } from './i18n.ts';

const root = document.documentElement;
const systemDark = matchMedia('(prefers-color-scheme: dark)');

// startSwitches calls speak after the language has changed.
export function startSwitches(speak: () => void): void {
  const languages = document.querySelectorAll<HTMLElement>('[data-language]');
  const theme = byId('theme');

  function show(): void {
    for (const button of languages) {
      button.setAttribute('aria-pressed', String(button.dataset.language === language()));
    }
    theme.setAttribute('aria-pressed', String(dark()));
  }

  for (const button of languages) {
    button.addEventListener('click', () => {
      setLanguage(button.dataset.language ?? 'en');
      speak();
      show();
    });
  }
  theme.addEventListener('click', () => {
    root.dataset.theme = dark() ? 'light' : 'dark';
    remember('theme', root.dataset.theme);
    show();
  });
  systemDark.addEventListener('change', show);
  show();
}

function dark(): boolean {
  return root.dataset.theme ? root.dataset.theme === 'dark' : systemDark.matches;
}
