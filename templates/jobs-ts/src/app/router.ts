// Client-side routes over the history API. The server answers every page address with
// index.html, so that an address works when it is opened directly, too.

// How says what goes with a change of page.
export interface How {
  focus: boolean;
  scroll: number;
}

export type Route = [pattern: RegExp, show: (match: RegExpMatchArray, how: How) => void];

// routes: [pattern, show]; show(match) is called with the match of the pattern. The last
// one should match everything.
export function startRouter(routes: Route[]): void {
  history.scrollRestoration = 'manual';

  function show({ focus }: Pick<How, 'focus'>): void {
    const path = location.pathname;
    for (const [pattern, view] of routes) {
      const match = path.match(pattern);
      if (match) {
        view(match, { focus, scroll: history.state?.scroll ?? 0 });
        return;
      }
    }
  }

  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element && event.target.closest<HTMLAnchorElement>('a[href]');
    if (!link || !isOurs(event, link)) return;
    event.preventDefault();
    keepScroll();
    history.pushState({}, '', link.href);
    show({ focus: true });
  });
  addEventListener('popstate', () => show({ focus: true }));
  addEventListener('pagehide', keepScroll);
  show({ focus: false });
}

function keepScroll(): void {
  history.replaceState({ ...history.state, scroll: scrollY }, '');
}

// isOurs leaves to the browser what is its own: new tabs, downloads, other sites, and
// jumps within the page.
function isOurs(event: MouseEvent, link: HTMLAnchorElement): boolean {
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  const inPage = link.hash !== '' && link.pathname === location.pathname;
  return plain && !event.defaultPrevented && !link.target && !link.hasAttribute('download') &&
    link.origin === location.origin && !inPage;
}
