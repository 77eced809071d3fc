import { execFileSync } from "node:child_process";
import { constants, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInProcess } from "./run-in-process.js";
import { BIN } from "./run-knock.js";

interface CommandBridge {
  /** A folder for the path of a shell, with a `knock` whose commands run in this process. */
  readonly bin: string;
  close(): void;
}

/** Returns the shell script that passes a command to this process. Servers and workers need a process of their own. */
function writeScript(folder: string): string {
  return `#!/bin/sh
case "$1" in dev|worker) exec "${process.execPath}" "${BIN}" "$@" ;; esac
call=$(mktemp -d "${folder}/call.XXXXXX")
mkfifo "$call/reply"
env > "$call/env"
for word in "$PWD" "$@"; do printf '%s\\0' "$word"; done > "$call/words"
if [ -p /dev/stdin ]; then cat > "$call/stdin"; fi
echo "$call" > "${folder}/requests"
read -r _ < "$call/reply"
. "$call/replay"
`;
}

function readIfPresent(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

async function answerCall(call: string): Promise<void> {
  const [cwd = "", ...args] = readFileSync(join(call, "words"), "utf8").split("\0").slice(0, -1);
  const variables = readFileSync(join(call, "env"), "utf8").split("\n");
  const env = Object.fromEntries(variables.map((line) => line.split(/=(.*)/s)).filter(([name]) => name !== ""));
  const input = readIfPresent(join(call, "stdin"));
  const result = await runInProcess({ args, cwd, env, ...(input === undefined ? {} : { input }) }).catch((error) => ({
    chunks: [{ isError: true, text: Buffer.from(String(error)) }],
    exitCode: 70,
  }));
  const replay = result.chunks.map(({ isError, text }, index) => {
    writeFileSync(join(call, `chunk-${index}`), text);
    return `cat "$call/chunk-${index}"${isError ? " >&2" : ""}\n`;
  });
  writeFileSync(join(call, "replay"), `${replay.join("")}exit ${result.exitCode}\n`);
  await writeFile(join(call, "reply"), "done\n");
}

/**
 * Makes the commands of shell scripts run in this process, which takes a tenth of the CPU time of a process for each.
 */
export function startCommandBridge(): CommandBridge {
  const folder = mkdtempSync(join(tmpdir(), "knock-bridge-"));
  const bin = join(folder, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "knock"), writeScript(folder), { mode: 0o755 });
  execFileSync("mkfifo", [join(folder, "requests")]);
  // Opened for writing also, so that the end of one script does not end the stream.
  const fd = openSync(join(folder, "requests"), constants.O_RDWR | constants.O_NONBLOCK);
  const requests = new Socket({ fd, readable: true, writable: false });
  let unread = "";
  requests.on("data", (data) => {
    const lines = (unread + data).split("\n");
    unread = lines.pop() ?? "";
    for (const call of lines) void answerCall(call);
  });
  return {
    bin,
    close() {
      requests.destroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
