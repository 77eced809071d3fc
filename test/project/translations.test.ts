import { afterEach, describe, expect, it } from "vitest";
import { openProject, type Project } from "../../src/project/open-project.js";
import { catchRejection } from "../helpers/catch-error.js";
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

const PO = `# a comment
msgid ""
msgstr ""
"Language: fr\\n"

#: somewhere
msgid "hi"
msgstr "Salut "
"à toi"

msgid "pay.due"
msgid_plural "pay.due"
msgstr[0] "Une facture"
msgstr[1] "{{ count }} factures"

msgid "quote"
msgstr "« \\"x\\" »"

msgid "untranslated"
msgstr ""
`;

describe("translations of a project", () => {
  it("F-035, F-038, T-180 have locale, namespace and tenant in the file's name", async () => {
    const project = open({
      "knock/translations/en/en.json": { hi: "Hi" },
      "knock/translations/en/sms.en.json": { stop: "STOP" },
      "knock/translations/pt-BR/acme~sms.pt-BR.json": { stop: "PARE" },
      "knock/translations/en/acme~en.json": {},
      "knock/translations/en/README.md": "notes",
      "knock/translations/en/.#en.json": "an editor's",
      "knock/translations/.git/x.json": "none",
    });
    const { files } = await project.translations();
    expect(files.map(({ file, locale, namespace, tenant }) => [file, locale, namespace, tenant])).toEqual([
      ["knock/translations/en/acme~en.json", "en", null, "acme"],
      ["knock/translations/en/en.json", "en", null, null],
      ["knock/translations/en/sms.en.json", "en", "sms", null],
      ["knock/translations/pt-BR/acme~sms.pt-BR.json", "pt-BR", "sms", "acme"],
    ]);
  });

  it("F-004 are empty without the folder", async () => {
    expect((await open({}).translations()).files).toEqual([]);
  });

  it("F-036 read a .po file as the equivalent JSON", async () => {
    const project = open({ "knock/translations/fr/fr.po": PO });
    const [file] = (await project.translations()).files;
    expect(JSON.parse(JSON.stringify(file?.content))).toEqual({
      hi: "Salut à toi",
      pay: { due: { one: "Une facture", other: "{{ count }} factures" } },
      quote: '« "x" »',
    });
  });

  it.each<[path: string, content: unknown, words: string]>([
    ["en/en.json", '{"a": }', "knock/translations/en/en.json:1:7: invalid JSON"],
    ["en/en.json", '["a"]', "knock/translations/en/en.json:1:1: the document must be an object, found a list"],
    [
      "en/en.json",
      { a: { b: 3 } },
      "knock/translations/en/en.json:1:11: a.b must be text or an object of texts, found a number",
    ],
    ["en/en.json", { a: null }, "a must be text or an object of texts, found null"],
    ["en/fr.json", {}, 'knock/translations/en/fr.json: the file\'s name does not match its folder "en"'],
    ["en/a.b.en.json", {}, '"a.b" is not a valid namespace'],
    ["en/~en.json", {}, "does not match its folder"],
    ["not a locale/en.json", {}, 'the folder\'s name "not a locale" is not a locale'],
    ["en/en.po", 'msgid "a"\nmsgstr x', "knock/translations/en/en.po:2: is invalid in a .po file"],
    ["en/en.po", 'msgstr "x"', "knock/translations/en/en.po:1: comes before the first msgid"],
  ])("F-039 report in %s with the content %j: %s", async (path, content, words) => {
    const project = open({ [`knock/translations/${path}`]: content });
    const error = await catchRejection(project.translations());
    expect(error.code).toBe("project_invalid");
    expect(error.message).toContain(words);
  });

  it("reject the same reference in two files", async () => {
    const project = open({ "knock/translations/en/en.json": {}, "knock/translations/en/en.po": "" });
    const error = await catchRejection(project.translations());
    expect(error.message).toBe(
      "knock/translations/en/en.po: knock/translations/en/en.json contains the same translations",
    );
  });
});
