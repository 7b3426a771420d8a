import { join } from 'node:path';
import { connect } from '../../src/queue/embedded/driver.ts';

/** Each statement lists what must not be there. */
const contradictions = {
  'a state that is not the last run’s': `
    SELECT task_id FROM tasks WHERE state IS NOT coalesce(
      (SELECT state FROM runs WHERE runs.task_id = tasks.task_id ORDER BY run_id DESC LIMIT 1), 'unscheduled')`,
  'an earlier run that is not resolved': `
    SELECT task_id FROM runs AS older WHERE resolved IS NULL AND EXISTS (
      SELECT 1 FROM runs WHERE runs.task_id = older.task_id AND runs.run_id > older.run_id)`,
  'a pending run that nobody can claim': `
    SELECT task_id, run_id FROM runs WHERE state = 'pending' EXCEPT SELECT task_id, run_id FROM pending`,
  'a claimable run that is not pending': `
    SELECT task_id, run_id FROM pending EXCEPT SELECT task_id, run_id FROM runs WHERE state = 'pending'`,
  'a task that waits for nothing': `
    SELECT task_id FROM tasks WHERE state = 'unscheduled' AND NOT EXISTS (
      SELECT 1 FROM dependencies WHERE dependencies.task_id = tasks.task_id AND satisfied = 0)`,
  'a run without a task': 'SELECT task_id FROM runs WHERE task_id NOT IN (SELECT task_id FROM tasks)',
  'a hole in the runs': `
    SELECT task_id FROM runs GROUP BY task_id HAVING max(run_id) <> count(*) - 1 OR min(run_id) <> 0`,
};

/** What is wrong in a queue's database; empty when all is well. */
export async function findContradictions(home: string): Promise<string[]> {
  const connection = await connect(join(home, 'queue', 'queue.db'));
  try {
    const integrity = JSON.stringify(connection.prepare('PRAGMA integrity_check').all());
    const wrong = Object.entries(contradictions)
      .map(([what, sql]) => ({ what, rows: connection.prepare(sql).all() }))
      .filter(({ rows }) => rows.length > 0)
      .map(({ what, rows }) => `${what}: ${JSON.stringify(rows)}`);
    return integrity === '[{"integrity_check":"ok"}]' ? wrong : [integrity, ...wrong];
  } finally {
    connection.close();
  }
}
