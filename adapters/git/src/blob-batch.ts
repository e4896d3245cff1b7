import { gitErrors } from '@polar-gosling/ports/git';

/** Reads `cat-file --batch` as it comes: `oid type size`, the bytes, a line break; in the order that was asked. */
export function createBlobBatch() {
  const blobs: Buffer[] = [];
  let rest = Buffer.alloc(0);
  let wanted: number | undefined;

  const takeHead = (): boolean => {
    const end = rest.indexOf(10);
    if (end < 0) return false;
    wanted = sizeOf(rest.toString('latin1', 0, end));
    rest = rest.subarray(end + 1);
    return true;
  };
  const takeBody = (size: number): boolean => {
    if (rest.length < size + 1) return false;
    blobs.push(Buffer.from(rest.subarray(0, size)));
    rest = rest.subarray(size + 1);
    wanted = undefined;
    return true;
  };

  return {
    take(chunk: Buffer): void {
      rest = Buffer.concat([rest, chunk]);
      while (wanted === undefined ? takeHead() : takeBody(wanted)) {
        // Goes on until the next piece is not whole yet.
      }
    },
    blobs: () => blobs,
  };
}

function sizeOf(head: string): number {
  const [oid, type, size] = head.split(' ');
  if (type !== 'blob' || size === undefined) {
    throw gitErrors.failed({ what: 'read a file of the Nest', reason: `${oid} is ${type}` });
  }
  return Number(size);
}
