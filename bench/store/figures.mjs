export function median(list) {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

export function ms(time) {
  if (time === undefined) return '–';
  if (time < 20) return `${time.toFixed(2)} ms`;
  return time < 10_000 ? `${time.toFixed(0)} ms` : `${(time / 1000).toFixed(1)} s`;
}

/** A row of a table; the first one of a table is its head. */
export function row(...cells) {
  console.log(`| ${cells.join(' | ')} |`);
}

export function head(...cells) {
  row(...cells);
  row(...cells.map(() => '---'));
}
