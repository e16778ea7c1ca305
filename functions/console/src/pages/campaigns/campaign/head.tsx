/** What a campaign is: its name, where it stands, on which channel, to whom. */

import { Until } from "../../../parts/clock.tsx";
import { Tag } from "../../../parts/tag.tsx";
import { When } from "../../../parts/time.tsx";
import type { Shown } from "../campaign.tsx";
import { AudienceName } from "./audience_name.tsx";

export function Head({ campaign, progress }: Shown) {
  const { status } = progress;
  return (
    <div>
      <h1>{campaign.name}</h1>
      <div class="beside">
        <Tag name={status} />
        <span>{campaign.channel}</span>
        {campaign.kind !== "broadcast" && <span>{campaign.kind}</span>}
        <AudienceName campaign={campaign} />
        <span class="soft">
          {status === "scheduled" && campaign.scheduled_at
            ? (
              <>
                starts <When at={campaign.scheduled_at} />,{" "}
                <Until at={campaign.scheduled_at} due="any moment now" />
              </>
            )
            : (
              <>
                last changed <When at={progress.updated_at} />
              </>
            )}
        </span>
      </div>
    </div>
  );
}
