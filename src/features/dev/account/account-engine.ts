import type { AccountScope } from "../emulator/account.js";

/** The part of an engine that follows an account. */
export interface AccountEngine {
  /** Applies changes of the account. */
  reload(): void;
  /** Returns the name of the branch under which the engine runs the latest content of a scope; undefined for its own content. */
  getRunBranch(scope: AccountScope): string | undefined;
}
