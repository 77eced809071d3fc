import { LINK_SECRET, UNSIGNED_LINKS_UNTIL } from "../domain/message/link-token.js";
import type { LocalOperations } from "../ports/operations.js";
import type { LocalResourceOperations } from "../ports/resource-operations.js";
import type { Store } from "../ports/store.js";
import type { JsonObject } from "../util/json.js";
import { DeliveryRates } from "./context/delivery-rates.js";
import type { EngineContext } from "./context/engine-context.js";
import { WorkFailures } from "./context/work-failures.js";
import { previewSteps } from "./preview/preview-steps.js";
import { readRunVariables } from "./preview/read-run-variables.js";
import { rehearseTrigger } from "./rehearsal/rehearse-trigger.js";
import { createAudienceOperations } from "./resources/audience-operations.js";
import { createChannelDataOperations } from "./resources/channel-data-operations.js";
import { createFeedOperations } from "./resources/feed-operations.js";
import {
  listMessages,
  markMessages,
  readDeliveryLogs,
  readMessage,
  readMessageActivities,
  readMessageHistories,
  readMessages,
  retryMessages,
} from "./resources/message-operations.js";
import { createPreferenceOperations } from "./resources/preference-operations.js";
import { receiveProviderWebhook } from "./resources/receive-events.js";
import {
  createObjectOperations,
  createTenantOperations,
  createUserOperations,
} from "./resources/recipient-operations.js";
import {
  listRecipientRuns,
  pruneRuns,
  readRecipientRun,
  readRunWorkflow,
  retryRuns,
} from "./resources/run-operations.js";
import { createScheduleOperations } from "./resources/schedule-operations.js";
import { seedRecipients } from "./resources/seed-recipients.js";
import { createSubscriptionOperations } from "./resources/subscription-operations.js";
import { cancelWorkflow } from "./run/cancel-workflow.js";
import { freezeClock, moveClock, readClock, resetClock } from "./run/move-clock.js";
import { awaitOutcome, readOutcome, readTimeUntilDue } from "./run/read-outcome.js";
import { releaseWork } from "./run/release-after-error.js";
import { runDueTask, runSuspected } from "./run/run-due-task.js";
import { deliverSourceEvent, runDue } from "./run/run-due-work.js";
import { checkTriggerAndRecipients, triggerWorkflow } from "./run/trigger-workflow.js";

function createResources(context: EngineContext): LocalResourceOperations {
  return {
    users: createUserOperations(context),
    objects: createObjectOperations(context),
    tenants: createTenantOperations(context),
    preferences: createPreferenceOperations(context),
    channelData: createChannelDataOperations(context),
    subscriptions: createSubscriptionOperations(context),
    audiences: createAudienceOperations(context),
    feeds: createFeedOperations(context),
    schedules: createScheduleOperations(context),
    readLinkKey: async () => context.ids.linkKey ?? context.store.readSecret(LINK_SECRET),
    readUnsignedLinksUntil: async () => {
      const until = await context.store.readText(UNSIGNED_LINKS_UNTIL);
      return until === null ? null : Number(until);
    },
    ...(context.createGuideOperations ? { guides: context.createGuideOperations(context) } : {}),
  };
}

/** The context without the state that the engine adds. */
export type EngineSettings = Omit<EngineContext, "deliveryRates" | "workFailures">;

/** Functions without their first parameter. */
type Bound<Functions> = {
  [Name in keyof Functions]: Functions[Name] extends (first: never, ...rest: infer Rest) => infer Result
    ? (...rest: Rest) => Result
    : never;
};

/** Returns the functions with their first parameter set. */
function bindFirst<First, Functions extends Record<string, (first: First, ...rest: never[]) => unknown>>(
  first: First,
  functions: Functions,
): Bound<Functions> {
  const bound = Object.entries(functions).map(([name, operate]) => [name, operate.bind(null, first)]);
  return Object.fromEntries(bound) as Bound<Functions>;
}

/** Returns the operations that are those of the store. */
function pickStoreOperations(store: Store) {
  const { listIdsByPrefix, listMessageIds, deleteMessages, clear, readChangeToken } = store;
  const { explainError, deferDiskSync, syncToDisk, checkWritable } = store;
  const readNextDueAt = () => store.readNextDueAt({ excludeLeased: true });
  return {
    listIdsByPrefix,
    listMessageIds,
    deleteMessages,
    clear,
    readChangeToken,
    explainError,
    deferDiskSync,
    syncToDisk,
    checkWritable,
    readNextDueAt,
  };
}

async function readContentsInLocale(context: EngineContext, ids: readonly string[], locale: string) {
  return (await context.renderContentsInLocale?.(context, ids, locale)) ?? new Map<string, JsonObject>();
}

async function close(context: EngineContext): Promise<void> {
  try {
    await context.close?.();
  } finally {
    await context.store.close();
  }
}

/** Creates the embedded engine: `Operations` over a store, definitions, providers and a clock. */
export function createEngine(settings: EngineSettings): LocalOperations {
  const context: EngineContext = {
    ...settings,
    deliveryRates: new DeliveryRates(settings),
    workFailures: new WorkFailures(settings.realNow),
  };
  const resources = createResources(context);
  const operations = {
    triggerWorkflow,
    checkTrigger: checkTriggerAndRecipients,
    awaitOutcome,
    cancelWorkflow,
    deliverSourceEvent,
    previewSteps,
    rehearseTrigger,
    readWorkflowRun: readOutcome,
    readRecipientRun,
    readRunWorkflow,
    readRunVariables,
    listRecipientRuns,
    retryRuns,
    pruneRuns,
    readMessage,
    readMessages,
    readMessageHistories,
    readDeliveryLogs,
    readMessageActivities,
    listMessages,
    markMessages,
    retryMessages,
    receiveProviderWebhook,
    readContentsInLocale,
    seedRecipients,
    readClock,
    freezeClock,
    resetClock,
    moveClock,
    runDueTask,
    runSuspected,
    runDue,
    readTimeUntilDue,
    releaseWork,
    close,
  };
  return {
    target: "local",
    resources,
    openResources: async () => resources,
    ...bindFirst(context, operations),
    ...pickStoreOperations(context.store),
  };
}
