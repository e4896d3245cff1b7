import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isCoded, kernelErrors, sha256Hex } from '@polar-gosling/kernel';
import type { CallOptions } from '@polar-gosling/ports/store';
import { tofuErrors } from '@polar-gosling/ports/tofu';
import { bringPackage, keepPackage } from './blob-packages.ts';
import type { Filling, ReadyProviders } from './filling.ts';
import { initProviders } from './init-providers.ts';
import type { KnownPackage } from './ledger.ts';
import { type LockedProvider, lockFileName, readLockFile } from './lock-file.ts';
import { listMirror, type ProviderPackage, unpackedPath } from './package-place.ts';
import { constraintsOf, type ProviderNeed } from './provider-needs.ts';
import { newestMeeting } from './version-constraints.ts';

/** What no run has used for so long goes; a run takes half an hour at most. */
const keptMs = 7 * 86_400_000;

/**
 * Makes the folder of a lock file: what Blobs and this host hold is used where it satisfies the constraints, the network
 * is asked for the rest only. OpenTofu itself chooses, checks and unpacks; until all is there nothing has its name.
 */
export async function fillProviders(at: Filling, options: CallOptions): Promise<ReadyProviders> {
  await removeLeft(at.root, at.clock.now());
  const work = await mkdtemp(join(at.root, '.fill-'));
  try {
    const lock = await readLock(at, options);
    const { missing, known } = await gather(at, { work, lock }, options);
    if (missing.length === 0) {
      const ready = await make(at, { work, lock, known, isOnline: false }, options);
      at.use('providers', 'filled');
      return ready;
    }
    if (at.mirror === 'none') {
      const reason = 'neither Blobs nor this host hold one that satisfies, and nothing is fetched';
      throw tofuErrors.providers({ providers: missing.join(', '), reason });
    }
    at.use('providers', 'miss');
    at.onEvent({ kind: 'stage', message: `fetching providers: ${missing.join(', ')}` });
    return await fetchOnce(at, { work, lock, known }, options);
  } finally {
    await rm(work, { recursive: true, force: true, maxRetries: 3 });
  }
}

interface Gathered {
  readonly work: string;
  readonly lock: string | undefined;
  /** What Blobs hold and the store vouches for. */
  readonly known: readonly KnownPackage[];
}

/** Of all hosts one fetches what no lock file names yet; the others take what it left. */
async function fetchOnce(at: Filling, gathered: Gathered, options: CallOptions): Promise<ReadyProviders> {
  const online = { ...gathered, isOnline: true };
  if (at.lockSha256 !== undefined) return make(at, online, options);
  const made = await at.ledger.claiming(at.set, () => make(at, online, options), options);
  if (made !== undefined) return made;
  const { lockSha256 } = await at.ledger.look(at.set, options);
  if (lockSha256 === undefined) throw kernelErrors.impossible({ what: 'a lock file was kept and is gone' });
  return fillProviders({ ...at, lockSha256 }, options);
}

/** The lock file of these needs, when it is what the store says. */
async function readLock(at: Filling, options: CallOptions): Promise<string | undefined> {
  if (at.lockSha256 === undefined) return undefined;
  const bytes = await at.blobs.read(lockKey(at.set), options);
  if (bytes === undefined) return undefined;
  if (sha256Hex(bytes) === at.lockSha256) return Buffer.from(bytes).toString('utf8');
  at.use('providers', 'corrupt');
  at.logger.error('a kept lock file is not what was put there; it is not used', { key: lockKey(at.set) });
  return undefined;
}

/** Chooses what is used of this host and of Blobs, and brings the latter here. */
async function gather(
  at: Filling,
  { work, lock }: Omit<Gathered, 'known'>,
  options: CallOptions,
): Promise<{ missing: string[]; known: KnownPackage[] }> {
  await mkdir(join(work, 'packed'), { mode: 0o700 });
  await mkdir(at.hostMirror, { recursive: true, mode: 0o700 });
  const missing: string[] = [];
  const known: KnownPackage[] = [];
  for (const need of at.needs) {
    const { platform } = at;
    const { source } = need;
    const here = await listMirror(at.hostMirror, { source, platform });
    const kept = await at.ledger.listPackages(source, platform, options);
    const versions = new Set([...here, ...kept.map(({ version }) => version)]);
    const version = choose(need, { lock, versions });
    if (version === undefined) {
      missing.push(source);
      continue;
    }
    const inBlobs = kept.find((one) => one.version === version);
    if (inBlobs === undefined || here.includes(version)) {
      if (inBlobs !== undefined) known.push(inBlobs);
      if (!here.includes(version)) missing.push(source);
    } else if (await bringPackage(at, { wanted: inBlobs, packed: join(work, 'packed') }, options)) {
      known.push(inBlobs);
    } else missing.push(source);
  }
  return { missing, known };
}

function choose(
  need: ProviderNeed,
  from: { lock: string | undefined; versions: Iterable<string> },
): string | undefined {
  const locked = from.lock === undefined ? undefined : versionIn(readLockFile(from.lock), need.source);
  return locked ?? newestMeeting(from.versions, constraintsOf(need));
}

function versionIn(locked: readonly LockedProvider[], source: string): string | undefined {
  return locked.find((one) => one.source === source)?.version;
}

/** Lets OpenTofu install, keeps in Blobs what is not there, and gives the folder its name. */
async function make(
  at: Filling,
  made: Gathered & { isOnline: boolean },
  options: CallOptions,
): Promise<ReadyProviders> {
  const { work } = made;
  const project = join(work, 'project');
  await writeProject(project, at.files, made.lock);
  await initProviders(at, { ...made, project }, options);
  const lock = await readFile(join(project, lockFileName), 'utf8');
  const installed = join(project, '.terraform', 'providers');
  const isKnown = new Set(made.known.map(({ source, version }) => `${source} ${version}`));
  for (const { source, version } of readLockFile(lock)) {
    if (isKnown.has(`${source} ${version}`)) continue;
    const wanted: ProviderPackage = { source, version, platform: at.platform };
    await keepPackage(at, { wanted, folder: unpackedPath(installed, wanted) }, options);
  }
  const sha256 = sha256Hex(lock);
  await keepLock(at, { lock, sha256 }, options);
  await mkdir(join(work, 'ready'), { mode: 0o700 });
  await rename(installed, join(work, 'ready', 'mirror'));
  await writeFile(join(work, 'ready', 'lock.hcl'), lock, { mode: 0o600 });
  await putInPlace(at.root, join(work, 'ready'), sha256);
  return { lock, mirror: join(at.root, sha256, 'mirror') };
}

async function keepLock(
  at: Filling,
  { lock, sha256 }: { lock: string; sha256: string },
  options: CallOptions,
): Promise<void> {
  try {
    await at.blobs.write(lockKey(at.set), Buffer.from(lock), options);
  } catch (error) {
    options.signal.throwIfAborted();
    if (!isCoded(error)) throw error;
    at.use('providers', 'failed');
    at.logger.warn('a lock file could not be kept in Blobs; other hosts will make their own', { error });
  }
  await at.ledger.keepLock(at.set, sha256, options);
}

/** What `init` looks at, without values and the run's own settings. */
async function writeProject(
  project: string,
  files: ReadonlyMap<string, string>,
  lock: string | undefined,
): Promise<void> {
  const kept = [...files].filter(([path]) => path.endsWith('.tf'));
  if (lock !== undefined) kept.push([lockFileName, lock]);
  for (const [path, text] of kept) {
    await mkdir(dirname(join(project, path)), { recursive: true, mode: 0o700 });
    await writeFile(join(project, path), text, { mode: 0o600 });
  }
}

/** A folder that was cleared and made again takes the place of the one before. */
async function putInPlace(root: string, made: string, name: string): Promise<void> {
  const place = join(root, name);
  const old = join(root, `.old-${name}`);
  await rm(old, { recursive: true, force: true });
  await rename(place, old).catch(() => undefined); // mostly there was none
  await rename(made, place);
  await rm(old, { recursive: true, force: true });
}

/** What a killed fill left, and what no run has used for long. */
async function removeLeft(root: string, now: number): Promise<void> {
  for (const name of await readdir(root)) {
    const path = join(root, name);
    const isLeft = name.startsWith('.fill-') || name.startsWith('.old-');
    if (isLeft || (/^[0-9a-f]{64}$/.test(name) && (await isOld(path, now)))) {
      await rm(path, { recursive: true, force: true, maxRetries: 3 });
    }
  }
}

async function isOld(path: string, now: number): Promise<boolean> {
  return now - (await stat(path)).mtimeMs > keptMs;
}

function lockKey(set: string): string {
  return `tofu-cache/locks/${set}.hcl`;
}
