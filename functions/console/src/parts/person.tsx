/** A person in a table: by name where there is one, else by address. */

export interface Named {
  id: string;
  phone?: string | null;
  email?: string | null;
  first_name?: string | null;
  last_name?: string | null;
}

/** Return what a person is called. */
export function nameOf(person: Named): string {
  const name = [person.first_name, person.last_name].filter(Boolean).join(" ");
  return name || person.phone || person.email || person.id;
}

export function Person({ of }: { of: Named }) {
  return <a href={`#/people/${of.id}`}>{nameOf(of)}</a>;
}
