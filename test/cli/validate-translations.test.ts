import { describe, expect } from "vitest";
import { FEED, initHello } from "../helpers/hello-project.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";

describe.concurrent("knock validate compares the translations of languages:", () => {
  it("plural forms and variables that one of them lacks are warnings", async ({ empty }) => {
    const hello = await initHello(empty);
    const write = (locale: string, texts: object, namespace = ""): void => {
      hello.write(`knock/translations/${locale}/${namespace}${locale}.json`, JSON.stringify(texts, null, 2));
    };
    write("en", {
      hi: "Hello {{ name }}",
      bye: "{% for item in items %}{{ item.id }}{% endfor %}{% if formal %}Goodbye{% else %}Bye{% endif %}",
      tasks: { zero: "No tasks", one: "One task", other: "{{ count }} tasks" },
      files: { other: "{{ count }} files" },
    });
    write("de", {
      hi: "Hallo {{ nmae }}",
      bye: "{% for x in items %}{{ x.id }}{% endfor %}Tschüs",
      tasks: { one: "Eine Aufgabe", few: "Wenige" },
      files: { one: "Eine Datei", other: "{{ count }} Dateien" },
    });
    // Japanese has one form, but without the others, English ones would be shown.
    write("ja", {
      hi: "{{ name }}",
      bye: "{{ items }}{{ formal }}",
      tasks: "{{ count }}",
      files: { other: "{{ count }}" },
    });
    hello.write(
      "knock/translations/fr/fr.po",
      ["hi", "bye", "tasks", "files"].map((key) => `msgid "${key}"\nmsgstr "{{ name }}"\n`).join("\n"),
    );
    write("en", { only: { one: "One" } }, "other.");
    const place = "knock/translations";
    expect(await hello.report()).toEqual([
      `${place}/de/de.json:1:1: de: no translation of tasks.zero, tasks.other [missing_translation]`,
      `${place}/de/de.json:2:9: hi uses nmae, which en does not use; did you mean "name"? [missing_translation]`,
      `${place}/de/de.json:3:10: bye does not use formal, which en uses [missing_translation]`,
      `${place}/de/de.json:4:12: tasks does not use count, which en uses [missing_translation]`,
      `${place}/en/en.json:1:1: en: no translation of files.one [missing_translation]`,
      `${place}/en/other.en.json:1:1: en: no translation of only.other [missing_translation]`,
      `${place}/fr/fr.po:1:1: bye uses name, which en does not use [missing_translation]`,
      `${place}/fr/fr.po:1:1: tasks uses name, which en does not use [missing_translation]`,
      `${place}/fr/fr.po:1:1: files uses name, which en does not use [missing_translation]`,
    ]);
  });

  it("misspelled inputs in templates", async ({ empty }) => {
    const hello = await initHello(empty);
    hello.write(
      "knock/translations/en/shop.en.json",
      '{ "a": { "b": "{{ name }}{{ item.id }}" }, "n": { "other": "N" } }',
    );
    hello.write(
      FEED,
      '{{ "shop:a.b" | t: nmae: 1, item: 2, extra: 3 }}\n{{ "shop:n" | t: count: 3 }}{{ data.from | t: nmae: 1 }}{{ "shop:n" | t: count: }}',
    );
    expect(await hello.report()).toEqual([
      `${FEED}:1:20: the translation "shop:a.b" has no input "nmae"; did you mean "name"? [unknown_input]`,
    ]);
  });

  it("arguments that every language needs and a template does not pass", async ({ empty }) => {
    const hello = await initHello(empty);
    const write = (locale: string, texts: object): void =>
      void hello.write(`knock/translations/${locale}/${locale}.json`, JSON.stringify(texts, null, 2));
    const due = "{{ title }}{{ when | default: 1 }}{% if who %}{% endif %}{% assign x = title %}{{ x }}";
    write("en", { due, open: { one: "One", other: "{{ count }} {{ project }}" }, hi: "{{ name }}" });
    write("de", { due, open: { one: "Eine", other: "{{ count }} {{ project }}" }, hi: "{{ nmae }}" });
    hello.write(
      FEED,
      '{{ "due" | t }}{{ "due" | t: title: data.from }}{{ "due" | t | default: "x" }}\n{{ "open" | t: project: 1 }}{{ "open" | t: count: 2 }}{{ "open" | t: count:, project: 2 }}{{ "hi" | t }}',
    );
    const found = (await hello.report()).filter((line) => line.startsWith(FEED));
    expect(found).toEqual([
      `${FEED}:1:4: the translation "due" is used without title: add \`| t: title: …\` [missing_input]`,
      `${FEED}:2:4: the translation "open" is used without count: add \`| t: count: …\` [missing_input]`,
      `${FEED}:2:32: the translation "open" is used without project: add \`| t: project: …\` [missing_input]`,
    ]);
  });

  it("a language that has no file of a namespace that templates use", async ({ empty }) => {
    const hello = await initHello(empty);
    const write = (locale: string, name: string): void =>
      void hello.write(`knock/translations/${locale}/${name}${locale}.json`, '{ "hi": "Hi" }');
    for (const name of ["", "shop.", "admin."]) write("en", name);
    write("de-AT", "");
    write("fr", "shop.");
    hello.write(FEED, '{{ "shop:hi" | t }}{{ "hi" | t }}');
    const missing = (file: string, locale: string, add: string): string =>
      `knock/translations/en/${file}:1:1: ${locale}: no translation of this file; add translations/${add} [missing_translation]`;
    expect(await hello.report()).toEqual([
      missing("en.json", "fr", "fr/fr.json"),
      missing("shop.en.json", "de-AT", "de-AT/shop.de-AT.json"),
    ]);
  });

  it("and neither forms that a language does not have, nor regions that contain only differences", async ({
    empty,
  }) => {
    const hello = await initHello(empty);
    const write = (locale: string, text: string): string =>
      hello.write(`knock/translations/${locale}/${locale}.json`, `{ "files": ${text}, "hi": "{{ name }}" }`);
    hello.edit("knock/environment.json", (environment) => void Object.assign(environment, { locale: "ja-JP" }));
    write("ja-JP", '{ "other": "{{ count }}" }');
    write("en", '{ "one": "One", "other": "{{ count }} files" }');
    hello.write("knock/translations/en-GB/en-GB.json", '{ "hi": "{{ nmae }}" }');
    hello.write("knock/translations/ja/other.ja.json", "{}");
    expect(await hello.report()).toEqual([]);
    write("pt-BR", '{ "other": "{{ count }}" }');
    hello.write("knock/translations/pt-PT/pt-PT.json", '{ "hi": "{{ nmae }}" }');
    expect(await hello.report()).toEqual([
      "knock/translations/pt-BR/pt-BR.json:1:1: pt-BR: no translation of files.one [missing_translation]",
      "knock/translations/pt-PT/pt-PT.json:1:1: pt-PT: no translation of files [missing_translation]",
      'knock/translations/pt-PT/pt-PT.json:1:9: hi uses nmae, which ja-JP does not use; did you mean "name"? [missing_translation]',
    ]);
  });
});
