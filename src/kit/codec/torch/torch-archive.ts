const isText = (head: Buffer, offset: number, text: string): boolean =>
  head.subarray(offset, offset + text.length).toString('latin1') === text;

/**
 * What PyTorch calls the first entry of its archives, without the folder; empty for any other file. It fills up the
 * header with an extra field "FB", so that values begin at a multiple of 64 bytes (caffe2/serialize/inline_container.cc).
 */
export function torchEntry(head: Buffer): string {
  if (head.length < 30 || !isText(head, 0, 'PK\u0003\u0004')) return '';
  const nameEnd = 30 + head.readUInt16LE(26);
  return isText(head, nameEnd, 'FB') ? head.toString('latin1', 30, nameEnd).replace(/^[^/]*\//, '') : '';
}

/** Whether an archive is a program of TorchScript; some begin with the same entry as a checkpoint. */
export function isTorchScript(head: Uint8Array): boolean {
  return /^(?:code\/.*|constants\.pkl)$/.test(torchEntry(Buffer.from(head)));
}

/** By PyTorch's first entry, or by the name of a file that another program packed again. */
export function isTorchArchive(head: Uint8Array, fileName: string): boolean {
  const bytes = Buffer.from(head);
  if (torchEntry(bytes) !== '') return !isTorchScript(bytes);
  return isText(bytes, 0, 'PK\u0003\u0004') && /\.(pt|pth|ckpt|pth\.tar)$/.test(fileName);
}
