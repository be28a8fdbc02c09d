import type { CauseEntry } from './cause-table.ts';

/** What is said of a download that failed in a later step where no answer of now tells why. */
export const LATER_ENTRIES = {
  'download-transient': {
    title: 'a download failed in this job, and the same files can be had now',
    class: 'infrastructure',
    fault: 'network',
    rerunHelps: 'yes',
    remedy:
      'Run the job again. When this is frequent, let this action fetch what the job needs (see that `prefetch` is not `false`, and that `working-directory` is right): it asks another proxy where go gives up.',
  },
  'download-unexplained': {
    title: 'a download failed in this job, and asking again did not tell why',
    class: 'infrastructure',
    fault: 'network',
    rerunHelps: 'maybe',
    remedy:
      'Read what go says in the log of the step that failed: its line has the cause. Then run the job again.',
  },
} as const satisfies Record<string, CauseEntry>;

/** What docs/diagnoses.md tells of each. */
export const LATER_MEANINGS: Readonly<Record<keyof typeof LATER_ENTRIES, string>> = {
  'download-transient':
    'go began a download in a later step and it never came: its lock file or a half of it is in the module cache. When the job had failed, the same files were asked for again, and they came. Nothing is wrong with the setting, then; something on the way was.',
  'download-unexplained':
    'go began a download in a later step and it never came, and within 20 s neither the proxies nor go itself gave an answer that tells the cause.',
};
