/** What to do where there are no campaigns yet. */

export function First({ mayWrite }: { mayWrite: boolean }) {
  return (
    <div class="sheet empty">
      <h2>There are no campaigns yet</h2>
      {mayWrite
        ? (
          <ol class="steps">
            <li>
              <a href="#/imports/new">Import people</a> from a file, or{" "}
              <a href="#/people">add one by hand</a>.
            </li>
            <li>
              <a href="#/templates/new">Write a text</a>, to be used again and again.
            </li>
            <li>
              <a href="#/campaigns/new">Make the first campaign</a>: it is a draft until you start
              it.
            </li>
          </ol>
        )
        : <p>They are shown here once somebody who may write them has made one.</p>}
    </div>
  );
}
