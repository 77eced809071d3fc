import { execFile } from "node:child_process";
import type { JsonObject } from "../../../src/util/json.js";
import { type Feed, type MessageObject, PAGE_SIZE, type RunObject, type Transport } from "./storm-client.js";

/** Runs the built command for each call, in a process of its own. */
export function openCommandTransport(bin: string, folder: string, store: string): Transport {
  const runCommand = (args: readonly string[]) =>
    new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
      const options = { cwd: folder, maxBuffer: 2 ** 26 };
      execFile(process.execPath, [bin, ...args, "--store", store, "--json"], options, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
      );
    });
  const readJson = async (args: readonly string[]): Promise<JsonObject> => {
    const { code, stdout, stderr } = await runCommand(args);
    if (code === 0 && stderr === "") return JSON.parse(stdout) as JsonObject;
    // A subject that no client has used is not a user yet.
    if (stderr.includes('"code":"resource_missing"') && args[1] === "list") return { items: [], entries: [], meta: {} };
    throw new Error(`knock ${args.join(" ")} exited with ${code}: ${stderr}`);
  };
  const list = async <Item>(args: readonly string[]): Promise<Item[]> =>
    (await readJson([...args, "--limit", String(PAGE_SIZE)])).items as Item[];
  return {
    async trigger(workflow, { recipients, data, cancellation_key }, key) {
      const flags = ["-r", JSON.stringify(recipients), "-d", JSON.stringify(data)];
      const keys = [
        "--cancellation-key",
        String(cancellation_key),
        ...(key === undefined ? [] : ["--idempotency-key", key]),
      ];
      const { code, stdout, stderr } = await runCommand(["notify", workflow, ...flags, ...keys]);
      if (code === 0 && stderr === "") return String((JSON.parse(stdout) as JsonObject).workflow_run_id);
      if (stderr.includes('"code":"idempotency_conflict"')) return null;
      throw new Error(`knock notify exited with ${code}: ${stderr}`);
    },
    cancel: async (workflow, key) =>
      (await readJson(["cancel", workflow, key])).recipients as unknown as Awaited<ReturnType<Transport["cancel"]>>,
    listRuns: (subject, workflow) => list<RunObject>(["runs", "list", "--recipient", subject, "--workflow", workflow]),
    listMessages: (subject, workflow) =>
      list<MessageObject>(["messages", "list", "--recipient", subject, "--workflow", workflow]),
    async readFeed(subject) {
      const args = ["feed", "list", subject, "--archived", "include", "--limit", String(PAGE_SIZE)];
      const { items = [], entries = items, meta } = await readJson(args);
      return { items: entries, unread_count: (meta as JsonObject).unread_count ?? 0 } as unknown as Feed;
    },
    readMessage: async (id) => (await readJson(["messages", "show", id])) as unknown as MessageObject,
    async markMessage(id, mark) {
      const marked = await readJson(["messages", "mark", id, mark]);
      return (marked.items as unknown as MessageObject[])[0] as MessageObject;
    },
    readClock: async () => String((await readJson(["clock", "show"])).now),
    moveClock: async (milliseconds) =>
      (await readJson(["clock", "advance", `${milliseconds / 1_000}s`])) as unknown as Awaited<
        ReturnType<Transport["moveClock"]>
      >,
    runDue: async () =>
      (await readJson(["worker", "--once"])).ran as unknown as Awaited<ReturnType<Transport["runDue"]>>,
    close: async () => {},
  };
}
