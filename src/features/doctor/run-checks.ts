import { existsSync, type Stats, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { readWorkflow } from "../../commands/shared/read-workflow-views.js";
import type { CommandContext } from "../../context/command-context.js";
import { openCredentials } from "../../context/credentials.js";
import { formatStoreLocation, isPostgresLocation, resolveStoreLocation } from "../../context/store-location.js";
import { type TargetFlags, toLocalFlags } from "../../context/target-flags.js";
import type { WorkflowProblem } from "../../domain/workflow/workflow-view.js";
import { getErrorMessage, KnockError } from "../../errors/knock-error.js";
import { formatDisplayPath } from "../../project/format-display-path.js";
import type { Project } from "../../project/open-project.js";
import { openProjectSources } from "../../project/project-sources.js";
import type { StoreState } from "../../store/postgres/due-work/store-state.js";
import { openDatabase, selectOne } from "../../store/sqlite/connection/driver.js";
import { checkStoreFolder } from "../../store/sqlite/connection/inspect-store-file.js";
import { withTimeLimit } from "../../util/time-limit.js";
import { checkCommand } from "./check-command.js";
import { checkProjects } from "./check-projects.js";
import { listVariableReferences } from "./list-variable-references.js";
import type { DoctorCheck, DoctorReport } from "./report-schema.js";

type CheckResult = Omit<DoctorCheck, "name">;

/** The oldest version of Node that works, as in package.json. */
const MIN_NODE = [20, 18] as const;
/** Time limits of the request to the API: of an attempt, and of all attempts together. */
const ATTEMPT_TIMEOUT = "5s";
const REMOTE_TIMEOUT_MS = 15_000;
const GROUP_OR_OTHERS = 0o077;
const WRITABLE_BY_OTHERS = 0o002;

const ok = (message: string): CheckResult => ({ status: "ok", message });
const warn = (message: string, hint: string): CheckResult => ({ status: "warning", message, hint });
const fail = (message: string, hint?: string | null): CheckResult => ({
  status: "error",
  message,
  ...(hint == null ? {} : { hint }),
});

/** Returns the result of a check. An error that users can cause becomes its result. */
async function runCheck(name: string, check: () => CheckResult | Promise<CheckResult>): Promise<DoctorCheck> {
  try {
    return { name, ...(await check()) };
  } catch (error) {
    if (!(error instanceof KnockError)) throw error;
    return { name, ...fail(error.message, error.hint) };
  }
}

const formatMode = ({ mode }: Stats): string => (mode & 0o777).toString(8).padStart(4, "0");

function checkNode(version: string): CheckResult {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isSupported = major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1]);
  return isSupported
    ? ok(version)
    : fail(`${version} is older than ${MIN_NODE.join(".")}`, "Install a newer version of Node.");
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;

/** Returns the versions of the command, of the store's database and of the operating system. */
async function checkVersions(version: string, databaseVersion: string): Promise<CheckResult> {
  return ok(`knock ${version}, ${databaseVersion}, ${process.platform} ${process.arch}`);
}

async function readSqliteVersion(): Promise<string> {
  const database = await openDatabase(":memory:", { readOnly: false });
  try {
    return `SQLite ${selectOne<{ version: string }>(database, "SELECT sqlite_version() AS version").version}`;
  } finally {
    database.close();
  }
}

function describeStoreState(shown: string, state: StoreState): CheckResult {
  const { uses, missing, isStandby, version, neededVersion, jobsVersion, processes, settings } = state;
  const workers = processes.filter(({ kind }) => kind === "worker").length;
  if (missing.length > 0)
    return fail(
      `${shown}: the role lacks ${missing.slice(0, 5).join(", ")}${missing.length > 5 ? ` and ${missing.length - 5} more` : ""}`,
      "Run `knock store migrate --grant-to worker=<role>` with the role that owns the tables, or grant api or reader.",
    );
  const message = `${shown}: tables of version ${version}, jobs of version ${jobsVersion ?? "unknown"}, rights of ${uses.join(", ")}${uses.join() === "reader" ? " (it cannot write)" : ""}, ${count(workers, "live worker")}`;
  if (isStandby) return warn(`${message}: the server is a standby`, "Use the primary server to write.");
  if (version > neededVersion) return warn(`${message}: this knock knows version ${neededVersion}`, "Update knock.");
  return settings.length === 0
    ? ok(message)
    : warn(`${message}, server with ${settings.join(", ")}`, "Compare the settings with `docs/guide/scaling.md`.");
}

/** Checks Node, the project, the store and the credentials of a command. Sends a request only for the remote target. */
export class Doctor {
  private project: Project | null = null;
  /** The version of the store's server, if the store is in one. */
  private databaseVersion: string | null = null;
  private storeState: StoreState | null = null;

  constructor(
    private readonly context: CommandContext,
    private readonly flags: TargetFlags,
  ) {}

  async run(): Promise<DoctorReport> {
    const checks = [await runCheck("project", () => this.checkProject())];
    if (this.project !== null) {
      const { project } = this;
      const files = await runCheck("files", () => this.checkFiles(project));
      checks.push(files);
      if (files.status !== "error") checks.push(await runCheck("variables", () => this.checkVariables(project)));
      checks.push(await runCheck("file_modes", () => this.checkModes(project)));
      checks.push(await runCheck("store", () => this.checkStore(project)));
      const { storeState } = this;
      if (storeState !== null) checks.push(await runCheck("projects", () => checkProjects(storeState)));
    }
    checks.push(await runCheck("credentials", () => this.checkCredentials()));
    // Settings cannot be resolved without a valid knock.json, which is already reported.
    if (!checks.some(({ name, status }) => name === "project" && status === "error")) {
      checks.push(await runCheck("settings", () => this.checkSettings()));
      checks.push(await runCheck("reachability", () => this.checkReachability()));
    }
    checks.push(await runCheck("command", () => checkCommand(this.context.io)));
    checks.push(await runCheck("node", () => checkNode(process.versions.node)));
    checks.push(
      await runCheck("versions", async () =>
        checkVersions(this.context.io.version, this.databaseVersion ?? (await readSqliteVersion())),
      ),
    );
    return { checks };
  }

  private display(path: string): string {
    return formatDisplayPath(this.context.io.cwd, path);
  }

  private async checkProject(): Promise<CheckResult> {
    this.project = await this.context.files.find(this.flags);
    if (this.project === null)
      return warn(
        "no knock.json in the working directory or a folder above it",
        "Run `knock init` to create a project.",
      );
    return ok(join(this.display(this.project.root) || ".", "knock.json"));
  }

  /** Warns about environment variables that the project's files name and that are not set. */
  private async checkVariables(main: Project): Promise<CheckResult> {
    const { env, cwd } = this.context.io;
    const project = await this.findFiles(main);
    const references = listVariableReferences(await project.environment());
    const sources = openProjectSources(project, cwd);
    for (const key of sources.keys()) {
      const { verification = null } = (await sources.read(key))?.settings ?? {};
      if (verification !== null) references.push({ name: verification.variable, owner: `source "${key}"` });
    }
    const unset = references.filter(({ name }) => !env[name]);
    if (unset.length === 0) return ok(references.length === 0 ? "none needed" : `${references.length} needed, and set`);
    const names = [...new Set(unset.map(({ name }) => name))];
    return warn(
      `not set: ${unset.map(({ name, owner }) => `${name} (${owner})`).join(", ")}`,
      `Set ${names.join(", ")}, for example with \`export ${names[0]}=…\`.`,
    );
  }

  private async findFiles(main: Project): Promise<Project> {
    return (await this.context.project.findFiles(toLocalFlags(this.flags))) ?? main;
  }

  /** Reads every workflow, the environment and the recipients. */
  private async checkFiles(main: Project): Promise<CheckResult> {
    const project = await this.findFiles(main);
    await project.environment();
    const warnings = (await project.readRunWarnings()).length;
    const recipients = await project.readChangedRecipients(new Map());
    const keys = await project.workflowKeys();
    const problems: WorkflowProblem[] = [];
    for (const key of keys) problems.push(...(await readWorkflow(key, project)).problems);
    const errors = problems.filter(({ severity }) => severity === "error");
    const allWarnings = warnings + problems.length - errors.length;
    const people = recipients.reduce((sum, file) => sum + file.recipients.length, 0);
    const summary = `${count(keys.length, "workflow")}, ${count(people, "recipient")}`;
    const hint = "Run `knock workflows list` to see them.";
    if (errors.length > 0)
      return fail(`${summary}: ${count(errors.length, "error")}, first ${errors[0]?.message}`, hint);
    return allWarnings > 0 ? warn(`${summary}: ${count(allWarnings, "warning")}`, hint) : ok(summary);
  }

  /** Warns about files that other users can change, because commands of the project would run with their content. */
  private checkModes({ root, knockDir }: Project): CheckResult {
    if (process.platform === "win32") return ok("not checked on Windows");
    const paths = [join(root, "knock.json"), knockDir, join(knockDir, "environment.json"), join(knockDir, "workflows")];
    const open = paths.filter((path) => existsSync(path) && (statSync(path).mode & WRITABLE_BY_OTHERS) !== 0);
    if (open.length === 0) return ok("only the owner and the group can change the project's files");
    const names = open.map((path) => this.display(path)).join(", ");
    return warn(`all users of this computer can change ${names}`, `Run \`chmod o-w ${names}\`.`);
  }

  private async checkStore(project: Project): Promise<CheckResult> {
    const { store } = await this.context.settings.get(this.flags);
    const { cwd, env } = this.context.io;
    const location = resolveStoreLocation(store, project, cwd, env);
    if (isPostgresLocation(location)) return this.checkDatabase(location);
    if (location === ":memory:") return ok("in memory");
    const path = this.display(location);
    if (!existsSync(location)) {
      checkStoreFolder(dirname(location));
      return ok(`${path} will be created by the first trigger`);
    }
    const stats = statSync(location);
    const operations = await this.context.target.openForCheck(toLocalFlags(this.flags));
    await operations.listMessages({}, { limit: 1 });
    const message = `${path}, ${Math.ceil(stats.size / 1024)} kB, mode ${formatMode(stats)}`;
    return process.platform !== "win32" && (stats.mode & GROUP_OR_OTHERS) !== 0
      ? warn(`${message}: other users can read messages and recipients`, `Run \`chmod 600 ${path}\`.`)
      : ok(message);
  }

  private async checkDatabase(location: string): Promise<CheckResult> {
    this.databaseVersion = "PostgreSQL";
    const { inspectDatabase, inspectStore } = await import("../../store/postgres/open-postgres-store.js");
    const { serverVersion, isEmpty, isPartitionMissing } = await inspectDatabase(location);
    this.databaseVersion = `PostgreSQL ${serverVersion}`;
    const shown = formatStoreLocation(location);
    if (isEmpty) return ok(`${shown}: the first trigger will create its tables`);
    this.storeState = await inspectStore(location);
    const state = describeStoreState(shown, this.storeState);
    if (state.status === "error") return state;
    const operations = await this.context.target.openForCheck(toLocalFlags(this.flags));
    await operations.listMessages({}, { limit: 1 });
    if (isPartitionMissing)
      return warn(
        `${shown}: rows of this month are added to the partition of an older one`,
        "Run `knock store migrate` or `knock prune` every month with the role that owns the tables, or start workers with it.",
      );
    return state;
  }

  private async checkSettings(): Promise<CheckResult> {
    const { target, api_key, base_url, recipientGuards } = await this.context.settings.get(this.flags);
    const guard =
      recipientGuards.length === 0
        ? "no recipient guard"
        : `recipients limited by ${recipientGuards.map(({ source }) => source).join(" and ")}`;
    const key = api_key.value === null ? "no API key" : `API key from ${api_key.source}`;
    if (target.value === "remote" && api_key.value === null)
      return fail("the target is remote, and there is no API key", "Run `knock auth login`, or set KNOCK_API_KEY.");
    return ok(
      `target ${target.value} (${target.source}), ${key}, ${base_url.value}${target.value === "remote" ? `, ${guard}` : ""}`,
    );
  }

  private checkCredentials(): CheckResult {
    const { env, cwd } = this.context.io;
    const credentials = openCredentials(env, cwd);
    const names = credentials.listProfiles();
    if (!existsSync(credentials.path)) return ok("no stored profiles");
    const stored = names.map((name) => ({ name, ...credentials.readProfile(name) }));
    const invalid = stored.filter(({ profile }) => profile?.api_key && !/^(sk|pk)_[\w-]+$/.test(profile.api_key));
    const message = `${count(names.length, "profile")} in ${credentials.path}, mode ${formatMode(statSync(credentials.path))}`;
    if (invalid.length > 0) {
      const profile = invalid[0]?.name ?? "";
      return fail(
        `the key of profile "${profile}" does not start with sk_ or pk_`,
        `Run \`knock auth login --profile ${profile}\` to store an API key.`,
      );
    }
    const isOpen = process.platform !== "win32" && (statSync(credentials.path).mode & GROUP_OR_OTHERS) !== 0;
    return isOpen
      ? fail(`${message}: other users can read the keys`, `Run \`chmod 600 ${credentials.path}\`.`)
      : ok(message);
  }

  /** Sends a request that changes nothing, if the target is remote. */
  private async checkReachability(): Promise<CheckResult> {
    const { target, base_url, api_key } = await this.context.settings.get(this.flags);
    if (target.value === "local") return ok("not checked, because the target is local (check with --remote)");
    if (api_key.value === null) return ok("not checked, because there is no API key");
    const operations = await this.context.target.open({ ...this.flags, timeout: ATTEMPT_TIMEOUT }, "read");
    try {
      await withTimeLimit(
        operations.listMessages({}, { limit: 1 }),
        REMOTE_TIMEOUT_MS,
        () => new KnockError("unreachable", `no usable response within ${REMOTE_TIMEOUT_MS / 1_000} s`),
      );
    } catch (error) {
      // The key is known but may not list messages, for example because it is a public key (A-005).
      if (!(error instanceof KnockError)) throw error;
      if (error.code !== "not_allowed") return fail(`${base_url.value}: ${getErrorMessage(error)}`, error.hint);
    }
    return ok(`${base_url.value} accepts the key`);
  }
}
