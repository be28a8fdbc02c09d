import type { ProxyAnswer } from '../diagnosis/proxy-answers.ts';
import { count, formatBytes, formatMs, formatThroughput } from './figures.ts';
import { inertName, inertText } from './foreign-text.ts';
import type { FailedFileFacts, PrefetchFacts, PrefetchProxyFacts, Report } from './report.ts';

const SENTENCE_LIMIT = 600;

/** Returns what the prefetch did as lines of the log: one for the whole, then each failed file and what is left to go. */
export function prefetchLines({ prefetch }: Pick<Report, 'prefetch'>): readonly string[] {
  if (prefetch === undefined) return [];
  if (prefetch.status !== 'ran') {
    const word = prefetch.status === 'skipped' ? 'nothing is fetched' : 'nothing can be fetched';
    return [`${word}: ${sentence(prefetch.reason ?? 'no reason is known')}`];
  }
  const { reason, failures, moreFailures, filesFromProbe } = prefetch;
  return [
    wholeLine(prefetch),
    ...(filesFromProbe === 0 ? [] : [`${count(filesFromProbe, 'zip')} of them had come with the probe`]),
    ...(reason === undefined ? [] : [sentence(reason)]),
    ...(failures.length === 0 ? [] : [`failed: ${count(failures.length + moreFailures, 'file')}`]),
    ...failures.flatMap(failureLines),
    ...(moreFailures > 0 ? [`  and ${moreFailures} more`] : []),
    ...leftToGoLines(prefetch),
  ];
}

function wholeLine(prefetch: PrefetchFacts): string {
  const { modulesFetched, files, bytes, bytesPerSecond, ms, requests, proxies } = prefetch;
  const rate = bytesPerSecond === undefined ? '' : ` (${formatThroughput(bytesPerSecond)})`;
  const size = `${count(files, 'file')}, ${formatBytes(bytes)}`;
  const whole = `fetched ${count(modulesFetched, 'module')} (${size}) in ${formatMs(ms)}${rate}, ${count(requests, 'request')}`;
  return proxies.length === 0 ? whole : `${whole}: ${proxies.map(proxyText).join('; ')}`;
}

function proxyText({ label, standby, fetched, failed, notFound }: PrefetchProxyFacts): string {
  const parts = [
    count(fetched, 'file'),
    ...(notFound === 0 ? [] : [`${notFound} not found`]),
    ...(failed === 0 ? [] : [count(failed, 'failed attempt')]),
  ];
  return `${inertName(label)}${standby ? ' (standby)' : ''} ${parts.join(', ')}`;
}

function failureLines(failed: FailedFileFacts): readonly string[] {
  const { module, version, kind, answers, why } = failed;
  const name = `${inertText(`${module}@${version}`)} .${kind}`;
  return [
    `  ${name}: ${ownReason(failed) ?? answers.map(answerText).join('; ')}`,
    ...(answers.length > 0 && why !== undefined && isOfPhase(why) ? [`    ${PHASE_ENDS[why]}`] : []),
    ...answers.flatMap(({ proxy, body }) =>
      body === undefined ? [] : [`    ${inertName(proxy)} said: ${inertText(body)}`],
    ),
  ];
}

function answerText({ proxy, standby, answer }: ProxyAnswer): string {
  return `${inertName(proxy)}${standby ? ' (standby)' : ''}: ${inertText(answer)}`;
}

type Why = NonNullable<FailedFileFacts['why']>;

const PHASE_ENDS = {
  timeout: 'prefetch-timeout was over',
  idle: 'nothing came for 30 s',
  modcache: 'the module cache takes no files',
  cancelled: 'the job was cancelled',
  'network-dead': 'no proxy gave a good answer any more',
} as const satisfies Partial<Record<Why, string>>;

/**
 * Returns why a file failed that nobody was asked for, or that the module cache did not take: inert, our words and a
 * path; undefined where the answers of the proxies tell it.
 */
export function ownReason({
  class: failureClass,
  answers,
  why,
  detail,
}: FailedFileFacts): string | undefined {
  if (answers.length > 0 && failureClass !== 'local') return undefined;
  if (detail !== undefined) return inertText(detail);
  return why !== undefined && isOfPhase(why) ? `not asked for: ${PHASE_ENDS[why]}` : 'not asked for';
}

function isOfPhase(why: Why): why is keyof typeof PHASE_ENDS {
  return Object.hasOwn(PHASE_ENDS, why);
}

function leftToGoLines({ leftToGo, moreLeftToGo }: PrefetchFacts): readonly string[] {
  if (leftToGo.length === 0) return [];
  const number = leftToGo.length + moreLeftToGo;
  return [
    `left to go, for no proxy that may be asked has them, and go has other sources: ${count(number, 'module')}`,
    ...leftToGo.map((name) => `  ${inertText(name)}`),
    ...(moreLeftToGo > 0 ? [`  and ${moreLeftToGo} more`] : []),
  ];
}

function sentence(text: string): string {
  return inertName(text, SENTENCE_LIMIT);
}
