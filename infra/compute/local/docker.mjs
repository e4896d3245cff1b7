// The few calls of a Docker Engine's API that the launcher makes, over its unix socket. No client program is needed, and
// no value is ever part of a command.
import { request } from 'node:http';

const answerLimitBytes = 8 * 1024 * 1024;
const callMs = 30_000;
const pullMs = 4 * 60_000;

/** One container engine. Every call fails with a text that says what to do when nothing answers at the socket. */
export function openDocker(socket) {
  const call = (method, path, options) => send(socket, { method, path, ...options });
  return {
    /** State of a container by its name or id; `undefined`: there is none. */
    async inspect(name) {
      const { status, body } = await call('GET', `/containers/${encodeURIComponent(name)}/json`);
      if (status === 404) return undefined;
      return check(status, body, 'look at the container');
    },
    /** Names of all containers with this label, living or not. */
    async withLabel(label) {
      const filters = encodeURIComponent(JSON.stringify({ label: [label] }));
      const { status, body } = await call('GET', `/containers/json?all=1&filters=${filters}`);
      return check(status, body, 'list containers').map(({ Id }) => Id);
    },
    /** Makes it; `false`: there is one of that name. */
    async create(name, body) {
      const answer = await call('POST', `/containers/create?name=${encodeURIComponent(name)}`, { body });
      if (answer.status === 409) return false;
      check(answer.status, answer.body, `make a container of ${body.Image}`);
      return true;
    },
    async start(name) {
      const { status, body } = await call('POST', `/containers/${encodeURIComponent(name)}/start`);
      if (status !== 304) check(status, body, 'start the container');
    },
    /** SIGTERM, and SIGKILL after so long. */
    async stop(name, patienceS) {
      const path = `/containers/${encodeURIComponent(name)}/stop?t=${patienceS}`;
      const { status, body } = await call('POST', path, { timeoutMs: callMs + patienceS * 1_000 });
      if (status !== 304 && status !== 404) check(status, body, 'stop the container');
    },
    async remove(name) {
      const { status, body } = await call('DELETE', `/containers/${encodeURIComponent(name)}?force=1&v=1`);
      // 409: its removal is under way already.
      if (status !== 404 && status !== 409) check(status, body, 'remove the container');
    },
    /** Fetches the image where it is not here yet. */
    async ensureImage(image) {
      const found = await call('GET', `/images/${encodeImage(image)}/json`);
      if (found.status === 200) return;
      const [name, tag] = splitImage(image);
      const query = `fromImage=${encodeURIComponent(name)}${tag && `&tag=${encodeURIComponent(tag)}`}`;
      const pulled = await call('POST', `/images/create?${query}`, { timeoutMs: pullMs });
      const problem = pulled.status === 200 ? errorIn(pulled.text) : messageOf(pulled);
      if (problem === undefined) return;
      throw new Error(
        `the image ${image} is not on this host and cannot be pulled (${problem}): docker pull ${image}, set ` +
          'GOSLING_LOCAL_IMAGE to one that is here, or GOSLING_LOCAL_RUNNERS=process',
      );
    },
  };
}

function send(socketPath, { method, path, body, timeoutMs = callMs }) {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers = {
      host: 'docker',
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    };
    const signal = AbortSignal.timeout(timeoutMs);
    const asked = request({ socketPath, method, path, headers, signal }, (response) => {
      const chunks = [];
      let size = 0;
      response.on('data', (chunk) => {
        size += chunk.length;
        if (size <= answerLimitBytes) chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => {
        const answer = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode, text: answer, body: parse(answer) });
      });
    });
    asked.on('error', (error) => reject(new Error(silence(socketPath, error))));
    asked.end(text);
  });
}

function silence(socket, error) {
  const reason = error.code ?? error.name;
  return (
    `Docker does not answer at ${socket} (${reason}): start it, set DOCKER_HOST to its socket, or ` +
    'GOSLING_LOCAL_RUNNERS=process'
  );
}

function check(status, body, what) {
  if (status >= 200 && status < 300) return body;
  throw new Error(`Docker could not ${what}: ${messageOf({ status, body })}`);
}

function messageOf({ status, body }) {
  return body?.message ?? `it answered ${status}`;
}

/** A pull answers 200 at once, and tells of its failure in a later line. */
function errorIn(text) {
  return text
    .split('\n')
    .map((line) => parse(line)?.error)
    .find((error) => error !== undefined);
}

/** `host:5000/name:tag` → name and tag; a digest stays with the name. */
function splitImage(image) {
  const at = image.lastIndexOf(':');
  const hasTag = at > image.lastIndexOf('/') && !image.includes('@');
  if (hasTag) return [image.slice(0, at), image.slice(at + 1)];
  return [image, image.includes('@') ? '' : 'latest'];
}

function encodeImage(image) {
  return image.split('/').map(encodeURIComponent).join('/');
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
