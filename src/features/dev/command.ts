import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { addExamples, formatSetFlags } from "../../commands/shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "../../commands/shared/help-groups.js";
import type { HttpService } from "../../commands/shared/http-service.js";
import { addCommonOptions, addProjectOptions, type CommonFlags } from "../../commands/shared/options.js";
import { parsePort } from "../../commands/shared/parse-number.js";
import type { CommandContext } from "../../context/command-context.js";
import { getConfigFolder } from "../../context/credentials.js";
import { isPostgresLocation } from "../../context/store-location.js";
import type { TargetFlags } from "../../context/target-flags.js";
import { createTemporaryFolder } from "../../context/temporary-folder.js";
import { KnockError } from "../../errors/knock-error.js";
import type { ServedEngine } from "../../ports/served-engine.js";
import { isLoopback } from "../../util/is-loopback.js";
import { closeInTime } from "./close-in-time.js";
import type { OpenedEmulator } from "./open-project-emulator.js";
import { parseWebhookUrl } from "./parse-webhook-url.js";

const DEFAULT_PORT = 8484;
/**
 * The API key for the command of `--exec` if the environment does not set one and environment.json lists none, in which
 * case every key is accepted.
 */
const LOCAL_KEY = "sk_local";
/** The service token, as {@link LOCAL_KEY}. */
const LOCAL_TOKEN = "knock_st_local";

type DevFlags = CommonFlags &
  TargetFlags & {
    port: string;
    host: string;
    allowHost?: string[];
    readyFile?: string;
    webhookUrl?: string;
    exec?: string;
    rateLimits?: boolean;
    strict?: boolean;
    write?: boolean;
    uncommitted?: boolean;
    insecure?: boolean;
  };

/** `services` are parts of other features that the server serves. */
export function registerDev(program: Command, context: CommandContext, services: readonly HttpService[] = []): void {
  const command = program
    .command("dev")
    .argument("[command...]", "a command after -- that runs against the API, without a shell")
    .helpGroup(COMMAND_GROUPS.develop)
    .summary("Serve the API locally for your application")
    .description(
      "Serve the API locally from the project's files and the local store. Applications only need KNOCK_BASE_URL. Messages are rendered and stored; only channels with `deliver: true` also send them. A page at the same address shows messages as they arrive.",
    )
    .optionsGroup(OPTION_GROUPS.server)
    .option("--port <n>", "listen on this port; 0 picks a free one", String(DEFAULT_PORT))
    .option("--host <address>", "listen on this address", "127.0.0.1")
    .option(
      "--allow-host <name>",
      "accept requests for this additional host name, such as api.lark.test, or .lark.test for all subdomains; repeatable",
      collectHost,
    )
    .option("--ready-file <path>", "write url, port and pid to this JSON file when the server is ready")
    .option(
      "--webhook-url <url>",
      "receive the delivery status from vendors at this public URL of the server",
      parseWebhookUrl,
    )
    .option("--insecure", "listen beyond this computer with a database as store, although every request is accepted")
    .option("--rate-limits", "apply the rate limits of the service")
    .option("--write", "write content that is pushed to the management API into the project's files")
    .option("--uncommitted", "run the files as they are, also after a commit to the management API")
    .optionsGroup(OPTION_GROUPS.testing)
    .option("--exec <command>", "run a shell command against the API, then exit with its exit code")
    .option(
      "--strict",
      "treat warnings as errors: exit 3 if a file has one at start, and reject triggers that cause one",
    );
  addExamples(
    addCommonOptions(addProjectOptions(command), "requests that only read", OUTPUT_TEXTS),
    ({ workflow, user }) => [
      "knock dev",
      `knock dev --port 0 --store :memory: -- knock notify ${workflow.key} -r ${user}${formatSetFlags(workflow)} --remote`,
      // Quotes cannot be nested, so a workflow whose data needs them is not shown here.
      formatSetFlags(workflow).includes("'")
        ? "knock dev --port 0 --store :memory: --exec 'knock messages list --remote'"
        : `knock dev --port 0 --store :memory: --exec 'knock notify ${workflow.key} -r ${user}${formatSetFlags(workflow)} --remote'`,
    ],
  );
  command.action((words: string[], flags: DevFlags) => {
    return runDev(resolveCommand(words, flags, context), flags, services, context);
  });
}

const OUTPUT_TEXTS = {
  json: "print the address as a JSON document, and requests and changes as JSON lines on standard error (without a command)",
  quiet: "print only the URL, and log no requests",
};

/**
 * Adds a host name to those of `--allow-host`. Throws `usage` for ports and other parts of an address, because these
 * would never match.
 */
function collectHost(text: string, before: string[] = []): string[] {
  const name = text.toLowerCase();
  if (!/^\.?[^\s.:/*[\]]+(\.[^\s.:/*[\]]+)*$/.test(name))
    throw new KnockError(
      "usage",
      `--allow-host: ${JSON.stringify(text)} must be a name, as in api.lark.test or .lark.test`,
    );
  return [...before, name];
}

/** A shell command as text, or words that are run without a shell; null if there is no command. */
type ExecutedCommand = string | readonly string[] | null;

/**
 * Returns the command of `--exec`, or the words after `--`. Throws `usage` if both are given, or if there are words
 * before `--`.
 */
function resolveCommand(words: readonly string[], { exec }: DevFlags, { argv }: CommandContext): ExecutedCommand {
  if (exec?.trim() === "") throw new KnockError("usage", "--exec: there is no command to run");
  if (words.length === 0) return exec ?? null;
  const end = argv.indexOf("--");
  const after = end === -1 ? 0 : argv.length - end - 1;
  if (exec !== undefined && after > 0)
    throw new KnockError("usage", "--exec and -- both name a command", { hint: "Use one of them." });
  if (exec !== undefined)
    throw new KnockError("usage", `too many arguments: ${words.join(" ")}`, {
      hint: {
        hint: `Put the command in quotes: --exec '${[exec, ...words].join(" ")}', or put it after --.`,
        typed: [exec, ...words],
        meant: [[exec, ...words].join(" ")],
      },
    });
  if (after < words.length)
    throw new KnockError("usage", `too many arguments: ${words.join(" ")}`, {
      hint: `Put -- before the command: knock dev -- ${words.join(" ")}`,
    });
  return words;
}

async function runDev(
  command: ExecutedCommand,
  flags: DevFlags,
  services: readonly HttpService[],
  context: CommandContext,
): Promise<void> {
  const { io, output, target } = context;
  const { project, location, guardDeliveries } = await target.locate(flags);
  if (isPostgresLocation(location) && !isLoopback(flags.host) && !flags.insecure)
    throw new KnockError(
      "usage",
      `--host: ${flags.host} would open a shared database to everyone who can reach this computer`,
      {
        hint: "Use `knock serve`, which needs API keys. Add --insecure to serve the page and helper routes without keys.",
      },
    );
  const { openProjectEmulator } = await import("./open-project-emulator.js");
  const options = {
    host: flags.host,
    guardDeliveries,
    allowedHosts: [
      ...(flags.allowHost ?? []),
      ...(flags.webhookUrl === undefined ? [] : [new URL(flags.webhookUrl).hostname]),
    ],
    port: parsePort("--port", flags.port),
    rateLimits: flags.rateLimits ?? false,
    strict: flags.strict ?? false,
    writesFiles: flags.write ?? false,
    uncommitted: flags.uncommitted ?? false,
    // While a command runs, its own output matters more than the request log.
    logsRequests: command === null || output.verbosity.verbose,
    readyFile: flags.readyFile ?? null,
    webhookUrl: flags.webhookUrl,
    services: services.map(({ path, route, open }) => ({
      path,
      endpoint: route?.endpoint,
      open: (engine: ServedEngine) => open(engine, { flags, host: flags.host }, context),
    })),
  };
  const emulator = await openProjectEmulator(project, location, options, io, output);
  try {
    if (command === null) await serve(emulator, context);
    else await runCommandAgainst(command, emulator, context);
  } finally {
    await closeInTime(emulator, context);
  }
}

/** Returns a service token that the emulator accepts, if it accepts one. */
const chooseToken = (keys: OpenedEmulator["keys"]): string =>
  keys?.find((candidate) => candidate.startsWith("knock_st_")) ?? LOCAL_TOKEN;

/** Returns a key that the emulator accepts, a secret one if there is one. */
function chooseKey(keys: OpenedEmulator["keys"]): string {
  return keys?.find((candidate) => candidate.startsWith("sk_")) ?? keys?.[0] ?? LOCAL_KEY;
}

async function serve({ url, port, store, keys }: OpenedEmulator, { output, signal }: CommandContext): Promise<void> {
  if (output.verbosity.json) output.json({ url, port, store }, true);
  else if (output.verbosity.quiet) output.line(url);
  else output.lines([`KNOCK_BASE_URL=${url}`, `KNOCK_API_KEY=${chooseKey(keys)}`]);
  output.note(`page: ${url}/`);
  output.note("listening; press Ctrl-C to stop");
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}

/** Returns the variables that are set and not empty. */
function filterDefined(env: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((pair): pair is [string, string] => !!pair[1]));
}

/**
 * Runs the command with the emulator's URL and key. The command's own output is the result, so notes go to standard
 * error.
 */
async function runCommandAgainst(
  command: string | readonly string[],
  { url, keys }: OpenedEmulator,
  { io, output, setExitCode }: CommandContext,
): Promise<void> {
  output.note(`listening at ${url}`);
  // The command's exit code also applies after an interruption, because it shows how the command handled the signal.
  const { runCommand } = await import("./run-command.js");
  const configFolder = await createOfficialConfig(url);
  try {
    const variables = {
      KNOCK_API_KEY: chooseKey(keys),
      KNOCK_SERVICE_TOKEN: chooseToken(keys),
      KNOCK_PROFILES_DIR: getConfigFolder(io.env, io.cwd),
      ...filterDefined(io.env),
      KNOCK_BASE_URL: url,
      KNOCK_MGMT_BASE_URL: url,
      KNOCK_CONFIG_DIR: configFolder,
    };
    setExitCode(await runCommand(command, variables, io), true);
  } finally {
    rmSync(configFolder, { recursive: true, force: true });
  }
}

/** Creates a configuration folder of the official command that names the emulator (CLI-002), because no variable does. */
const createOfficialConfig = (url: string): Promise<string> =>
  createTemporaryFolder("knock-dev-", (folder) =>
    writeFileSync(join(folder, "config.json"), JSON.stringify({ apiOrigin: url })),
  );
