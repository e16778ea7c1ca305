/** The words by which people opt out and in, beside those that always count. */

import { useState } from "preact/hooks";
import type { Schemas } from "../../../api.ts";
import type { WordsDraft } from "../../../logic/settings/draft.ts";
import { languageName } from "../../../logic/words/words.ts";
import { TextField } from "../../../parts/field.tsx";
import type { PartProps } from "./form.tsx";

type Shown = Schemas["ShownSettings"];

export function Words({ draft, change, problem, shown }: PartProps & { shown: Shown }) {
  return (
    <section class="sheet stack">
      <h2>Words that opt out and in</h2>
      <p class="soft">
        Whoever answers with nothing but such a word is heard, however it is written. All languages
        count, whoever writes.
      </p>
      <div class="columns">
        <Kind
          legend="Opt out"
          always={shown.opt_out_words_always}
          offered={shown.opt_out_words_optional}
          words={draft.out_words}
          change={(out_words) => change({ out_words })}
          problem={(language) => problem(`opt_out_words.${language}`)}
        />
        <Kind
          legend="Opt in"
          always={shown.opt_in_words_always}
          offered={{}}
          words={draft.in_words}
          change={(in_words) => change({ in_words })}
          problem={(language) => problem(`opt_in_words.${language}`)}
        />
      </div>
    </section>
  );
}

interface KindProps {
  legend: string;
  always: readonly string[];
  offered: Readonly<Record<string, readonly string[]>>;
  words: WordsDraft[];
  change(words: WordsDraft[]): void;
  problem(language: string): string | undefined;
}

function Kind({ legend, always, offered, words, change, problem }: KindProps) {
  const has = (language: string) => words.some((each) => each.language === language);
  const add = (language: string, list: readonly string[]) =>
    change([...words, { language, words: list.join(", ") }]);
  return (
    <fieldset class="stack">
      <legend>{legend}</legend>
      <details>
        <summary>Always: {always.slice(0, 4).join(", ")} and {always.length - 4} more</summary>
        <p class="small">{always.join(", ")}</p>
      </details>
      {words.map((each, index) => (
        <div class="stack tight" key={each.language}>
          <TextField
            label={languageName(each.language)}
            hint="Separated by commas."
            value={each.words}
            change={(text) => change(words.with(index, { ...each, words: text }))}
            error={problem(each.language)}
            autocomplete="off"
          />
          <div>
            <button
              type="button"
              class="plain"
              onClick={() => change(words.filter((other) => other !== each))}
            >
              Take {languageName(each.language)} away
            </button>
          </div>
        </div>
      ))}
      <div class="beside">
        {Object.entries(offered).filter(([language]) => !has(language)).map(([language, list]) => (
          <button type="button" key={language} onClick={() => add(language, list)}>
            Add {languageName(language)}: {list.join(", ")}
          </button>
        ))}
      </div>
      <AddLanguage has={has} add={(language) => add(language, [])} />
    </fieldset>
  );
}

function AddLanguage({ has, add }: {
  has(language: string): boolean;
  add(language: string): void;
}) {
  const [language, setLanguage] = useState("");
  const wanted = language.trim();
  return (
    <div class="row-fields">
      <TextField
        label="Another language"
        placeholder="pt-BR"
        hint={wanted && languageName(wanted) !== wanted ? languageName(wanted) : "Such as es."}
        value={language}
        change={setLanguage}
        autocomplete="off"
      />
      <button
        type="button"
        disabled={!wanted || has(wanted)}
        onClick={() => {
          add(wanted);
          setLanguage("");
        }}
      >
        Add its words
      </button>
    </div>
  );
}
