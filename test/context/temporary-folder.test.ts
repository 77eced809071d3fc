import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTemporaryFolder } from "../../src/context/temporary-folder.js";
import { KnockError } from "../../src/errors/knock-error.js";

let parent: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "knock-parent-"));
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

describe("createTemporaryFolder", () => {
  it("creates and fills a folder", async () => {
    const folder = await createTemporaryFolder("a-", (created) => writeFileSync(join(created, "x"), "1"), parent);
    expect(readFileSync(join(folder, "x"), "utf8")).toBe("1");
  });

  it("reports a missing parent with a hint", async () => {
    const missing = join(parent, "missing");
    await expect(createTemporaryFolder("a-", () => {}, missing)).rejects.toMatchObject({
      code: "usage",
      message: expect.stringContaining(`the folder for temporary files, ${missing}, cannot be used: ENOENT`),
      hint: "Set TMPDIR to a folder with free space that you can write to.",
    });
  });

  it("reports an error of the file system while it is filled, and leaves nothing behind", async () => {
    const fill = (folder: string) => writeFileSync(join(folder, "missing/x"), "1");
    await expect(createTemporaryFolder("a-", fill, parent)).rejects.toMatchObject({ code: "usage" });
    expect(readdirSync(parent)).toEqual([]);
  });

  it("passes other errors on, and leaves nothing behind", async () => {
    let folder = "";
    const error = new KnockError("project_missing", "there is no project");
    const fill = async (created: string): Promise<void> => {
      folder = created;
      throw error;
    };
    await expect(createTemporaryFolder("a-", fill, parent)).rejects.toBe(error);
    expect(existsSync(folder)).toBe(false);
  });
});
