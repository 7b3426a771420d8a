import { readFileSync } from 'node:fs';

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly home: string;
}

export interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** Every user of /etc/passwd; lines that are not one are passed over, as the C library does. */
export function readAccounts(file = '/etc/passwd'): Account[] {
  return rows(file, 6).flatMap(([name = '', , uid = '', , , home = '']) =>
    /^\d+$/.test(uid) ? [{ name, uid: Number(uid), home }] : [],
  );
}

/** Every group of /etc/group. */
export function readGroups(file = '/etc/group'): Group[] {
  return rows(file, 3).flatMap(([name = '', , gid = '', members = '']) =>
    /^\d+$/.test(gid) ? [{ name, gid: Number(gid), members: members.split(',').filter(Boolean) }] : [],
  );
}

function rows(file: string, atLeast: number): string[][] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.trim().split(':'))
    .filter((fields) => fields.length >= atLeast && !fields[0]?.startsWith('#'));
}
