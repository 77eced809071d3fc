import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { listLeaves, loadCommands } from "../helpers/load-commands.js";

const FOLDER = resolve(import.meta.dirname, "../../docs/reference/commands");

const readPage = (name: string): string => readFileSync(join(FOLDER, `${name}.md`), "utf8");

/** Returns the part of a page below a heading and the part that all subcommands share. */
function readSection(page: string, heading: string): string {
  const sections = page.split(/^(?=## )/m);
  const own = sections.find((section) => section.startsWith(`## ${heading}\n`));
  const shared = sections.find((section) => section.startsWith("## Options of every subcommand\n"));
  return own === undefined ? "" : own + (shared ?? "");
}

const commands = await loadCommands();
const leaves = listLeaves(commands).map(({ words: [group = "", ...rest], command }) => {
  const name = [group, ...rest].join(" ");
  const section = () => (rest.length === 0 ? readPage(group) : readSection(readPage(group), `knock ${name}`));
  return { name, command, section };
});

/** Commands whose examples would differ with each run, or need a server. */
const NOT_RUN = new Set(["channels test", "serve", "keys create", "keys rotate", "keys revoke"]);

describe("the command reference", () => {
  it("links to a page for each command", () => {
    const index = readPage("README");
    expect(commands.map((command) => command.name()).filter((name) => !index.includes(`](${name}.md)`))).toEqual([]);
  });

  it.each(leaves)("lists the arguments and options of knock $name", ({ command, section }) => {
    const text = section();
    const flags = command.options.filter((option) => !option.hidden).map((option) => option.flags);
    const names = command.registeredArguments.map((argument) => `${argument.name()}${argument.variadic ? "..." : ""}`);
    expect(flags.filter((flag) => !text.includes(`| \`${flag}\` |`))).toEqual([]);
    expect(names.filter((name) => !text.includes(`<${name}>\` |`) && !text.includes(`[${name}]\` |`))).toEqual([]);
  });

  it.each(leaves.filter(({ name }) => !NOT_RUN.has(name)))(
    "shows an example of knock $name with its output",
    ({ name, section }) => {
      const text = section();
      const [, example = "", output = ""] = /```sh\n([\s\S]*?)\n```\n\n```text\n([\s\S]*?)\n```/.exec(text) ?? [];
      expect(example).toContain(`knock ${name.split(" ")[0]}`);
      expect(output).not.toBe("");
    },
  );

  it("lists every alias", () => {
    const missing = commands.flatMap((command) =>
      command.aliases().filter((alias) => !readPage(command.name()).includes(`\`knock ${alias}\``)),
    );
    expect(missing).toEqual([]);
  });
});
