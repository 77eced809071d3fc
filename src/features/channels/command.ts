import type { Command } from "commander";
import { addExamples, addGroupExamples } from "../../commands/shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "../../commands/shared/help-groups.js";
import {
  addCommonOptions,
  addLocalOptions,
  addProjectFileOptions,
  type CommonFlags,
} from "../../commands/shared/options.js";
import { addFilePageOptions, type PageFlags, paginateFiles } from "../../commands/shared/paging.js";
import type { CommandContext } from "../../context/command-context.js";
import { type TargetFlags, toLocalFlags } from "../../context/target-flags.js";
import type { Channel, Environment } from "../../domain/environment/environment.js";
import { EXIT } from "../../errors/error-codes.js";
import { KnockError } from "../../errors/knock-error.js";
import { InputReader } from "../../input/input-source.js";
import { parseRecipientsFlag } from "../../input/parse-flags.js";
import { parseDurationArgument } from "../../input/parse-time.js";
import { findProviderDefinition } from "../../providers/catalog.js";
import { didYouMean } from "../../util/find-nearest.js";
import { isLoopback } from "../../util/is-loopback.js";
import type { Json } from "../../util/json.js";
import type { ChannelView } from "./channel-schemas.js";
import { describeChannel, describeChannelDetails, reportsStatus } from "./describe-channel.js";
import { hasArrived, printChannel, printChannels, printChannelTest } from "./print-channels.js";

type Flags = CommonFlags & TargetFlags;

interface TestFlags extends Flags {
  recipient: string;
  tenant?: string;
  wait: string;
  yes?: boolean;
}

export function registerChannels(program: Command, context: CommandContext): void {
  const channels = program
    .command("channels")
    .helpGroup(COMMAND_GROUPS.develop)
    .summary("List and test the channels of the project")
    .description(
      "List the channels of environment.json and the secrets that they lack, and send test messages to their providers.",
    );
  registerList(channels, context);
  registerShow(channels, context);
  registerTest(channels, context);
  addGroupExamples(channels);
}

function registerList(channels: Command, context: CommandContext): void {
  const command = channels
    .command("list", { isDefault: true })
    .description("List channels with their provider, whether they deliver, and missing settings");
  addFilePageOptions(addProjectFileOptions(command));
  addExamples(addCommonOptions(command, undefined, { quiet: "print only keys" }), [
    "knock channels list",
    "knock channels list --json",
  ]).action(async (flags: Flags & PageFlags) => {
    const environment = await readEnvironment(flags, context);
    const views = Object.keys(environment.channels).map((key) => describeChannel(key, environment, context.io.env));
    printChannels(paginateFiles(views, flags), context.output);
  });
}

function registerShow(channels: Command, context: CommandContext): void {
  const command = channels
    .command("show")
    .argument("<channel>", "the channel's key")
    .description("Show the settings of a channel, missing ones, and how its provider reports the status");
  addExamples(addCommonOptions(addProjectFileOptions(command)), ({ channel }) => [
    `knock channels show ${channel}`,
  ]).action(async (key: string, flags: Flags) => {
    const environment = await readEnvironment(flags, context);
    checkKey(key, environment);
    printChannel(describeChannelDetails(key, environment, context.io.env), context.output);
  });
}

function registerTest(channels: Command, context: CommandContext): void {
  const command = channels
    .command("test")
    .argument("<channel>", "the key of a channel that delivers")
    .description(
      "Send a short message through a channel, and print the request without secrets, the response, and the status when the provider reports it. Preferences and conditions are ignored. Exit 1 if the message was not sent.",
    )
    .optionsGroup(OPTION_GROUPS.payload)
    .requiredOption("-r, --recipient <user>", "send to this user: an ID, or JSON to identify one")
    .option("--tenant <id>", "use the connections and branding of this tenant")
    .optionsGroup(OPTION_GROUPS.behavior)
    .option("--wait <duration>", "wait up to this time for the status", "30s")
    .option("-y, --yes", "send without asking for confirmation");
  addExamples(addCommonOptions(addLocalOptions(command), undefined, { quiet: "print only the result" }), ({ user }) => [
    `knock channels test email --recipient ${user}`,
  ]).action((key: string, flags: TestFlags) => runTest(key, flags, context));
}

async function readEnvironment(flags: Flags, { project }: CommandContext): Promise<Environment> {
  return (await project.requireLocalFiles(flags)).environment();
}

/** Throws `resource_missing` for a key that is not in `environment.json`. */
function checkKey(key: string, { channels }: Environment): void {
  if (Object.hasOwn(channels, key)) return;
  throw new KnockError("resource_missing", `there is no channel "${key}" in environment.json`, {
    hint: didYouMean(key, Object.keys(channels), "Channels"),
  });
}

/** Why nothing is sent through a channel, by its way of delivery. */
const NOT_DELIVERING: Readonly<Record<ChannelView["delivery"], string>> = {
  delivering: "",
  sandboxed: "it is sandboxed",
  stored: "its messages are stored, and have no provider",
  "not configured": "it is not configured in this environment",
};

/** Returns a channel that can deliver. Throws `resource_missing` for an unknown key, and `conflict` otherwise. */
function findDeliveringChannel(key: string, environment: Environment, { io }: CommandContext): Channel {
  checkKey(key, environment);
  const channel = environment.channels[key] ?? null;
  const { delivery, missing_variables } = describeChannel(key, environment, io.env);
  if (channel === null || delivery !== "delivering")
    throw new KnockError("conflict", `nothing can be sent through the channel "${key}": ${NOT_DELIVERING[delivery]}`, {
      hint:
        delivery === "sandboxed"
          ? 'Set "deliver": true for it in environment.json, or choose another environment with --environment.'
          : "Run `knock channels list` to see the channels that deliver.",
    });
  if (missing_variables.length === 0) return channel;
  throw new KnockError("conflict", `the channel "${key}" needs environment variables that are not set`, {
    hint: `Set ${missing_variables.join(", ")}.`,
  });
}

/** Asks before the message is sent, unless the provider is on this computer. Throws `confirmation_needed`. */
async function confirmTest(
  { key, provider, settings }: Channel,
  recipient: string,
  yes: boolean,
  { io }: CommandContext,
) {
  const server = settings.base_url ?? settings.host;
  const host = typeof server !== "string" ? "" : URL.canParse(server) ? new URL(server).hostname : server;
  if (yes || isLoopback(host)) return;
  if (io.stdinIsTerminal && (await io.confirm(`Send a test message to ${recipient} through ${key} (${provider})?`)))
    return;
  throw new KnockError("confirmation_needed", `not confirmed: a test message to ${recipient} through ${key}`, {
    hint: "Add --yes to send it. Nothing was sent.",
  });
}

async function readRecipient(text: string, { input }: CommandContext): Promise<Json> {
  const [recipient, ...others] = await parseRecipientsFlag([text], new InputReader(input), "--recipient");
  if (recipient !== undefined && others.length === 0) return recipient;
  throw new KnockError("usage", "--recipient: give one user", { hint: "A test sends one message." });
}

async function runTest(key: string, flags: TestFlags, context: CommandContext): Promise<void> {
  if ((await context.settings.getTarget(flags)) === "remote")
    throw new KnockError("not_supported", "channels can only be tested on the local target", {
      hint: "The API has no test messages. Add --local.",
    });
  const wait_ms = parseDurationArgument(flags.wait, "--wait");
  const recipient = await readRecipient(flags.recipient, context);
  const localFlags = toLocalFlags(flags);
  const project = await context.project.requireLocalFiles(localFlags);
  const channel = findDeliveringChannel(key, await project.environment(), context);
  const { buildTestWorkflow } = await import("./test-workflow.js");
  const workflow = buildTestWorkflow(key, channel.type);
  if (workflow === null)
    throw new KnockError("not_supported", `messages of the channel "${key}" go to the URL of their step`, {
      hint: "Trigger a workflow that has such a step with `knock notify`.",
    });
  await confirmTest(channel, flags.recipient, flags.yes ?? false, context);
  const vendor = findProviderDefinition(channel.type, channel.provider);
  const message = {
    project,
    channel,
    workflow,
    recipient,
    wait_ms,
    tenant: flags.tenant,
    reportsStatus: vendor !== null && reportsStatus(vendor, channel),
  };
  const { testChannel } = await import("./test-channel.js");
  const test = await context.output.showProgress(`sending through ${key}`, (setText) =>
    testChannel(message, localFlags, context, setText),
  );
  printChannelTest(test, context.output);
  if (test.messages.length === 0 || !test.messages.every(({ status }) => hasArrived(status)))
    context.setExitCode(EXIT.failure);
}
