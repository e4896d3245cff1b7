import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { createSystemClock } from '@polar-gosling/kernel';
import { openLocalSecrets } from '@polar-gosling/wiring';
import { processesOf } from './processes.ts';

/**
 * Where a secret may lie in clear, and why. Everything else a world leaves — database, WAL, blobs, plans and states,
 * logs, arguments, environments — must hold none.
 */
const mayHold: readonly { readonly path: RegExp; readonly secrets: RegExp }[] = [
  // The CLI of this host speaks to the instance with it; 0600.
  { path: /^data[^/]*\/cli-token$/, secrets: /^api-keys\/cli-admin$/ },
  // The agent and its gitlab-runner: this machine is the one that needs them; 0600, of the agent's user.
  { path: /^data[^/]*\/local-runners\/[^/]+\//, secrets: /\/runner-token(-\d+)?$/ },
];
/** Variables by which a person gives a secret to the one process that they start. */
const mayBeIn = /^(GOSLING_TOKEN|GOSLING_BOOTSTRAP_TOKEN)=/;
const notSecret = /^(nest\/repo-url|deploy-keys\/[a-z]+-public)$/;
const everyMs = 250;

/** Looks on while a world lives: every secret of it is a canary. */
export interface CanaryWatch {
  /** Text that left a process: a log, an output. */
  note(what: string, text: string): void;
  /** Says where a secret was seen; empty when nowhere. Call it when nothing of the world runs any more. */
  findings(): Promise<readonly string[]>;
  stop(): void;
}

interface Canary {
  readonly reference: string;
  readonly needles: readonly string[];
}

export function watchCanaries(world: { dir: string; dataDir: string }): CanaryWatch {
  const canaries = new Map<string, Canary>();
  const seen = new Map<string, string>();
  const texts: { what: string; text: () => string }[] = [];
  const secrets = openLocalSecrets({ dataDir: world.dataDir, clock: createSystemClock() });

  const learn = async () => {
    const options = { signal: AbortSignal.timeout(10_000) };
    for (const reference of await secrets.list('', options)) {
      if (notSecret.test(reference)) continue;
      const value = (await secrets.read(reference, options))?.reveal();
      if (value === undefined || canaries.has(`${reference} ${value}`)) continue;
      const needles = tellingParts(reference, value).flatMap(formsOf);
      canaries.set(`${reference} ${value}`, { reference, needles });
    }
  };
  const sample = () => {
    for (const { pid, command } of processesOf(world)) {
      seen.set(`arguments ${command}`, command);
      const environment = readQuietly(`/proc/${pid}/environ`) ?? '';
      for (const entry of environment.split('\0')) {
        if (!mayBeIn.test(entry)) seen.set(`environment ${entry}`, `${entry} (of ${command.slice(0, 80)})`);
      }
    }
    // It is being written, or was damaged by the test: the end looks again.
    void learn().catch(() => undefined);
  };
  const timer = setInterval(sample, everyMs);
  timer.unref();

  return {
    note: (what, text) => texts.push({ what, text: () => text }),
    stop: () => clearInterval(timer),
    async findings() {
      clearInterval(timer);
      await learn().catch(() => undefined);
      const found: string[] = [];
      const look = (what: string, text: string, path = '') => {
        for (const { reference, needles } of canaries.values()) {
          const isAllowed = mayHold.some((rule) => rule.path.test(path) && rule.secrets.test(reference));
          if (!isAllowed && needles.some((needle) => text.includes(needle)))
            found.push(`${reference} in ${what}`);
        }
      };
      for (const [what, text] of seen) look(what.slice(0, 40), text);
      for (const { what, text } of texts) look(what, text());
      for (const path of filesBelow(world.dir)) {
        const name = relative(world.dir, path);
        look(`the file ${name}`, readQuietly(path) ?? '', name);
      }
      return [...new Set(found)];
    },
  };
}

/** Of a private key the lines that no other key has; of the key ring its keys. */
function tellingParts(reference: string, value: string): string[] {
  if (reference === 'store/keyring') {
    const ring: { keys?: Record<string, string> } = JSON.parse(value);
    return Object.values(ring.keys ?? {});
  }
  return value.includes('PRIVATE KEY-----') ? value.split('\n').slice(3, 5) : [value];
}

/** Not the masker's own list: what it forgets must be found here. */
function formsOf(text: string): string[] {
  const bytes = Buffer.from(text);
  // Of base64 what the neighbours of the text cannot change.
  const base64 = [0, 1, 2].map((offset) =>
    Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6)),
  );
  const base64url = base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'));
  const hex = bytes.toString('hex');
  const json = JSON.stringify(text).slice(1, -1);
  return [text, encodeURIComponent(text), json, hex, hex.toUpperCase(), ...base64, ...base64url];
}

function filesBelow(dir: string): string[] {
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Byte by byte: a needle is found in binary files too. */
function readQuietly(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
