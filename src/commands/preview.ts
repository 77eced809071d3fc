import type { Command } from "commander";
import type { CommandContext } from "../context/command-context.js";
import type { TargetFlags } from "../context/target-flags.js";
import { splitRecipientKey, USERS } from "../domain/recipient/recipient.js";
import { collectInlineRecipientWarnings } from "../domain/trigger/collect-inline-recipient-warnings.js";
import { parseTrigger } from "../domain/trigger/parse-trigger.js";
import type { Trigger } from "../domain/trigger/trigger.js";
import { EXIT } from "../errors/error-codes.js";
import { KnockError, toWarningsError, type Warning } from "../errors/knock-error.js";
import { locatePayloadErrors } from "../input/locate-payload-error.js";
import { readPayloadLines } from "../input/payload-lines.js";
import { hasPayloadLines, type NamedPayload, type PayloadFlags, readPayload } from "../input/trigger-payload.js";
import { printError } from "../output/print-error.js";
import { printPreview } from "../output/print-preview.js";
import { findUnidentifiedRecipient } from "../ports/known-names.js";
import type { ResourceOperations } from "../ports/resource-operations.js";
import { toHintText } from "../util/find-nearest.js";
import { isJsonObject } from "../util/json.js";
import { addExamples, formatSetFlags } from "./shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "./shared/help-groups.js";
import {
  addBranchOption,
  addCommonOptions,
  addProjectOptions,
  addTriggerOptions,
  type CommonFlags,
} from "./shared/options.js";
import { readProjectWarnings } from "./shared/trigger-warnings.js";

interface PreviewFlags
  extends CommonFlags,
    TargetFlags,
    Pick<PayloadFlags, "actor" | "data" | "set" | "tenant" | "file"> {
  recipient?: string;
  all?: boolean;
  watch?: boolean;
  strict?: boolean;
}

type Party = Pick<Trigger["recipients"][number], "key" | "upsert">;

/**
 * The recipient that steps are rendered for if none is given. It can be reached on every channel except push and chat.
 */
const SAMPLE_RECIPIENT = {
  id: "sample",
  name: "Sample User",
  email: "sample@example.com",
  phone_number: "+15555550100",
};

/**
 * Returns a warning about a recipient or actor that was never identified, or null if it is identified in the store or
 * inline.
 */
async function describeUnidentified(
  { key, upsert }: Party,
  flag: string,
  resources: ResourceOperations,
): Promise<Warning | null> {
  const unidentified = upsert === null ? await findUnidentifiedRecipient(key, resources) : null;
  if (unidentified === null) return null;
  const { collection, id } = splitRecipientKey(key);
  const inline = JSON.stringify(collection === USERS ? { id, email: "…" } : { collection, id, name: "…" });
  const { description, suggestion } = unidentified;
  const suggested = toHintText(suggestion ?? undefined);
  return {
    message: `${description} was never identified, so only the ID is known`,
    hint: `${suggested === undefined ? "G" : `${suggested} Or g`}ive the properties inline: \`${flag} '${inline}'\`.`,
  };
}

/**
 * Returns warnings about an unidentified recipient or actor. A preview still renders, but a trigger would send nothing to
 * such a recipient and would reject such an actor.
 */
async function findUnidentified({ recipients, actor }: Trigger, resources: ResourceOperations): Promise<Warning[]> {
  const [first] = recipients;
  const texts = [
    first === undefined ? null : await describeUnidentified(first, "--recipient", resources),
    actor === null ? null : await describeUnidentified(actor, "--actor", resources),
  ];
  return texts.filter((text) => text !== null);
}

export function registerPreview(program: Command, context: CommandContext): void {
  const command = program
    .command("preview")
    .argument("<workflow>", "the workflow's key")
    .argument("[step-ref]", "the channel step (default: the only one); a fetch or agent step is executed once")
    .helpGroup(COMMAND_GROUPS.develop)
    .summary("Render a channel step without running the workflow")
    .description(
      "Render a channel step as its recipient would receive it. Conditions and preferences are ignored. Nothing is sent or stored.",
    )
    .optionsGroup(OPTION_GROUPS.payload)
    .option("-r, --recipient <value>", "render for this recipient: an ID, JSON or @file.json (default: a sample user)");
  addTriggerOptions(command)
    .option("-f, --file <path>", "read a payload in JSON; - is standard input")
    .optionsGroup(OPTION_GROUPS.behavior)
    .option("--all", "render every channel step")
    .option("--watch", "render again when a project file changes")
    .optionsGroup(OPTION_GROUPS.testing)
    .option("--strict", "treat warnings as errors");
  addExamples(addCommonOptions(addBranchOption(addProjectOptions(command))), ({ workflow, user }) => [
    `knock preview ${workflow.key} ${workflow.step} --recipient ${user}${formatSetFlags(workflow)}`,
    `knock preview ${workflow.key} --all${formatSetFlags(workflow)}`,
  ]).action((workflow: string, ref: string | undefined, flags: PreviewFlags) => {
    return runPreview(workflow, ref, flags, context);
  });
}

/** Returns the payload of the flags, or the first payload of a file with one payload per line. */
async function firstPayload(flags: PayloadFlags, { input }: CommandContext): Promise<NamedPayload> {
  if (!hasPayloadLines(flags)) return readPayload(flags, input);
  const { groups } = await readPayloadLines(flags, input);
  for await (const [line] of groups) {
    if (line === undefined) continue;
    if (line.error !== null) throw line.error;
    return line;
  }
  throw new KnockError("usage", "the payload's file is empty", { hint: "Add a payload to the file, or omit --file." });
}

async function runPreview(
  workflow: string,
  ref: string | undefined,
  flags: PreviewFlags,
  context: CommandContext,
): Promise<void> {
  if (ref !== undefined && flags.all)
    throw new KnockError("usage", "a step and --all cannot be combined", { hint: "Omit one of them." });
  const recipients = flags.recipient === undefined ? undefined : [flags.recipient];
  const { recipient: _recipient, all: _all, watch: _watch, ...rest } = flags;
  const read = async () => {
    const found = await firstPayload({ ...rest, recipients }, context);
    const payload = isJsonObject(found.payload)
      ? { ...found, payload: { recipients: [SAMPLE_RECIPIENT], ...found.payload } }
      : found;
    const { trigger } = await locatePayloadErrors(payload, () => parseTrigger(payload.payload, workflow, payload.name));
    return trigger;
  };
  // Unchanged results are not printed again. Otherwise output that is redirected to a file of the project would cause
  // an endless loop.
  let lastPrinted = "";
  const printOnce = (content: string, print: () => void): void => {
    if (content === lastPrinted) return;
    lastPrinted = content;
    print();
    if (flags.watch) context.output.note("watching project files; press Ctrl-C to stop");
  };
  const renderPreview = async (): Promise<boolean> => {
    const engine = await context.target.openLocal(flags);
    const trigger = await read();
    const previews = await engine.previewSteps(trigger, ref === undefined ? null : [ref]);
    const [first, ...others] = previews;
    if (first === undefined)
      throw new KnockError(
        "resource_missing",
        `workflow "${workflow}" has no channel step, so there is nothing to render`,
      );
    if (ref === undefined && !flags.all && others.some((preview) => preview.ref !== first.ref)) {
      const refs = [...new Set(previews.map((preview) => preview.ref))];
      throw new KnockError("usage", `workflow "${workflow}" has ${refs.length} channel steps`, {
        hint: `Name a step or use --all: ${refs.join(", ")}.`,
      });
    }
    const warnings = await findUnidentified(trigger, engine.resources);
    const otherTexts = [
      ...collectInlineRecipientWarnings(trigger),
      ...(await readProjectWarnings(workflow, flags, context)),
    ];
    warnings.push(...otherTexts.map((message) => ({ message })));
    printOnce(JSON.stringify([previews, warnings]), () => {
      // The error below lists the warnings.
      const areWarningsInError = flags.strict && !context.output.verbosity.json;
      printPreview(
        areWarningsInError ? previews.map((preview) => ({ ...preview, warnings: [] })) : previews,
        context.output,
      );
      if (!flags.strict) for (const { message, hint } of warnings) context.output.warn(message, hint);
    });
    const stepWarnings = previews.flatMap((preview) => preview.warnings.map((text) => `${preview.ref}: ${text}`));
    const all = [...new Set(stepWarnings), ...warnings];
    if (flags.strict && all.length > 0) throw toWarningsError(all);
    return previews.every(({ reason }) => reason === null);
  };
  if (!flags.watch) {
    // CI checks rely on exit code 1 for a template that does not render with this data.
    if (!(await renderPreview())) context.setExitCode(EXIT.failure);
    return;
  }
  const { watchProject } = await import("../watch/watch-project.js");
  const waitForChange = await watchProject(context, flags);
  do {
    try {
      await renderPreview();
    } catch (error) {
      if (!(error instanceof KnockError)) throw error;
      printOnce(error.message, () => printError(error, context.output, false));
    }
  } while (await waitForChange());
}
