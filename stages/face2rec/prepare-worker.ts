import { serveJobs } from '../../src/base/ordered-workers.ts';
import { preparePicture } from './prepare-picture.ts';

/* A thread that aligns pictures. */
serveJobs(preparePicture);
