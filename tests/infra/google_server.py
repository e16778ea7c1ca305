"""Google's REST APIs on loopback, as far as gcloud asks them when infra/deploy.sh runs.

It keeps what it is given and answers operations at once.
"""

import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import orjson

PROJECT = "p"
REGION = "us-central1"
APIS = (
    "CLOUDBUILD",
    "CLOUDFUNCTIONS",
    "CLOUDRESOURCEMANAGER",
    "CLOUDTASKS",
    "FIRESTORE",
    "IAM",
    "RUN",
    "SECRETMANAGER",
    "SERVICEUSAGE",
)
SECRETS = ("jwt-secret", "plivo-auth-token")
LOCATION = f"projects/{PROJECT}/locations/{REGION}"
BUILDER = f"projects/{PROJECT}/serviceAccounts/1-compute@developer.gserviceaccount.com"
RUNTIME = {"name": "python311", "environment": "GEN_2", "stage": "GA", "displayName": "Python"}


class GoogleServer:
    """The resources of one project, by name."""

    def __init__(self) -> None:
        project = {"projectId": PROJECT, "projectNumber": "1"}
        database = f"projects/{PROJECT}/databases/(default)"
        secrets = [f"projects/{PROJECT}/secrets/{name}" for name in SECRETS]
        there = {name: {"name": name} for name in (database, *secrets)}
        self.resources: dict[str, Any] = {f"projects/{PROJECT}": project, **there}
        self.policies: dict[str, Any] = {}
        self.uploaded = b""
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = Thread(target=self._http.serve_forever)

    def start(self) -> None:
        """Listen on a free port."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._http.server_port}/"

    def environment(self, folder: str) -> dict[str, str]:
        """Return the variables that lead gcloud here, keeping its own files in `folder`."""
        return {
            "CLOUDSDK_CONFIG": folder,
            "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
            "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
            "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
            **{f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{api}": self.url for api in APIS},
        }

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Any:
        """Return what Google answers; None where there is no such resource."""
        name = re.sub(r"^v\d[a-z0-9]*/", "", unquote(path).lstrip("/"))
        resource, _, verb = name.rpartition(":")
        if verb.isalpha():
            return self._act(resource, verb, body)
        if "/operations/" in name:
            return self._operation(name)
        return self._read(name) if method == "GET" else self._write(method, name, query, body)

    def upload(self, content: bytes) -> None:
        """Take a function's source, a zip."""
        self.uploaded = content

    def _act(self, name: str, verb: str, body: Any) -> Any:
        match verb:
            case "setIamPolicy":
                self.policies[name] = {**body["policy"], "etag": "eA=="}
                return self.policies[name]
            case "getIamPolicy":
                return self.policies.get(name, {"etag": "eA=="})
            case "generateUploadUrl":
                source = {"bucket": "b", "object": "source.zip"}
                return {"uploadUrl": f"{self.url}upload/source.zip", "storageSource": source}
        return {"name": "operations/noop.DONE_OPERATION", "done": True, "response": {}}

    def _operation(self, name: str) -> Any:
        function = self.resources[f"{LOCATION}/functions/{name.rpartition('/')[2]}"]
        kind = "type.googleapis.com/google.cloud.functions.v2"
        return {
            "name": name,
            "done": True,
            "metadata": {"@type": f"{kind}.OperationMetadata"},
            "response": {**function, "@type": f"{kind}.Function"},
        }

    def _read(self, name: str) -> Any:
        if name == f"{LOCATION}/runtimes":
            return {"runtimes": [RUNTIME]}
        if name == f"projects/{PROJECT}/serviceAccounts":
            return {"accounts": [each for at, each in self.resources.items() if name in at]}
        if name == f"{LOCATION}/defaultServiceAccount":
            return {"name": name, "serviceAccountEmail": BUILDER}
        if name.startswith(f"projects/{PROJECT}/services/"):
            return {"name": name, "state": "ENABLED"}
        return self.resources.get(name)

    def _write(self, method: str, name: str, query: dict[str, str], body: Any) -> Any:
        if "/functions" in name:
            return self._write_function(method, name, query, body)
        if name.endswith("/serviceAccounts"):
            email = f"{body['accountId']}@{PROJECT}.iam.gserviceaccount.com"
            body = {**body["serviceAccount"], "email": email, "name": f"{name}/{email}"}
        self.resources[body["name"]] = body
        return body

    def _write_function(self, method: str, name: str, query: dict[str, str], body: Any) -> Any:
        if method == "POST":
            name = f"{name}/{query['functionId']}"
        service = {"uri": "https://f.run.app", "service": f"{LOCATION}/services/f"}
        body["serviceConfig"] = {**body.get("serviceConfig", {}), **service}
        self.resources[name] = {**body, "name": name, "state": "ACTIVE", "environment": "GEN_2"}
        return {"name": f"{LOCATION}/operations/{name.rpartition('/')[2]}"}


def _handler(server: GoogleServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Keep quiet."""

        def serve(self) -> None:
            content = self.rfile.read(int(self.headers.get("content-length") or 0))
            url = urlsplit(self.path)
            if url.path.startswith("/upload/"):
                server.upload(content)
                self._reply(200, {})
                return
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            body = orjson.loads(content) if content else {}
            found = server.answer(self.command, url.path, query, body)
            missing = {"error": {"code": 404, "status": "NOT_FOUND", "message": url.path}}
            self._reply(404 if found is None else 200, missing if found is None else found)

        def _reply(self, status: int, body: Any) -> None:
            content = orjson.dumps(body)
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = serve  # noqa: N815  the library's names

    return Handler
