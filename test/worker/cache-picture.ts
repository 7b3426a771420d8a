import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';

/** Shell scripts that work on the directory `shared`: what a cache may hold, a task that spoils all of it, and how it looks. */
export interface Picture {
  /** of every kind of entry, with odd names, owners, modes, times and an extended attribute */
  readonly fill: string;
  readonly spoil: string;
  /** prints each entry with all that stat says of it, then a digest of all bytes and extended attributes */
  readonly show: string;
}

export const shownLine = /^(\.[^|]*\||[0-9a-f]{64} {2}-)/;

export async function makePicture(): Promise<Picture> {
  return {
    fill: `cd shared; mkdir -p d/e/f empty; echo base > d/base; seq 300000 > d/big; echo x > d/e/f/deep
      echo secret > d/none; echo run > d/run; ln d/base hard; ln -s d/base link; ln -s /nowhere/at-all dangling; mkfifo d/fifo
      touch "$(printf 'a b\\tc')" "$(printf '\\303\\244')"; echo ${await withAttribute()} | base64 -d | tar -x --xattrs --xattrs-include='user.*'
      chown -h 1234:5678 d/e link; chown 1000:1000 . d/base; chmod 000 d/none; chmod 4755 d/run; chmod 1777 empty; chmod 2750 d/e
      find . -depth -exec touch -h -d '2001-02-03 04:05:06.123456789' {} +`,
    spoil: `cd shared; echo bad >> d/base; echo bad > hard; printf bad | dd of=d/big bs=1 seek=100 conv=notrunc 2>/dev/null
      chmod 777 . d/none; chown -hR 4321:4321 d link; rm -r d/e; mv d moved; mkdir d; ln -sf /etc/passwd link; rm dangling; rmdir empty
      echo file > empty; rm attribute; touch attribute new; mkfifo another`,
    show: `cd shared; LC_ALL=C; export LC_ALL; find . -printf '%p|%y|%m|%U:%G|%T@|%s|%n|%l\\n' | sed 's/ /_/g' | sort
      tar -c --sort=name --numeric-owner --xattrs --xattrs-include='user.*' --format=posix \
        --pax-option=exthdr.name=%d/x/%f,delete=atime,delete=ctime . | sha256sum`,
  };
}

/** Tasks have no program that sets one, but tar unpacks it. */
async function withAttribute(): Promise<string> {
  const archive = pack();
  archive.entry({ name: 'attribute', pax: { 'SCHILY.xattr.user.caisson': 'value' } }, 'content');
  archive.finalize();
  return (await buffer(archive)).toString('base64');
}
