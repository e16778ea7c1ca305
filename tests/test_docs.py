"""The pages tell the truth: they name what the code has, and their links lead somewhere."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise, product
from pathlib import Path

import pytest

from functions.channels.plivo.voice_statuses import HANGUP_CAUSES
from functions.cli.app import app
from functions.domain.campaigns.attention import NEXT_STEPS
from functions.domain.campaigns.status import ARROWS, Action, CampaignStatus
from functions.domain.kinds import ChannelKind
from functions.domain.messages.attempts import (
    DeliveryPolicy,
    after_claim,
    after_look_up,
    after_send,
    after_unknown_wait,
    after_watch,
    claim,
)
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, MessageRef, Retry
from functions.domain.messages.message import FINAL, Changes, Message, MessageStatus
from functions.domain.messages.receipts import after_event
from functions.domain.messages.send_outcomes import Accepted, Deferred, Rejected, Unknown
from functions.domain.sending_rules.country_data import COUNTRIES
from functions.settings.model import Settings

ROOT = Path(__file__).parent.parent
LIFECYCLE = ROOT / "docs" / "lifecycle.md"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=1)
POLICY = DeliveryPolicy()
REF = MessageRef("o", "c", "m")
OUTCOMES = (Accepted("p"), Deferred("r"), Rejected("r"), Rejected("r", Retry.STOP), Unknown("r"))

_MARK = "[*]"  #: in diagrams: where everything begins and ends
_REACTIONS = (EventKind.CLICKED, EventKind.REPLIED)
_REASON = re.compile(r"[a-z]+(_[a-z0-9]+)*")


def lifecycle() -> str:
    """Return the lifecycle page."""
    return LIFECYCLE.read_text()


def section(name: str) -> str:
    """Return a second-level section of the lifecycle page."""
    return lifecycle().partition(f"\n## {name}\n")[2].partition("\n## ")[0]


def arrows(name: str) -> set[tuple[str, str, str]]:
    """Return the arrows of a section's state diagram: from, to, and the label's first word."""
    found = re.findall(r"^ +(\S+) --> ([^\s:]+)(?:: (\w+))?", section(name), re.MULTILINE)
    return {(source, target, label) for source, target, label in found}


# --- The lifecycle page ----------------------------------------------------------------------


def test_the_campaign_diagram_is_the_table_of_arrows() -> None:
    """Every arrow that the code allows is drawn, and no other."""
    drawn = {arrow for arrow in arrows("Campaigns") if _MARK not in arrow}
    allowed = {
        (source, target, action)
        for action, (sources, target) in ARROWS.items()
        for source in sources
    }
    assert drawn == allowed


@pytest.mark.parametrize(
    ("name", "kind"),
    [("Campaigns", CampaignStatus), ("Campaigns", Action), ("Messages", MessageStatus)],
)
def test_every_status_and_action_has_a_row(
    name: str, kind: type[CampaignStatus | Action | MessageStatus]
) -> None:
    """What can be seen in a report can be looked up."""
    rows = set(re.findall(r"^\| `(\w+)` \|", section(name), re.MULTILINE))
    assert rows >= set(kind)


def test_the_message_diagram_is_what_the_rules_do() -> None:
    """Every move that a rule makes is drawn, and no other; nothing leaves a final status."""
    drawn = {arrow[:2] for arrow in arrows("Messages") if _MARK not in arrow}
    assert drawn == set(moves())
    ends = {source for source, target, _ in arrows("Messages") if target == _MARK}
    assert ends == FINAL


def moves() -> Iterator[tuple[str, str]]:
    """Yield from and to of everything that can happen to messages of every status."""
    yield MessageStatus.PENDING, MessageStatus.PENDING  # its calling window has closed
    yield MessageStatus.PENDING, MessageStatus.CANCELLED  # its campaign has ended
    yield MessageStatus.PENDING, MessageStatus.SKIPPED  # suppressed since the launch
    yield MessageStatus.SENT, MessageStatus.CANCELLED  # it was recalled
    yield MessageStatus.PENDING, MessageStatus.EXPIRED  # its time is over
    for status in MessageStatus:
        in_lane = [] if status is MessageStatus.READ else [message(status)]  # it has arrived
        for each in (*in_lane, message(status, lane=None), message(status, ended_at=NOW)):
            for changes in everything(each):
                after = changes.get("status", status)
                if after != status:
                    yield status, after


def message(
    status: str, *, lane: str | None = "watch-0", ended_at: datetime | None = None
) -> Message:
    """Return a message of this status whose call began long ago; an ended one is in no lane."""
    return Message(
        id="m",
        address="+12025550123",
        status=status,
        lane=None if ended_at else lane,
        attempt=1,
        sent_at=LONG_AGO,
        ended_at=ended_at,
    )


def everything(before: Message) -> Iterator[Changes]:
    """Yield what each rule makes of a message to which it can happen."""
    for kind, retry in receipts(before.status):
        event = DeliveryEvent("e", REF, before.attempt, kind, NOW, "p", "r", retry)
        yield after_event(before, event, POLICY, now=NOW)
    if before.lane is None:
        return
    match before.status:
        case MessageStatus.PENDING:
            yield claim(before, until=NOW + POLICY.send_lease)
        case MessageStatus.SENDING:
            for outcome in OUTCOMES:
                yield after_send(before, outcome, POLICY, watch=POLICY.look_up_after, now=NOW)
            yield after_claim(before, POLICY, idempotent=False, now=NOW)
        case MessageStatus.UNKNOWN:
            yield after_unknown_wait()
        case MessageStatus.SENT | MessageStatus.DELIVERED | MessageStatus.ANSWERED:
            yield after_look_up(before, POLICY, now=NOW)
            yield after_watch()


def receipts(status: str) -> Iterator[tuple[EventKind, Retry]]:
    """Yield what can be told of a message of this status: no call is read, no text picked up."""
    of_calls = {EventKind.RINGING, EventKind.ANSWERED, EventKind.COMPLETED}
    of_texts = {EventKind.SENT, EventKind.DELIVERED, EventKind.READ, *_REACTIONS}
    never = {MessageStatus.READ: of_calls, MessageStatus.ANSWERED: of_texts}
    yield from product(set(EventKind) - never.get(MessageStatus(status), set()), Retry)


# --- Reasons ---------------------------------------------------------------------------------

#: Where a reason stands among the arguments of what takes one by position.
_TAKES_REASON = {
    "Deferred": 0,
    "Rejected": 0,
    "Unknown": 0,
    "CannotRenderError": 0,
    "ProviderStatus": 2,
    "end": 1,
    "lose": 0,
    "stop": 2,
    "_pend": 1,
    "_skipped": 1,
    "skipped": 1,
    "written_off": 1,
    "_written_off": 1,
}
#: What a reason is called.
_NAMES = frozenset({"reason", "skip_reason"})


def reasons() -> set[str]:
    """Return every reason that the code writes; a family of them as its beginning and "*"."""
    rooms = [ROOT / "functions" / layer for layer in ("domain", "engine", "channels")]
    trees = [ast.parse(file.read_text()) for room in rooms for file in room.rglob("*.py")]
    nodes = [given for tree in trees for node in ast.walk(tree) for given in _given(node)]
    return {text for node in nodes for text in _texts(node)}


def _given(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the expressions that a node gives out as a reason."""
    match node:
        case ast.Call():
            yield from (each.value for each in node.keywords if each.arg in _NAMES)
            position = _TAKES_REASON.get(ast.unparse(node.func).rpartition(".")[2])
            if position is not None:
                yield from node.args[position : position + 1]
        case ast.Dict():
            pairs = zip(node.keys, node.values, strict=True)
            yield from (value for key, value in pairs if key and ast.unparse(key) == "'reason'")
        case ast.Assign():
            names = {ast.unparse(target) for target in node.targets}
            if any(name in _NAMES or name.endswith("['reason']") for name in names):
                yield node.value


def _texts(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)) if text:
            yield text
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            yield f"{text}*"
        case ast.IfExp():
            yield from (*_texts(node.body), *_texts(node.orelse))


def test_the_search_for_reasons_finds_them() -> None:
    """The test below would mean nothing if it looked in the wrong places."""
    known = {
        "duplicate_address",
        "quiet_hours",
        "inactive",
        "sender_lost",
        "no_receipt",
        "bot_not_ready",
    }
    assert reasons() >= known | {"busy", "provider_timeout", "provider_*", "campaign_*"}
    assert all(_REASON.fullmatch(reason.removesuffix("_*")) for reason in reasons())


def test_every_reason_is_explained() -> None:
    """Why somebody was not called always has an answer, and the answer a row in a table."""
    rows = " ".join(re.findall(r"^\| (`.*?) \|", lifecycle(), re.MULTILINE))
    explained = set(re.findall(r"`(\w+)`", rows))
    assert explained >= {"provider_NNN", "provider_NNNN", "campaign_cancelled", "campaign_failed"}
    single = {reason for reason in reasons() if not re.search(r"_(\*|\d+)$", reason)}
    assert single <= explained


@pytest.mark.parametrize("reason", NEXT_STEPS)
def test_what_to_do_is_said_alike(reason: str) -> None:
    """Whoever reads the table, and whoever looks at a stopped campaign, are told the same."""
    rows = re.findall(r"^\| (`.*?) \| .* \| (.*?) \|$", lifecycle(), re.MULTILINE)
    told = {words.replace("`", "") for codes, words in rows if f"`{reason}`" in codes}
    assert NEXT_STEPS[reason] in told


def test_every_hangup_cause_is_in_the_plivo_page() -> None:
    """Whoever meets a code of Plivo's finds what follows from it."""
    table = (ROOT / "docs/guide/plivo.md").read_text().partition("## Hangup causes")[2]
    told = {int(code) for code in re.findall(r"\b\d{1,4}\b", table.partition("\nWhat they")[0])}
    assert told == set(HANGUP_CAUSES)


def test_every_country_s_rules_are_in_the_guide() -> None:
    """Who asks when somebody may be called in a country finds a row for each kind of message."""
    page = (ROOT / "docs/guide/sending-rules.md").read_text()
    rows = re.findall(r"^\| `(\S+)` \| (calls|SMS) \|", page, re.MULTILINE)
    kinds = {ChannelKind.VOICE: "calls", ChannelKind.SMS: "SMS"}
    expected = [(region, kinds[kind]) for region, each in COUNTRIES.items() for kind in each.rules]
    assert rows == expected


# --- Settings and commands -------------------------------------------------------------------


def test_every_setting_is_described_where_it_is_listed() -> None:
    """In .env.example a line of why stands above every setting."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    listed = {
        match[1].lower()
        for above, line in pairwise(lines)
        if (match := re.match(r"(?:# )?([A-Z0-9_]+)=", line)) and re.match(r"# [A-Z]", above)
    }
    assert listed == set(Settings.model_fields)


def test_every_setting_is_in_the_guide() -> None:
    """The settings page says of each which others it belongs with."""
    page = (ROOT / "docs/guide/settings.md").read_text()
    told = set(re.findall(r"`?\b([A-Z][A-Z0-9_]+)\b", page))
    assert {name.upper() for name in Settings.model_fields} <= told


def test_no_page_names_a_setting_that_there_is_not() -> None:
    """What is written as NAME=value in a page's text can be set."""
    known = {name.upper() for name in Settings.model_fields}
    for page in PAGES:
        named = set(re.findall(r"`([A-Z][A-Z0-9]*_[A-Z0-9_]+)(?:=[^`]*)?`", page.read_text()))
        others = {"DRY_RUN", "CLARION_URL", "CLARION_TOKEN", "SOURCE_DATE_EPOCH"}
        assert named - known <= others, page


def test_every_command_is_in_the_changelog() -> None:
    """Users learn what they can run."""
    changelog = (ROOT / "CHANGELOG.md").read_text()
    commands = [command.name or "" for command in app.registered_commands]
    names = [*commands, *(group.name or "" for group in app.registered_groups)]
    assert [name for name in names if name and f"`{name}`" not in changelog] == []


def test_every_log_event_is_in_the_guide() -> None:
    """Who finds a line in the log finds out what it means."""
    page = (ROOT / "docs/guide/operating.md").read_text()
    code = "".join(file.read_text() for file in (ROOT / "functions").glob("**/*.py"))
    events = re.findall(r"\blog\.(?:info|warning|error|exception)\(\s*\"(\w+)\"", code)
    assert len(events) > 50
    assert [event for event in events if f"`{event}`" not in page] == []


# --- Links -----------------------------------------------------------------------------------


def links() -> list[tuple[Path, str]]:
    """Return every link of the pages that leads to a page or file of ours."""
    found = [
        (page, link) for page in PAGES for link in re.findall(r"\]\(([^)]+)\)", page.read_text())
    ]
    return [(page, link) for page, link in found if "://" not in link]


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


@pytest.mark.parametrize(("page", "link"), links(), ids=lambda value: str(value).rpartition("/")[2])
def test_every_link_leads_somewhere(page: Path, link: str) -> None:
    """A reader who follows a link arrives, at the heading too."""
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    assert target.exists()
    assert not anchor or anchor in anchors(target)


def test_every_decision_is_listed() -> None:
    """The list of decisions has them all, in their order."""
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"\]\((\d{4}-[^)]+)\)", (folder / "README.md").read_text())
    assert listed == sorted(file.name for file in folder.glob("[0-9]*.md"))


def test_every_file_that_a_page_names_is_there() -> None:
    """A path in a page's text is a path of this repository."""
    for page in PAGES:
        for path in re.findall(r"`((?:functions|infra|tests|docs)/[\w/.-]*)`", page.read_text()):
            assert (ROOT / path).exists(), f"{page.name} names {path}"
