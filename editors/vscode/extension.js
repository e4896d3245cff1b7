// biome-ignore lint/correctness/noUndeclaredDependencies: the editor itself gives this module
import { workspace } from 'vscode';
import { LanguageClient, TransportKind } from 'vscode-languageclient/node';

/** @type {LanguageClient | undefined} */
let client;

/** Starts `gosling lsp` for the first .fly file that is opened. */
export async function activate() {
  const command = workspace.getConfiguration('fly').get('goslingPath', 'gosling');
  client = new LanguageClient(
    'fly',
    'Fly',
    { command, args: ['lsp'], transport: TransportKind.stdio },
    { documentSelector: [{ language: 'fly' }] },
  );
  await client.start();
}

/** Ends the server with the window. */
export async function deactivate() {
  await client?.stop();
}
