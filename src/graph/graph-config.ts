/** taskcluster/config.yml, checked; keys as in the file. See docs of taskgraph's config.py for their meaning. */
export interface GraphConfig {
  readonly 'trust-domain': string;
  readonly 'task-priority': string | Record<string, unknown>;
  readonly 'docker-image-kind'?: string | null;
  readonly workers: { readonly aliases: Readonly<Record<string, WorkerAlias>> };
  readonly taskgraph: {
    readonly repositories: Readonly<Record<string, RepositoryConfig>>;
    readonly [key: string]: unknown;
  };
  readonly [key: string]: unknown;
}

export interface WorkerAlias {
  readonly provisioner: string | Record<string, unknown>;
  readonly implementation: string;
  readonly os: string;
  readonly 'worker-type': string | Record<string, unknown>;
}

export interface RepositoryConfig {
  readonly name: string;
  readonly 'project-regex'?: string;
  readonly 'ssh-secret-name'?: string;
  readonly 'default-repository'?: string;
  readonly 'default-ref'?: string;
  readonly type?: string;
}
