import { randomBytes } from 'node:crypto';

const shape = /^[A-Za-z0-9_-]{8}[Q-T][A-Za-z0-9_-][CGKOSWaeimquy26-][A-Za-z0-9_-]{10}[AQgw]$/;

/**
 * A new task id: a version 4 UUID as 22 URL-safe base64 digits, "nice" as Taskcluster makes them:
 * the first bit is 0, so that the id never begins with `-` and is safe on command lines.
 */
export function slugid(): string {
  const bytes = randomBytes(16);
  bytes[0]! &= 0x7f;
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('base64url');
}

export function isSlugid(text: string): boolean {
  return shape.test(text);
}
