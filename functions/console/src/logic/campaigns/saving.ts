/** Saving a form at every pause in typing: one request at a time, and nobody overwritten. */

import { type Body, changed, changes, differ } from "./draft.ts";

/** What has become of a request. `fields` are those that a refusal is about. */
export type Outcome<S> =
  | { is: "stored"; shown: S; tag: string }
  | { is: "refused"; why: unknown; fields: readonly string[] }
  | { is: "stale" }
  | { is: "unknown" };

/** Where drafts are kept. */
export interface Shelf<S> {
  create(key: string, body: Body): Promise<Outcome<S>>;
  change(of: S, tag: string, body: Body): Promise<Outcome<S>>;
  read(of: S): Promise<Outcome<S>>;
}

export type State = "blank" | "unsaved" | "saving" | "saved" | "refused" | "offline" | "conflict";

export interface Stored<S> {
  shown: S;
  tag: string;
}

/** Somebody else's version, and the fields that both have written. */
export interface Conflict<S> extends Stored<S> {
  fields: readonly string[];
}

interface Means<F, S> {
  shelf: Shelf<S>;
  bodyOf(form: F): Body;
  formOf(shown: S): F;
  isWritten(form: F): boolean;
  newBody(body: Body): Body;
  /** Called whenever something has changed. */
  told(): void;
  /** Do something after a while, and return how to leave it. */
  later(act: () => void, ms: number): () => void;
  key: string;
}

const PAUSE_MS = 600;
const RETRY_MS = 3_000;

/** The form is the typist's: no answer ever changes it, but where they choose another version. */
export class Saving<F, S> {
  state: State = "blank";
  stored: Stored<S> | undefined;
  conflict: Conflict<S> | undefined;
  /** Refusals of the last request: their fields are not saved. */
  refused: unknown[] = [];

  /** What is stored, as far as this form has said it. */
  #said: Body = {};
  /** The same as the API shows it. */
  #seen: Body = {};
  #under: Promise<void> | undefined;
  #leave = () => {};
  #wantedAnyway = false;
  #stopped = false;

  constructor(public form: F, private readonly means: Means<F, S>, stored?: Stored<S>) {
    if (stored) this.#adopt(stored, true);
  }

  change(part: Partial<F>): void {
    this.form = { ...this.form, ...part };
    if (this.state !== "conflict") this.state = this.#isSomething() ? "unsaved" : "blank";
    this.means.told();
    this.#soon(PAUSE_MS);
  }

  /** Save what is not saved yet; tell whether all of it is. */
  async flush(): Promise<boolean> {
    await this.#save();
    return this.state === "saved" || (this.state === "unsaved" && !this.#left().length);
  }

  /** Save, even if nothing is written yet: something is to belong to it. */
  async settleDown(): Promise<S | undefined> {
    this.#wantedAnyway = true;
    await this.flush();
    return this.stored?.shown;
  }

  /** Go on from somebody else's version: with theirs, or with what is written here over it. */
  async settle(whose: "theirs" | "mine"): Promise<void> {
    const { conflict } = this;
    if (!conflict) return;
    this.conflict = undefined;
    if (whose === "theirs") this.form = this.means.formOf(conflict.shown);
    this.#adopt(conflict, true);
    this.state = "unsaved";
    await this.flush();
  }

  /** Somebody else has changed it: show both versions, or go on where they say the same. */
  async meet(): Promise<void> {
    while (this.#under) await this.#under;
    this.#under = this.#meet();
    await this.#under.finally(() => this.#under = undefined);
  }

  /** Stop: nothing is saved any more. */
  stop(): void {
    this.#leave();
    this.#stopped = true;
  }

  #soon(ms: number): void {
    this.#leave();
    this.#leave = this.means.later(() => void this.#save(), ms);
  }

  #left(): string[] {
    return Object.keys(changes(this.#said, this.means.bodyOf(this.form)));
  }

  #isSomething(): boolean {
    return !!this.stored || this.#wantedAnyway || this.means.isWritten(this.form);
  }

  async #save(): Promise<void> {
    this.#leave();
    // Whoever asks while a request is under way waits for it, and then saves what is newer.
    while (this.#under) await this.#under;
    if (this.#stopped || this.state === "conflict" || !this.#isSomething()) return;
    this.#under = this.#send();
    try {
      await this.#under;
    } finally {
      this.#under = undefined;
    }
  }

  async #send(): Promise<void> {
    const { form } = this;
    const refused: unknown[] = [];
    let wanted = this.#wanted();
    if (this.stored && !Object.keys(wanted).length) return this.#end("saved", refused);
    this.#end("saving", this.refused);
    for (;;) {
      const outcome = await this.#ask(wanted);
      if (outcome.is === "stored") {
        this.#said = changed(this.#said, wanted);
        this.#adopt(outcome, false);
        break;
      }
      if (outcome.is === "unknown") {
        this.#soon(RETRY_MS);
        return this.#end("offline", refused);
      }
      if (outcome.is === "stale") return this.#meet();
      refused.push(outcome.why);
      const rest = without(wanted, outcome.fields);
      // What is left is saved all the same: one wrong field holds up no other.
      if (!rest || !Object.keys(rest).length) break;
      wanted = rest;
    }
    const state = refused.length ? "refused" : form === this.form ? "saved" : "unsaved";
    this.#end(state, refused);
  }

  #wanted(): Body {
    const body = this.means.bodyOf(this.form);
    return this.stored ? changes(this.#said, body) : this.means.newBody(body);
  }

  #ask(body: Body): Promise<Outcome<S>> {
    const { shelf, key } = this.means;
    return this.stored
      ? shelf.change(this.stored.shown, this.stored.tag, body)
      : shelf.create(key, body);
  }

  /** Somebody else was here: what both have written is for the typist to decide. */
  async #meet(): Promise<void> {
    const outcome = await this.means.shelf.read(this.stored!.shown);
    if (outcome.is !== "stored") {
      this.#soon(RETRY_MS);
      return this.#end("offline", outcome.is === "refused" ? [outcome.why] : []);
    }
    const theirs = this.means.bodyOf(this.means.formOf(outcome.shown));
    const mine = this.means.bodyOf(this.form);
    const fields = [...new Set([...Object.keys(theirs), ...Object.keys(mine)])].filter((name) =>
      differ(theirs[name], this.#seen[name]) && differ(theirs[name], mine[name])
    );
    if (fields.length) {
      this.conflict = { shown: outcome.shown, tag: outcome.tag, fields };
      return this.#end("conflict", []);
    }
    // Nothing of it is news: an answer of ours was lost, or the version alone has changed.
    this.#adopt(outcome, true);
    return this.#send();
  }

  /** `whole`: what is stored is known by this alone. */
  #adopt(stored: Stored<S>, whole: boolean): void {
    this.stored = { shown: stored.shown, tag: stored.tag };
    this.#seen = this.means.bodyOf(this.means.formOf(stored.shown));
    if (whole) {
      this.#said = this.#seen;
      this.state = "saved";
    }
  }

  #end(state: State, refused: unknown[]): void {
    this.state = state;
    this.refused = refused;
    this.means.told();
  }
}

/** Return a change without the fields that were refused; undefined where none is named. */
function without(body: Body, fields: readonly string[]): Body | undefined {
  const names = new Set(fields.map((field) => field.split(".")[0]));
  const rest = Object.entries(body).filter(([name]) => !names.has(name));
  return rest.length < Object.keys(body).length ? Object.fromEntries(rest) : undefined;
}
