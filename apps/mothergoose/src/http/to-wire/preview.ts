import type { Preview, PreviewEgg } from '@polar-gosling/api-contract';
import type { PreviewView } from '@polar-gosling/engine';
import { toWireChange, toWireReplacement } from './rollback.ts';

const diagnosticsAtMost = 200;

export function toWirePreview(view: PreviewView): Preview {
  return {
    ...(view.against === undefined ? {} : { against: view.against }),
    status: view.status,
    held: view.held.map(({ rule, why }) => ({ rule, why })),
    eggs: view.eggs.map(toWireEgg),
    unchanged: view.unchanged,
    changes_policies: view.changesPolicies,
    diagnostics: view.diagnostics.slice(0, diagnosticsAtMost).map((one) => ({
      code: one.code,
      severity: one.severity,
      message: one.message,
      file: one.file,
      line: one.range.start.line,
      column: one.range.start.col,
    })),
  };
}

function toWireEgg(egg: PreviewView['eggs'][number]): PreviewEgg {
  return {
    name: egg.name,
    file: egg.file,
    change: egg.change,
    changes: egg.changes.map(toWireChange),
    replaces: egg.isReplaced,
    ends_pin: egg.endsPin,
    launches: egg.launches,
    runners: toWireReplacement(egg.runners),
  };
}
