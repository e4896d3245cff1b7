// Who may import whom (docs/architecture.md). Run by scripts/check-graph.mjs, which also
// fails when nothing was cruised: an unsupported TypeScript gives "0 modules" and exit code 0.
const may = {
  'packages/kernel': [],
  'packages/fly': ['packages/kernel'],
  'packages/fly-lsp': ['packages/(kernel|fly|nest)'],
  'packages/domain': ['packages/kernel'],
  'packages/nest': ['packages/(kernel|fly|domain)'],
  'packages/ports': ['packages/(kernel|domain)'],
  'packages/engine': ['packages/(kernel|domain|nest|ports)'],
  'packages/api-contract': ['packages/(kernel|domain)'],
  'packages/wiring': ['packages/(kernel|domain|ports)', 'adapters/[^/]+'],
  'adapters/[^/]+': ['packages/(kernel|domain|ports)'],
  'apps/gosling': ['packages/(?!testkit/)[^/]+', 'apps/mothergoose'],
  'apps/mothergoose': ['packages/(?!testkit/|gitlab-sim/)[^/]+', 'apps/dashboard'],
  'apps/uglyfox': ['packages/(?!testkit/|gitlab-sim/)[^/]+'],
  'apps/rift': ['packages/(kernel|ports|wiring)'],
  'apps/dashboard': ['packages/(kernel|domain|api-contract)'],
};

const ours = '^(packages|adapters|apps)/';
const tests = '(\\.test\\.ts|/contract\\.ts)$';
const pure = '^packages/(kernel|fly|domain|nest|ports|engine|api-contract)/';

const inTests = '^packages/(testkit|gitlab-sim)/';

const edges = Object.entries(may).flatMap(([who, targets]) => {
  const allowed = ['^$1/', ...targets.map((target) => `^${target}/`)];
  const rule = { name: `graph: ${who}`, severity: 'error' };
  return [
    { ...rule, from: { path: `^(${who})/`, pathNot: tests }, to: { path: ours, pathNot: allowed } },
    { ...rule, from: { path: `^(${who})/.*${tests}` }, to: { path: ours, pathNot: [...allowed, inTests] } },
  ];
});

module.exports = {
  forbidden: [
    ...edges,
    {
      name: 'a folder that the graph does not know',
      severity: 'error',
      from: {
        path: ours,
        pathNot: [inTests, ...Object.keys(may).map((who) => `^${who}/`)],
      },
      to: {},
    },
    {
      name: 'pure packages do no I/O',
      severity: 'error',
      from: { path: pure, pathNot: tests },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(assert|buffer|events|util|url|crypto|zlib)$' },
    },
    {
      name: 'another workspace is imported by its name',
      severity: 'error',
      from: { path: '^((?:packages|adapters|apps)/[^/]+)/' },
      to: { path: ours, pathNot: '^$1/', dependencyTypes: ['local'] },
    },
    { name: 'imports resolve', severity: 'error', from: {}, to: { couldNotResolve: true } },
    { name: 'no cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'tests and contracts stay out of the product',
      severity: 'error',
      from: { path: ours, pathNot: [tests, inTests] },
      to: { path: [tests, '^packages/testkit/', 'node_modules/(vitest|fast-check)/'] },
    },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/dist/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.json'],
    },
  },
};
