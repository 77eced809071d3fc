import { describe, expect, it } from "vitest";
import { STEP_OUTCOMES } from "../../src/domain/run/expectation.js";
import { KnockError } from "../../src/errors/knock-error.js";
import { parseScenarios } from "../../src/scenarios/parse-scenarios.js";

const notify = { notify: { recipients: ["ada"] } };
const step = { ...notify, expect: ["sent=1"] };

/** Returns the findings of a file of scenarios, as "pointer message". */
function findings(file: unknown): string[] {
  try {
    parseScenarios(file, "a.test.yaml");
    return [];
  } catch (error) {
    if (!(error instanceof KnockError)) throw error;
    expect(error.code).toBe("scenario_invalid");
    return error.details.map(({ pointer, message }) => `${pointer} ${message}`);
  }
}

const findingsOfStep = (other: unknown): string[] => findings({ scenarios: { a: { steps: [other] } } });

describe("a file of scenarios", () => {
  it("gives each scenario the workflow and the state of the file", () => {
    const file = {
      workflow: "hello",
      given: { variables: { a: 1, b: 1 }, time: "2026-03-01T00:00:00Z" },
      scenarios: { first: { given: { variables: { b: 2 } }, steps: [step] } },
    };
    const [scenario] = parseScenarios(file, "a.test.yaml");
    expect(scenario).toMatchObject({
      name: "first",
      path: ["scenarios", "first"],
      workflow: "hello",
      given: { variables: { a: 1, b: 2 }, time: "2026-03-01T00:00:00Z" },
    });
  });

  it.each([
    [{ outcomes: { ada: { email_1: "snt" } } }, "/outcomes/ada/email_1 must be ", 'found "snt"; did you mean "sent"?'],
    [{ outcomes: { ada: { email_1: { outcome: "haltd" } } } }, "/outcome must be ", '; did you mean "halted"?'],
    [["snt=2"], '/0 "snt=2" has an unknown counter: "snt"', '; did you mean "sent"?'],
  ])("rejects a misspelled outcome: %j", (expected, place, suggestion) => {
    const [finding] = findingsOfStep({ ...notify, expect: expected });
    expect(finding).toContain(place);
    expect(finding).toContain(suggestion);
  });

  it.each([...STEP_OUTCOMES, "canceled", "not_reached"])("accepts the outcome %s of a step", (outcome) => {
    expect(findingsOfStep({ ...notify, expect: { outcomes: { ada: { email_1: outcome } } } })).toEqual([]);
  });

  it.each(["constructor", "toString", "valueOf"])(
    "checks a scenario with the name %s, which every object inherits",
    (name) => {
      expect(findings({ scenarios: { [name]: { steps: [{ notify: {}, expect: [] }] } } })).not.toEqual([]);
      expect(findings({ scenarios: { [name]: { steps: [step] } } })).toEqual([]);
    },
  );

  it("runs a scenario once per row, with its values in names, keys and texts", () => {
    const steps = [
      {
        notify: { recipients: ["${who}"], data: { count: "${count}", text: "${count} left" } },
        expect: { outcomes: { "${who}": { email_1: "sent" } } },
      },
    ];
    const file = {
      scenarios: {
        "sends to ${who}": {
          each: [
            { who: "ada", count: 2 },
            { who: "lin", count: 3 },
          ],
          steps,
        },
      },
    };
    const scenarios = parseScenarios(file, "a.test.yaml");
    expect(scenarios.map(({ name }) => name)).toEqual(["sends to ada", "sends to lin"]);
    expect(scenarios[1]?.steps[0]).toMatchObject({
      notify: { recipients: ["lin"], data: { count: 3, text: "3 left" } },
      expect: { outcomes: { lin: { email_1: "sent" } } },
    });
  });

  it("numbers the rows of a scenario whose name has no column", () => {
    const scenarios = parseScenarios({ scenarios: { a: { each: [{}, {}], steps: [step] } } }, "a.test.yaml");
    expect(scenarios.map(({ name }) => name)).toEqual(["a [1]", "a [2]"]);
  });

  it("puts its own responses before those of the file", () => {
    const answer = (status: number) => ({ answers: [{ url: "https://example.com/", status }] });
    const file = { given: { fetch: answer(200) }, scenarios: { a: { given: { fetch: answer(500) }, steps: [step] } } };
    const [scenario] = parseScenarios(file, "a.test.yaml");
    expect(scenario?.given.fetch?.answers?.map(({ status }) => status)).toEqual([500, 200]);
  });

  it.each([
    ["no scenarios", { scenarios: {} }, "/scenarios is empty, so it can never fail"],
    [
      "an unknown key",
      { scenarois: {}, scenarios: { a: { steps: [step] } } },
      '/scenarois unknown key "scenarois"; did you mean "scenarios"?',
    ],
    [
      "a table without rows",
      { scenarios: { a: { each: [], steps: [step] }, b: { steps: [step] } } },
      "/scenarios/a/each is empty, so it can never fail",
    ],
    ["no steps", { scenarios: { a: { steps: [] } } }, "/scenarios/a/steps is empty, so it can never fail"],
    [
      "no expectation",
      { scenarios: { a: { steps: [notify] } } },
      "/scenarios/a/steps have no expectation, so the scenario can never fail",
    ],
    [
      "two equal names",
      { scenarios: { "a ${x}": { each: [{ x: 1 }, { x: 1 }], steps: [step] } } },
      '/scenarios/a ${x} is the second scenario with the name "a 1". Use ${column} in the name, with a column in which the rows differ',
    ],
    [
      "an unknown column",
      { scenarios: { a: { each: [{ user: "ada" }], steps: [{ ...step, notify: { recipients: ["${usr}"] } }] } } },
      '/scenarios/a/steps/0/notify/recipients/0 uses the unknown column "usr". Did you mean "user"?',
    ],
  ])("rejects %s", (_, file, finding) => {
    expect(findings(file)).toContain(finding);
  });

  it.each([
    [
      "two actions",
      { ...step, advance: "1h" },
      "/scenarios/a/steps/0 has several actions (notify, advance); use one step for each",
    ],
    [
      "a time that is not a duration",
      { advance: "soon", expect: ["sent=1"] },
      '/scenarios/a/steps/0/advance must be a duration such as "30m", or "next", found "soon"',
    ],
    [
      "a repetition of nothing",
      { repeat: 2, expect: ["sent=1"] },
      expect.stringMatching(/^\/scenarios\/a\/steps\/0\/repeat needs an action \(notify, /) as unknown as string,
    ],
    [
      "too many repetitions",
      { ...notify, repeat: 1_001, expect: ["sent=1"] },
      "/scenarios/a/steps/0/repeat must be a whole number from 1 to 1000, found 1001",
    ],
    [
      "an empty expectation",
      { ...notify, expect: {} },
      "/scenarios/a/steps/0/expect expects nothing, so it can never fail",
    ],
    ["an empty list of rules", { ...notify, expect: [] }, "/scenarios/a/steps/0/expect is empty, so it can never fail"],
    [
      "a rule that is always true",
      { ...notify, expect: ["sent>=0"] },
      "/scenarios/a/steps/0/expect/0 is always true, so it can never fail",
    ],
    [
      "a pattern that matches everything",
      { ...notify, expect: { messages: [{ body: { matches: ".*" } }] } },
      "/scenarios/a/steps/0/expect/messages/0/body/matches matches every text, so it can never fail",
    ],
    [
      "a comparison with the whole value and another one",
      { ...notify, expect: { messages: [{ body: { contains: "a", equals: "b" } }] } },
      "/scenarios/a/steps/0/expect/messages/0/body/equals cannot be combined with contains",
    ],
    [
      "no comparison",
      { ...notify, expect: { messages: [{ body: {} }] } },
      "/scenarios/a/steps/0/expect/messages/0/body must have one of equals, contains, excludes, matches",
    ],
    [
      "content of no message",
      { ...notify, expect: { messages: [{ count: 0, body: "a" }] } },
      "/scenarios/a/steps/0/expect/messages/0/count is 0, so there is no message to compare; remove the other expectations",
    ],
    ...["content", "html"].map((key): [string, object, string] => [
      `an empty ${key}`,
      { ...notify, expect: { messages: [{ to: "ada", [key]: {} }] } },
      `/scenarios/a/steps/0/expect/messages/0/${key} is empty, so it can never fail`,
    ]),
    ...(
      [
        [{ no_messages: true }, "/no_messages"],
        [{ no_runs: ["ada"] }, "/no_runs"],
        [{ messages: [{ count: 0 }] }, "/messages/0"],
        [{ rules: ["sent=0"] }, "/rules/0"],
        [["no-failures"], "/0"],
      ] as const
    ).map(([expected, place]): [string, object, string] => [
      `an expectation before the first action: ${JSON.stringify(expected)}`,
      { expect: expected },
      `/scenarios/a/steps/0/expect${place} is checked before the first action, so it can never fail`,
    ]),
    [
      "an unknown reason",
      { ...notify, expect: { outcomes: { ada: { email_1: { reason: "preferences" } } } } },
      expect.stringContaining("/scenarios/a/steps/0/expect/outcomes/ada/email_1/reason") as unknown as string,
    ],
  ])("rejects %s", (_, other, finding) => {
    expect(findingsOfStep(other)).toContainEqual(finding);
  });
});
