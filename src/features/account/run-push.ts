import type { ComparedResource } from "../../domain/resource/compare-resources.js";
import { formatResourceName, type ResourceSelector } from "../../domain/resource/resource-name.js";
import { getErrorMessage, KnockError } from "../../errors/knock-error.js";
import type { ProjectResource } from "../../project/resources/read-resources.js";
import { formatCount } from "../../util/format-count.js";
import type { AccountSession } from "./account-session.js";
import { PUSHED_STATES } from "./build-plan.js";
import { checkBeforePush, locateInFiles } from "./check-before-push.js";
import { type AccountComparison, compareWithAccount } from "./compare-account.js";
import { listNames, MAX_NAMED } from "./print-plan.js";
import { listUncommitted, listUnpushed, PushJournal, type PushState } from "./push-journal.js";
import type { PushReport } from "./push-report-schema.js";
import { removeConflict } from "./run-pull.js";

/** Limits the warnings that a push shows. */
const MAX_WARNINGS = 10;

interface PushOptions {
  /** Whether conflicts and environments other than development are pushed. */
  force: boolean;
  /** The message of the commits; null leaves the changes uncommitted. */
  message: string | null;
}

interface PushContext {
  signal: AbortSignal;
  note(text: string): void;
  warn(text: string): void;
  /** Asks before something is sent. Throws if the user declines. */
  confirm(change: string): Promise<void>;
  /** Shows what happens while `work` runs. */
  showProgress<T>(text: string, work: (setText: (text: string) => void) => Promise<T>): Promise<T>;
}

/** A push, and the error at which it stopped. */
interface PushResult {
  report: PushReport;
  error: unknown;
}

/** Throws `conflict` for resources that both sides have changed. */
function checkConflicts(resources: readonly ComparedResource[]): void {
  const conflicts = resources.filter(({ state }) => state === "both").map(formatResourceName);
  if (conflicts.length === 0) return;
  const [names, verb] = [listNames(conflicts), conflicts.length === 1 ? "was" : "were"];
  const selection = conflicts.length > MAX_NAMED ? "<resource>" : conflicts.join(" ");
  throw new KnockError("conflict", `${names} ${verb} changed here and in the account`, {
    hint: `Run \`knock plan\` to see the differences and \`knock pull\` to compare both versions, or \`knock push ${selection} --force\` to replace the account's. Nothing was pushed.`,
  });
}

/** Returns whether a push sends a resource. */
function isPushed({ state, here }: ComparedResource, force: boolean): boolean {
  return PUSHED_STATES.has(state) || (force && here !== null && (state === "both" || state === "deleted_there"));
}

class Push {
  readonly state: PushState;
  private readonly byName: ReadonlyMap<string, ComparedResource>;

  constructor(
    private readonly session: AccountSession,
    private readonly comparison: AccountComparison,
    private readonly journal: PushJournal,
    options: PushOptions,
  ) {
    this.byName = new Map(comparison.resources.map((resource) => [formatResourceName(resource), resource]));
    const pushed = comparison.resources.filter((resource) => isPushed(resource, options.force));
    const uncommitted = comparison.resources.filter(
      ({ type, state, here, hasUncommitted }) =>
        type !== "schema" && state === "unchanged" && here !== null && hasUncommitted,
    );
    const committed = pushed.filter(({ type }) => type !== "schema");
    this.state = {
      resources: pushed.map(formatResourceName),
      pushed: [],
      toCommit: options.message === null ? [] : [...committed, ...uncommitted].map(formatResourceName),
      committed: [],
      message: options.message,
      force: options.force,
    };
  }

  get isEmpty(): boolean {
    return this.state.resources.length === 0 && this.state.toCommit.length === 0;
  }

  private get(name: string): ComparedResource {
    return this.byName.get(name) as ComparedResource;
  }

  private getLocal = (resource: ComparedResource): ProjectResource =>
    this.comparison.local.get(formatResourceName(resource)) as ProjectResource;

  /** Throws the errors of the resources, and returns the warnings. */
  check(): Promise<string[]> {
    const resources = this.state.resources.map((name) => this.get(name));
    return checkBeforePush(resources, this.getLocal, this.session);
  }

  /** Records the resources that are equal on both sides, for example because an interrupted push has sent them. */
  recordEqual(): void {
    for (const { type, id, state, here, there, base } of this.comparison.resources)
      if (state === "unchanged" && here !== null && there !== null)
        if (base === null || JSON.stringify(base.here) !== JSON.stringify(here))
          this.session.bases.write({ type, id }, { here, there });
  }

  /** Sends each resource, then commits each. Returns the name and the error at which it stopped, or null. */
  async run(
    signal: AbortSignal,
    setProgress: (text: string) => void,
  ): Promise<{ resource: string; error: unknown } | null> {
    const { state, journal } = this;
    journal.write(state);
    const steps: [names: readonly string[], done: string[], send: (name: string) => Promise<void>][] = [
      [state.resources, state.pushed, (name) => this.send(name)],
      [state.toCommit, state.committed, (name) => this.commit(name)],
    ];
    for (const [names, done, send] of steps)
      for (const name of names)
        try {
          if (signal.aborted) throw new KnockError("interrupted", "interrupted");
          setProgress(
            `${done === state.pushed ? "pushing" : "committing"} ${name} (${done.length + 1} of ${names.length})`,
          );
          await send(name);
          done.push(name);
          journal.write(state);
        } catch (error) {
          return { resource: name, error };
        }
    journal.remove();
    return null;
  }

  private async send(name: string): Promise<void> {
    const { account, scope, bases, localFolder } = this.session;
    const resource = this.get(name);
    const local = this.getLocal(resource);
    try {
      const { content } = await account.push(scope, local, { force: this.state.force });
      bases.write(resource, { here: local.content, there: content });
      removeConflict(localFolder, resource);
    } catch (error) {
      throw await locateInFiles(error, local, this.session);
    }
  }

  private async commit(name: string): Promise<void> {
    await this.session.account.commit(this.session.scope, this.get(name), this.state.message ?? "");
  }
}

/** Throws `usage` if no push can be continued. */
function requireState(journal: PushJournal): PushState {
  const state = journal.read();
  if (state !== null) return state;
  throw new KnockError("usage", "--resume: no incomplete push to this environment", {
    hint: "Run `knock push` to start one.",
  });
}

/**
 * Sends the selected resources that the project has changed, in order. Everything is checked before the first one, and the push stops
 * at the first that the account refuses. `resume` continues an incomplete push with its selection and message.
 */
export async function pushResources(
  session: AccountSession,
  selectors: readonly ResourceSelector[],
  options: PushOptions & { resume: boolean },
  context: PushContext,
): Promise<PushResult> {
  const journal = new PushJournal(session.bases.folder);
  const earlier = options.resume ? requireState(journal) : null;
  const incomplete = journal.read();
  if (!options.resume && incomplete !== null)
    context.note(
      `note: an earlier push was incomplete (${incomplete.pushed.length} of ${incomplete.resources.length} pushed); this push replaces it`,
    );
  const names = earlier === null ? null : new Set([...listUnpushed(earlier), ...listUncommitted(earlier)]);
  const { message, force } = {
    ...options,
    ...(earlier === null ? {} : { message: options.message ?? earlier.message, force: options.force || earlier.force }),
  };
  const all = await context.showProgress("reading the account", () =>
    compareWithAccount(session, selectors, { isCommittedRead: message !== null }),
  );
  const resources =
    names === null ? all.resources : all.resources.filter((resource) => names.has(formatResourceName(resource)));
  const comparison = { ...all, resources };
  if (!force) checkConflicts(resources);
  const push = new Push(session, comparison, journal, { message, force });
  push.recordEqual();
  if (push.isEmpty) {
    journal.remove();
    return { report: toPushReport(session, comparison, push.state, null), error: null };
  }
  const warnings = await context.showProgress("checking the resources", () => push.check());
  for (const warning of warnings.slice(0, MAX_WARNINGS)) context.warn(warning);
  if (warnings.length > MAX_WARNINGS)
    context.note(`${warnings.length - MAX_WARNINGS} more warnings: run \`knock validate\` to see them`);
  const { length } = push.state.resources;
  const { environment, branch } = session.scope;
  const target = branch === null ? environment : `branch ${branch}`;
  await context.confirm(
    length === 0
      ? `Commit ${formatCount(push.state.toCommit.length, "resource")} of ${target}`
      : `Push ${formatCount(length, "resource")} to ${target}`,
  );
  const stopped = await context.showProgress("pushing", (setText) => push.run(context.signal, setText));
  return { report: toPushReport(session, comparison, push.state, stopped), error: stopped?.error ?? null };
}

function toPushReport(
  { accountName, scope }: AccountSession,
  { resources }: AccountComparison,
  state: PushState,
  stopped: { resource: string; error: unknown } | null,
): PushReport {
  const sent = new Set(state.resources);
  const kept = resources.filter(
    (resource) => resource.state !== "unchanged" && !sent.has(formatResourceName(resource)),
  );
  return {
    account: accountName,
    ...scope,
    pushed: state.pushed,
    committed: state.committed,
    failed: stopped === null ? null : { resource: stopped.resource, message: getErrorMessage(stopped.error) },
    not_pushed: listUnpushed(state),
    not_committed: listUncommitted(state),
    kept: kept.map(formatResourceName),
    summary: {
      pushed: state.pushed.length,
      committed: state.committed.length,
      unchanged: resources.filter(({ state: compared }) => compared === "unchanged").length,
    },
  };
}
