// A worker thread of the verification's measurement: hashes the zips it is sent, and says when it is done.
import { parentPort } from 'node:worker_threads';
import { hashZips } from './prefetch-hashing.ts';

parentPort?.on('message', (zips: readonly string[]) => {
  // What goes wrong ends the worker, and with it the measurement.
  void hashZips(zips).then(() => parentPort?.postMessage('done'));
});
parentPort?.postMessage('ready');
