"""A stand-in for the Hugging Face Hub, by the shapes of its documented API. UNPROVEN: nobody has compared it.

It serves `GET /api/models/…` with files and their hashes, the tree of a commit, and `HEAD`/`GET …/resolve/…`: small
files itself, large ones by a redirect to a store that knows `Range`.
"""

import asyncio
import hashlib
import json

from aiohttp import web

from tests.core.samples.http_server import HttpServer

LARGE = ".safetensors"
PART_BYTES = 16_384


class HubStandIn(HttpServer):
    """One repository with the files of a folder. Set the attributes to have it misbehave.

    `ranges` notes (file, first byte asked for, bytes sent) of each download; `tokens` the tokens it was shown.
    """

    def __init__(self, name, folder):
        super().__init__()
        self.name = name
        self.files = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
        self.config = json.loads(self.files["config.json"])
        self.commit = "c0ffee" * 6 + "beef"
        self.gated = False
        self.accepts_token = ""
        self.busy_times = 0
        self.busy_wait, self.busy_at = "0", ""
        self.ignores_range = False
        self.hangs_after = None
        self.breaks_after = None
        self.spoils = ""
        self.ranges = []
        self.tokens = set()

    def routes(self):
        return [
            web.get("/api/models/{vendor}/{model}", self._info),
            web.get("/api/models/{vendor}/{model}/revision/{revision}", self._info),
            web.get("/api/models/{vendor}/{model}/tree/{revision}", self._tree),
            web.get("/{vendor}/{model}/resolve/{revision}/{file}", self._resolve),
            web.get("/store/{file}", self._store),
        ]

    def sent(self, file):
        """How many bytes of a file went out, in all downloads together."""
        return sum(count for name, _, count in self.ranges if name == file)

    def sha256(self, file):
        return hashlib.sha256(self.files[file]).hexdigest()

    def blob_id(self, file):
        content = self.files[file]
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()

    def _refusal(self, request):
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token:
            self.tokens.add(token)
        if self.busy_times and self.busy_at in request.path:
            self.busy_times -= 1
            return web.json_response({"error": "too many"}, status=429, headers={"Retry-After": self.busy_wait})
        if token and self.accepts_token and token != self.accepts_token:
            words = "Invalid credentials in Authorization header"
            return web.json_response({"error": words}, status=401, headers={"X-Error-Message": words})
        if f"{request.match_info['vendor']}/{request.match_info['model']}" != self.name:
            return web.json_response({"error": "no"}, status=404, headers={"X-Error-Code": "RepoNotFound"})
        return None

    async def _info(self, request):
        if refusal := self._refusal(request):
            return refusal
        told = {"_id": "1", "id": self.name, "modelId": self.name, "sha": self.commit, "private": False, "tags": []}
        told |= {"gated": "auto" if self.gated else False, "siblings": self._entries("rfilename", "blobId", "sha256")}
        return web.json_response(told | {"config": {"architectures": self.config["architectures"]}})

    async def _tree(self, request):
        return web.json_response([{"type": "file", **entry} for entry in self._entries("path", "oid", "oid")])

    def _entries(self, path, blob, hashed):
        """Each file as a list of the Hub has it, by that list's own names."""
        entries = []
        for name, content in self.files.items():
            entry = {path: name, "size": len(content), blob: self.blob_id(name)}
            if name.endswith(LARGE):
                entry["lfs"] = {hashed: self.sha256(name), "size": len(content), "pointerSize": 134}
            entries.append(entry)
        return entries

    async def _resolve(self, request):
        if refusal := self._refusal(request):
            return refusal
        name = request.match_info["file"]
        if self.gated and request.headers.get("Authorization") != f"Bearer {self.accepts_token}":
            return web.json_response({"error": "gated"}, status=401, headers={"X-Error-Code": "GatedRepo"})
        if name not in self.files:
            return web.json_response({"error": "no"}, status=404, headers={"X-Error-Code": "EntryNotFound"})
        headers = {"X-Repo-Commit": self.commit, "Accept-Ranges": "bytes"}
        if name.endswith(LARGE):
            linked = {"X-Linked-Etag": f'"{self.sha256(name)}"', "X-Linked-Size": str(len(self.files[name]))}
            place = f"http://localhost:{self.port}/store/{name}"  # another host: no token may go there
            return web.Response(status=302, headers={**headers, **linked, "Location": place})
        return await self._send(request, name, {**headers, "ETag": f'"{self.blob_id(name)}"'})

    async def _store(self, request):
        assert "Authorization" not in request.headers
        name = request.match_info["file"]
        return await self._send(request, name, {"ETag": f'"{self.sha256(name)}"'})

    async def _send(self, request, name, headers):
        content = self.files[name]
        if name == self.spoils:
            content = bytes(len(content))
        asked = request.headers.get("Range", "")
        first = 0 if self.ignores_range or not asked else int(asked.removeprefix("bytes=").removesuffix("-"))
        status = 206 if first else 200
        if first:
            headers["Content-Range"] = f"bytes {first}-{len(content) - 1}/{len(content)}"
        response = web.StreamResponse(status=status, headers=headers)
        response.content_length = len(content) - first
        await response.prepare(request)
        if request.method == "HEAD":
            return response
        noted = [name, first, 0]
        self.ranges.append(noted)
        for start in range(first, len(content), PART_BYTES):
            sent = start - first if name.endswith(LARGE) else -1
            if self.hangs_after is not None and sent >= self.hangs_after:
                await asyncio.sleep(3600)
            if self.breaks_after is not None and sent >= self.breaks_after:
                request.transport.close()
                return response
            part = content[start : start + PART_BYTES]
            await response.write(part)
            noted[2] += len(part)
        return response
