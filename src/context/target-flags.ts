/** Flags that select the project, the store and the target. */
export interface TargetFlags {
  project?: string | undefined;
  knockDir?: string | undefined;
  store?: string | undefined;
  target?: string | undefined;
  local?: boolean | undefined;
  remote?: boolean | undefined;
  profile?: string | undefined;
  apiKey?: string | undefined;
  baseUrl?: string | undefined;
  serviceToken?: string | undefined;
  managementUrl?: string | undefined;
  branch?: string | undefined;
  environment?: string | undefined;
  timeout?: string | undefined;
  validate?: boolean | undefined;
  yes?: boolean | undefined;
}

/** Returns the flags of a command for the local target, whichever target they name. */
export function toLocalFlags<Flags extends TargetFlags>(flags: Flags): Flags {
  return { ...flags, target: "local", local: undefined, remote: undefined };
}

/** `write`: the command changes data, or sends messages. A live API key then needs a confirmation. */
export type TargetAccess = "read" | "write";

/** The settings of a command that sends many requests to the remote target. */
export interface BulkConnection {
  /** The maximum number of requests at the same time. */
  concurrency: number;
  /** Attempts of a request after the first one. */
  retries: number;
  /** Called when the API refuses a request because of its rate limit, with the milliseconds until the next attempt. */
  onRateLimited: (waitMs: number) => void;
}
