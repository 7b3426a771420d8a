import { FailureError } from '../../base/failure.ts';
import { append, type Parts } from '../parts.ts';

/** Enters what could not be entered when it happened. */
export function payDebts(parts: Parts): void {
  for (const [id, why] of parts.owed) {
    try {
      append(parts, ({ leases }) => (leases.has(id) ? { kind: 'roll-back', lease: id, why } : null));
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      return;
    }
    parts.owed.delete(id);
  }
}
