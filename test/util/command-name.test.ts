import { describe, expect, it } from "vitest";
import { findCommandName, renameCommand } from "../../src/util/command-name.js";

describe("the name of the command", () => {
  const npx = { npm_lifecycle_event: "npx", npm_lifecycle_script: '"knock-cli" notify' };

  it.each([
    ["/usr/local/bin/knock", {}, "knock"],
    ["/project/node_modules/.bin/knock-cli", {}, "knock-cli"],
    ["/project/bin/knock-cli.js", {}, "knock-cli"],
    ["./tools/knock-linux.exe", {}, "knock-linux"],
    [undefined, {}, "knock"],
    ["/project/node_modules/.bin/knock-cli", npx, "npx knock-cli"],
    ["/project/node_modules/.bin/knock-cli", { ...npx, npm_lifecycle_script: "'knock-cli' notify" }, "npx knock-cli"],
    // A test runner that npx started, and that starts the command itself.
    ["/usr/local/bin/knock", { ...npx, npm_lifecycle_script: '"vitest" run' }, "knock"],
  ])("is found from %s", (script, env, name) => expect(findCommandName(script, env)).toBe(name));

  it.each([
    ["Run `knock help error actor_missing`.", "Run `knock-cli help error actor_missing`."],
    ["  $ knock init && knock notify hello", "  $ knock-cli init && knock-cli notify hello"],
    ["For example: knock cancel invite", "For example: knock-cli cancel invite"],
    ['"$(knock runs list --quiet)"', '"$(knock-cli runs list --quiet)"'],
    ["Please report a bug in knock.", "Please report a bug in knock."],
    ["created knock/workflows/hello.json", "created knock/workflows/hello.json"],
    ["the message says: do not knock at night", "the message says: do not knock at night"],
  ])("replaces the one in %s", (text, renamed) => {
    expect(renameCommand(text, "knock-cli")).toBe(renamed);
    expect(renameCommand(text, "knock")).toBe(text);
  });
});
