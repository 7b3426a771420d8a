/** Answers which tasks an index holds; the compiler asks for all tasks at once. */
export interface IndexReader {
  /** namespaces to taskIds; those that are not there are absent. Asked once for all tasks. */
  findTasks(namespaces: readonly string[]): Promise<ReadonlyMap<string, string>>;
  statuses(taskIds: readonly string[]): Promise<ReadonlyMap<string, { state: string; expires: string }>>;
}
