import { afterEach, describe, expect, it } from "vitest";
import { openProject, type Project } from "../../src/project/open-project.js";
import { type Files, TemporaryProject } from "../helpers/temporary-project.js";

const projects: TemporaryProject[] = [];
afterEach(() => {
  for (const project of projects.splice(0)) project.remove();
});

function open(files: Files): Project {
  const root = new TemporaryProject({ "knock/": "", ...files });
  projects.push(root);
  return openProject({ root: root.root, knockDir: root.path("knock"), settings: {} }, root.root);
}

const BETA = { name: "Beta", type: "static", description: "Testers" };
const PROS = {
  name: "Pros",
  type: "dynamic",
  segments: [{ conditions: [{ property: "recipient.plan", operator: "equal_to", argument: "pro" }] }],
};
const FILES = { "knock/audiences/beta/audience.json": BETA, "knock/audiences/pros/audience.json": PROS };
const waits = (audience_key: string) => {
  const event = { event_type: "audience", audience_key, event_key: "enter" };
  return { steps: [{ ref: "w", type: "wait_for_event", settings: { event } }] };
};

describe("audiences of a project", () => {
  it("section 15 are read from their folders", async () => {
    const project = open(FILES);
    expect(project.hasAudiences()).toBe(true);
    expect(await project.audiences()).toEqual([
      { key: "beta", name: "Beta", type: "static", segments: [] },
      {
        key: "pros",
        name: "Pros",
        type: "dynamic",
        segments: [[{ variable: "recipient.plan", operator: "equal_to", argument: "pro" }]],
      },
    ]);
  });

  it("F-004 may be missing", async () => {
    const project = open({});
    expect(project.hasAudiences()).toBe(false);
    expect(await project.audiences()).toEqual([]);
  });

  it("C-307 E-346 must be dynamic for a workflow to wait for them", async () => {
    const project = open({
      ...FILES,
      "knock/workflows/good/workflow.json": waits("pros"),
      "knock/workflows/bad/workflow.json": waits("beta"),
    });
    expect((await project.workflow("good"))?.key).toBe("good");
    await expect(project.workflow("bad")).rejects.toMatchObject({
      code: "workflow_invalid",
      details: [{ pointer: "/steps/0/settings/event/audience_key" }],
    });
  });

  it("report an invalid audience with its file", async () => {
    const project = open({ "knock/audiences/x/audience.json": { name: "X", type: "dynamic" } });
    await expect(project.audiences()).rejects.toThrow("audiences/x/audience.json");
  });
});
