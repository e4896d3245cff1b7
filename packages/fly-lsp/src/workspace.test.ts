import { describe, expect, it } from 'vitest';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { Workspace } from './workspace.ts';

/** A disk with one Nest at /nest. */
function aDisk(files: Record<string, string>) {
  const reads: string[] = [];
  return {
    files,
    reads,
    find: async (directory: string) => (directory.startsWith('/nest') ? '/nest' : undefined),
    read: async (root: string) => {
      reads.push(root);
      return Object.entries(files).map(([path, text]) => ({ path, text }));
    },
  };
}

function aDocument(file: string, text: string, version = 1): TextDocument {
  return TextDocument.create(`file://${file}`, 'fly', version, text);
}

const using = 'locals {\n  b = local.a\n}\n';
const ignore = { warn: () => undefined };

describe('the workspace', () => {
  it('reads a Nest once, when its first file is opened', async () => {
    const disk = aDisk({ 'a.fly': 'locals {\n  a = 1\n}\n' });
    const workspace = new Workspace(disk, ignore);

    const [one] = await Promise.all(
      ['/nest/x.fly', '/nest/y.fly'].map((path) => workspace.snapshot(aDocument(path, using))),
    );

    expect(disk.reads).toEqual(['/nest']);
    expect(one?.nest.map(({ parsed }) => parsed.file)).toContain('a.fly');
    expect(one?.diagnostics).toEqual([]);
  });

  it('finds a file too big for a Nest, on the disk or while it is typed, and goes on with the others', async () => {
    const disk = aDisk({ 'x.fly': 'locals {\n  a = 1\n}\n' });
    const read = async () => [
      { path: 'big.fly', text: '', sizeBytes: 2_000_000 },
      ...(await disk.read('/nest')),
    ];
    const workspace = new Workspace({ find: disk.find, read }, ignore);

    const other = await workspace.snapshot(aDocument('/nest/y.fly', using));
    const emptied = await workspace.snapshot(aDocument('/nest/big.fly', ''));
    const typed = await workspace.snapshot(aDocument('/nest/z.fly', `# ${'ä'.repeat(600_000)}\n`));

    expect(other?.nest.map(({ parsed }) => parsed.diagnostics.map(({ code }) => code))).toContainEqual([
      'FLY091',
    ]);
    expect(other?.diagnostics).toEqual([]);
    expect(emptied?.diagnostics).toEqual([]);
    expect(typed?.diagnostics.map(({ code }) => code)).toEqual(['FLY091']);
  });

  it('reads no disk for a text without a Nest, and takes unknown names for open there', async () => {
    const disk = aDisk({});
    const workspace = new Workspace(disk, ignore);

    const snapshot = await workspace.snapshot(
      aDocument('/else/x.fly', 'egg "a" {\n  type = var.kind\n  gitlab { project_id = 1 }\n}\n'),
    );

    expect(disk.reads).toEqual([]);
    expect(snapshot?.diagnostics).toEqual([]);
  });

  it('parses what changed and checks what depends on it, and nothing else', async () => {
    const workspace = new Workspace(aDisk({}), ignore);
    const definer = aDocument('/nest/a.fly', 'locals {\n  a = 1\n}\n');
    const user = aDocument('/nest/x.fly', using);
    await workspace.sync(definer);
    const before = (await workspace.sync(user)).snapshot;

    const comment = await workspace.sync(update(definer, '# only a comment\nlocals {\n  a = 1\n}\n'));
    const untouched = (await workspace.sync(user)).snapshot;
    const renamed = await workspace.sync(update(definer, 'locals {\n  c = 1\n}\n'));
    const after = (await workspace.sync(user)).snapshot;

    expect(comment.isShared).toBe(false);
    expect(untouched?.source.parsed).toBe(before?.source.parsed);
    expect(renamed.isShared).toBe(true);
    expect(after?.source.parsed).toBe(before?.source.parsed);
    expect(after?.diagnostics.map(({ code }) => code)).toEqual(['FLY070']);
  });

  it('takes the text of the editor, not of the disk, until the file is closed', async () => {
    const disk = aDisk({ 'a.fly': 'locals {\n  a = 1\n}\n', 'x.fly': using });
    const workspace = new Workspace(disk, ignore);
    const definer = aDocument('/nest/a.fly', 'locals {\n}\n');
    const user = aDocument('/nest/x.fly', using);
    await workspace.sync(definer);
    const codes = async () => (await workspace.snapshot(user))?.diagnostics.map(({ code }) => code);

    expect(await codes()).toEqual(['FLY070']);
    await workspace.refresh([definer, user]);
    expect(await codes()).toEqual(['FLY070']);
    await workspace.close(definer.uri, [user]);
    expect(await codes()).toEqual([]);
  });

  it('forgets a file that is gone from the disk', async () => {
    const disk = aDisk({ 'a.fly': 'locals {\n  a = 1\n}\n' });
    const workspace = new Workspace(disk, ignore);
    const user = aDocument('/nest/x.fly', using);
    await workspace.sync(user);
    delete disk.files['a.fly'];

    await workspace.refresh([user]);

    expect((await workspace.snapshot(user))?.nest.map(({ parsed }) => parsed.file)).toEqual(['x.fly']);
  });

  it('takes a file of another host, or one whose folder cannot be searched, for a text that stands alone', async () => {
    const disk = { ...aDisk({}), find: () => Promise.reject(new Error('no permission')) };
    const workspace = new Workspace(disk, ignore);

    for (const uri of ['file://other-host/x.fly', 'file:///nest/x.fly', 'untitled:x', 'file:///%']) {
      const snapshot = await workspace.snapshot(TextDocument.create(uri, 'fly', 1, using));
      expect(snapshot?.nest.length, uri).toBe(1);
    }
  });

  it('says that a Nest cannot be read, and works with what is open', async () => {
    const warnings: string[] = [];
    const disk = { ...aDisk({}), read: () => Promise.reject(new Error('no permission')) };
    const workspace = new Workspace(disk, { warn: (message) => warnings.push(message) });

    const snapshot = await workspace.snapshot(aDocument('/nest/x.fly', 'locals {\n  a = var.elsewhere\n}\n'));

    expect(snapshot?.diagnostics).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining('no permission')]);
  });
});

function update(document: TextDocument, text: string): TextDocument {
  return TextDocument.update(document, [{ text }], document.version + 1);
}
