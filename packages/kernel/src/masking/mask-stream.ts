import type { Range } from './literal-index.ts';
import { openKeyStart, openStart, privateKeyEnd } from './patterns.ts';

export interface MaskStream {
  /** Takes a chunk and answers what is safe to show by now. */
  write(chunk: string): string;
  /** Answers what was kept back. */
  end(): string;
}

interface Rules {
  readonly shown: string;
  mask(text: string): string;
  /** What must not be cut: each secret with what makes it one. */
  wholeIn(text: string): readonly Range[];
  partialStart(text: string): number;
}

/** More than this is not kept back: what cannot be judged by then is masked whole. */
const maxHeld = 16 * 1024;
const longestKeyEnd = 80;

/**
 * Keeps back the last word, and anything that may be the beginning of a known value or of a private key; all before
 * it is masked as `mask` masks the whole text.
 */
export function createMaskStream(rules: Rules): MaskStream {
  let held = '';
  let skipTo: RegExp | undefined;

  const skip = (text: string, until: RegExp): string => {
    const found = until.exec(text);
    if (found === null) return text.slice(-longestKeyEnd);
    skipTo = undefined;
    return text.slice(found.index + found[0].length);
  };

  return {
    write(chunk) {
      held += chunk;
      if (skipTo !== undefined) held = skip(held, skipTo);
      if (skipTo !== undefined) return '';
      const cut = safeCut(rules, held);
      const ready = rules.mask(held.slice(0, cut));
      held = held.slice(cut);
      if (held.length <= maxHeld) return ready;
      skipTo = openKeyStart(held) < held.length ? privateKeyEnd : /(?=\s)/;
      held = held.slice(-longestKeyEnd);
      return ready + rules.shown;
    },
    end() {
      const rest = skipTo === undefined ? rules.mask(held) : '';
      held = '';
      skipTo = undefined;
      return rest;
    },
  };
}

/** The last place after a white space before which every secret is complete. */
function safeCut(rules: Rules, text: string): number {
  const ranges = rules.wholeIn(text);
  let cut = Math.min(rules.partialStart(text), openStart(text));
  for (;;) {
    const space = afterLastSpace(text, cut);
    const crossing = ranges.find(({ start, end }) => start < space && space < end);
    if (crossing === undefined) return space;
    cut = crossing.start;
  }
}

function afterLastSpace(text: string, before: number): number {
  for (let place = before; place > 0; place--) {
    if (/\s/.test(text.charAt(place - 1))) return place;
  }
  return 0;
}
