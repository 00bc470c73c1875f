// Says where MPI is, and fetches it before where it is not there yet: `node setup/mpi.mjs` prints one line of JSON, the library
// and the command that starts ranks. A training with several ranks runs this when it first needs MPI; `npm run setup:mpi` does
// it before, for machines whose tasks have no network. MPICH comes from its Python wheel, as libtensorflow does, into the same
// cache. It has the binary interface of the standard (MPI 5, chapter 20), so that the library of a site serves as well:
// FLOW_MPI_LIBRARY names its libmpi_abi.so, or the libmpi.so of OpenMPI 4, FLOW_MPIEXEC the command, such as `srun --mpi=pmi2`; `-n` and the number of ranks are appended.
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from './cache-folder.mjs';
import { ensureUnpacked, isWhole } from './libraries.mjs';
import { SetupFailure } from './setup-failure.mjs';
import { findTools } from './tools.mjs';

const here = dirname(fileURLToPath(import.meta.url));

/** Without compilers, documentation and the older interface. */
const patterns = ['bin/mpiexec', 'bin/hydra_pmi_proxy', 'lib/libmpi_abi.so.1', 'lib/mpich/*'];

async function mpichFolder() {
  /** @type {import('./fetch-wheel.mjs').Pins} */
  const { mpich, python: pythonVersion } = JSON.parse(readFileSync(join(here, 'pins.json'), 'utf8'));
  if (mpich === undefined) throw new Error('setup/pins.json does not name a wheel of mpich');
  const { wheel, platforms, roomBytes } = mpich;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new SetupFailure(
      `MPICH is fetched on Linux x64 only, and this is ${process.platform} ${process.arch}`,
      'install an MPI with the standard interface of MPI 5 and name its libmpi_abi in FLOW_MPI_LIBRARY and its mpiexec in FLOW_MPIEXEC',
    );
  }
  const folder = join(cacheFolder(process.env), 'mpich', wheel.version);
  const data = `mpich-${wheel.version}.data/data`;
  if (!isWhole(folder)) {
    const { python } = await findTools({ pip: true, compiler: false }, process.env);
    const wanted = patterns.map((pattern) => `${data}/${pattern}`);
    const wheels = { name: 'MPICH', files: [wheel], wanted, pythonVersion, platforms, roomBytes };
    await ensureUnpacked({ folder, wheels, python, say: (text) => console.error(text) });
  }
  // Python's zipfile does not keep permissions.
  for (const program of ['mpiexec', 'hydra_pmi_proxy']) {
    const path = join(folder, data, 'bin', program);
    if (existsSync(path)) chmodSync(path, 0o755);
  }
  return join(folder, data);
}

async function findMpi() {
  const { FLOW_MPI_LIBRARY: library = '', FLOW_MPIEXEC: command = '' } = process.env;
  const launcher = command.split(' ').filter((word) => word !== '');
  if (library === '') {
    const folder = await mpichFolder();
    const own = [join(folder, 'bin', 'mpiexec')];
    return { library: join(folder, 'lib', 'libmpi_abi.so.1'), launcher: launcher.length > 0 ? launcher : own };
  }
  if (!existsSync(library)) {
    throw new SetupFailure(
      `FLOW_MPI_LIBRARY names ${library}, which is not there`,
      'name the libmpi_abi.so of an MPI with the standard interface of MPI 5, or the libmpi.so of OpenMPI 4, or unset it: MPICH is fetched then',
    );
  }
  const besides = join(dirname(library), '..', 'bin', 'mpiexec');
  const found = existsSync(besides) ? besides : 'mpiexec';
  return { library, launcher: launcher.length > 0 ? launcher : [found] };
}

try {
  console.log(JSON.stringify(await findMpi()));
} catch (error) {
  if (!(error instanceof SetupFailure)) throw error;
  console.log(JSON.stringify({ problem: error.message, remedy: error.remedy }));
  process.exitCode = 1;
}
