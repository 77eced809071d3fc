import { describe, expect, it } from "vitest";
import { confirmAccountChange } from "../../src/context/open-account.js";
import { getErrorMessage } from "../../src/errors/knock-error.js";

/** Returns the question that was asked, and the error. */
async function confirm(url: string, { answer = true, stdinIsTerminal = true, yes = false } = {}): Promise<unknown[]> {
  const asked: string[] = [];
  const context = {
    io: {
      stdinIsTerminal,
      confirm: async (question: string) => {
        asked.push(question);
        return answer;
      },
    },
    settings: { get: async () => ({ management_url: { value: url, source: "flag" } }) },
  };
  try {
    await confirmAccountChange("Push 2 resources to production", { yes }, context as never);
    return [...asked, null];
  } catch (error) {
    return [...asked, getErrorMessage(error)];
  }
}

describe("changes of an account", () => {
  const URL = "https://control.example.test";
  const question = "Push 2 resources to production at control.example.test?";
  const refusal = "not confirmed: push 2 resources to production at control.example.test";

  it("are confirmed on a terminal", async () => {
    expect(await confirm(URL)).toEqual([question, null]);
    expect(await confirm(URL, { answer: false })).toEqual([question, refusal]);
  });

  it("need --yes without a terminal", async () => {
    expect(await confirm(URL, { stdinIsTerminal: false })).toEqual([refusal]);
    expect(await confirm(URL, { stdinIsTerminal: false, yes: true })).toEqual([null]);
  });

  it("need no confirmation on this computer", async () => {
    expect(await confirm("http://127.0.0.1:8484")).toEqual([null]);
    expect(await confirm("http://localhost:8484")).toEqual([null]);
  });
});
