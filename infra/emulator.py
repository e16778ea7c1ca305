# ruff: noqa: INP001  infra/ holds scripts, it is no package
"""Run a command beside a Firestore emulator whose data is kept between runs.

    python infra/emulator.py python -m functions serve

The command finds the emulator through FIRESTORE_EMULATOR_HOST and STORE_URL.
"""

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import FrameType

import orjson

PROJECT = "demo-clarion"

_JAR = Path("platform/cloud-firestore-emulator/cloud-firestore-emulator.jar")
_MAIN = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
_SDKS = (
    Path("/usr/lib/google-cloud-sdk"),
    Path("/usr/share/google-cloud-sdk"),
    Path("/opt/google-cloud-sdk"),
    Path("/opt/homebrew/share/google-cloud-sdk"),
    Path.home() / "google-cloud-sdk",
)
_START_S = 60
_STOP_S = 10
_EXPORT_S = 300


class EmulatorError(Exception):
    """The emulator is not installed, or does not do what it should."""


class Emulator:
    """A running Firestore emulator, on a free port of this machine."""

    def __init__(self, *, imported: Path | None = None, heap: str = "1g") -> None:
        """Start it, with the data of an earlier `export` if given, and wait until it answers."""
        self.port = _free_port()
        command = _command(self.port, imported, heap)
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  it lives as long as the process
        self._process = subprocess.Popen(  # noqa: S603  our own command line
            command,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the command: the data must be exported first
        )
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.stop()
            raise

    @property
    def host(self) -> str:
        """What FIRESTORE_EMULATOR_HOST has to say."""
        return f"127.0.0.1:{self.port}"

    def export(self, folder: Path, project: str = PROJECT) -> None:
        """Write a project's data to a folder, in place of what an earlier export left there."""
        written = folder.with_name(f"{folder.name}.new")
        shutil.rmtree(written, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        self._request_export(written.absolute(), project)
        shutil.rmtree(folder, ignore_errors=True)
        written.rename(folder)

    def stop(self) -> None:
        """End it; what was not exported is gone."""
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def _request_export(self, folder: Path, project: str) -> None:
        request = {
            "database": f"projects/{project}/databases/(default)",
            "export_directory": str(folder.parent),
            "export_name": folder.name,
        }
        connection = HTTPConnection("127.0.0.1", self.port, timeout=_EXPORT_S)
        path = f"/emulator/v1/projects/{project}:export"
        connection.request(
            "POST", path, orjson.dumps(request), {"Content-Type": "application/json"}
        )
        response = connection.getresponse()
        answer = response.read().decode()
        connection.close()
        if response.status != 200:  # noqa: PLR2004  HTTP's OK
            raise EmulatorError(f"the export failed: {answer}")

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + _START_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._log.seek(0)
                raise EmulatorError(f"it does not start: {self._log.read().decode()[-2000:]}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/")
            return connection.getresponse().read().strip() == b"Ok"
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()


@contextmanager
def running(*, imported: Path | None = None, heap: str = "1g") -> Iterator[Emulator]:
    """Run an emulator for the length of a `with`. Raises EmulatorError where there is none."""
    emulator = Emulator(imported=imported, heap=heap)
    try:
        yield emulator
    finally:
        emulator.stop()


def _command(port: int, imported: Path | None, heap: str) -> list[str]:
    java = shutil.which("java")
    if java is None:
        raise EmulatorError("java is not installed")
    command = [java, f"-Xmx{heap}", "-Duser.language=en", "-cp", str(_find_jar()), _MAIN]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    if imported is not None:
        command += ["--import-data", str(_metadata(imported))]
    return command


def _find_jar() -> Path:
    gcloud = shutil.which("gcloud")
    beside = [Path(gcloud).resolve().parents[1]] if gcloud else []
    for sdk in (*beside, *_SDKS):
        if (sdk / _JAR).is_file():
            return sdk / _JAR
    raise EmulatorError(
        "the Firestore emulator is not installed: gcloud components install"
        " cloud-firestore-emulator, or apt-get install google-cloud-cli-firestore-emulator"
    )


def _metadata(folder: Path) -> Path:
    """Return the file that an export begins with. Its name keeps that of the first folder."""
    found = next(folder.glob("*.overall_export_metadata"), None)
    if found is None:
        raise EmulatorError(f"{folder} holds no export")
    return found.absolute()


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def _run(command: Sequence[str], environment: dict[str, str]) -> int:
    """Run the command to its end and return its exit code. A SIGTERM to us is handed on to it."""
    child = subprocess.Popen(command, env=environment)  # noqa: S603  what the caller asked for

    def hand_on(_number: int, _frame: FrameType | None) -> None:
        child.terminate()

    signal.signal(signal.SIGTERM, hand_on)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal has sent it to the child as well
    return child.wait()


def main(arguments: Sequence[str]) -> int:
    """Start the emulator, run the command, keep the data; return the command's exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path(".data/emulator"), help="kept data")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="what to run")
    options = parser.parse_args(arguments)
    if not options.command:
        parser.error("name the command to run")
    imported = options.data if options.data.exists() else None
    with running(imported=imported, heap="2g") as emulator:
        sys.stdout.write(f"FIRESTORE_EMULATOR_HOST={emulator.host}\n")
        sys.stdout.flush()
        settings = {
            "FIRESTORE_EMULATOR_HOST": emulator.host,
            "STORE_URL": f"firestore://{PROJECT}",
        }
        code = _run(options.command, {**os.environ, **settings})  # noqa: TID251  handed on whole
        emulator.export(options.data)
    return code


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except EmulatorError as error:
        sys.exit(str(error))
