"""Log lines: JSON that Cloud Logging understands, or readable ones in a terminal."""

import logging
import sys

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger


def configure(level: str, *, readable: bool) -> None:
    """Set up logging for this process, on standard error."""
    render: list[Processor] = [
        _for_cloud_logging,
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(),
    ]
    if readable:
        # Without local variables, which hold tokens and people's numbers.
        plain = structlog.dev.plain_traceback
        render = [structlog.dev.ConsoleRenderer(exception_formatter=plain)]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            *render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


def request_id() -> str:
    """Return the name of the request that is being served, "" where there is none."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def _for_cloud_logging(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Use the names that Cloud Logging gives a meaning to (structured logging, special fields)."""
    event["severity"] = event.pop("level").upper()
    event["message"] = event.pop("event")
    return event
