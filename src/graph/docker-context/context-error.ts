/** A docker context that cannot be put together; the message says what is wrong with it. */
export class DockerContextError extends Error {
  override readonly name = 'DockerContextError';
}
