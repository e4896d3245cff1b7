import { isCoded, type Masker } from '@polar-gosling/kernel';
import { shownCode } from '../shown-code.ts';
import type { Style } from '../ui/style.ts';

/** What the person sees of a failure: what happened, the code, where to read on; causes only with `--debug`. */
export function describeFailure(
  error: unknown,
  options: {
    readonly json: boolean;
    readonly debug: boolean;
    readonly style: Style;
    readonly masker: Masker;
  },
): string {
  const code = shownCode(error);
  const { masker } = options;
  const message = masker.mask(isCoded(error) ? error.message : `something failed inside: ${textOf(error)}`);
  const causes = options.debug ? causesOf(error).map((cause) => masker.mask(cause)) : [];
  if (options.json) {
    return JSON.stringify({ error: { code, message, ...(causes.length > 0 ? { causes } : {}) } });
  }
  const head = `${options.style('red', 'error')}: ${message}`;
  if (code === 'CLI_INTERRUPTED') return message;
  const hint = options.debug ? [] : [options.style('dim', `  --debug prints the cause; code ${code}`)];
  const isUsage = code === 'CLI_USAGE';
  return [head, ...causes.map((cause) => `  caused by: ${cause}`), ...(isUsage ? [] : hint)].join('\n');
}

function causesOf(error: unknown): string[] {
  const causes: string[] = [];
  if (error instanceof Error && !isCoded(error)) causes.push(error.stack ?? error.message);
  let cause = error instanceof Error ? error.cause : undefined;
  while (cause !== undefined && causes.length < 10) {
    causes.push(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return causes;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
