import { expect, it } from "vitest";
import { Output } from "../../src/output/output.js";
import { printContent } from "../../src/output/print-messages.js";

it("indents the lines of a text, and prints blank lines without spaces", async () => {
  const written: string[] = [];
  const stream = { isTTY: false, columns: 100, write: (text: string) => written.push(text) > 0 };
  const io = { stdout: stream, stderr: stream, env: {} } as unknown as Parameters<typeof Output.open>[0];
  printContent({ __typename: "MessageEmailContent", text_body: "Hi Ada,\n\n  bye  \n" }, await Output.open(io));
  expect(written.join("")).toBe("text:\n  Hi Ada,\n\n    bye\n");
});
