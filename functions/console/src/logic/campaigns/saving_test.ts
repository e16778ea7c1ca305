import { deepEqual, equal } from "node:assert/strict";
import { blank, type Body, bodyOf, type Form, isWritten, newBody } from "./draft.ts";
import { type Outcome, Saving, type Shelf } from "./saving.ts";

/** What is stored: the form itself stands for what the API shows. */
type Shown = Form;

/** A shelf that keeps one draft, and whose next answers a test may choose. */
class OneShelf implements Shelf<Shown> {
  asked: [what: string, body: Body, tag?: string][] = [];
  version = 0;
  kept: Body = {};
  next: (Outcome<Shown> | "lost")[] = [];
  held: (() => void) | undefined;

  constructor(private readonly read_: (body: Body) => Shown) {}

  create(key: string, body: Body) {
    return this.#write(["create", body, key], body);
  }

  change(_: Shown, tag: string, body: Body) {
    this.asked.push(["change", body, tag]);
    if (tag !== String(this.version)) return Promise.resolve<Outcome<Shown>>({ is: "stale" });
    this.asked.pop();
    return this.#write(["change", body, tag], body);
  }

  read(): Promise<Outcome<Shown>> {
    return Promise.resolve({ is: "stored", shown: this.read_(this.kept), tag: `${this.version}` });
  }

  /** Somebody else changes it. */
  meddle(body: Body): void {
    this.kept = { ...this.kept, ...body };
    this.version += 1;
  }

  async #write(asked: [string, Body, string], body: Body): Promise<Outcome<Shown>> {
    this.asked.push(asked);
    if (this.held === hold) await new Promise<void>((go) => (this.held = go));
    const next = this.next.shift();
    if (next && next !== "lost") return next;
    this.meddle(body);
    if (next === "lost") return { is: "unknown" };
    return { is: "stored", shown: this.read_(this.kept), tag: `${this.version}` };
  }
}

const hold = () => {};

function started() {
  const shelf = new OneShelf((body) => ({
    ...blank("sms", "UTC"),
    name: (body.name ?? "") as string,
    text: (body.base_template ?? "") as string,
    rate: body.rate_per_s ? String(body.rate_per_s) : "",
  }));
  const timers: (() => void)[] = [];
  const saving = new Saving<Form, Shown>(blank("sms", "UTC"), {
    ...{ shelf, bodyOf, isWritten, newBody, formOf: (shown: Shown) => shown, key: "k1" },
    told() {},
    later(act) {
      timers.push(act);
      return () => timers.splice(timers.indexOf(act), 1);
    },
  });
  return { shelf, saving, timers };
}

Deno.test("no draft is created before something was written", async () => {
  const { shelf, saving } = started();
  saving.change({ channel: "email" });
  equal(await saving.flush(), false);
  deepEqual(shelf.asked, []);
  equal(saving.state, "blank");
});

Deno.test("a draft is created once, and then only what is new is sent", async () => {
  const { shelf, saving } = started();
  saving.change({ text: "Hello" });
  equal(await saving.flush(), true);
  saving.change({ name: "Spring" });
  equal(await saving.flush(), true);
  equal(await saving.flush(), true);
  deepEqual(shelf.asked.map(([what]) => what), ["create", "change"]);
  deepEqual(shelf.asked[1], ["change", { name: "Spring" }, "1"]);
});

Deno.test("what is typed while a request is under way is saved after it, and never lost", async () => {
  const { shelf, saving } = started();
  shelf.held = hold;
  saving.change({ text: "H" });
  const first = saving.flush();
  await Promise.resolve();
  saving.change({ text: "Hello" });
  const second = saving.flush();
  const third = saving.flush();
  shelf.held!();
  await Promise.all([first, second, third]);
  equal(saving.form.text, "Hello");
  equal(shelf.kept.base_template, "Hello");
  deepEqual(shelf.asked.map(([what]) => what), ["create", "change"]);
});

Deno.test("one wrong field holds up no other", async () => {
  const { shelf, saving } = started();
  shelf.next = [{ is: "refused", why: "a mistake", fields: ["base_template"] }];
  saving.change({ text: "{{ first", name: "Spring" });
  equal(await saving.flush(), false);
  equal(saving.state, "refused");
  deepEqual(saving.refused, ["a mistake"]);
  equal(shelf.kept.name, "Spring");
  saving.change({ text: "Hello" });
  equal(await saving.flush(), true);
  equal(shelf.kept.base_template, "Hello");
});

Deno.test("a creation whose answer was lost is repeated under the same key", async () => {
  const { shelf, saving, timers } = started();
  shelf.next = ["lost"];
  saving.change({ text: "Hello" });
  await saving.flush();
  equal(saving.state, "offline");
  timers.at(-1)!();
  await saving.flush();
  deepEqual(shelf.asked.map(([what, , key]) => [what, key]), [["create", "k1"], ["create", "k1"]]);
});

Deno.test("a change whose answer was lost is no one else's", async () => {
  const { shelf, saving } = started();
  saving.change({ text: "Hello" });
  await saving.flush();
  shelf.next = ["lost"];
  saving.change({ name: "Spring" });
  await saving.flush();
  equal(await saving.flush(), true);
  equal(saving.conflict, undefined);
});

Deno.test("what somebody else has changed is for the typist to decide", async () => {
  const { shelf, saving } = started();
  saving.change({ text: "Hello", name: "Spring" });
  await saving.flush();
  shelf.meddle({ base_template: "Their text" });
  saving.change({ text: "My text" });
  equal(await saving.flush(), false);
  equal(saving.state, "conflict");
  deepEqual(saving.conflict!.fields, ["base_template"]);
  equal(saving.form.text, "My text");
  equal(shelf.kept.base_template, "Their text");

  await saving.settle("mine");
  equal(shelf.kept.base_template, "My text");
  equal(saving.state, "saved");
});

Deno.test("somebody else's version is taken as it is, with what else they have changed", async () => {
  const { shelf, saving } = started();
  saving.change({ text: "Hello" });
  await saving.flush();
  shelf.meddle({ name: "Their name" });
  saving.change({ text: "My text" });
  await saving.flush();
  deepEqual(saving.conflict!.fields, ["name"]);
  await saving.settle("theirs");
  equal(saving.form.name, "Their name");
  equal(saving.form.text, "Hello");
  equal(saving.state, "saved");
});
