import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { PROGRAM } from "../../src/app/program.js";
import { ENVIRONMENT_VARIABLES } from "../../src/commands/shared/environment-variables.js";
import { createContext } from "../../src/context/command-context.js";
import type { ProcessIO } from "../../src/context/process-io.js";
import { Output } from "../../src/output/output.js";
import { COMPOSE_FILE, KUBERNETES_MANIFEST } from "./deployment-schemas.js";

const FOLDER = resolve(import.meta.dirname, "../../deploy");
const require = createRequire(import.meta.url);
const { validate } = require("dockerfile-utils") as { validate(dockerfile: string): object[] };

const readFile = (path: string): string => readFileSync(join(FOLDER, path), "utf8");
const compose = COMPOSE_FILE.parse(parse(readFile("compose.yaml")));
const manifests = readdirSync(join(FOLDER, "kubernetes")).flatMap((name) =>
  parseAllDocuments(readFile(`kubernetes/${name}`)).map((document) => KUBERNETES_MANIFEST.parse(document.toJS())),
);
const deployments = manifests.filter((manifest) => manifest.kind === "Deployment");
const pods = manifests.flatMap((manifest) =>
  manifest.kind === "Deployment" || manifest.kind === "Job" ? [manifest.spec.template] : [],
);
const unit = readFile("systemd/knock-worker@.service");

/** Returns the values of a key of the systemd unit. */
const readUnit = (key: string): string[] =>
  [...unit.matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].map(([, value]) => value!);

/** Returns every command line of knock in the files of deploy/. */
function listCommandLines(): string[][] {
  const [, image = ""] = /^CMD (.*)$/m.exec(readFile("Dockerfile")) ?? [];
  return [
    JSON.parse(image),
    ...Object.values(compose.services).flatMap(({ image, command }) => (image === "knock" ? [command ?? []] : [])),
    ...pods.map(({ spec }) => spec.containers[0].args),
    ...readUnit("ExecStart").map((line) => line.replace("/usr/bin/env knock ", "").split(" ")),
  ];
}

async function loadProgram(): Promise<Command> {
  const stream = { isTTY: false, write: () => {} };
  const io = { argv: [], env: {}, cwd: FOLDER, cachePrefix: null, stdout: stream, stderr: stream };
  const services = createContext(io as unknown as ProcessIO, await Output.open(io), {
    setExitCode: () => {},
    runCommand: async () => ({ code: 0, stdout: "", stderr: "", error: null }),
  });
  const program = new Command("knock");
  for (const load of Object.values(PROGRAM.commands)) (await load())(program, services);
  return program;
}

/** Returns the words of a command line that its command does not define. */
function listUnknownWords(program: Command, line: readonly string[]): string[] {
  let command = program;
  const unknown: string[] = [];
  for (let index = 0; index < line.length; index++) {
    const word = line[index]!;
    const subcommand = command.commands.find((candidate) => candidate.name() === word);
    const option = command.options.find(({ long }) => long === word);
    if (subcommand !== undefined) command = subcommand;
    else if (option === undefined) unknown.push(word);
    else if (option.required) index++;
  }
  return unknown;
}

describe("the files of deploy/", () => {
  it("start commands with flags that exist", async () => {
    const program = await loadProgram();
    const lines = listCommandLines();
    expect(lines.length).toBeGreaterThan(6);
    expect(
      lines.map((line) => [line.join(" "), listUnknownWords(program, line)]).filter(([, words]) => words!.length > 0),
    ).toEqual([]);
  });

  it("set variables of knock that exist", () => {
    const known = new Set(ENVIRONMENT_VARIABLES.map(({ name }) => name));
    const texts = [
      "compose.yaml",
      "systemd/knock-worker@.service",
      ...readdirSync(join(FOLDER, "kubernetes")).map((name) => `kubernetes/${name}`),
    ];
    const used = texts.flatMap((path) => readFile(path).match(/\b(?:KNOCK|PG)_?[A-Z]\w*\b/g) ?? []);
    expect(used).toContain("KNOCK_STORE");
    expect(used.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe("the Dockerfile of a project", () => {
  it("has no errors and no warnings of the linter, and no instruction that needs root", () => {
    const dockerfile = readFile("Dockerfile");
    expect(validate(dockerfile)).toEqual([]);
    expect(dockerfile).not.toMatch(/^(?:USER|RUN|ENTRYPOINT)\b/m);
  });
});

describe("the Compose file", () => {
  it("starts services after those that they need", () => {
    for (const { depends_on = {} } of Object.values(compose.services))
      for (const [name, { condition }] of Object.entries(depends_on)) {
        const service = compose.services[name];
        expect(service).toBeDefined();
        if (condition === "service_healthy") expect(service?.healthcheck).toBeDefined();
        if (condition === "service_completed_successfully") expect(service?.restart).toBeUndefined();
      }
  });

  it("has two workers with time to end, and volumes that are defined", () => {
    expect(compose.services.worker).toMatchObject({ deploy: { replicas: 2 }, stop_grace_period: "30s" });
    const named = Object.values(compose.services).flatMap(({ volumes = [] }) =>
      volumes.map((volume) => volume.split(":")[0]!).filter((source) => !source.startsWith(".")),
    );
    expect(named).toEqual(Object.keys(compose.volumes));
  });

  it("connects every service of knock to the database of the service postgres", () => {
    const { POSTGRES_USER, POSTGRES_DB } = compose.services.postgres?.environment ?? {};
    for (const [name, { image, environment }] of Object.entries(compose.services)) {
      if (image !== "knock") continue;
      expect(name && environment).toEqual(compose["x-environment"]);
    }
    expect(compose["x-environment"].KNOCK_STORE).toBe(`postgres://${POSTGRES_USER}@postgres:5432/${POSTGRES_DB}`);
  });
});

describe("the Kubernetes manifests", () => {
  it("select the pods that they create", () => {
    for (const { spec } of deployments) expect(spec.template.metadata.labels).toEqual(spec.selector.matchLabels);
    const labels = deployments.map(({ spec }) => JSON.stringify(spec.selector.matchLabels));
    for (const manifest of manifests) {
      if (manifest.kind === "PodDisruptionBudget")
        expect(labels).toContain(JSON.stringify(manifest.spec.selector.matchLabels));
      if (manifest.kind === "Service") expect(labels).toContain(JSON.stringify(manifest.spec.selector));
    }
    expect(new Set(labels).size).toBe(labels.length);
    expect(new Set(manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).size).toBe(manifests.length);
  });

  it("probe ports that the container has", () => {
    for (const { spec } of pods) {
      const [container] = spec.containers;
      const names = container.ports?.map(({ name }) => name) ?? [];
      for (const probe of [container.startupProbe, container.readinessProbe, container.livenessProbe])
        if (probe !== undefined) expect(names).toContain(probe.httpGet.port);
    }
  });

  it("serve metrics and health at the port that probes and Prometheus use", () => {
    const worker = deployments.find(({ metadata }) => metadata.name === "knock-worker")!.spec.template;
    const { args, ports } = worker.spec.containers[0];
    const port = args[args.indexOf("--metrics-port") + 1];
    expect(String(ports?.[0]?.containerPort)).toBe(port);
    expect(worker.metadata.annotations?.["prometheus.io/port"]).toBe(port);
  });

  it("keep a worker during disruptions and updates", () => {
    const budget = manifests.find(({ kind }) => kind === "PodDisruptionBudget");
    const worker = deployments.find(({ metadata }) => metadata.name === "knock-worker")!;
    expect(budget?.spec).toMatchObject({ minAvailable: 1 });
    expect(worker.spec.replicas).toBeGreaterThan(1);
    expect(worker.spec.strategy?.rollingUpdate.maxUnavailable).toBe(0);
    expect(worker.spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(30);
  });

  it("read the URL of the database from secrets only", () => {
    for (const { spec } of pods) {
      const [{ env = [], envFrom = [] }] = spec.containers;
      expect(envFrom.length + env.filter(({ name }) => name === "KNOCK_STORE").length).toBe(1);
    }
  });
});

const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;
if (!hasSystemd) console.warn("notice: no systemd-analyze; the systemd unit is only read");

describe("the systemd unit", () => {
  it.runIf(hasSystemd)("has no errors and no warnings of systemd-analyze", () => {
    const folder = mkdtempSync(join(tmpdir(), "knock-unit-"));
    try {
      const path = join(folder, "knock-worker@1.service");
      copyFileSync(join(FOLDER, "systemd/knock-worker@.service"), path);
      const { status, stdout, stderr } = spawnSync("systemd-analyze", ["verify", path], { encoding: "utf8" });
      expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("waits for the end of jobs, and expects the exit code of a worker that was stopped", () => {
    expect(Number(readUnit("TimeoutStopSec")[0])).toBeGreaterThanOrEqual(30);
    expect(readUnit("SuccessExitStatus")).toEqual(["143"]);
    expect(readUnit("Restart")).toEqual(["always"]);
  });
});
