/** Characters that move a cursor, change colours, or turn the direction of what follows. */
// oxlint-disable-next-line no-control-regex
const moving = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Text that others chose (file names, lines of logs) as one line that a terminal shows and does not obey. */
export function printable(text: string): string {
  return text.replace(moving, ' ');
}
