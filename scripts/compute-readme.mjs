// Writes the tables of inputs, outputs and resources into infra/compute/README.md, from the HCL beside it.
//   node scripts/compute-readme.mjs [--check]   with --check: fails when the tables are not those of the source
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const compute = join(dirname(fileURLToPath(import.meta.url)), '..', 'infra', 'compute');
const readme = join(compute, 'README.md');
const modules = ['aws', 'yandex', 'yandex/container', 'local'];

const before = readFileSync(readme, 'utf8');
const after = modules.reduce((text, name) => replaceTables(text, name, tablesOf(name)), before);
if (process.argv.includes('--check')) {
  if (after !== before) {
    process.stderr.write('infra/compute/README.md is not current: run node scripts/compute-readme.mjs\n');
    process.exitCode = 1;
  }
} else {
  writeFileSync(readme, after);
}

function tablesOf(name) {
  const blocks = readdirSync(join(compute, name))
    .filter((file) => file.endsWith('.tf'))
    .toSorted()
    .flatMap((file) => blocksOf(readFileSync(join(compute, name, file), 'utf8')));
  const of = (kind) => blocks.filter((block) => block.kind === kind);
  const entry = of('variable').find((block) => block.labels[0] === 'entry');
  return [
    '| input | type | default | meaning |\n|---|---|---|---|',
    ...of('variable').map(inputRow),
    '\n| output | meaning |\n|---|---|',
    ...of('output').map(({ labels, body }) => `| \`${labels[0]}\` | ${attribute(body, 'description')} |`),
    '\n| resource | made when |\n|---|---|',
    ...of('resource').map(({ labels, body }) => `| \`${labels.join('.')}\` | ${conditionOf(body)} |`),
    `\nFields of \`entry\`: ${fieldsOf(entry.body).join(', ')}. Those in brackets may be absent.`,
  ].join('\n');
}

function inputRow({ labels, body }) {
  const type = /^ {2}type +=\s*(\w+)/m.exec(body)?.[1] ?? '';
  const fallback = /^ {2}default +=\s*(.*)$/m.exec(body)?.[1];
  const hidden = /^ {2}sensitive += true$/m.test(body) ? ', sensitive' : '';
  const meaning = attribute(body, 'description');
  return `| \`${labels[0]}\` | ${type}${hidden} | ${fallback === undefined ? 'required' : `\`${fallback}\``} | ${meaning} |`;
}

function conditionOf(body) {
  const count = /^ {2}count = local\.is_vm \? (\d) : (\d)$/m.exec(body);
  if (count === null) return 'always';
  return count[1] === '1' ? 'the type is `vm`' : 'the type is `serverless`';
}

function fieldsOf(body) {
  const fields = [...body.matchAll(/^ {4}(\w+) += (optional)?/gm)].filter(
    ([line]) => !/(condition|error_message)/.test(line),
  );
  return fields.map(([, name, optional]) => (optional === undefined ? `\`${name}\`` : `[\`${name}\`]`));
}

function attribute(body, name) {
  return new RegExp(`^ {2}${name} += "(.*)"$`, 'm').exec(body)?.[1].replaceAll('|', '\\|') ?? '';
}

/** Top-level blocks of a formatted file: from their first line to the `}` at the start of a line. */
function blocksOf(text) {
  return [...text.matchAll(/^(variable|output|resource) ((?:"[^"]+" ?)+)\{\n([\s\S]*?)^\}$/gm)].map(
    ([, kind, labels, body]) => ({
      kind,
      labels: [...labels.matchAll(/"([^"]+)"/g)].map(([, one]) => one),
      body,
    }),
  );
}

function replaceTables(text, name, tables) {
  const [start, end] = [`<!-- tables of ${name} -->`, `<!-- end of ${name} -->`];
  const from = text.indexOf(start);
  const to = text.indexOf(end);
  if (from === -1 || to === -1) throw new Error(`infra/compute/README.md has no place for ${name}`);
  return `${text.slice(0, from + start.length)}\n${tables}\n${text.slice(to)}`;
}
