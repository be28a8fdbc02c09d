import * as core from '@actions/core';
import { lineSafe } from '../report/foreign-text.ts';
import type { LogSection } from '../report/log-text.ts';
import { makeRedactor, type Redactor, type Secret } from '../report/redaction.ts';

/** How an annotation is headed, and the line of a file that it is about. */
export interface AnnotationPlace {
  readonly title?: string;
  /** Relative to the workspace. */
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
}

/** Where log lines and workflow commands go; the texts are safe already. */
export interface LogSink {
  line(text: string): void;
  mask(secret: string): void;
  startGroup(title: string): void;
  endGroup(): void;
  annotate(level: 'error' | 'warning' | 'notice', message: string, properties: AnnotationPlace): void;
  debug(message: string): void;
}

/** The log of a step. Everything passes redaction and is made line-safe here, whatever the caller did. Never throws. */
export interface Log {
  /** Masks the secrets and from now on removes them from everything; to be called before anything about them is logged. */
  protect(secrets: readonly Secret[]): void;
  /** Removes the secrets known so far. */
  redact(text: string): string;
  info(text: string): void;
  debug(text: string): void;
  notice(text: string, title?: string): void;
  warning(text: string, title?: string): void;
  /** Writes an annotation; a file is named only when the annotation is truly about it. */
  annotate(level: 'error' | 'warning' | 'notice', text: string, place: AnnotationPlace): void;
  /** Tells a fault of our own: the first of a step is a warning, those that follow from it are lines of the log. */
  fault(text: string): void;
  error(text: string, title?: string): void;
  /** Writes one folded group. */
  section(section: LogSection): void;
}

const ANNOTATE = { error: core.error, warning: core.warning, notice: core.notice } as const;

/** The runner as sink. */
export const coreSink: LogSink = {
  line: core.info,
  mask: core.setSecret,
  startGroup: core.startGroup,
  endGroup: core.endGroup,
  debug: core.debug,
  annotate: (level, message, { title, file, line }) =>
    ANNOTATE[level](message, {
      ...(title === undefined ? {} : { title }),
      ...(file === undefined ? {} : { file }),
      ...(line === undefined ? {} : { startLine: line }),
    }),
};

/** An annotation is cut to 4,096 characters by the runner; lines of ours stay far below. */
const MESSAGE_LINES = 20;

/** Returns a log that writes to the sink. */
export function createLog(sink: LogSink = coreSink): Log {
  let secrets: readonly Secret[] = [];
  let redactor: Redactor = makeRedactor([]);
  let isFaulty = false;
  const safe = (text: string): string => lineSafe(redactor.redact(text));
  const annotate: Log['annotate'] = (level, text, { title, file, line }) =>
    attempt(() => {
      const lines = redactor.redact(text).split('\n').slice(0, MESSAGE_LINES).map(lineSafe);
      sink.annotate(level, lines.join('\n'), {
        ...(title === undefined ? {} : { title: safe(title) }),
        ...(file === undefined ? {} : { file: safe(file) }),
        ...(line === undefined ? {} : { line }),
      });
    });
  const titled = (level: 'error' | 'warning' | 'notice') => (text: string, title?: string) =>
    annotate(level, text, title === undefined ? {} : { title });
  const log: Log = {
    protect: (more) => {
      const known = redactor;
      secrets = [...secrets, ...more];
      redactor = makeRedactor(secrets);
      for (const mask of redactor.masks) if (!known.masks.includes(mask)) attempt(() => sink.mask(mask));
      for (const text of redactor.warnings) if (!known.warnings.includes(text)) log.warning(text);
    },
    redact: (text) => redactor.redact(text),
    info: (text) => attempt(() => sink.line(safe(text))),
    debug: (text) => attempt(() => sink.debug(safe(text))),
    notice: titled('notice'),
    warning: titled('warning'),
    annotate,
    fault: (text) => {
      if (isFaulty) log.info(text);
      else log.warning(text);
      isFaulty = true;
    },
    error: titled('error'),
    section: ({ title, lines }) =>
      attempt(() => {
        sink.startGroup(safe(title));
        for (const line of lines) sink.line(safe(line));
        sink.endGroup();
      }),
  };
  return log;
}

/** A log that cannot be written must not change the job's result. */
function attempt(write: () => void): void {
  try {
    write();
  } catch {
    // Nowhere is left to say it.
  }
}
