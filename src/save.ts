import { saveAndExit } from './runner/save-process.ts';

// A bundle of its own: to load @actions/cache takes longer than a whole step may that saves nothing.
await saveAndExit();
