/**
 * Why a detached OpenPGP signature does not prove `content`, or `undefined` when it does. The key document may come
 * from anywhere: it is the signer's only with that fingerprint.
 */
export async function whyUnproved(signed: {
  readonly content: Uint8Array;
  /** Armored or binary. */
  readonly signature: Uint8Array;
  readonly armoredKey: string;
  readonly fingerprint: string;
}): Promise<string | undefined> {
  // Loaded when a signature is there to be checked: 1.2 MB of source that a control plane rarely needs.
  const { createMessage, readKey, readSignature, verify } = await import('openpgp');
  const parse = (bytes: Uint8Array) => {
    const text = Buffer.from(bytes).toString('latin1');
    return text.startsWith('-----BEGIN')
      ? readSignature({ armoredSignature: text })
      : readSignature({ binarySignature: bytes });
  };
  try {
    const key = await readKey({ armoredKey: signed.armoredKey });
    if (key.getFingerprint().toUpperCase() !== signed.fingerprint) return 'the key is another one';
    const message = await createMessage({ binary: signed.content });
    const { signatures } = await verify({
      message,
      signature: await parse(signed.signature),
      verificationKeys: key,
    });
    const [first] = signatures;
    if (first === undefined) return 'there is no signature in the file';
    await first.verified;
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
