import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ValidDocumentCache } from "../../src/app/valid-document-cache.js";

const POSIX = process.platform !== "win32";
const DOCUMENT = { knockDir: "./knock" };
let folder: string;
let file: string;

const readMode = (of: string) => statSync(of).mode & 0o777;

/** Adds documents as a process would, and saves them. */
function addIn(place: string | null, ...documents: unknown[]): void {
  const cache = new ValidDocumentCache(place);
  for (const document of documents) cache.add("knock.json", document);
  cache.save();
}
const isKnownIn = (place: string | null, document: unknown): boolean =>
  new ValidDocumentCache(place).has("knock.json", document);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "knock-documents-"));
  file = join(folder, "made", "knock-cli", "build-documents.txt");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("the cache of valid documents", () => {
  it("knows a saved document in the next process", () => {
    expect(isKnownIn(file, DOCUMENT)).toBe(false);
    addIn(file, DOCUMENT);
    expect(isKnownIn(file, DOCUMENT)).toBe(true);
  });

  it("does not know a changed document, nor the same content as a document of another kind", () => {
    addIn(file, DOCUMENT);
    expect(isKnownIn(file, { knockDir: "./other" })).toBe(false);
    expect(new ValidDocumentCache(file).has("environment", DOCUMENT)).toBe(false);
  });

  it("returns the ID of a workflow's version in the next process, for the same key and content only", () => {
    const versionId = "aa5ef9cb-45c7-8c59-9eb2-51f555dcfa1c";
    const cache = new ValidDocumentCache(file);
    cache.addWorkflow("welcome", { steps: [] }, versionId);
    cache.save();
    addIn(file, DOCUMENT);
    const next = new ValidDocumentCache(file);
    expect(next.findVersionId("welcome", { steps: [] })).toBe(versionId);
    expect(next.findVersionId("goodbye", { steps: [] })).toBe(null);
    expect(next.findVersionId("welcome", { steps: [{}] })).toBe(null);
    expect(isKnownIn(file, DOCUMENT)).toBe(true);
  });

  it("does not know the documents of another build", () => {
    addIn(file, DOCUMENT);
    expect(isKnownIn(join(dirname(file), "other-documents.txt"), DOCUMENT)).toBe(false);
  });

  it("ignores lines that are not digests", () => {
    addIn(file, DOCUMENT);
    const [digest = ""] = readFileSync(file, "utf8").split("\n");
    writeFileSync(file, `\u0000damaged\n${digest}\n${digest.slice(1)}\n{"other":"tool"}`);
    expect(isKnownIn(file, DOCUMENT)).toBe(true);
    writeFileSync(file, digest.slice(0, 10));
    expect(isKnownIn(file, DOCUMENT)).toBe(false);
    addIn(file, DOCUMENT);
    expect(isKnownIn(file, DOCUMENT)).toBe(true);
  });

  it.runIf(POSIX)("creates the folder and the file for the user only", () => {
    addIn(file, DOCUMENT);
    expect(readMode(dirname(file))).toBe(0o700);
    expect(readMode(file)).toBe(0o600);
  });

  it("works without a folder that can be written", () => {
    writeFileSync(join(folder, "made"), "a file where the folder would be");
    addIn(file, DOCUMENT);
    expect(isKnownIn(file, DOCUMENT)).toBe(false);
  });

  it("keeps a complete file when two processes save at once", () => {
    const [one, other] = [new ValidDocumentCache(file), new ValidDocumentCache(file)];
    for (const [cache, knockDir] of [
      [one, "./one"],
      [other, "./other"],
    ] as const)
      cache.add("knock.json", { knockDir });
    one.save();
    other.save();
    expect(readdirSync(dirname(file))).toEqual(["build-documents.txt"]);
    expect(isKnownIn(file, { knockDir: "./other" })).toBe(true);
  });

  it("keeps the 1,000 documents that were added last", () => {
    const documents = Array.from({ length: 1_001 }, (_, index) => ({ knockDir: `./${index}` }));
    addIn(file, ...documents);
    expect(readFileSync(file, "utf8").split("\n")).toHaveLength(1_000);
    expect([isKnownIn(file, documents[0]), isKnownIn(file, documents[1])]).toEqual([false, true]);
  });

  it("returns the content of a file in the next process, only for the same path and text", () => {
    const content = { scenarios: ["ä"] };
    new ValidDocumentCache(file).addContent("/a.test.yaml", "a: ä", content);
    const next = new ValidDocumentCache(file);
    expect(next.findContent("/a.test.yaml", "a: ä")).toEqual(content);
    expect(next.findContent("/a.test.yaml", "a: b")).toBe(null);
    expect(next.findContent("/b.test.yaml", "a: ä")).toBe(null);
    expect(new ValidDocumentCache(null).findContent("/a.test.yaml", "a: ä")).toBe(null);
  });

  it("keeps the newest content of a file, and ignores a damaged one", () => {
    const cache = new ValidDocumentCache(file);
    cache.addContent("/a.test.yaml", "a: 1", 1);
    cache.addContent("/a.test.yaml", "a: 2", 2);
    const [name = "", ...others] = readdirSync(dirname(file));
    expect(others).toEqual([]);
    expect([cache.findContent("/a.test.yaml", "a: 1"), cache.findContent("/a.test.yaml", "a: 2")]).toEqual([null, 2]);
    const saved = join(dirname(file), name);
    writeFileSync(saved, `${readFileSync(saved, "utf8")}}`);
    expect(cache.findContent("/a.test.yaml", "a: 2")).toBe(null);
  });

  it("writes nothing without a file, and nothing when no document was added", () => {
    addIn(null, DOCUMENT);
    expect(isKnownIn(null, DOCUMENT)).toBe(false);
    addIn(file);
    expect(existsSync(dirname(file))).toBe(false);
  });
});
