import type { Broadcast, BroadcastState, BroadcastTarget, BroadcastView } from "../../domain/audience/broadcast.js";
import type { RecipientUpsert } from "../../domain/recipient/recipient.js";
import type { TriggerOutcome } from "../../domain/run/outcome.js";
import { createWorkflowRun } from "../../domain/run/workflow-run.js";
import { getErrorMessage, KnockError } from "../../errors/knock-error.js";
import type { AudienceStore } from "../../ports/audience-store.js";
import type { BroadcastLog, BroadcastOperations, SendBroadcastOptions } from "../../ports/broadcast-service.js";
import type { Definitions } from "../../ports/definitions.js";
import type { LocalOperations } from "../../ports/operations.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import { didYouMean } from "../../util/find-nearest.js";
import type { IdSource } from "../../util/ids.js";
import { toIsoTime } from "../../util/iso-time.js";
import { compileWorkflow } from "../compile/compile-workflow.js";

/** The statuses of a broadcast in sentences. */
const STATUS_PHRASES: Readonly<Record<BroadcastState["status"], string>> = {
  draft: "it is a draft",
  scheduled: "it is scheduled",
  sent: "it was already sent",
};

/** The broadcast files of a project. */
export interface BroadcastFiles {
  keys(): string[];
  /** Returns null if the key is unknown. */
  read(key: string): Promise<Broadcast | null>;
}

export interface BroadcastContext {
  operations: LocalOperations;
  definitions: Definitions;
  store: Pick<AudienceStore & RecipientStore, "readAudienceKeys" | "readRecipients" | "upsertRecipients">;
  log: BroadcastLog;
  files: BroadcastFiles;
  ids: IdSource;
}

const DRAFT: BroadcastState = { status: "draft", scheduled_at: null, sent_at: null };

export function createBroadcastOperations({
  operations,
  definitions,
  store,
  log,
  files,
  ids,
}: BroadcastContext): BroadcastOperations {
  async function readBroadcast(key: string): Promise<Broadcast> {
    const broadcast = await files.read(key);
    if (broadcast !== null) return broadcast;
    throw new KnockError("resource_missing", `there is no broadcast "${key}"`, {
      details: [{ pointer: "", message: "is not the key of a broadcast", value: key }],
      hint: didYouMean(key, files.keys(), "Broadcasts") ?? `Create broadcasts/${key}/broadcast.json.`,
    });
  }

  async function resolveTarget(
    broadcast: Broadcast,
    requestedTarget: BroadcastTarget | null,
  ): Promise<BroadcastTarget> {
    const named = broadcast.target_audience_key;
    const target = requestedTarget ?? (named === null ? null : { audience: named });
    if (target === null)
      throw new KnockError("usage", `broadcast "${broadcast.key}": no recipients are given`, {
        hint: "Give --audience, --recipients, --csv or --all-users, or target_audience_key in its file.",
      });
    if (!("audience" in target)) return target;
    const known = new Set([
      ...(await definitions.audiences()).map(({ key }) => key),
      ...(await store.readAudienceKeys()),
    ]);
    if (known.has(target.audience)) return target;
    throw new KnockError("resource_missing", `there is no audience "${target.audience}"`, {
      details: [{ pointer: "/target_audience_key", message: "is not the key of an audience", value: target.audience }],
      hint:
        didYouMean(target.audience, [...known].sort(), "Audiences") ??
        "There are no audiences. Create one with `knock audiences add <key> --recipients <ids>`, or add a file to audiences/.",
    });
  }

  async function readState(key: string): Promise<BroadcastState> {
    return (await log.readStates()).get(key) ?? DRAFT;
  }

  /** Returns the users that were never identified, each of them one time. */
  async function findUnidentifiedUsers(identify: readonly RecipientUpsert[]): Promise<RecipientUpsert[]> {
    const byKey = new Map(identify.map((upsert) => [upsert.key, upsert]));
    if (byKey.size === 0) return [];
    const known = await store.readRecipients([...byKey.keys()]);
    return [...byKey.values()].filter(({ key }) => !known.has(key));
  }

  /** Checks a broadcast as a trigger is checked and inserts its run. Throws before anything is written. */
  async function startBroadcast(
    key: string,
    requestedTarget: BroadcastTarget | null,
    at: number | null,
    { again, identify = [] }: SendBroadcastOptions,
  ): Promise<string> {
    const broadcast = await readBroadcast(key);
    const target = await resolveTarget(broadcast, requestedTarget);
    const { definition } = broadcast;
    const compiled = await compileWorkflow(definition, definitions);
    if (compiled.sharedError) throw compiled.sharedError;
    if (compiled.usesTranslations) await definitions.translations();
    const now = Date.parse((await operations.readClock()).now);
    const run = createWorkflowRun(definition, {
      id: ids.uuid(),
      trigger_source: { type: "broadcast" },
      inserted_at: Math.max(at ?? now, now),
    });
    const fanOut = { listed: [], objects: [], after: null, target };
    const unidentified = await findUnidentifiedUsers(identify);
    // A broadcast that is sent now and the users it identifies are one transaction. A scheduled one identifies its
    // users separately, because its transaction would date them to the scheduled time.
    const isNow = run.inserted_at === now;
    const pending = { run, version: definition, fanOut, upserts: isNow ? unidentified : [] };
    if (await log.insert(pending, { again })) {
      if (!isNow && unidentified.length > 0) await store.upsertRecipients(unidentified, now);
      return run.id;
    }
    const { status, scheduled_at, sent_at } = await readState(key);
    throw status === "scheduled"
      ? new KnockError("conflict", `broadcast "${key}" is scheduled for ${scheduled_at}`, {
          hint: `Run \`knock broadcasts cancel ${key}\` to make it a draft again.`,
        })
      : new KnockError("conflict", `broadcast "${key}" was sent at ${sent_at}: a broadcast is sent only once`, {
          hint: "Use --again to send it again.",
        });
  }

  function toBroadcastView({ key, definition, target_audience_key }: Broadcast, state: BroadcastState): BroadcastView {
    return { key, name: definition.name, target_audience_key, ...state, error: null };
  }

  return {
    async list() {
      const states = await log.readStates();
      const views: BroadcastView[] = [];
      for (const key of files.keys()) {
        const state = states.get(key) ?? DRAFT;
        try {
          views.push(toBroadcastView(await readBroadcast(key), state));
        } catch (error) {
          if (!(error instanceof KnockError)) throw error;
          views.push({ key, name: key, target_audience_key: null, ...state, error: getErrorMessage(error) });
        }
      }
      return views;
    },
    async send(key, target, options) {
      const id = await startBroadcast(key, target, null, options);
      await operations.runDue({});
      const runs = await Promise.all(
        (await log.listSiblingRuns(id)).map(async ({ id: run, tenant }) => ({
          tenant,
          outcome: (await operations.readWorkflowRun(run)) as TriggerOutcome,
        })),
      );
      return { broadcast: key, runs };
    },
    async schedule(key, target, { at, ...options }) {
      const broadcast = await readBroadcast(key);
      const when = at ?? broadcast.scheduled_at;
      if (when === null)
        throw new KnockError("usage", `broadcast "${key}": no time is given`, {
          hint: "Give --at, or scheduled_at in its file.",
        });
      const now = Date.parse((await operations.readClock()).now);
      if (when <= now)
        throw new KnockError("usage", `broadcast "${key}": ${toIsoTime(when)} is past`, {
          hint: `Run \`knock broadcasts send ${key}\` to send it now.`,
        });
      await startBroadcast(key, target, when, options);
      return toBroadcastView(broadcast, await readState(key));
    },
    async cancel(key) {
      const broadcast = await readBroadcast(key);
      if (!(await log.cancel(key)))
        throw new KnockError(
          "conflict",
          `broadcast "${key}" is not scheduled: ${STATUS_PHRASES[(await readState(key)).status]}`,
          {
            hint: "Run `knock broadcasts list` to see scheduled broadcasts.",
          },
        );
      return toBroadcastView(broadcast, await readState(key));
    },
  };
}
