import { describe, expect, it } from 'vitest';
import { checkFly, diagnosticsToGitlab, diagnosticsToSarif, parseFly } from '../../index.ts';

const file = 'Eggs/my app/config.fly';
const text = `egg "my-app" {
  type = "vm"
  runner { concurent = 3 }
  gitlab {
    project_id   = 1
    group_id     = 2
    token_secret = "vault://secret/my-app/s3cr3t-part?wrong=1"
  }
}
`;
const find = (source: string) => checkFly(parseFly(source, { file })).diagnostics;
const diagnostics = find(text);

describe('the GitLab code quality report', () => {
  it('has the fields GitLab asks for, with the path inside the repository', () => {
    const report = diagnosticsToGitlab(diagnostics, { prefix: 'nest/' });

    expect(report).toHaveLength(diagnostics.length);
    expect(report[0]).toEqual({
      description: 'FLY030: runner has no attribute "concurent"; did you mean "concurrent"?',
      check_name: 'FLY030',
      fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      severity: 'major',
      location: { path: 'nest/Eggs/my app/config.fly', lines: { begin: 3, end: 3 } },
    });
  });

  it('knows a diagnostic again after lines were added above it, and tells like ones apart', () => {
    const fingerprints = (source: string) =>
      diagnosticsToGitlab(find(source)).map(({ fingerprint }) => fingerprint);
    const twice = text.replace('concurent = 3 }', 'concurent = 3 }\n  runner { concurent = 3 }');

    expect(fingerprints(`# one more line\n\n${text}`)).toEqual(fingerprints(text));
    expect(new Set(fingerprints(twice)).size).toBe(find(twice).length);
  });

  it('says how bad it is in the words of GitLab', () => {
    const lint = find(text.replace('vault://secret/my-app/s3cr3t-part?wrong=1', `glpat-${'a'.repeat(20)}`));
    const severities = diagnosticsToGitlab([
      ...lint,
      ...diagnostics.map((one) => ({ ...one, severity: 'warning' as const })),
      ...diagnostics.map((one) => ({ ...one, severity: 'info' as const })),
    ]).map(({ severity }) => severity);

    expect(new Set(severities)).toEqual(new Set(['major', 'minor', 'info']));
  });
});

describe('the SARIF log', () => {
  const log = diagnosticsToSarif(diagnostics, { prefix: 'nest/', toolVersion: '1.2.3' });

  it('is version 2.1.0 with a rule for each code and columns in code points', () => {
    expect(log).toMatchObject({
      version: '2.1.0',
      $schema: expect.stringContaining('sarif-2.1.0'),
      runs: [{ tool: { driver: { name: 'gosling', version: '1.2.3' } }, columnKind: 'unicodeCodePoints' }],
    });
    expect(log).toHaveProperty('runs.0.tool.driver.rules.0', {
      id: 'FLY030',
      shortDescription: { text: 'unknown name' },
      fullDescription: { text: expect.any(String) },
      help: { text: expect.stringContaining('Wrong:') },
      defaultConfiguration: { level: 'error' },
    });
  });

  it('gives each result its rule, its place, what belongs to it and its fix', () => {
    expect(log).toHaveProperty('runs.0.results.0', {
      ruleId: 'FLY030',
      ruleIndex: 0,
      level: 'error',
      message: { text: 'runner has no attribute "concurent"; did you mean "concurrent"?' },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'nest/Eggs/my%20app/config.fly' },
            region: { startLine: 3, startColumn: 12, endLine: 3, endColumn: 21 },
          },
        },
      ],
      fixes: [
        {
          description: { text: 'write concurrent' },
          artifactChanges: [
            {
              artifactLocation: { uri: 'nest/Eggs/my%20app/config.fly' },
              replacements: [
                {
                  deletedRegion: { startLine: 3, startColumn: 12, endLine: 3, endColumn: 21 },
                  insertedContent: { text: 'concurrent' },
                },
              ],
            },
          ],
        },
      ],
      partialFingerprints: { 'gosling/v1': expect.stringMatching(/^[0-9a-f]{16}$/) },
    });
    expect(log).toHaveProperty('runs.0.results.1.relatedLocations.0.message.text');
    expect(
      diagnosticsToSarif(find(text.replace('{ concurent = 3 }', '{ concurrent = "3" }'))),
    ).toHaveProperty(
      'runs.0.results.0.locations.0.logicalLocations.0.fullyQualifiedName',
      'egg.my-app.runner',
    );
  });

  it('is empty but whole where nothing is wrong', () => {
    expect(diagnosticsToSarif([])).toMatchObject({
      runs: [{ results: [], tool: { driver: { rules: [] } } }],
    });
  });
});
