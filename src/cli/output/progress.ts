import type { Event } from '../../base/event.ts';
import { type Colour, duration, paint, printable, type Terminal } from './terminal.ts';

const palette: readonly Colour[] = ['cyan', 'magenta', 'blue', 'yellow', 'green'];

/**
 * Shows a run while it happens: each log line with its label in front, what became of caches and tasks, and on a
 * terminal one line at the bottom that says how far it is.
 */
export function showProgress(terminal: Terminal, total: number): { tell(event: Event): void; end(): void } {
  const running = new Set<string>();
  const colourOf = new Map<string, Colour>();
  let done = 0;
  let drawn = false;

  const clear = (): string => (drawn ? '\r\u001b[K' : '');
  const line = (): string =>
    `${done} of ${total} done${running.size > 0 ? `, running: ${[...running].join(', ')}` : ''}`;
  const print = (text: string): void => {
    const bottom = terminal.interactive ? line().slice(0, (process.stderr.columns ?? 80) - 1) : '';
    terminal.write(`${clear()}${text}\n${bottom}`);
    drawn = bottom !== '';
  };
  const prefix = (label: string): string => {
    if (!colourOf.has(label)) colourOf.set(label, palette[colourOf.size % palette.length]!);
    return paint(`${label} |`, colourOf.get(label)!, terminal.colours);
  };

  return {
    tell(event) {
      switch (event.type) {
        case 'claimed':
          running.add(event.label);
          break;
        case 'log':
          print(`${prefix(event.label)} ${printable(event.line)}`);
          break;
        case 'note':
          print(
            event.label === undefined
              ? `caisson: ${event.message}`
              : `${prefix(event.label)} ${event.message}`,
          );
          break;
        case 'cache':
          print(`${prefix(event.label)} ${event.mountPoint}: ${describeCache(event)}`);
          break;
        case 'resolved': {
          running.delete(event.label);
          if (!event.retried) done += 1;
          const what = event.state === event.reason ? event.state : `${event.state}: ${event.reason}`;
          const text = `${what}${event.retried ? ', will be tried again' : ''} after ${duration(event.seconds)}`;
          print(
            `${prefix(event.label)} ${paint(text, event.state === 'completed' ? 'green' : 'red', terminal.colours)}`,
          );
          break;
        }
      }
    },
    end() {
      terminal.write(clear());
      drawn = false;
    },
  };
}

/** `warm, generation 3, 2 min old` or `cold: never seen`. */
export function describeCache(cache: {
  readonly state: 'warm' | 'cold';
  readonly why: string | null;
  readonly generation: number | null;
  readonly ageSeconds: number | null;
}): string {
  if (cache.state === 'cold') return `cold: ${cache.why ?? 'reason unknown'}`;
  return `warm, generation ${cache.generation}, ${duration(cache.ageSeconds ?? 0)} old`;
}
