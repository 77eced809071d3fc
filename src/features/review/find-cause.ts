import type { SentMessage } from "../../comparison/recorded-history.js";
import type { ReplayedRun } from "../../comparison/replay-triggers.js";
import { listSteps } from "../../domain/resource/diff-documents.js";
import type { Reason, StepOutcome } from "../../domain/run/outcome.js";
import type { Json } from "../../util/json.js";
import type { AffectedWorkflows } from "./affected-workflows.js";
import type { DocumentChange, DocumentComparison } from "./compare-documents.js";
import type { MessageDifference } from "./review-report-schema.js";
import type { RejectedSample } from "./scenario-samples.js";

/** A cause. Those with the same group are one if there are several. */
type Cause = (NonNullable<MessageDifference["cause"]> & { group?: string }) | null;

/** Parts of documents that decide about a reason, the most specific first. */
const PLACES_BY_REASON: Readonly<Record<string, readonly RegExp[]>> = {
  condition: [/conditions/],
  preference: [/preference|categories|override_preferences|is_commercial/],
  channel_not_configured: [/channel/],
  missing_recipient_data: [/recipients|channel/],
  throttled: [/throttle/],
  trigger_frequency: [/trigger_frequency/],
  fetch_error: [/fetch|url|request/],
};

/** Documents besides the workflow that can decide about messages, by reason. */
const DOCUMENTS_BY_REASON: Readonly<Record<string, RegExp>> = {
  preference: /^(?:environment|environments|recipients|knock\.json|preference)/,
  missing_recipient_data: /^recipients/,
  channel_not_configured: /^environment/,
};

/** Documents that can change the content of messages without being named by a workflow. */
const CONTENT_DOCUMENTS = [/^translations\//, /^environment/, /^recipients/, /^message-types\//];
const RECIPIENTS = /^recipients\//;

interface NamedChange extends DocumentChange {
  group?: string;
}

/**
 * Returns a function for other documents than workflows, whose changes do not name the document. It returns their first change, or
 * that of the recipient in a file of recipients.
 */
function createChangeNamer(recipient: SentMessage["recipient"]): (document: DocumentComparison) => NamedChange[] {
  const recipientId = typeof recipient === "string" ? recipient : recipient.id;
  return ({ id, changes }) => {
    const isOwn = ({ path }: DocumentChange): boolean => `.${path}.`.includes(`.${recipientId}.`);
    const isPersonal = RECIPIENTS.test(id) && changes.length > 1;
    const found = (isPersonal ? changes.find(isOwn) : undefined) ?? changes[0];
    if (found === undefined) return [];
    return [{ ...found, text: `${id}: ${found.text}`, ...(isPersonal ? { group: id } : {}) }];
  };
}

function toCause(found: NamedChange | undefined): Cause {
  if (found === undefined) return null;
  const { text, location, group } = found;
  return { text, location, ...(group === undefined ? {} : { group }) };
}

/** The changes that can be the cause of a message's difference. */
export interface PossibleCauses {
  /** The workflow of the message, if its own files have changed. */
  workflow: DocumentComparison | undefined;
  comparisons: readonly DocumentComparison[];
  users: AffectedWorkflows["users"];
}

/** Returns whether a step is inside of one that was added or removed. */
const hasStep = ({ before, after }: DocumentChange, step: string): boolean =>
  listSteps([before, after] as Json).some(({ ref }) => ref === step);

const isTemplate = ({ path }: DocumentChange): boolean => path.startsWith("template");

/** Returns why a step did not send a message in a run, and the step that decided. */
export function explainAbsence(
  { step }: Pick<SentMessage, "step">,
  run: ReplayedRun | undefined,
): { reason: Reason | null; step: string | null } {
  if (run === undefined) return { reason: null, step: null };
  if (run.reason !== null) return { reason: run.reason, step: null };
  const own = run.steps.find(({ ref }) => ref === step);
  if (own?.reason) return { reason: own.reason, step };
  const stopped = run.steps.findLast(({ outcome, reason }: StepOutcome) => reason !== null && outcome !== "sent");
  // A step with branches that was passed led elsewhere.
  const branch = run.steps.findLast((found) => found.branch != null);
  if (stopped !== undefined && stopped.outcome !== "skipped") return { reason: stopped.reason, step: stopped.ref };
  return { reason: null, step: branch?.ref ?? stopped?.ref ?? null };
}

/** Returns the change that explains why a version rejects a trigger, or the error without one. */
export function findRejectionCause(
  { code, message }: Pick<RejectedSample, "code" | "message">,
  { workflow }: PossibleCauses,
): Cause {
  const { state, changes = [] } = workflow ?? {};
  const isSchema = ({ path }: DocumentChange): boolean => path.startsWith("trigger_data_json_schema");
  const isUnreadable = ({ step, path }: DocumentChange): boolean => step === null && path === "";
  const isWhole = state === "added" || state === "removed";
  const found = isWhole ? changes[0] : changes.find(code === "invalid_params" ? isSchema : isUnreadable);
  return toCause(found) ?? { text: `the trigger is rejected: ${message}`, location: null };
}

/** Returns the change that explains why a message is sent on one side only. */
export function findAbsenceCause(
  { step, recipient }: Pick<SentMessage, "step" | "recipient">,
  absence: ReturnType<typeof explainAbsence>,
  { workflow, comparisons }: PossibleCauses,
): Cause {
  const nameChange = createChangeNamer(recipient);
  const code = absence.reason?.code ?? "";
  const changes = workflow?.changes ?? [];
  const relevant = changes.filter((change) => !isTemplate(change));
  const places = PLACES_BY_REASON[code] ?? [];
  const matches = ({ path }: DocumentChange): boolean => places.some((place) => place.test(path));
  const ofSteps = relevant.filter(
    (change) => change.step === step || (change.step !== null && change.step === absence.step),
  );
  const documents = comparisons.filter(({ id }) => DOCUMENTS_BY_REASON[code]?.test(id));
  const isWhole = workflow?.state === "added" || workflow?.state === "removed";
  const found =
    (isWhole ? changes[0] : undefined) ??
    ofSteps.find((change) => change.path === "" && change.step === step) ??
    relevant.find((change) => change.path === "" && hasStep(change, step)) ??
    ofSteps.find(matches) ??
    relevant.find(matches) ??
    documents.flatMap((document) => nameChange({ ...document, changes: document.changes.filter(matches) }))[0] ??
    documents.flatMap(nameChange)[0] ??
    ofSteps[0] ??
    relevant[0] ??
    comparisons.filter(({ id }) => CONTENT_DOCUMENTS.some((pattern) => pattern.test(id))).flatMap(nameChange)[0];
  return toCause(found);
}

/** Returns the change that explains why the content, the time or the channel of a message differs. */
export function findChangeCause(
  { step, workflow: key, recipient }: Pick<SentMessage, "step" | "workflow" | "recipient">,
  fields: readonly { field: string }[],
  { workflow, comparisons, users }: PossibleCauses,
): Cause {
  const nameChange = createChangeNamer(recipient);
  const changes = workflow?.changes ?? [];
  const isTimeOnly = fields.every(({ field }) => field === "at");
  const ofStep = changes.filter((change) => change.step === step);
  const used = comparisons.filter(({ id }) => users.get(id)?.includes(key));
  const shared = CONTENT_DOCUMENTS.flatMap((pattern) => comparisons.filter(({ id }) => pattern.test(id)));
  const found = isTimeOnly
    ? (changes.find(({ path }) => /delay|window|until|batch|throttle/.test(path)) ?? changes[0])
    : (ofStep.find(isTemplate) ??
      ofStep[0] ??
      used.flatMap(nameChange)[0] ??
      shared.flatMap(nameChange)[0] ??
      changes.find((change) => change.step !== null) ??
      changes[0]);
  return toCause(found);
}
