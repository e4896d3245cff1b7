// Starts and stops one runner of the provider "local". Called by OpenTofu: `launcher.mjs start|stop`.
// Plain JavaScript without dependencies, so that what started a runner years ago can still be stopped.
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isContainer, removeLabelled, startContainer, stopContainer } from './containers.mjs';
import { replacePrivately, writePrivately } from './private-files.mjs';
import { listProcesses, readBootId, readEnvironment, readStartTime } from './processes.mjs';

const limitMs = 5 * 60_000;
const termPatienceMs = 20_000;
const killPatienceMs = 10_000;
const jobUser = 'gosling-job';
const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What the agent may inherit; everything else of our environment stays here. */
const inherited = [
  ...['PATH', 'LANG', 'TZ', 'NODE_EXTRA_CA_CERTS', 'NODE_COMPILE_CACHE'],
  ...['GOSLING_GITLAB_RUNNER_BIN', 'GOSLING_GITLAB_RUNNER_MIRROR', 'GOSLING_CA_FILE'],
  ...['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY', 'https_proxy', 'http_proxy', 'no_proxy'],
];

setTimeout(() => fail(`did not end within ${limitMs / 1000} s`), limitMs).unref();
try {
  const actions = { start, stop };
  const action = actions[process.argv[2]];
  if (action === undefined) fail('usage: launcher.mjs start|stop');
  await action(process.env);
} catch (error) {
  fail(error.message);
}

/** Starts the agent in its own directory, as a container or in a session of its own; once, whatever became of it. */
async function start(env) {
  const entry = JSON.parse(need(env, 'GOSLING_ENTRY'));
  const command = JSON.parse(need(env, 'GOSLING_AGENT_COMMAND'));
  const given = JSON.parse(env.GOSLING_AGENT_ENV ?? '{}');
  const wanted = JSON.parse(env.GOSLING_CONTAINER ?? 'null');
  const id = entry.runner_id;
  const dir = runnerDir(need(env, 'GOSLING_DATA_DIR'), id);
  if (readRecord(dir) !== undefined) return;
  if (isContainer(dir) || (wanted !== null && findAgent(dir, id, entry.egg_name) === undefined)) {
    if (wanted === null) fail(`runner ${id} was begun as a container, and there shall be none any more`);
    // Programs are those of its image, not of this host.
    const { PATH: _path, NODE_COMPILE_CACHE: _cache, ...inside } = given;
    const own = {
      ...agentEnvironment(dir, inside),
      GOSLING_URL: entry.gosling_url,
      GOSLING_JOB_USER: jobUser,
    };
    await startContainer({ dir, entry, wanted, agent: { command, env: own } });
    return;
  }
  await startProcess({ dir, entry, command, given });
}

/** One that lives, or has lived, is left alone. */
async function startProcess({ dir, entry, command, given }) {
  const [program, ...prefix] = command;
  const id = entry.runner_id;
  if (findAgent(dir, id, entry.egg_name) !== undefined) return;

  mkdirSync(dir, { recursive: true, mode: 0o700 });
  mkdirSync(join(dir, 'tmp'), { recursive: true, mode: 0o700 });
  writePrivately(join(dir, 'bootstrap-token'), entry.bootstrap_token);
  const asUser = process.getuid?.() === 0 ? { GOSLING_JOB_USER: await ensureJobUser() } : {};
  const log = openSync(join(dir, 'agent.log'), 'a', 0o600);
  const args = [...prefix, 'runner', '--runner-id', id, '--egg-name', entry.egg_name];
  const agent = spawn(program, args, {
    cwd: dir,
    env: { ...agentEnvironment(dir, given), GOSLING_URL: entry.gosling_url, ...asUser },
    detached: true,
    stdio: ['ignore', log, log],
  });
  await new Promise((resolve, reject) => agent.once('spawn', resolve).once('error', reject));
  agent.unref();
  closeSync(log);
  writeRecord(dir, { id, egg: entry.egg_name, pid: agent.pid });
}

/** Ends the agent and all it started, then removes its directory. Nothing there: done already. */
async function stop(env) {
  const id = need(env, 'GOSLING_RUNNER_ID');
  const dir = runnerDir(need(env, 'GOSLING_DATA_DIR'), id);
  if (!existsSync(dir)) {
    if (env.GOSLING_DOCKER_SOCKET) await removeLabelled(env.GOSLING_DOCKER_SOCKET, id);
    return;
  }
  if (isContainer(dir)) {
    await stopContainer(dir);
    return;
  }

  const agent = findAgent(dir, id);
  const session = agent?.pid ?? readRecord(dir)?.pid;
  const members = familyOf(session, dir);
  if (agent !== undefined) {
    signalQuietly(agent.pid, 'SIGTERM');
    await waitUntil(() => readStartTime(agent.pid) !== agent.startTime, termPatienceMs);
  }
  const isGone = await waitUntil(() => {
    for (const [pid, startTime] of familyOf(session, dir)) members.set(pid, startTime);
    const living = [...members].filter(([pid, startTime]) => readStartTime(pid) === startTime);
    for (const [pid] of living) signalQuietly(pid, 'SIGKILL');
    return living.length === 0;
  }, killPatienceMs);
  if (!isGone) fail(`processes of runner ${id} did not end`);
  removeBuilds(dir);
  rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

/** Jobs of another user work outside `dir`; the agent has noted where, and may have been killed. */
function removeBuilds(dir) {
  const record = join(dir, 'builds-dir');
  const builds = existsSync(record) ? readFileSync(record, 'utf8') : '';
  if (/^\/[\w./-]+\/gosling-builds-[\w-]+$/.test(builds) && !builds.includes('..')) {
    rmSync(builds, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** The living agent of this directory: by its record, else (killed before it was written) by its mark. */
function findAgent(dir, id, egg) {
  const record = readRecord(dir);
  if (record !== undefined) {
    const isThatOne =
      record.boot_id === readBootId() && readStartTime(record.pid) === String(record.start_time);
    return isThatOne ? { pid: record.pid, startTime: String(record.start_time) } : undefined;
  }
  if (!existsSync(dir)) return undefined;
  const [leader] = listProcesses()
    .filter(({ pid, session }) => pid === session && isMarked(pid, dir))
    .sort((a, b) => Number(a.startTime) - Number(b.startTime));
  if (leader === undefined) return undefined;
  if (egg !== undefined) writeRecord(dir, { id, egg, pid: leader.pid });
  return leader;
}

/**
 * What carries the directory in its environment, the agent's session and all descendants: pid → start time.
 * A session is the agent's only while a marked process is in it: numbers of ended sessions are given out again.
 */
function familyOf(session, dir) {
  const family = new Map();
  const all = listProcesses().filter(({ pid }) => pid !== process.pid);
  const marked = all.filter(({ pid }) => isMarked(pid, dir));
  const isOurSession = marked.some((found) => found.session === session);
  for (const { pid, startTime } of marked) family.set(pid, startTime);
  for (let size = -1; size !== family.size; ) {
    size = family.size;
    for (const found of all) {
      const isMember = family.has(found.parent) || (isOurSession && found.session === session);
      if (isMember) family.set(found.pid, found.startTime);
    }
  }
  return family;
}

function isMarked(pid, dir) {
  return readEnvironment(pid).some((line) => line === `HOME=${dir}` || line === `TMPDIR=${join(dir, 'tmp')}`);
}

function agentEnvironment(dir, given) {
  const allowed = Object.entries(given).filter(([name]) => inherited.includes(name));
  return {
    PATH: systemPath,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    ...Object.fromEntries(allowed),
    HOME: dir,
    TMPDIR: join(dir, 'tmp'),
    GOSLING_BOOTSTRAP_TOKEN_FILE: join(dir, 'bootstrap-token'),
  };
}

/**
 * Root starts agents that run jobs as this user. The tools lock the password file themselves: of two at once the
 * loser asks again and finds the user there.
 */
async function ensureJobUser() {
  const makers = [
    ['useradd', ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', jobUser]],
    ['adduser', ['-S', '-D', '-H', '-s', '/sbin/nologin', jobUser]],
  ];
  for (let attempt = 0; attempt < 10; attempt++) {
    if (succeeds('id', ['-u', jobUser]) || makers.some(([tool, args]) => succeeds(tool, args)))
      return jobUser;
    await sleep(200);
  }
  return fail(
    `jobs run as the system user ${jobUser}, which is not there and cannot be made: make it yourself`,
  );
}

function succeeds(program, args) {
  try {
    execFileSync(program, args, { stdio: 'ignore', timeout: 30_000, env: { PATH: systemPath } });
    return true;
  } catch {
    return false; // missing tool, taken lock or refused: the caller asks again
  }
}

function runnerDir(dataDir, id) {
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(id)) fail(`"${id}" is no runner id`);
  return join(dataDir, 'local-runners', id);
}

function writeRecord(dir, { id, egg, pid }) {
  const record = {
    runner_id: id,
    egg,
    pid,
    start_time: readStartTime(pid) ?? '',
    boot_id: readBootId(),
    started_at: new Date().toISOString(),
  };
  replacePrivately(join(dir, 'runner.json'), JSON.stringify(record));
}

function readRecord(dir) {
  try {
    return JSON.parse(readFileSync(join(dir, 'runner.json'), 'utf8'));
  } catch {
    return undefined; // not written yet
  }
}

function need(env, name) {
  const value = env[name];
  if (value === undefined || value === '') fail(`${name} is not set`);
  return value;
}

function signalQuietly(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // it has ended meanwhile
  }
}

async function waitUntil(check, timeoutMs) {
  const endsAt = performance.now() + timeoutMs;
  while (!check()) {
    if (performance.now() >= endsAt) return false;
    await sleep(50);
  }
  return true;
}

function fail(reason) {
  process.stderr.write(`gosling launcher: ${reason}\n`);
  process.exit(1);
}
