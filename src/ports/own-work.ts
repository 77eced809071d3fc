import type { CausedWork, WorkScope } from "./due-store.js";

const LISTS = ["workflowRunIds", "recipientRunIds", "messageIds", "scheduleIds", "users"] as const;

/** Lists of a scope. */
type OwnWorkLists = Pick<WorkScope, (typeof LISTS)[number]>;

/**
 * The work that an operation runs before it returns: its own, and what that causes. Work of others is left to workers, because
 * on a busy store something of theirs is always due.
 */
export class OwnWork {
  private readonly sets: { [List in (typeof LISTS)[number]]: Set<string> } = {
    workflowRunIds: new Set(),
    recipientRunIds: new Set(),
    messageIds: new Set(),
    scheduleIds: new Set(),
    users: new Set(),
  };
  private current: WorkScope | null = null;

  constructor(lists: OwnWorkLists = {}) {
    this.add(lists);
  }

  /** Returns the scope of all that was added so far. */
  get scope(): WorkScope {
    this.current ??= Object.fromEntries(LISTS.map((list) => [list, [...this.sets[list]]]));
    return this.current;
  }

  get isEmpty(): boolean {
    return LISTS.every((list) => this.sets[list].size === 0);
  }

  add(lists: OwnWorkLists | CausedWork): void {
    const added: OwnWorkLists = lists;
    for (const list of LISTS) {
      for (const id of added[list] ?? []) {
        if (this.sets[list].has(id)) continue;
        this.sets[list].add(id);
        this.current = null;
      }
    }
  }
}

/** The work of one scope, without what it causes: others do that. */
export class FixedWork extends OwnWork {
  constructor(private readonly fixedScope: WorkScope) {
    super();
  }

  override get scope(): WorkScope {
    return this.fixedScope;
  }

  override add(): void {}
}
