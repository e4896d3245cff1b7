import { runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderPage, renderRefusal } from './render-page.ts';
import type { StatusView } from './status-view.ts';
import { styleSheet } from './style-sheet.ts';
import { aCiJob, anEggStatus, aRunner, aView } from './testing/views.ts';

/** Element names, attributes and their order: what a text must not be able to change. */
function skeletonOf(html: string): string {
  return html.replace(/>[^<]*</g, '><');
}

function textOf(html: string): string {
  return html.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
}

describe('the status page', () => {
  it('shows Eggs with their capacity, waiting jobs and problems', () => {
    const text = textOf(renderPage(aView()));

    expect(text).toContain('my-app');
    expect(text).toContain('1 free now, 1 starting, 4 at most');
    expect(text).toContain('FLY_E001 Eggs/my-app/config.fly:3: unknown attribute');
  });

  it('shows runners, why they are as they are and when they were heard', () => {
    const text = textOf(renderPage(aView()));

    expect(text).toContain('launched for job 7');
    expect(text).toContain('active');
    expect(text).toContain('30 s ago');
  });

  it('shows waiting CI jobs with the reason in words', () => {
    const text = textOf(renderPage(aView({ waiting: [aCiJob({ reason: 'no_matching_egg' })] })));

    expect(text).toContain('no matching egg');
    expect(text).toContain('10 min');
  });

  it('shows the last sync', () => {
    expect(textOf(renderPage(aView()))).toContain(
      'Nest at abc1234def56 , synced 2 min ago success by webhook',
    );
  });

  it('says what to do where there is nothing yet', () => {
    const nothing = aView({
      eggs: [],
      runners: [],
      waiting: [],
      health: { live: true, version: '1', dependencies: [] },
    });
    const text = textOf(renderPage(nothing));

    expect(text).toContain('gosling add egg NAME');
    expect(text).toContain('No CI job waits.');
    expect(text).toContain('The Nest has not been synced yet.');
  });

  it('refreshes itself, and works without scripts and inline styles', () => {
    const html = renderPage(aView());

    expect(html).toMatch(/^<!doctype html><html lang="en">/);
    expect(html).toContain('<meta http-equiv="refresh" content="5"');
    expect(html).toContain('<link rel="stylesheet" href="/assets/style.css"');
    expect(html).not.toMatch(/<script|<style|style=|\son\w+=/i);
  });

  it.each([
    '<img src=x onerror=alert(1)>',
    '"><script>alert(1)</script>',
    "' onmouseover='alert(1)",
    '</table><iframe src=//evil>',
    '\u202Egnp.exe',
    '\u001b[31mred\r\nX: y',
  ])('shows the name %j as text', (name) => {
    const view = (text: string): StatusView =>
      aView({
        eggs: [anEggStatus({ problems: [{ code: 'X', detail: text, since: aView().shownAt }] })],
        waiting: [aCiJob({ name: text, ref: text, tags: [text], reason: text })],
        runners: [aRunner({ why: text, region: text })],
      });

    expect(skeletonOf(renderPage(view(name)))).toBe(skeletonOf(renderPage(view('plain'))));
  });

  it('keeps its structure whatever a job is called', () => {
    const plain = skeletonOf(renderPage(aView({ waiting: [aCiJob({ name: 'a', ref: 'b' })] })));
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (name, ref) => {
        expect(skeletonOf(renderPage(aView({ waiting: [aCiJob({ name, ref })] })))).toBe(plain);
      }),
      { numRuns: runs(200) },
    );
  });

  it('renders 1,000 runners', () => {
    const runners = Array.from({ length: 1_000 }, (_, place) => aRunner({ id: `r${place}` }));

    expect(renderPage(aView({ runners }))).toContain('r999');
  });
});

describe('the refusal', () => {
  it('says how to send a token, and that an address is no place for one', () => {
    const text = textOf(renderRefusal());

    expect(text).toContain('X-Gosling-Token');
    expect(text).toContain('gosling token create NAME --role read');
    expect(renderRefusal()).not.toContain('http-equiv="refresh"');
  });
});

describe('the style', () => {
  it('knows light and dark, and fetches nothing', () => {
    expect(styleSheet).toContain('prefers-color-scheme: dark');
    expect(styleSheet).not.toMatch(/url\(|@import/);
  });
});
