/**
 * A whole number that the YAML spelled as a float (`3.0`): it prints as `3.0` where an integer prints as `3`.
 * Other floats are plain numbers. JSON writes it as a number.
 */
export class PythonFloat extends Number {}

/** True for numbers of either kind, `3` and `3.0`. */
export function isNumber(value: unknown): value is number | PythonFloat {
  return typeof value === 'number' || value instanceof PythonFloat;
}

/** The shortest text of a float that reads back as the same float, in Python's spelling: `1e+16`, `1.0`, `1e-05`. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0.0';
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e16 || size < 1e-4)) return padExponent(value.toExponential());
  const text = String(value);
  return text.includes('.') ? text : `${text}.0`;
}

/** `1e-5` → `1e-05`: Python writes at least two digits of exponent. */
export function padExponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}
