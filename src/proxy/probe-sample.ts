import { GoRuleError } from '../go/go-rule-error.ts';
import { hashZip } from '../go/h1.ts';
import { compareModuleVersions } from '../go/version.ts';
import { keepsPlaceWhenRefused } from './candidate.ts';
import { type Failure, RequestError } from './failure.ts';
import type { Answer } from './http-client.ts';
import { moduleFileUrl } from './module-url.ts';
import { contentFailure, ownText, refuseStatus } from './probe-content.ts';
import type { ProbeRun, ZipSample } from './probe-run.ts';
import type { BodyPlan } from './response-body.ts';
import { classifyStatus } from './status.ts';

/** All samples of a candidate together end at 1 MB, or after 600 ms of flow: more tells little more of the throughput. */
const MAX_SAMPLE_BYTES = 1_000_000;
const MAX_FLOW_MS = 600;
/** Below this the samples tell the round trip and not the throughput ... */
const TELLING_BYTES = 64 << 10;
/** ... and with so much, or so long a flow, another one is not worth its round trip. */
const ENOUGH_BYTES = 512 << 10;
const ENOUGH_FLOW_MS = 200;
/** What the first piece of a sample counts for: a zip that comes in one piece is as quick as we can see. */
const PIECE_MS = 2;
/** A zip that was asked for this long before the deadline ought to have begun. */
const PATIENCE_MS = 1000;
/** What a sample of 1 MB may unpack to; hashing that takes well under a second. */
const MAX_UNPACKED_BYTES = 200 << 20;
const ZIP_MAGIC = 'PK';

/** What the samples of one candidate have shown so far. */
interface Flow {
  readonly samples: number;
  readonly bytes: number;
  /** From the first piece of each sample to its last, added up. */
  readonly ms: number;
  /** The last sample was cut by time: then however little came tells the throughput. */
  readonly cutByTime: boolean;
}

/**
 * Asks for the samples across redirects, one after the other until they tell the throughput; whole ones are checked by hash
 * and kept. Throws what makes the candidate unhealthy or unknown. A zip that has not begun at the deadline is held against
 * public proxies only: they have popular zips at hand, while a private proxy may be fetching it.
 */
export async function takeSamples(run: ProbeRun, samples: readonly ZipSample[]): Promise<void> {
  let flow: Flow = { samples: 0, bytes: 0, ms: 0, cutByTime: false };
  for (const sample of samples) {
    const answer = await takeSample(run, sample, flow);
    if (answer === undefined) return;
    flow = addFlow(flow, answer);
    noteFlow(run, flow);
    if (flow.cutByTime || flow.bytes >= ENOUGH_BYTES || flow.ms >= ENOUGH_FLOW_MS) return;
  }
}

/** Returns undefined when there is nothing more to learn: the time is over, or the candidate lacks the module. */
async function takeSample(run: ProbeRun, sample: ZipSample, flow: Flow): Promise<Answer | undefined> {
  const { candidate, client, findings, ports } = run;
  const askedAt = performance.now();
  const body: BodyPlan = {
    limitBytes: MAX_SAMPLE_BYTES - flow.bytes,
    over: 'cut',
    cutAfterMs: MAX_FLOW_MS - flow.ms,
  };
  let answer: Answer;
  try {
    answer = await client.get(moduleFileUrl(candidate.url, sample.module, 'zip'), {
      signal: ports.signal,
      body,
    });
  } catch (error) {
    if (ports.signal.aborted && isExcused(run, error, performance.now() - askedAt)) return undefined;
    throw error;
  }
  if (lacksModule(run, sample, answer)) return undefined;
  refuseStatus(run, answer);
  await checkSample(run, sample, answer);
  findings.warmMs.push(answer.firstAnswerMs);
  return answer;
}

function addFlow(flow: Flow, answer: Answer): Flow {
  const bytes = flow.bytes + answer.body.length;
  return {
    samples: flow.samples + 1,
    bytes,
    ms: flow.ms + Math.max(0, answer.flow.ms),
    cutByTime: !answer.whole && bytes < MAX_SAMPLE_BYTES,
  };
}

function noteFlow({ findings }: ProbeRun, { samples, bytes, ms, cutByTime }: Flow): void {
  findings.sampleBytes = bytes;
  if (!cutByTime && bytes < TELLING_BYTES) return;
  findings.bytesPerSecond = Math.max(1, Math.round((bytes * 1000) / (ms + samples * PIECE_MS)));
}

/** Whether the end of the phase, and not the candidate, ended the sample. */
function isExcused(run: ProbeRun, error: unknown, waitedMs: number): boolean {
  if (!(error instanceof RequestError)) return false;
  if (error.code === 'too-slow') return true;
  if (waitedMs < PATIENCE_MS) return true;
  return error.stage === 'http' && keepsPlaceWhenRefused(run.candidate);
}

/** A proxy without this module may serve others: only a module whose .info it gave must have a zip. */
function lacksModule(run: ProbeRun, sample: ZipSample, answer: Answer): boolean {
  const { status } = answer;
  if ((status !== 404 && status !== 410) || answer.foreignHost !== undefined) return false;
  const same = compareModuleVersions(sample.module, run.ask.module) === 0;
  return !same && classifyStatus({ status, isPublic: false, text: ownText(answer) }).kind === 'unknown';
}

/** So that the prefetch can begin with the largest. */
function noteSize({ findings }: ProbeRun, { module }: ZipSample, { headers }: Answer): void {
  const bytes = Number(headers['content-length']);
  if (Number.isSafeInteger(bytes) && bytes > 0) findings.sizes.push({ module, bytes });
}

async function checkSample(run: ProbeRun, sample: ZipSample, answer: Answer): Promise<void> {
  const failure = (cause: Failure['cause'], detail: string) =>
    contentFailure(run, answer, { stage: 'content', cause, detail });
  if (!answer.whole) {
    noteSize(run, sample, answer);
    const starts = Buffer.from(answer.body.subarray(0, ZIP_MAGIC.length)).toString('latin1');
    if (ZIP_MAGIC.startsWith(starts)) return;
    throw await failure('wrong-content', 'the zip is no zip');
  }
  let hash: string;
  try {
    const { signal } = run.ports;
    ({ hash } = await hashZip({ bytes: answer.body }, { unpackedBytes: MAX_UNPACKED_BYTES, signal }));
  } catch (error) {
    if (run.ports.signal.aborted) return;
    if (!(error instanceof GoRuleError)) throw error;
    throw await failure('wrong-content', 'the zip is no valid module zip');
  }
  if (!sample.hashes.includes(hash))
    throw await failure('wrong-hash', 'the zip is not the one whose hash is known');
  run.findings.kept.push({ module: sample.module, proxy: run.candidate.label, bytes: answer.body });
}
