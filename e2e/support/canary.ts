import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { createSystemClock } from '@polar-gosling/kernel';
import type { SecretStore } from '@polar-gosling/ports/secrets';
import { openLocalSecrets } from '@polar-gosling/wiring';
import { processesOf, quietly } from './processes.ts';

interface Place {
  readonly path: RegExp;
  readonly secrets: RegExp;
}

/**
 * Where in a data directory a secret may lie in clear, and why. Everything else a world leaves — database, WAL, blobs,
 * plans and states, logs, arguments, environments — must hold none.
 */
const mayHold: readonly Place[] = [
  // The CLI of this host speaks to the instance with it; 0600.
  { path: /^cli-token$/, secrets: /^api-keys\/cli-admin$/ },
  // The agent and its gitlab-runner: this machine is the one that needs them; 0600, of the agent's user.
  { path: /^local-runners\/[^/]+\//, secrets: /\/runner-token(-\d+)?$/ },
  // Its own two tokens, and no other machine's: 0600, in its own directory.
  { path: /^local-runners\/[^/]+\/agent\.json$/, secrets: /^runner\/agent-token$/ },
  { path: /^local-runners\/[^/]+\/bootstrap-token$/, secrets: /^runner\/bootstrap-token$/ },
  // How OpenTofu is given values; the directory (0700) is removed with its run, or by the next run after a kill.
  { path: /^runs\/[^/]+\/pg\.auto\.tfvars\.json$/, secrets: /^runner\/bootstrap-token$/ },
];
/** Environments of the one child that needs a secret. */
const mayBeIn: readonly { readonly variable: RegExp; readonly secrets: RegExp }[] = [
  // By which a person gives a token to the command that they start.
  { variable: /^GOSLING_TOKEN=/, secrets: /^api-keys\// },
  // The launcher's, which makes the machine of this entry and ends.
  { variable: /^GOSLING_ENTRY=/, secrets: /^runner\/bootstrap-token$/ },
  // OpenTofu's, and the launcher's, which inherits it.
  { variable: /^TF_ENCRYPTION=/, secrets: /^store\/state-keys$/ },
  // OpenTofu's, and its provider's.
  { variable: /^AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY)=/, secrets: /^clouds\/aws\// },
];
const notSecret = /^(nest\/repo-url|deploy-keys\/[a-z]+-public)$/;
const everyMs = 250;

/** Looks on while a world lives: every secret of it is a canary. */
export interface CanaryWatch {
  /** Text that left a process: a log, an output. */
  note(what: string, text: string): void;
  /** A secret that no data directory holds. */
  plant(reference: string, value: string): void;
  /** Says where in the files, as they are now, a secret lies; `findings` will say it again. */
  scan(): Promise<readonly string[]>;
  /** Says where a secret was seen; empty when nowhere. Call it when nothing of the world runs any more. */
  findings(): Promise<readonly string[]>;
  /** What it has met, by reference: a watch that knows no canary finds none. */
  known(): ReadonlySet<string>;
  stop(): void;
}

interface Canary {
  readonly reference: string;
  readonly needles: readonly string[];
}

export interface Watched {
  readonly dir: string;
  /** The data directories below it, as they are now; if not given, those whose name begins with `data`. */
  readonly dataDirs?: () => readonly string[];
  /** Below `dir`: where the person of this test keeps a secret. */
  readonly mayHold?: readonly Place[];
}

export function watchCanaries(world: Watched): CanaryWatch {
  const canaries = new Map<string, Canary>();
  const seen = new Map<string, string>();
  const inFiles = new Set<string>();
  const texts: { what: string; text: string }[] = [];
  const stores = new Map<string, SecretStore>();
  const dataDirs = world.dataDirs ?? (() => entriesOf(world.dir).filter(isDataDir));

  const add = (reference: string, value: string) => {
    if (notSecret.test(reference) || canaries.has(`${reference} ${value}`)) return;
    canaries.set(`${reference} ${value}`, { reference, needles: needlesOf(reference, value) });
  };
  const learn = async () => {
    const options = { signal: AbortSignal.timeout(10_000) };
    for (const dataDir of dataDirs()) {
      const store = stores.get(dataDir) ?? openLocalSecrets({ dataDir, clock: createSystemClock() });
      stores.set(dataDir, store);
      for (const reference of await store.list('', options)) {
        const value = (await store.read(reference, options))?.reveal();
        if (value !== undefined) add(reference, value);
      }
    }
  };
  const sample = () => {
    for (const { reference, value } of dataDirs().flatMap(tokensOfRunners)) add(reference, value);
    for (const { pid, command } of processesOf(world)) {
      seen.set(`arguments ${command}`, command);
      const environment = readQuietly(`/proc/${pid}/environ`) ?? '';
      for (const entry of environment.split('\0')) seen.set(`environment ${entry}`, entry);
    }
    // It is being written, or was damaged by the test: the end looks again.
    void learn().catch(() => undefined);
  };
  const timer = setInterval(sample, everyMs);
  timer.unref();

  const look = (what: string, text: string, mayShow: (reference: string) => boolean) =>
    [...canaries.values()].flatMap(({ reference, needles }) =>
      !mayShow(reference) && needles.some((needle) => text.includes(needle))
        ? [`${reference} in ${what}`]
        : [],
    );
  const scan = async () => {
    sample();
    await learn().catch(() => undefined);
    const found = filesBelow(world.dir).flatMap((path) => {
      const name = relative(world.dir, path);
      const home = dataDirs().find((dir) => path.startsWith(`${dir}/`));
      const isPlaceOf = (reference: string) =>
        isIn(world.mayHold ?? [], name, reference) ||
        (home !== undefined && isIn(mayHold, relative(home, path), reference));
      return look(`the file ${name}`, readQuietly(path) ?? '', isPlaceOf);
    });
    for (const each of found) inFiles.add(each);
    return found;
  };

  return {
    note: (what, text) => texts.push({ what, text }),
    plant: add,
    scan,
    stop: () => clearInterval(timer),
    known: () => new Set([...canaries.values()].map(({ reference }) => reference)),
    async findings() {
      clearInterval(timer);
      await scan();
      const inProcesses = [...seen].flatMap(([what, text]) => {
        const isGivenBy = (reference: string) =>
          mayBeIn.some(({ variable, secrets: some }) => variable.test(text) && some.test(reference));
        return look(what.slice(0, 40), text, isGivenBy);
      });
      const inTexts = texts.flatMap(({ what, text }) => look(what, text, () => false));
      return [...new Set([...inProcesses, ...inTexts, ...inFiles])];
    },
  };
}

function isIn(places: readonly Place[], name: string, reference: string): boolean {
  return places.some(({ path, secrets }) => path.test(name) && secrets.test(reference));
}

function isDataDir(path: string): boolean {
  return basename(path).startsWith('data');
}

/**
 * Tokens that no secret store holds: each machine's one-time token and that of its agent. They are met where they may
 * be, while they are there.
 */
function tokensOfRunners(dataDir: string): { reference: string; value: string }[] {
  const below = (folder: string, file: string) =>
    entriesOf(join(dataDir, folder)).flatMap((path) => readQuietly(join(path, file)) ?? []);
  const matches = (texts: readonly string[], form: RegExp) =>
    texts.flatMap((text) => [...text.matchAll(form)].flatMap(([, value]) => value ?? []));
  const oneTime = [
    ...below('local-runners', 'bootstrap-token'),
    ...matches(below('runs', 'pg.auto.tfvars.json'), /"bootstrap_token":"([^"]{20,})"/g),
  ];
  const agents = matches(below('local-runners', 'agent.json'), /"agent_token":"([^"]{20,})"/g);
  return [
    ...oneTime
      .filter((value) => value.length >= 20)
      .map((value) => ({ reference: 'runner/bootstrap-token', value })),
    ...agents.map((value) => ({ reference: 'runner/agent-token', value })),
  ];
}

/** What must be seen nowhere: each form of the value. */
function needlesOf(reference: string, value: string): string[] {
  return tellingParts(reference, value).flatMap(formsOf);
}

/** Of a private key the lines that no other key has; of a ring its keys. */
function tellingParts(reference: string, value: string): string[] {
  if (reference === 'store/keyring' || reference === 'store/state-keys') {
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

/** What a run removes while we walk is passed over. */
function filesBelow(dir: string): string[] {
  const entries = quietly(() => readdirSync(dir, { withFileTypes: true })) ?? [];
  return entries.flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() ? [path] : [];
  });
}

/** Paths of what lies in a directory; none where there is no directory. */
export function entriesOf(dir: string): string[] {
  return (quietly(() => readdirSync(dir)) ?? []).map((name) => join(dir, name));
}

/** Byte by byte: a needle is found in binary files too. */
function readQuietly(path: string): string | undefined {
  return quietly(() => readFileSync(path, 'latin1'));
}
