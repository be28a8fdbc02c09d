import type { Finding } from '../diagnosis/finding.ts';

/** Whose change would end a failure, in words. */
export const FAULT_TEXT = {
  runner: 'the runner: its DNS, clock, trust, disk, caches or settings',
  network: 'the network between the runner and the proxy',
  proxy: 'the module proxy',
  module: 'the module or its publisher',
  configuration: 'the configuration: a URL, an input or an environment variable',
} as const satisfies Record<Finding['fault'], string>;

/** Whether a re-run helps, in words. */
export const RERUN_TEXT = {
  yes: 'yes',
  no: 'no, something must be changed first',
  maybe: 'perhaps',
} as const satisfies Record<Finding['rerunHelps'], string>;
