import { once } from "node:events";
import { existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import Knock from "@knocklabs/node";
import { describe, expect } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite/open-sqlite-store.js";
import { eventually } from "../helpers/eventually.js";
import { checkPrintedDocuments, listDocumentViolations } from "../helpers/output-schemas.js";
import { cliTest as it, type Sample, type StartedCommand } from "../helpers/run-knock.js";

interface Ready {
  url: string;
  port: number;
  pid: number;
}

/** Starts `knock dev` and waits for its ready file, which is never incomplete. */
async function started(sample: Sample, args: readonly string[] = []): Promise<Ready & { process: StartedCommand }> {
  const file = sample.path("ready.json");
  const process = sample.start(["dev", "--port", "0", "--ready-file", "ready.json", ...args]);
  // There is no time limit here for a busy machine; the test's own limit applies.
  while (!existsSync(file) && process.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 10));
  return { ...(JSON.parse(readFileSync(file, "utf8")) as Ready), process };
}

async function helper(url: string, path: string, body: object = {}): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${url}/__knock/${path}`, { method: "POST", body: JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
}

async function connected(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

describe.concurrent("knock dev", () => {
  it("runs an unmodified application of the official SDK, and ends on a signal", async ({ collab }) => {
    const { url, process } = await started(collab);
    const knock = new Knock({ apiKey: "sk_anything", baseURL: url });
    const { workflow_run_id } = await knock.workflows.trigger("new-comment", {
      recipients: ["ada", "grace"],
      actor: "alan",
      data: { page: "Home" },
    });
    await knock.users.update("zoe", { name: "Zoe" });
    process.kill("SIGTERM");
    const { exitCode, stdout, stderr } = await process;
    expect(exitCode).toBe(143);
    expect(existsSync(collab.path("ready.json"))).toBe(false);
    expect(stdout).toContain(`KNOCK_BASE_URL=${url}`);
    expect(stderr).not.toContain("at ");
    // The commands use the same store.
    expect((await collab.knock(["runs", "show", workflow_run_id, "--json"])).outcome.recipients).toHaveLength(2);
    expect((await collab.knock(["users", "get", "zoe", "--json"])).json).toMatchObject({ name: "Zoe" });
  });

  it("--exec runs a command with the emulator, and exits with its code", async ({ collab }) => {
    const script =
      'node -e \'fetch(process.env.KNOCK_BASE_URL+"/v1/users/ada",{headers:{authorization:"Bearer "+process.env.KNOCK_API_KEY}}).then(r=>r.json()).then(u=>{console.log(u.name,process.env.KNOCK_API_KEY);process.exitCode=7})\'';
    const args = ["dev", "--port", "0", "--store", ":memory:", "--exec", script];
    const ran = await collab.knock(args);
    expect([ran.exitCode, ran.stdout]).toEqual([7, "Ada Lovelace sk_local"]);
    expect(existsSync(collab.path(".knock-local"))).toBe(false);
    const own = await collab.knock(args, { env: { KNOCK_API_KEY: "sk_own" } });
    expect(own.stdout).toBe("Ada Lovelace sk_own");
  });

  it("--strict rejects triggers that cause a warning, and does not start if a file has one", async ({ collab }) => {
    const template = { markdown_body: "Hi {{ data.page }}" };
    const step = { ref: "feed_1", type: "channel", channel_key: "in-app-feed", template };
    collab.write("knock/workflows/greet/workflow.json", { steps: [step] });
    const script =
      'for (const name of ["page","pge"]) console.log((await fetch(process.env.KNOCK_BASE_URL+"/v1/workflows/greet/trigger",{method:"POST",headers:{authorization:"Bearer sk_1","content-type":"application/json"},body:JSON.stringify({recipients:["ada"],data:{[name]:"Home"}})})).status)';
    const start = ["dev", "--strict", "--port", "0", "--store", ":memory:", "-q", "--"];
    const { stdout } = await collab.knock([...start, "node", "--input-type=module", "-e", script]);
    expect(stdout.split("\n")).toEqual(["200", "422"]);
    collab.write("knock/workflows/greet/workflow.json", { steps: [{ ...step, nmae: "Feed" }] });
    expect(await collab.knock([...start, "true"])).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining("(--strict treats warnings as errors)"),
    });
  });

  it("--exec rejects an empty command, and passes one of the listed keys", async ({ collab }) => {
    const args = ["dev", "--port", "0", "--store", ":memory:"];
    const empty = await collab.knock([...args, "--exec", " "]);
    expect([empty.exitCode, empty.stderr]).toEqual([2, expect.stringContaining("--exec: there is no command")]);
    const environment = JSON.parse(collab.read("knock/environment.json")) as object;
    collab.write("knock/environment.json", { ...environment, keys: ["pk_one", "sk_one"] });
    expect((await collab.knock([...args, "--exec", 'echo "$KNOCK_API_KEY"'])).stdout).toBe("sk_one");
    const { process } = await started(collab, ["--store", ":memory:"]);
    process.kill("SIGINT");
    expect((await process).stdout).toMatch(/^KNOCK_API_KEY=sk_one$/m);
  });

  it("--exec ends with its command when that is killed, and forwards SIGTERM", async ({ collab }) => {
    expect((await collab.knock(["dev", "--port", "0", "--store", ":memory:", "--exec", "kill -9 $$"])).exitCode).toBe(
      137,
    );
    const { process, url } = await started(collab, ["--exec", "exec sleep 600"]);
    process.kill("SIGTERM");
    expect((await process).exitCode).toBe(143);
    await expect(fetch(`${url}/__knock/ready`)).rejects.toThrow();
  });

  it("serves the page, and prints its address", async ({ collab }) => {
    collab.write("knock/workflows/broken/workflow.json", "{");
    const { url, process } = await started(collab, ["--store", ":memory:"]);
    expect(new URL(url).hostname).toBe("127.0.0.1");
    // Linux has all addresses of 127.0.0.0/8, so this one is refused only if the server does not listen on all addresses.
    await expect(fetch(url.replace("127.0.0.1", "127.0.0.2"))).rejects.toThrow("fetch failed");
    const response = await fetch(url);
    expect(response.headers.get("content-type")).toContain("text/html");
    expect(await response.text()).toContain("<title>knock dev</title>");
    const listed = (await (await fetch(`${url}/__knock/page/workflows`)).json()) as {
      items: { key: string; error: string | null }[];
    };
    expect(listed.items.find(({ key }) => key === "broken")?.error).toContain("broken/workflow.json");
    expect(listed.items.find(({ key }) => key === "invite")?.error).toBeNull();
    process.kill("SIGTERM");
    expect((await process).stderr).toContain(`page: ${url}/\n`);
  });

  it("logs requests and reasons for rejections, and under --exec only with --verbose", async ({ collab }) => {
    const { url, process } = await started(collab, ["--store", ":memory:"]);
    const knock = new Knock({ apiKey: "sk_x", baseURL: url, maxRetries: 0 });
    const { workflow_run_id } = await knock.workflows.trigger("invite", { recipients: ["ada"] });
    await expect(knock.workflows.trigger("invitee", { recipients: ["ada"] })).rejects.toMatchObject({ status: 404 });
    await knock.users.get("ada");
    process.kill("SIGTERM");
    const { stderr } = await process;
    expect(stderr).toMatch(new RegExp(`^200 POST /v1/workflows/invite/trigger  \\d+ ms  run ${workflow_run_id}$`, "m"));
    expect(stderr).toMatch(/^404 POST \/v1\/workflows\/invitee\/trigger {2}\d+ ms {2}.*Did you mean "invite"\?$/m);
    expect(stderr).not.toContain("GET /v1/users/ada");
    const args = [
      "dev",
      "--port",
      "0",
      "--store",
      ":memory:",
      "--exec",
      `node -e 'fetch(process.env.KNOCK_BASE_URL+"/v1/users/ada")'`,
    ];
    expect((await collab.knock(args)).stderr).not.toContain("/v1/users/ada");
    expect((await collab.knock([...args, "--verbose"])).stderr).toMatch(/^401 GET \/v1\/users\/ada .*API key/m);
  });

  it("follows the project's files", async ({ collab }) => {
    const { url, process } = await started(collab, ["--store", ":memory:"]);
    const knock = new Knock({ apiKey: "sk_x", baseURL: url, maxRetries: 0 });
    const feed = { ref: "f", type: "channel", channel_key: "in-app-feed", template: { markdown_body: "Hi" } };
    collab.write("knock/workflows/fresh/workflow.json", { name: "Fresh", steps: [feed] });
    await knock.workflows.trigger("fresh", { recipients: ["ada"] });

    collab.write("knock/recipients/more.json", { users: [{ id: "late", name: "Late" }] });
    expect(await eventually(async () => (await knock.users.get("late").catch(() => null)) !== null)).toBe(true);
    const schedule = { key: "later", workflow: "fresh", recipients: ["late"], scheduled_at: "2040-01-01T00:00:00Z" };
    collab.write("knock/schedules/later.json", { schedules: [schedule] });
    const hasSchedule = async () => (await knock.schedules.list({ workflow: "fresh" })).entries.length === 1;
    expect(await eventually(hasSchedule)).toBe(true);
    const environment = JSON.parse(collab.read("knock/environment.json")) as object;
    collab.write("knock/environment.json", { ...environment, keys: ["sk_only"] });
    const isRefused = async () => (await knock.users.get("late").catch((error) => error.status)) === 401;
    expect(await eventually(isRefused)).toBe(true);
    process.kill("SIGINT");
    expect((await process).exitCode).toBe(130);
  });

  // This test runs alone, because requests that are not answered within the grace period are aborted.
  it.sequential("answers all requests in progress when it is interrupted", async ({ collab }) => {
    const feed = { ref: "f", type: "channel", channel_key: "in-app-feed", template: { markdown_body: "Hi" } };
    collab.write("knock/workflows/fresh/workflow.json", { name: "Fresh", steps: [feed] });
    const { url, process } = await started(collab);
    const sockets = await Promise.all(Array.from({ length: 200 }, () => connected(url)));
    const answers = sockets.map(async (socket, index) => {
      const body = JSON.stringify({ recipients: [{ id: `r${index}` }] });
      const head = "POST /v1/workflows/fresh/trigger HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sk_x\r\n";
      socket.write(`${head}Content-Length: ${body.length}\r\n\r\n${body}`);
      const [answer] = (await once(socket, "data")) as [Buffer];
      const [, status, run] = /^HTTP\/1\.1 (\d+)[\s\S]*"workflow_run_id":"([^"]+)"/.exec(answer.toString()) ?? [];
      return { status: Number(status), run };
    });
    await Promise.race(answers);
    process.kill("SIGINT");
    const all = await Promise.all(answers);
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200]));
    expect((await process).exitCode).toBe(130);
    const store = await openSqliteStore(collab.path(".knock-local/store.db"));
    const { items } = await store.listMessages({ workflow: "fresh" }, { limit: 1_000 });
    await store.close();
    expect(new Set(items.map((message) => message.workflow_run_id))).toEqual(new Set(all.map(({ run }) => run)));
    expect(items).toHaveLength(200);
  });

  it.for([
    ["deleted", "is gone", (sample: Sample) => rmSync(sample.path(".knock-local"), { recursive: true })],
    [
      "replaced",
      "was replaced by another file",
      (sample: Sample) => {
        renameSync(sample.path(".knock-local"), sample.path("aside"));
        sample.write(".knock-local/store.db", "");
      },
    ],
  ] as const)("reports once that its store was %s, with the consequence", async ([_what, told, change], { collab }) => {
    const { url, process } = await started(collab);
    let said = "";
    process.stderr?.on("data", (text: Buffer) => {
      said += text;
    });
    change(collab);
    await eventually(async () => said.includes("the store"));
    const knock = new Knock({ apiKey: "sk_x", baseURL: url });
    await expect(knock.users.update("zoe", { name: "Zoe" })).rejects.toMatchObject({ status: 503 });
    process.kill("SIGINT");
    const lines = (await process).stderr.split("\n").filter((line) => line.startsWith("warning: the store"));
    expect(lines).toEqual([
      `warning: the store ${collab.path(".knock-local/store.db")} ${told}: requests that change data fail with 503 until knock dev is restarted`,
    ]);
  });

  it("restores the content of the project's files on reset", async ({ collab }) => {
    const { url, process } = await started(collab, ["--store", ":memory:"]);
    const knock = new Knock({ apiKey: "sk_x", baseURL: url, maxRetries: 0 });
    await knock.users.update("ada", { name: "Changed" });
    await knock.users.update("zoe", { name: "Zoe" });
    await helper(url, "clock", { advance: "2h" });
    expect(await helper(url, "reset")).toEqual({ status: 200, body: { reset: true, kept: [] } });
    expect(await knock.users.get("ada")).toMatchObject({ name: "Ada Lovelace" });
    await expect(knock.users.get("zoe")).rejects.toMatchObject({ status: 404 });
    process.kill("SIGINT");
    await process;
  });

  it("ignores a ready file of an earlier run", async ({ collab }) => {
    const read = () => JSON.parse(collab.read("ready.json")) as Ready;
    collab.write("ready.json", { url: "http://127.0.0.1:1", port: 1, pid: 1 });
    const args = ["dev", "--port", "0", "--store", ":memory:", "--ready-file", "ready.json", "--json"];
    const process = collab.start(args);
    const isNew = async () => existsSync(collab.path("ready.json")) && read().port !== 1;
    expect(await eventually(isNew)).toBe(true);
    expect((await fetch(`${read().url}/__knock/ready`)).status).toBe(200);
    expect(listDocumentViolations("dev-ready-file", read())).toEqual([]);
    process.kill("SIGINT");
    expect(checkPrintedDocuments(args, { stdout: (await process).stdout, stderr: "" })).toEqual(["dev"]);
    const nowhere = await collab.knock([
      "dev",
      "--port",
      "0",
      "--store",
      ":memory:",
      "--ready-file",
      "no/such/ready.json",
    ]);
    expect([nowhere.exitCode, nowhere.stderr]).toEqual([
      2,
      expect.stringMatching(
        /^error: --ready-file: the folder \S*no\/such does not exist\nhint: Give a path in an existing folder/,
      ),
    ]);
    const folder = await collab.knock(["dev", "--port", "0", "--store", ":memory:", "--ready-file", "knock"]);
    expect([folder.exitCode, folder.stderr]).toEqual([2, expect.stringMatching(/^error: --ready-file: /)]);
  });

  it("reports invalid addresses and ports", async ({ collab }) => {
    const { port, process } = await started(collab, ["--store", ":memory:"]);
    const taken = await collab.knock(["dev", "--port", String(port), "--store", ":memory:"]);
    expect([taken.exitCode, taken.stderr]).toEqual([7, expect.stringContaining(`127.0.0.1:${port}`)]);
    expect(taken.stderr).toContain("--port 0");
    process.kill("SIGINT");
    await process;
    for (const name of ["http://api.lark.test", "api.lark.test:8484", "*.lark.test", "", "."]) {
      const refused = await collab.knock(["dev", "--port", "0", "--store", ":memory:", "--allow-host", name]);
      expect([name, refused.exitCode, refused.stderr]).toEqual([name, 2, expect.stringContaining("--allow-host")]);
    }
    const wrong = await collab.knock(["dev", "--port", "http"]);
    expect([wrong.exitCode, wrong.stderr]).toEqual([2, expect.stringContaining("--port")]);
  });

  it("answers to the host names of --allow-host, and the error for others names the option", async ({ collab }) => {
    const script = `node -e '
      const { request } = require("node:http");
      for (const host of ["api.lark.example", "x.finch.example", "other.example"])
        request(process.env.KNOCK_BASE_URL + "/__knock/ready", { headers: { host } }, (response) => {
          response.on("data", (text) => console.log(host, response.statusCode, String(text)));
        }).end();
    '`;
    const args = ["--allow-host", "API.lark.example", "--allow-host", ".finch.example", "--exec", script];
    const { stdout } = await collab.knock(["dev", "--port", "0", "--store", ":memory:", ...args]);
    expect(stdout).toMatch(/api\.lark\.example 200/);
    expect(stdout).toMatch(/x\.finch\.example 200/);
    expect(stdout).toMatch(/other\.example 403 .*--allow-host other\.example/);
  });

  it("requires a project", async ({ empty }) => {
    expect((await empty.knock(["dev", "--port", "0"])).exitCode).toBe(3);
  });
});
