import { describe, expect, test } from '@jest/globals';
import { Marked, type Token } from 'marked';
import type { Finding } from '../../../src/diagnosis/finding.ts';
import { renderFailedJob } from '../../../src/report/failed-job.ts';
import { ATTACKS } from '../../support/inert.ts';
import { BAD, FOUND, LONG_PATH, NONE, NOT_FOUND, question, transient } from '../../support/sample-later.ts';

const JOB = { findings: [NOT_FOUND], laterSteps: FOUND, hosts: ['a.example', 'b.example'] };
const TITLE = '### Go module downloads failed in this job';

function many(number: number): readonly Finding[] {
  return Array.from({ length: number }, (_, id) => ({
    ...NOT_FOUND,
    id: `cause-${id}`,
    subject: `${LONG_PATH}/${id}@v1.0.0`,
  }));
}

describe('renderFailedJob', () => {
  test('one cause: what failed, whose fault, whether a re-run helps, what to change; the rest folded', () => {
    const lines = renderFailedJob(JOB).split('\n');
    expect(lines.slice(0, 13)).toEqual([
      TITLE,
      '',
      '- \u274c **What failed:** `example.com/gone@v1.0.0`: no proxy has this module version',
      '- **Whose fault:** the module or its publisher',
      '- **Will a re-run help:** no, something must be changed first',
      '- **What to change:** Correct the version in `go.mod`. Then run the job again.',
      '- **In this job:** a later step of this job needed it',
      '',
      '<details><summary>Evidence</summary>',
      '',
      '- `a.example: HTTP status 404`',
      '',
      '</details>',
    ]);
    expect(lines.slice(14, 16)).toEqual(['<details><summary>What was asked and answered</summary>', '']);
    expect(lines.slice(-5)).toEqual(['Hosts contacted: `a.example`, `b.example`', '', '</details>', '', '']);
  });

  test('modules of one cause stand in one block, with the evidence and the remedy of each', () => {
    const findings = Array.from({ length: 8 }, (_, id) => ({
      ...NOT_FOUND,
      subject: `example.com/${id}@v1.0.0`,
      remedy: `Do ${'abcdefgh'.charAt(id)}.`,
      copy: ['env:', `  A: ${id}`],
    }));
    const text = renderFailedJob({ ...JOB, findings });
    expect(text.match(/What failed/g)).toHaveLength(1);
    expect(text).toContain('version:\n  - `example.com/0@v1.0.0`\n  - `example.com/1@v1.0.0`\n');
    expect(text).toContain('  - `example.com/4@v1.0.0`\n  - and 3 more\n- **Whose fault:**');
    expect(text).toContain(
      '- **What to change:**\n  - Do a.\n  - Do b.\n  - Do c.\n  - and the same for 5 more\n',
    );
    expect(text).toContain('- `example.com/7@v1.0.0: a.example: HTTP status 404`\n');
    expect(text).toContain('env:\n  A: 0\nenv:\n  A: 1\n');
  });

  test('the same text to copy stands there once', () => {
    const findings = ['a', 'b'].map((subject) => ({ ...NOT_FOUND, subject, copy: ['go mod tidy'] }));
    expect(renderFailedJob({ ...JOB, findings }).match(/go mod tidy/g)).toHaveLength(1);
  });

  test('when all can be had now the heading says so, and that a re-run helps', () => {
    const gone = [transient('example.com/a@v1.0.0', `${LONG_PATH}@v1.0.0`)];
    const text = renderFailedJob({ ...JOB, findings: gone });
    expect(text).toContain(`${TITLE}, and work now: a re-run helps\n`);
    expect(text).toContain('**Will a re-run help:** yes\n');
    expect(text).toContain(`had now:\n  - \`example.com/a@v1.0.0\`\n  - \`${LONG_PATH}@v1.0.0\`\n`);
    expect(renderFailedJob({ ...JOB, findings: [...gone, NOT_FOUND] })).toContain(`${TITLE}\n`);
    const note: Finding = { ...NOT_FOUND, severity: 'notice' };
    expect(renderFailedJob({ ...JOB, findings: [...gone, note] })).toContain('work now');
  });

  test('of many causes five are told in full, the others in a line that answers the same', () => {
    const text = renderFailedJob({ ...JOB, findings: many(15) });
    expect(text.match(/\*\*What failed:\*\*/g)).toHaveLength(5);
    expect(text).toContain('**10 more causes, in short:**\n\n- \u274c ');
    expect(text).toContain(
      `- \u274c \`${LONG_PATH}/5@v1.0.0\`: no proxy has this module version (\`cause-5\`). Fault: the module or its publisher. Re-run: no, something must be changed first. Correct the version in \`go.mod\`.\n`,
    );
    expect(text).toContain('`cause-14`');
  });

  test('and of a great many the rest is counted', () => {
    const text = renderFailedJob({ ...JOB, findings: many(50) });
    expect(text).toContain('`cause-29`');
    expect(text).not.toContain('`cause-30`');
    expect(text).toContain('- and 20 more\n');
  });

  test('a line about several modules names the first and counts the others', () => {
    const gone = { ...transient('example.com/a@v1.0.0', `${LONG_PATH}@v1.0.0`), severity: 'notice' } as const;
    expect(renderFailedJob({ ...JOB, findings: [NOT_FOUND, gone] })).toContain(
      '- \u2139\ufe0f `example.com/a@v1.0.0` and 1 more: a download failed',
    );
  });

  test('failures stand before warnings; a notice is never told in full', () => {
    const findings = (['notice', 'warning', 'failure'] as const).map((severity) => ({
      ...NOT_FOUND,
      severity,
    }));
    const marks = renderFailedJob({ ...JOB, findings }).match(/^- [^ ]+(?= \*\*What|(?= `exa))/gm);
    expect(marks).toEqual(['- \u274c', '- \u26a0\ufe0f', '- \u2139\ufe0f']);
  });

  test('nothing to tell is nothing', () => {
    expect(renderFailedJob({ ...JOB, findings: [] })).toBe('');
    expect(renderFailedJob({ findings: [], laterSteps: NONE, hosts: [] })).toBe('');
    expect(renderFailedJob({ ...JOB, findings: [{ ...NOT_FOUND, severity: 'notice' }] })).toBe('');
    expect(renderFailedJob({ ...JOB, findings: [{ ...NOT_FOUND, coveredBy: 'x' }] })).toBe('');
  });

  test('no host, and a great many', () => {
    expect(renderFailedJob({ ...JOB, hosts: [] })).toContain('\nHosts contacted: none\n');
    const hosts = Array.from({ length: 40 }, (_, id) => `h${id}.example`);
    expect(renderFailedJob({ ...JOB, hosts })).toContain('`h29.example` and 10 more\n');
  });

  test.each(ATTACKS)('hostile text comes out as text and code of the same structure: %j', (evil) => {
    const finding = { ...NOT_FOUND, title: evil, subject: evil, evidence: [evil, evil], remedy: evil };
    const more: Finding = { ...finding, copy: [evil], consequence: evil };
    const findings = [
      more,
      { ...more, subject: `${evil}2`, remedy: `${evil}.` },
      { ...more, id: 'b', subject: '', severity: 'warning' } as const,
      { ...more, id: 'c', severity: 'notice' } as const,
    ];
    const answers = [{ ...BAD, proxy: evil, answer: evil, body: evil }];
    const asked = [question(evil, { version: evil, evidence: evil, go: evil, answers })];
    const laterSteps = { ...FOUND, reason: evil, asked };
    const text = renderFailedJob({ findings, laterSteps, hosts: [evil] });
    expect(text).not.toMatch(/::|##\[|[\r\x1b\u202a-\u202e\u2028]/);
    const found = kinds(new Marked({ gfm: true }).lexer(text));
    for (const kind of ['link', 'image', 'del', 'em', 'blockquote', 'table', 'def', 'hr']) {
      expect(found).not.toContain(kind);
    }
    expect(found.filter((kind) => kind === 'heading')).toHaveLength(1);
    expect(found.filter((kind) => kind === 'code')).toHaveLength(2);
    expect(found.filter((kind) => kind === 'html')).toHaveLength(6);
    const html = new Marked({ gfm: true }).parse(text, { async: false });
    expect(html.replace(/<code[^>]*>[\s\S]*?<\/code>/g, '')).not.toMatch(/@EVIL|<img|<a |https?:/);
  });
});

function kinds(tokens: readonly Token[]): readonly string[] {
  return tokens.flatMap((token) => [
    token.type,
    ...('tokens' in token && token.tokens !== undefined ? kinds(token.tokens) : []),
    ...(token.type === 'list' ? kinds(token['items']) : []),
  ]);
}
