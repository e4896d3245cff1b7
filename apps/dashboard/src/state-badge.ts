import type { ComponentChildren } from 'preact';
import { element } from './element.ts';

type Tone = 'good' | 'busy' | 'wait' | 'bad' | 'plain';

const tones: Readonly<Record<string, Tone>> = {
  idle: 'good',
  active: 'busy',
  requested: 'wait',
  provisioning: 'wait',
  booting: 'wait',
  draining: 'wait',
  terminating: 'wait',
  failed: 'bad',
  success: 'good',
  succeeded: 'good',
  running: 'busy',
  rolled_back: 'bad',
  partial: 'bad',
  held: 'bad',
};

/** A state as a word in a colour; the word alone says it too. */
export function stateBadge(state: string): ComponentChildren {
  const tone = Object.hasOwn(tones, state) ? tones[state] : 'plain';
  return element('span', { class: `badge ${tone}` }, state);
}
