import { catalogue } from '../../src/core/failure.ts';

/** What a download, and the archive that came, can fail with. */
export const failures = catalogue({
  nothingToFetch: {
    meaning: 'The parameters name neither a data set nor a file, and no archive is bound.',
    text: () => ({
      message: 'neither a set nor files are given',
      hint: 'Write set: lfw, or files: [{ url: https://..., sha256: ... }], or archives: photos.zip of an archive that is here.',
    }),
    example: {},
  },
  badUrl: {
    meaning: 'An address is not a URL, or does not end in a name to store the file under.',
    text: ({ url, problem }: { readonly url: string; readonly problem: 'not a URL' | 'no file name' }) =>
      problem === 'not a URL'
        ? { message: `${url} is not a URL` }
        : { message: `${url} does not end in a file name`, hint: 'Name the file yourself: name: faces.zip.' },
    example: { url: 'https://example.org/', problem: 'no file name' },
  },
  equalNames: {
    meaning: 'Two files would be stored under one name.',
    text: ({ name }: { readonly name: string }) => ({
      message: `two files would be stored as ${name}`,
      hint: 'Choose a name of its own for one of them: name: other.bin.',
    }),
    example: { name: 'pairs.txt' },
  },
  downloadFailed: {
    meaning: 'No address of a file sent it, or what came has another digest.',
    text: ({ name, tried }: { readonly name: string; readonly tried: readonly string[] }) => ({
      message: `${name} could not be downloaded: ${tried.join('; ')}`,
      hint: 'Look at the address and the connection; what came is kept, and the next run resumes from there. A wrong digest means another file: correct sha256 only if you trust the source.',
    }),
    example: { name: 'lfw.tgz', tried: ['https://example.org/lfw.tgz: the server answered 404 Not Found'] },
  },
  missingPart: {
    meaning: 'What came has no file or folder at the path that `inside` names.',
    text: ({ inside, names }: { readonly inside: string; readonly names: readonly string[] }) => ({
      message: `there is no "${inside}" in what came; at its top are ${names.slice(0, 10).join(', ')}${names.length > 10 ? ' ...' : ''}`,
      hint: 'The path in inside begins there; leave it out to get everything.',
    }),
    example: { inside: 'lfv', names: ['lfw'] },
  },
  unknownArchive: {
    meaning: 'A file to unpack is not an archive of a kind that is unpacked here.',
    text: ({ found }: { readonly found: string | undefined }) => ({
      message: `expected a .tar, .tar.gz, .tar.bz2, .tar.xz, .tar.zst or .zip archive, found ${found === undefined ? 'none' : `${found}, which is not unpacked here`}`,
      hint: 'Leave out extract, and unpack the file in a shell stage.',
    }),
    example: { found: 'RAR' },
  },
  noUnpacker: {
    meaning: 'An archive is compressed in a way that a program of the system has to unpack, and none is installed.',
    text: ({ compression, tried, install }: NoUnpacker) => ({
      message: `the data are compressed by ${compression}, which no program here unpacks; tried: ${tried.join(', ')}`,
      hint: `Install ${install} (apt-get install ${install}), or unpack the archive elsewhere and use the folder.`,
    }),
    example: { compression: 'zstandard', tried: ['zstd', 'python3'], install: 'zstd' },
  },
  damagedCompression: {
    code: 'damaged-file',
    meaning: 'The compressed data of an archive are damaged or cut off.',
    text: ({ zlibCode }: { readonly zlibCode: string }) => ({
      message: `the compressed data are damaged or cut off (${zlibCode})`,
      hint: 'Download the archive again.',
    }),
    example: { zlibCode: 'Z_DATA_ERROR' },
  },
  damagedEntry: {
    code: 'damaged-file',
    meaning: 'An entry of a zip archive is not what the directory of the archive says.',
    text: ({ name, problem }: { readonly name: string; readonly problem: string }) => ({
      message: `${name} ${problem}`,
      hint: 'Download the archive again.',
    }),
    example: { name: 'lfw/pairs.txt', problem: 'has another size or checksum than it claims' },
  },
  truncatedArchive: {
    code: 'truncated-file',
    meaning: 'A tape archive ends within a header or a file.',
    text: ({ what, missing }: { readonly what: string; readonly missing: number }) => ({
      message: `the archive ends too early: ${what} needs ${missing} more bytes`,
      hint: 'Download it again; it was probably cut off on the way.',
    }),
    example: { what: 'a header block', missing: 12 },
  },
  unsafeName: {
    code: 'unsafe-archive',
    meaning: 'An archive holds a name, or a link to a name, outside of the folder it is unpacked into.',
    text: ({ says, name }: { readonly says: string; readonly name: string }) => ({
      message: `${says} ${JSON.stringify(name)}, which is outside of the folder it is unpacked into`,
      hint: 'Do not use this archive: sound ones hold no such names.',
    }),
    example: { says: 'the archive holds', name: '../evil.txt' },
  },
  unsafeLink: {
    code: 'unsafe-archive',
    meaning: 'A link in an archive leads to something that is not a file of the archive.',
    text: ({ name, target }: { readonly name: string; readonly target: string }) => ({
      message: `the link ${name} leads to ${target}, which is not a file of the archive`,
      hint: 'Unpack it by hand if you trust it, and use the folder instead.',
    }),
    example: { name: 'faces', target: 'images' },
  },
  unsafeEntry: {
    code: 'unsafe-archive',
    meaning: 'An archive holds a special file, or entries that cannot be unpacked side by side.',
    text: ({ name, problem }: { readonly name: string; readonly problem: string }) => ({
      message: `${name} ${problem}`,
    }),
    example: { name: 'dev/null', problem: 'is a special file (type "3"), which no data set needs' },
  },
});

interface NoUnpacker {
  readonly compression: string;
  readonly tried: readonly string[];
  /** The package of Debian and Ubuntu that brings a program. */
  readonly install: string;
}
