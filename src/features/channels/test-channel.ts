import { warnUnidentifiedRecipients } from "../../commands/shared/resource-options.js";
import type { CommandContext } from "../../context/command-context.js";
import { createLocalEngine } from "../../context/create-local-engine.js";
import { mapEnvironment } from "../../context/map-environment.js";
import { openProjectStore } from "../../context/open-project-store.js";
import type { TargetFlags } from "../../context/target-flags.js";
import type { Channel } from "../../domain/environment/environment.js";
import type { DeliveryStatus } from "../../domain/message/message.js";
import type { RecipientOutcome, TriggerOutcome } from "../../domain/run/outcome.js";
import { parseTrigger } from "../../domain/trigger/parse-trigger.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { formatReason } from "../../output/labels.js";
import type { MessageHistory } from "../../ports/message-history.js";
import type { LocalOperations } from "../../ports/operations.js";
import { OwnWork } from "../../ports/own-work.js";
import type { Project } from "../../project/open-project.js";
import { isJsonObject, type Json } from "../../util/json.js";
import type { ChannelTest } from "./channel-schemas.js";
import { TEST_WORKFLOW } from "./test-workflow.js";

/** A test message to send. */
interface TestMessage {
  project: Project;
  channel: Channel;
  workflow: Workflow;
  recipient: Json;
  tenant: string | undefined;
  /** The milliseconds to wait for the status. */
  wait_ms: number;
  /** Whether the provider reports a status after it has accepted a message. */
  reportsStatus: boolean;
}

type DeliveryLogs = ChannelTest["messages"][number]["delivery_logs"];

/** The interval at which the status is read, which another process may have received. */
const POLL_MS = 250;

/** Opens the engine on the project's store, in which `knock dev` finds the messages that vendors report about. */
async function openEngine(
  { project, channel, workflow }: TestMessage,
  flags: TargetFlags,
  { target, io, output }: CommandContext,
): Promise<LocalOperations> {
  const { location, guardDeliveries } = await target.locate(flags);
  const definitions = mapEnvironment(project, (environment) => ({
    ...environment,
    channels: { ...environment.channels, [channel.key]: { ...channel, conditions: null } },
  }));
  const withTest = {
    ...definitions,
    workflow: async (key: string) => (key === TEST_WORKFLOW ? workflow : definitions.workflow(key)),
  };
  const store = await openProjectStore(project, location);
  const engine = createLocalEngine(withTest, store, io, { warn: (text) => output.warn(text), guardDeliveries });
  target.track(engine);
  return engine;
}

/** Returns whether a message has a status that a later attempt or a report of the vendor can change. */
function isUnsettled(status: DeliveryStatus | undefined, reportsStatus: boolean): boolean {
  return status === "queued" || status === "delivery_attempted" || (status === "sent" && reportsStatus);
}

/** Returns why a message was not created or delivered: the outcome's reason, or the last failure of an attempt. */
function findReason(outcome: RecipientOutcome | undefined, histories: readonly MessageHistory[]): string | null {
  const reason = outcome?.reason ?? outcome?.steps.find((step) => step.reason)?.reason;
  if (reason) return formatReason(reason);
  const attempts = histories.filter(({ message }) => message.status === "queued").flatMap(({ events }) => events);
  const failures = attempts.flatMap(({ data }) => (isJsonObject(data) ? (data.failure_details ?? []) : []));
  return failures[0] === undefined ? null : String(failures[0]);
}

/** Sends a test message, and waits until its status is known or the time is up. */
export async function testChannel(
  message: TestMessage,
  flags: TargetFlags,
  context: CommandContext,
  setText: (text: string) => void,
): Promise<ChannelTest> {
  const { channel, recipient, tenant, wait_ms, reportsStatus } = message;
  const payload = { recipients: [recipient], ...(tenant === undefined ? {} : { tenant }) };
  const { trigger } = parseTrigger(payload, TEST_WORKFLOW, "--recipient");
  const engine = await openEngine(message, flags, context);
  const ownWork = new OwnWork();
  const deadline = context.now() + wait_ms;
  const readStatuses = ({ recipients }: TriggerOutcome) => {
    const [step] = recipients?.[0]?.steps ?? [];
    return step?.message_statuses ?? (step?.message_status ? [step.message_status] : []);
  };
  let outcome = await engine.triggerWorkflow(trigger, { idempotency_key: null, ownWork });
  const isPending = () => readStatuses(outcome).some((status) => isUnsettled(status, reportsStatus));
  while (isPending() && context.now() < deadline && !context.signal.aborted) {
    setText(`${readStatuses(outcome)[0]}, waiting for the status; press Ctrl-C to stop`);
    await context.sleep(POLL_MS, context.signal);
    outcome = await engine.awaitOutcome(outcome, { timeout_ms: 0, ownWork, signal: context.signal });
  }
  await warnUnidentifiedRecipients([recipient], await engine.openResources(), context);
  const [first] = outcome.recipients ?? [];
  const [step] = first?.steps ?? [];
  const ids = step?.message_ids ?? (step?.message_id ? [step.message_id] : []);
  const histories = await engine.readMessageHistories(ids);
  return {
    channel: channel.key,
    provider: channel.provider,
    reason: findReason(first, histories),
    is_status_pending: isPending(),
    messages: await Promise.all(
      histories.map(async ({ message: { id, status } }) => ({
        id: String(id),
        status: status as DeliveryStatus,
        delivery_logs: ((await engine.readDeliveryLogs(String(id))) ?? []).reverse() as unknown as DeliveryLogs,
      })),
    ),
  };
}
