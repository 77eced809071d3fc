import { hostname } from "node:os";
import type { Command } from "commander";
import { addExamples } from "../../../commands/shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "../../../commands/shared/help-groups.js";
import { addCommonOptions, addProjectOptions, type CommonFlags } from "../../../commands/shared/options.js";
import { parsePort } from "../../../commands/shared/parse-number.js";
import type { CommandContext } from "../../../context/command-context.js";
import { followProjectRecord } from "../../../context/follow-project-record.js";
import { getInterruptSignal } from "../../../context/process-io.js";
import { isPostgresLocation } from "../../../context/store-location.js";
import type { TargetFlags } from "../../../context/target-flags.js";
import { getErrorMessage } from "../../../errors/knock-error.js";
import { parseDurationArgument } from "../../../input/parse-time.js";
import type { JsonLog } from "../../../monitoring/json-log.js";
import type { OperatorPage } from "../../../monitoring/metrics-server.js";
import type { Output } from "../../../output/output.js";
import type { joinAsServer } from "../../../store/postgres/open-postgres-store.js";
import { closeInTime } from "../close-in-time.js";
import type { RequestLogEntry } from "../emulator/emulator-options.js";
import { parseWebhookUrl } from "../parse-webhook-url.js";
import { ProjectAgreement } from "./project-agreement.js";

const DEFAULT_PORT = 8484;

interface ServeFlags extends CommonFlags, TargetFlags {
  port: string;
  host: string;
  metricsPort?: string;
  webhookUrl?: string;
  unsignedUsers?: boolean;
  projectGrace: string;
  readyFile?: string;
}

export function registerServe(program: Command, context: CommandContext): void {
  const command = program
    .command("serve")
    .helpGroup(COMMAND_GROUPS.develop)
    .summary("Serve the public API to applications")
    .description(
      "Serve the public API from the project's files and a shared store. Every request needs a key of `knock keys`, and public keys also need a signed user token. Rate limits are those of the service. It has no page and no helper routes, which `knock dev` has. Each request is logged as a JSON line without contents.",
    )
    .optionsGroup(OPTION_GROUPS.server)
    .option("--port <n>", "listen on this port; 0 picks a free one", String(DEFAULT_PORT))
    .option("--host <address>", "listen on this address, also for --metrics-port", "127.0.0.1")
    .option("--metrics-port <n>", "serve /health, /ready and /metrics on this port; 0 picks a free one")
    .option("--ready-file <path>", "write url, port and pid to this JSON file when the server is ready")
    .option(
      "--webhook-url <url>",
      "receive the delivery status from vendors at this public URL of the server",
      parseWebhookUrl,
    )
    .option(
      "--project-grace <duration>",
      "keep /ready at 200 for this time while most servers have other project files",
      "10m",
    )
    .option("--unsigned-users", "accept public keys without a signed user token");
  const texts = { json: "print JSON lines, as without this option", quiet: "log only warnings" };
  addExamples(addCommonOptions(addProjectOptions(command), undefined, texts), [
    "knock serve --store postgres://knock@localhost/knock --metrics-port 9465",
  ]).action((flags: ServeFlags) => runServe(flags, context));
}

/**
 * Returns the fields of a request in the log. It has no path and no error text, which contain IDs and data, except of a store that
 * is not available, which clients do not receive, and of keys and signatures that do not match.
 */
function toLogFields(request: RequestLogEntry) {
  const { method, route = null, status, took_ms, request_id = null, key_id = null, work, error } = request;
  return {
    event: "request",
    request_id,
    key_id,
    method,
    route: route?.replace(/^\w+ /, "") ?? null,
    status,
    took_ms: Math.round(took_ms * 10) / 10,
    ...work,
    ...(status === 401 || status === 503 ? { error } : {}),
  };
}

/** Returns an output that writes what is not a result to the log. */
function redirectToLog(output: Output, log: JsonLog): Output {
  const redirected = output.redirect();
  redirected.note = (text) => log.info({ event: "note" }, text);
  redirected.warn = (text) => log.warn({ event: "warning" }, text);
  redirected.errorLine = (text) => log.error({ event: "error" }, text);
  return redirected;
}

async function runServe(flags: ServeFlags, context: CommandContext): Promise<void> {
  const { io, output, target, signal } = context;
  const graceMs = parseDurationArgument(flags.projectGrace, "--project-grace");
  const { project, location, guardDeliveries } = await target.locate(flags);
  const { createJsonLog, Metrics, startMetricsServer, toProbePage } = await import(
    "../../../monitoring/monitoring-parts.js"
  );
  const { openProjectEmulator } = await import("../open-project-emulator.js");
  const { SERVE_METRICS } = await import("./serve-metrics.js");
  const { StoredKeyRing } = await import("./stored-key-ring.js");
  const level = output.verbosity.quiet ? "warn" : "info";
  const log = createJsonLog({ host: hostname(), pid: process.pid }, level, (line) => output.line(line));
  const metrics = new Metrics(SERVE_METRICS);
  const readProject = followProjectRecord(project);
  const agreement = new ProjectAgreement(graceMs);
  /** Null until the store is open, and on a file. */
  const registry: { presence: Awaited<ReturnType<typeof joinAsServer>> } = { presence: null };
  const server = await openProjectEmulator(
    project,
    location,
    {
      host: flags.host,
      port: parsePort("--port", flags.port),
      allowedHosts: [],
      guardDeliveries,
      rateLimits: true,
      strict: false,
      logsRequests: true,
      readyFile: flags.readyFile ?? null,
      webhookUrl: flags.webhookUrl,
      openPublicApi: async (store, environment) => {
        if (isPostgresLocation(location)) {
          const { joinAsServer } = await import("../../../store/postgres/open-postgres-store.js");
          registry.presence = await joinAsServer(store, readProject);
        }
        return { keys: new StoredKeyRing(store, environment), requiresUserTokens: !flags.unsignedUsers };
      },
      warn: (text, about) => log.warn({ event: "warning", ...about }, text),
      onResponse(request) {
        const fields = toLogFields(request);
        const route = fields.route ?? "none";
        metrics.count("requests", { route, status: String(request.status) });
        metrics.observe("requestSeconds", { route }, request.took_ms / 1_000);
        log[request.status === 503 ? "warn" : "info"](fields, `${request.method} ${route} ${request.status}`);
      },
    },
    io,
    redirectToLog(output, log),
  ).catch(async (error: unknown) => {
    await registry.presence?.leave();
    throw error;
  });
  let isStopping = false;
  const readReadiness = async (): Promise<OperatorPage> => {
    if (isStopping) return toProbePage("the server is stopping");
    const unwritable = await server.checkWritable().then(() => null, getErrorMessage);
    if (unwritable !== null || registry.presence === null) return toProbePage(unwritable);
    const { problem, difference } = agreement.check(
      (await readProject()).digest,
      await registry.presence.readProcesses(),
    );
    return toProbePage(problem, difference === null ? "ok" : `ok, but ${difference}`);
  };
  const monitoring =
    flags.metricsPort === undefined
      ? null
      : await startMetricsServer(
          { host: flags.host, port: parsePort("--metrics-port", flags.metricsPort) },
          {
            "/health": async () => toProbePage(null),
            "/ready": readReadiness,
            "/metrics": () => metrics.toPage(),
          },
        );
  const { url } = server;
  log.info({ event: "started", url, metrics_port: monitoring?.port ?? null }, `listening at ${url}`);
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  isStopping = true;
  log.info({ event: "stopping" }, `finishing requests after ${getInterruptSignal(io.signal)}`);
  await registry.presence?.leave();
  await closeInTime(server, context);
  await monitoring?.close();
  log.info({ event: "stopped" }, "stopped");
}
