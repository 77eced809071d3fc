import type { Environment } from "../../domain/environment/environment.js";
import type { Message } from "../../domain/message/message.js";
import type { LeaveRule, LeftWork } from "../../ports/due-work.js";

/** Collects what a task leaves to workers with another project. */
export class LeavingWork {
  private readonly versions = new Set<string>();
  private isImpossible = false;
  /** The claims that contain it, which are released at the end of the task. */
  private readonly tokens = new Set<string>();

  constructor(readonly rule: LeaveRule) {}

  /** Leaves runs of a version that another worker may have. */
  addVersion(version: string, token: string): void {
    this.versions.add(version);
    this.tokens.add(token);
  }

  /** Leaves work that needs what this project does not have. */
  addImpossible(token: string): void {
    this.isImpossible = true;
    this.tokens.add(token);
  }

  listTokens(): string[] {
    return [...this.tokens];
  }

  getResult(): LeftWork {
    return { versions: [...this.versions], isImpossible: this.isImpossible };
  }
}

/** Returns the messages whose channels this project has. The others are left to workers with another project. */
export function keepKnownChannels(
  leaving: LeavingWork | undefined,
  messages: readonly Message[],
  { channels }: Environment,
  token: string,
): Message[] {
  const known = messages.filter(({ channel }) => leaving === undefined || Object.hasOwn(channels, channel.key));
  if (known.length < messages.length) leaving?.addImpossible(token);
  return known;
}
