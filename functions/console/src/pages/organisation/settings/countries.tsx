/** The organisation's own rules, which stand in place of a country's. */

import { useMemo, useState } from "preact/hooks";
import { DAYS, NEW_RULE, type RuleDraft, SENDING } from "../../../logic/settings/draft.ts";
import { dayName, hoursInWords } from "../../../logic/settings/words.ts";
import { channelName, countries, countryName, ELSEWHERE } from "../../../logic/words/words.ts";
import { CheckField, SelectField, TextField } from "../../../parts/field.tsx";
import type { PartProps } from "./form.tsx";
import type { ShownRules } from "./rules.tsx";

export function Countries(part: PartProps & { rules: ShownRules | undefined }) {
  const { draft, change, problem, rules } = part;
  return (
    <section class="sheet stack">
      <h2>Rules of your own</h2>
      <p class="soft">
        A rule here takes the place of the country's whole rule for that kind of message; what it
        leaves out is not limited. The countries' own rules stand below, with their sources.
      </p>
      {draft.rules.map((rule, index) => (
        <RuleFields
          key={`${rule.region} ${rule.channel}`}
          rule={rule}
          source={rules?.countries.find(({ region }) => region === rule.region)?.source}
          put={(next) => change({ rules: draft.rules.with(index, next) })}
          remove={() => change({ rules: draft.rules.filter((each) => each !== rule) })}
          problem={(field) => problem(`country_rules.${rule.region}.${rule.channel}.${field}`)}
        />
      ))}
      {problem("country_rules") && <p class="bad">{problem("country_rules")}</p>}
      <AddRule rules={draft.rules} add={(rule) => change({ rules: [...draft.rules, rule] })} />
    </section>
  );
}

interface AddProps {
  rules: readonly RuleDraft[];
  add(rule: RuleDraft): void;
}

function AddRule({ rules, add }: AddProps) {
  const [region, setRegion] = useState("US");
  const [channel, setChannel] = useState("voice");
  const places = useMemo(
    () => [...countries(), [ELSEWHERE, countryName(ELSEWHERE)] as const],
    [],
  );
  const there = rules.some((rule) => rule.region === region && rule.channel === channel);
  return (
    <div class="row-fields">
      <SelectField label="Country" value={region} change={setRegion} options={places} />
      <SelectField
        label="Kind of message"
        value={channel}
        change={setChannel}
        options={SENDING.map((each) => [each, channelName(each)])}
      />
      <button
        type="button"
        disabled={there}
        onClick={() => add({ ...NEW_RULE, region, channel })}
      >
        {there ? "It has a rule" : "Add a rule"}
      </button>
    </div>
  );
}

interface RuleProps {
  rule: RuleDraft;
  source: string | undefined;
  put(rule: RuleDraft): void;
  remove(): void;
  problem(field: string): string | undefined;
}

function RuleFields({ rule, source, put, remove, problem }: RuleProps) {
  return (
    <fieldset class="part stack tight">
      <legend>{countryName(rule.region)}, {channelName(rule.channel)}</legend>
      {source && <p class="small soft">The country's own rule comes from: {source}.</p>}
      <CheckField
        label="Only within some hours, by each person's own clock"
        checked={rule.timed}
        change={(timed) => put({ ...rule, timed })}
      />
      {rule.timed && <Window rule={rule} put={put} problem={problem} />}
      <CheckField
        label="Only so often"
        checked={rule.capped}
        change={(capped) => put({ ...rule, capped })}
      />
      {rule.capped && (
        <div class="row-fields">
          <TextField
            label="At most"
            type="number"
            value={rule.most}
            change={(most) => put({ ...rule, most })}
            error={problem("cap.most")}
          />
          <TextField
            label="Within hours"
            type="number"
            hint={hoursInWords(Number(rule.hours))}
            value={rule.hours}
            change={(hours) => put({ ...rule, hours })}
            error={problem("cap.hours")}
          />
        </div>
      )}
      <div>
        <button type="button" class="plain" onClick={remove}>
          Take the rule away
        </button>
      </div>
    </fieldset>
  );
}

type WindowProps = Pick<RuleProps, "rule" | "put" | "problem">;

function Window({ rule, put, problem }: WindowProps) {
  function close(day: RuleDraft["closed_on"][number], on: boolean): void {
    const others = rule.closed_on.filter((each) => each !== day);
    put({ ...rule, closed_on: on ? [...others, day] : others });
  }
  return (
    <>
      <div class="row-fields">
        <TextField
          label="From"
          type="time"
          value={rule.opens}
          change={(opens) => put({ ...rule, opens })}
          error={problem("opens")}
        />
        <TextField
          label="Until"
          type="time"
          value={rule.closes}
          change={(closes) => put({ ...rule, closes })}
          error={problem("closes")}
        />
      </div>
      <fieldset class="beside">
        <legend class="small soft">Not on</legend>
        {DAYS.map((day) => (
          <CheckField
            key={day}
            label={dayName(day)}
            checked={rule.closed_on.includes(day)}
            change={(on) => close(day, on)}
          />
        ))}
        <CheckField
          label="Public holidays"
          checked={rule.holidays}
          change={(holidays) => put({ ...rule, holidays })}
        />
      </fieldset>
      {(problem("closed_on") ?? problem("holidays")) && (
        <p class="bad">{problem("closed_on") ?? problem("holidays")}</p>
      )}
    </>
  );
}
