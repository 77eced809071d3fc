// `npm run test:protocol`: the inspector's command line and the protocol's conformance suite, which need a newer Node.
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installNode } from "../../../scripts/executable/install-node.mjs";
import { installTools } from "../../../scripts/tools.mjs";
import type { JsonObject } from "../../../src/util/json.js";
import { BIN, createSample, type Sample, type StartedCommand } from "../../helpers/run-knock.js";
import { startDev } from "./connect-client.js";

/** A call of every tool, as `name=value` pairs of the inspector. */
const CALLS: [tool: string, ...pairs: string[]][] = [
  ["list_workflows"],
  ["trigger", "workflow=welcome", 'recipients=["grace"]', "skip_delay=true"],
  ["explain", "workflow=new-comment", "recipient=ada", 'data={"page":"Home"}'],
  ["messages", "action=list"],
  ["clock", "action=show"],
  ["preview", "workflow=new-comment", "step=email_1", 'data={"page":"Home"}'],
  ["run_scenarios", 'paths=["welcome"]'],
  ["validate", 'workflows=["welcome"]'],
  ["compare", "base=HEAD"],
  ["faults_and_reset", "action=list"],
  ["docs", "search=move the clock"],
];

describe.runIf(process.env.MODE === "protocol")("the tools of the protocol's authors", () => {
  let sample: Sample;
  let dev: StartedCommand;
  let url: string;
  let node: string;
  let packages: string;
  beforeAll(async () => {
    node = await installNode();
    packages = join(await installTools("protocol"), "node_modules/@modelcontextprotocol");
    sample = createSample("collab");
    const git = (...args: string[]) =>
      execa("git", ["-c", "user.name=a", "-c", "user.email=a@example.com", ...args], { cwd: sample.dir });
    await git("init", "-q", "-b", "main");
    await git("add", ".");
    await git("commit", "-qm", "first");
    ({ url, process: dev } = await startDev(sample));
  });
  afterAll(async () => {
    dev?.kill("SIGTERM");
    await dev;
    sample?.remove();
  });

  const runTool = (path: string, args: readonly string[]) =>
    execa(node, [join(packages, path), ...args], {
      cwd: sample.dir,
      env: { HOME: sample.home },
      reject: false,
      timeout: 120_000,
    });

  it.each(["stdio", "http"])("the inspector lists and calls every tool over %s", async (transport) => {
    const target =
      transport === "stdio"
        ? [process.execPath, BIN, "mcp", "--store", ":memory:"]
        : [`${url}/mcp`, "--transport", transport];
    const inspect = async (method: string, ...args: string[]): Promise<JsonObject> => {
      const options = ["--cli", ...target, "--method", method, ...args];
      const { stdout, stderr } = await runTool("inspector/clients/launcher/build/index.js", options);
      expect(stdout, stderr).toMatch(/^\{/);
      return JSON.parse(stdout);
    };
    const { tools } = (await inspect("tools/list")) as { tools: { name: string }[] };
    expect(tools.map(({ name }) => name)).toEqual(CALLS.map(([name]) => name));
    for (const [name, ...pairs] of CALLS) {
      const result = await inspect("tools/call", "--tool-name", name, ...pairs.flatMap((pair) => ["--tool-arg", pair]));
      expect({ name, result }).toMatchObject({ result: { structuredContent: { ok: expect.any(Boolean) } } });
      expect({ name, isError: result.isError ?? false }).toEqual({ name, isError: false });
    }
  });

  it("the conformance suite passes, except for scenarios of its reference server", async () => {
    const exceptions = join(import.meta.dirname, "conformance-exceptions.yaml");
    const options = ["server", "--url", `${url}/mcp`, "--expected-failures", exceptions];
    const { stdout, exitCode } = await runTool("conformance/dist/index.js", options);
    expect(stdout).toMatch(/Total: 7 passed, 23 failed/);
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
  });
});
