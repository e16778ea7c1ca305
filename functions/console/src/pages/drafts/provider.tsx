/** A template that the provider keeps, and what it is filled in with. */

import { Fragment } from "preact";
import { api, ask } from "../../api.ts";
import { useLive } from "../../live.ts";
import type { Said } from "../../logic/campaigns/draft.ts";
import { TextField } from "../../parts/field.tsx";
import type { Person } from "../../words/people.ts";
import { type Draft, sentence } from "./draft.ts";

const MOST = 10;

export function ProviderWords({ draft }: { draft: Draft }) {
  return (
    <ProviderFields
      said={draft.form}
      change={(part) => draft.change(part)}
      error={(field) => sentence(draft, field)}
    />
  );
}

/** What a person's parameters come to, of what is saved. */
export function FilledParameters({ draft, person }: { draft: Draft; person: Person | undefined }) {
  const { stored } = draft;
  const { value, refused } = useLive(`${stored?.tag} ${person?.id}`, async (signal) => {
    if (!stored || !person || !draft.form.parameters.length) return undefined;
    const path = { campaign_id: stored.shown.id };
    const body = { customer_id: person.id, fallback: 0 };
    const asked = api.POST("/campaigns/{campaign_id}/personalized-preview", {
      ...{ params: { path }, body, signal },
    });
    return await ask(asked);
  });
  if (refused) return <p class="soft">{refused.message}</p>;
  if (!value) {
    return <p class="soft">What the provider's template is filled in with stands here.</p>;
  }
  return (
    <dl class="facts">
      {value.parameters.map((text, at) => (
        <Fragment key={at}>
          <dt>Parameter {at + 1}</dt>
          <dd>{text || <em class="soft">nothing</em>}</dd>
        </Fragment>
      ))}
    </dl>
  );
}

interface ProviderProps {
  said: Said;
  change(part: Partial<Said>): void;
  error(field: string): string | undefined;
}

export function ProviderFields({ said, change, error }: ProviderProps) {
  const { parameters } = said;
  const put = (at: number, text: string) =>
    change({ parameters: parameters.map((each, index) => index === at ? text : each) });
  return (
    <>
      <div class="columns">
        <TextField
          label="Provider's template"
          value={said.provider_template}
          change={(provider_template) => change({ provider_template })}
          error={error("provider_template")}
          hint="Its name there, such as spring_sale"
        />
        <TextField
          label="Language"
          value={said.language}
          change={(language) => change({ language })}
          error={error("language")}
          hint="Such as en or pt_BR"
        />
      </div>
      {parameters.map((text, at) => (
        <div class="beside stand-in" key={at}>
          <TextField
            label={`Parameter ${at + 1}`}
            value={text}
            change={(value) => put(at, value)}
            error={error(`parameters.${at}`)}
          />
          <button
            type="button"
            class="plain"
            aria-label={`Take out parameter ${at + 1}`}
            onClick={() => change({ parameters: parameters.filter((_, index) => index !== at) })}
          >
            Take out
          </button>
        </div>
      ))}
      {parameters.length < MOST && (
        <div>
          <button type="button" onClick={() => change({ parameters: [...parameters, ""] })}>
            Add a parameter
          </button>
        </div>
      )}
    </>
  );
}
