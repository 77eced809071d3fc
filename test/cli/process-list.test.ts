import { readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { expect } from "vitest";
import { cliTest } from "../helpers/run-knock.js";

// Only Linux has /proc.
const it = cliTest.skipIf(process.platform !== "linux");

it.for<[name: string, build: (url: string) => string[]]>([
  ["--store=", (url) => ["runs", "list", `--store=${url}`]],
  ["--from=", (url) => ["store", "copy", `--from=${url}`, "--to=copy.db"]],
  ["--to=", (url) => ["store", "copy", "--from=store.db", `--to=${url}`]],
  ["--to", (url) => ["store", "copy", "--from", "store.db", "--to", url]],
])("the list of processes does not show the password of a database given by %s", async ([_name, build], { collab }) => {
  await collab.knock(["notify", "welcome", "-r", "ada", "--store", "store.db"]);
  let line = "";
  const server = createServer((socket) => {
    line = readFileSync(`/proc/${command.pid}/cmdline`, "utf8");
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const command = collab.start(build(`postgres://ada:S3CRET@127.0.0.1:${port}/knock`));
  try {
    expect((await command).exitCode).not.toBe(0);
    expect(line).toMatch(/^knock\0/);
    expect(line).not.toContain("S3CRET");
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});
