import type { Finding } from '../diagnosis/finding.ts';
import { count, formatBytes, unbroken } from './figures.ts';
import { inertCodeBlock, inertCodeSpan, inertProse } from './foreign-text.ts';
import { inertMarked } from './marked-prose.ts';
import { ownReason } from './prefetch-text.ts';
import type { FailedFileFacts, PrefetchFacts, Report } from './report.ts';

const SENTENCE_LIMIT = 600;
/** More rows than this are only counted. */
const ROW_LIMIT = 30;

/** Returns why nothing was fetched, as a line for the folded account; none where the prefetch ran. */
export function unfetchedNotes({ prefetch }: Report): readonly string[] {
  if (prefetch === undefined || prefetch.status === 'ran') return [];
  const word = prefetch.status === 'skipped' ? 'Nothing is fetched' : 'Nothing can be fetched';
  return [`- ${word}: ${inertProse(prefetch.reason ?? 'no reason is known', SENTENCE_LIMIT)}`];
}

/** Returns the folded account of a prefetch that ran: proxies, failed files, what is left to go; empty where none did. */
export function prefetchText({ prefetch, findings }: Report): readonly string[] {
  if (prefetch?.status !== 'ran') return [];
  const { reason, requests, filesFromProbe, files } = prefetch;
  const kept = filesFromProbe === 0 ? '' : `; ${count(filesFromProbe, 'zip')} had come with the probe`;
  return [
    `${count(files, 'file')} placed, ${count(requests, 'request')}${kept}.`,
    ...(reason === undefined ? [] : ['', `The fetching ${inertProse(reason, SENTENCE_LIMIT)}.`]),
    '',
    ...proxyTable(prefetch),
    ...failureTable(prefetch),
    ...leftToGoText(prefetch),
    ...hintText(findings),
  ];
}

function proxyTable({ proxies }: PrefetchFacts): readonly string[] {
  if (proxies.length === 0) return ['No proxy was asked.', ''];
  const shown = proxies.slice(0, ROW_LIMIT);
  return [
    '| proxy | files | not found | failed attempts | received |',
    '| --- | ---: | ---: | ---: | ---: |',
    ...shown.map(
      ({ label, standby, fetched, notFound, failed, bytes }) =>
        `| ${inertCodeSpan(label)}${standby ? ' (standby)' : ''} | ${fetched} | ${notFound} | ${failed} | ${unbroken(formatBytes(bytes))} |`,
    ),
    ...andMore(proxies.length - shown.length),
    '',
  ];
}

function failureTable({ failures, moreFailures }: PrefetchFacts): readonly string[] {
  if (failures.length === 0) return [];
  const shown = failures.slice(0, ROW_LIMIT);
  return [
    '| failed module | version | file | what each proxy answered |',
    '| --- | --- | --- | --- |',
    ...shown.map(
      (one) =>
        `| ${inertCodeSpan(one.module)} | ${inertCodeSpan(one.version)} | \`.${one.kind}\` | ${answersCell(one)} |`,
    ),
    ...andMore(failures.length - shown.length + moreFailures),
    '',
  ];
}

function answersCell(failed: FailedFileFacts): string {
  const own = ownReason(failed);
  if (own !== undefined) return inertProse(own);
  return failed.answers
    .map(({ proxy, standby, answer, body }) => {
      const said = body === undefined ? '' : `, and said ${inertCodeSpan(body)}`;
      return `${inertCodeSpan(proxy)}${standby ? ' (standby)' : ''}: ${inertProse(answer)}${said}`;
    })
    .join('; ');
}

function leftToGoText({ leftToGo, moreLeftToGo }: PrefetchFacts): readonly string[] {
  if (leftToGo.length === 0) return [];
  const shown = leftToGo.slice(0, ROW_LIMIT);
  const left = leftToGo.length - shown.length + moreLeftToGo;
  return [
    'Left to go, for no proxy that this action may ask has them, and go has other sources:',
    '',
    ...shown.map((name) => `- ${inertCodeSpan(name)}`),
    ...(left > 0 ? [`- and ${left} more`] : []),
    '',
  ];
}

/** A notice stands nowhere else in the summary, and this one belongs to what it is about. */
function hintText(findings: readonly Finding[]): readonly string[] {
  return findings
    .filter(({ id }) => id === 'looks-private')
    .flatMap(({ title, remedy, copy = [] }) => [
      `${inertMarked(upper(title), SENTENCE_LIMIT)}. ${inertMarked(remedy, SENTENCE_LIMIT)}`,
      '',
      ...(copy.length === 0 ? [] : [inertCodeBlock(copy), '']),
    ]);
}

function andMore(number: number): readonly string[] {
  return number > 0 ? ['', `and ${number} more`] : [];
}

function upper(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
