// What the bundle does when it is started with the argument of the process that saves.
import { saveAndExit } from '../../src/runner/save-process.ts';

await saveAndExit();
