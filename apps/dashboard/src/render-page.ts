import { type ComponentChildren, h } from 'preact';
import { renderToString } from 'preact-render-to-string';
import { elapsed } from './elapsed.ts';
import { element } from './element.ts';
import { eggsSection, problemsSection, runnersSection, waitingSection } from './sections.ts';
import { stateBadge } from './state-badge.ts';
import type { StatusView } from './status-view.ts';

export const pageMediaType = 'text/html; charset=utf-8';
const refreshS = '5';

/**
 * The status page as HTML, whole and without scripts. Names come from strangers' pipelines: everything is a text node,
 * nothing is put together as HTML.
 */
export function renderPage(view: StatusView): string {
  return documentOf('Polar Gosling', refreshS, [
    element('header', null, element('h1', null, 'Polar Gosling'), nestLine(view)),
    element(
      'main',
      null,
      problemsSection(view),
      eggsSection(view),
      waitingSection(view),
      runnersSection(view),
      view.hasMore &&
        element('p', { class: 'none' }, 'There is more than fits here: “gosling list” shows all of it.'),
    ),
    footer(view),
  ]);
}

/** For whoever shows no token. */
export function renderRefusal(): string {
  return documentOf('Polar Gosling: token needed', undefined, [
    element(
      'main',
      null,
      element('h1', null, 'A token is needed'),
      element('p', null, 'Ask for a link that opens this page once:'),
      element('pre', null, 'gosling status --page'),
      element(
        'p',
        null,
        'Or send an API token as the header ',
        element('code', null, 'X-Gosling-Token'),
        '. Make one with:',
      ),
      element('pre', null, 'gosling token create NAME --role read'),
      element('p', null, 'A token never belongs in an address: addresses end up in logs and histories.'),
    ),
  ]);
}

/** What a one-time link answers; the page that follows is asked for by this one, so that its cookie goes along. */
export function renderSignedIn(): string {
  return documentOf('Polar Gosling', '0;url=/', [
    element('main', null, element('p', null, element('a', { href: '/' }, 'To the status page'))),
  ]);
}

function documentOf(title: string, refresh: string | undefined, children: ComponentChildren): string {
  const head = element(
    'head',
    null,
    element('meta', { charset: 'utf-8' }),
    element('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    element('meta', { name: 'color-scheme', content: 'light dark' }),
    refresh !== undefined && element('meta', { 'http-equiv': 'refresh', content: refresh }),
    element('title', null, title),
    element('link', { rel: 'stylesheet', href: '/assets/style.css' }),
  );
  const page = h('html', { lang: 'en' }, head, element('body', null, children));
  return `<!doctype html>${renderToString(page)}`;
}

function nestLine({ health: { nest }, shownAt }: StatusView): ComponentChildren {
  if (nest?.commit === undefined) return element('p', { class: 'nest' }, 'The Nest has not been synced yet.');
  const age = nest.synced_at === undefined ? '' : `, synced ${elapsed(nest.synced_at, shownAt)} ago`;
  return element(
    'p',
    { class: 'nest' },
    'Nest at ',
    element('code', null, nest.commit.slice(0, 12)),
    age,
    ' ',
    nest.status !== undefined && stateBadge(nest.status),
    ` by ${nest.mode === 'webhook' ? 'webhook' : 'polling'}`,
  );
}

function footer({ health, shownAt }: StatusView): ComponentChildren {
  const parts = health.dependencies.map(({ name, ok }) =>
    element(
      'li',
      null,
      element('span', { class: `badge ${ok ? 'good' : 'bad'}` }, ok ? 'ok' : 'down'),
      ` ${name}`,
    ),
  );
  return element(
    'footer',
    null,
    element('ul', { 'aria-label': 'Dependencies' }, ...parts),
    element(
      'p',
      null,
      `version ${health.version} · as of `,
      element('time', { datetime: shownAt }, shownAt),
      ` · again in ${refreshS} s`,
    ),
  );
}
