import { parseConditionLog } from "../../domain/condition/evaluated-condition.js";
import { hasTrait } from "../../domain/message/channel-types.js";
import type { Message } from "../../domain/message/message.js";
import type { Reason, StepOutcome } from "../../domain/run/outcome.js";
import { toIsoTime } from "../../util/iso-time.js";
import { filterObjects, isJsonObject, type JsonObject } from "../../util/json.js";
import { checkGuards, type Guards } from "./check-guards.js";
import { type DecisionSubject, explainDecision, toCompared } from "./explain-decision.js";
import type { Decision, WhyStep } from "./why-report-schema.js";

/** The result of a run. */
export interface ExplainedRun {
  steps: WhyStep[];
  /** Why the run ended early, or null. */
  stopped: Decision | null;
  sends: boolean;
  /** The first reason for which nothing is sent; null if something is. */
  decision: Decision | null;
}

/** A run as `runs show` has it, with the messages that a trial created. */
export interface RunToExplain {
  document: JsonObject;
  messages: readonly Message[];
  /** When the open batch that it joins closes, in milliseconds; null if it joins none. */
  joinedUntil: number | null;
}

/** Outcomes with which a channel step sends a message, now or later. */
const SENDING: ReadonlySet<string> = new Set(["sent", "queued", "waiting"]);

function findTime(step: StepOutcome, messages: readonly Message[]): string | null {
  if (step.until !== undefined) return step.until;
  const message = messages.find(({ id }) => id === step.message_id);
  return message === undefined ? null : toIsoTime(message.scheduled_at ?? message.inserted_at);
}

/** Returns the steps that a run reached, each with what decided it. */
async function explainSteps(
  { document, messages }: RunToExplain,
  guards: Guards,
  subject: DecisionSubject,
): Promise<WhyStep[]> {
  const explained: WhyStep[] = [];
  for (const log of filterObjects(document.steps)) {
    const step = log as unknown as StepOutcome;
    const { ref, type, channel_type, outcome, reason, branch } = step;
    const own = messages.filter(({ id }) => id === step.message_id || step.message_ids?.includes(id));
    const refusal = await checkGuards(own, guards, subject);
    const decision = refusal ?? (reason === null ? null : await explainDecision({ ref, reason, log }, subject));
    explained.push({
      ref,
      type,
      ...(channel_type === undefined ? {} : { channel_type }),
      outcome: refusal === null ? outcome : "failed",
      ...(branch === undefined ? {} : { branch }),
      at: refusal === null ? findTime(step, messages) : null,
      place: await subject.places.findStep(ref),
      compared: parseConditionLog(log.conditions).map(toCompared),
      decision,
    });
  }
  return explained;
}

/** Returns whether a step brings the recipient a message, or makes the run bring one later. */
function sendsMessage({ channel_type, outcome, decision }: WhyStep): boolean {
  if (decision?.code === "batched") return true;
  if (channel_type === undefined) return outcome === "waiting";
  return SENDING.has(outcome) || (hasTrait(channel_type, "isGuide") && outcome === "passed");
}

/** Explains a run: each step that it reached, and whether the recipient gets a message. */
export async function explainRun(run: RunToExplain, guards: Guards, subject: DecisionSubject): Promise<ExplainedRun> {
  const { document, joinedUntil } = run;
  const steps = await explainSteps(run, guards, subject);
  if (joinedUntil !== null)
    for (const step of steps) if (step.decision?.code === "batched") step.at = toIsoTime(joinedUntil);
  const reason = isJsonObject(document.reason) ? (document.reason as unknown as Reason) : null;
  const stopped = reason === null ? null : await explainDecision({ ref: null, reason, log: document }, subject);
  const sends = steps.some(sendsMessage);
  const unsent = steps.find(({ channel_type, decision }) => channel_type !== undefined && decision !== null);
  const halted = steps.find(({ outcome }) => outcome === "halted" || outcome === "failed");
  const decision = sends ? null : (stopped ?? unsent?.decision ?? halted?.decision ?? null);
  return { steps, stopped, sends, decision };
}
