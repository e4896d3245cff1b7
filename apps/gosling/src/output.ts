import { createStyle, type Style } from './ui/style.ts';

/** Where the CLI speaks: data on stdout, talk on stderr. The only place that writes to either. */
export interface Output {
  /** What the command was asked for, with a line end. */
  data(text: string): void;
  /** One JSON value, indented, as the command's data. */
  json(value: unknown): void;
  /** Anything for the person at the keyboard. */
  talk(text: string): void;
  readonly dataStyle: Style;
  readonly talkStyle: Style;
  /** stdout and stderr as sinks of a progress display or a table. */
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
}

export interface OutputStream {
  write(text: string): boolean;
  readonly isTty: boolean;
  readonly hasColour: boolean;
  readonly columns: number | undefined;
}

export interface ColourWishes {
  readonly noColor: boolean;
  readonly forceColor: boolean;
  readonly isDumb: boolean;
}

export function createOutput(wishes: ColourWishes): Output {
  const stdout = wrapStream(process.stdout, wishes);
  const stderr = wrapStream(process.stderr, wishes);
  return {
    data: (text) => {
      stdout.write(`${text}\n`);
    },
    json: (value) => {
      stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
    },
    talk: (text) => {
      stderr.write(`${text}\n`);
    },
    dataStyle: createStyle(stdout.hasColour),
    talkStyle: createStyle(stderr.hasColour),
    stdout,
    stderr,
  };
}

function wrapStream(stream: NodeJS.WriteStream, wishes: ColourWishes): OutputStream {
  const isTty = stream.isTTY === true;
  const mayColour = isTty && !wishes.isDumb;
  // A reader that closes the pipe (`| head`) is no failure of ours.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
  });
  return {
    write: (text) => stream.write(text),
    isTty,
    hasColour: !wishes.noColor && (wishes.forceColor || mayColour),
    get columns() {
      return stream.columns;
    },
  };
}
