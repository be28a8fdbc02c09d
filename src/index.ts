import { main } from './main.ts';
import { post } from './post.ts';
import { currentStage } from './runner/stage.ts';

/** Inside an async function also what is thrown before the first await is a rejection. */
async function run(): Promise<void> {
  await (currentStage() === 'post' ? post() : main());
}

run().catch(() => {
  // Only a fault in the code that handles faults comes here. The job goes on as it would without the action.
  process.stdout.write(
    '::warning title=setup-goproxy::setup-goproxy ended early; the job goes on without it\n',
  );
  process.exitCode = 0;
});
