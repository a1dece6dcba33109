#!/usr/bin/env python3
"""json_api.py PORT FILE LOG: a JSON API with pages, as tests want one, on loopback.

GET /loans?since=TIME&page=N gives {"items": [...], "next": N + 1 or null}: the items of FILE (a JSON array), 10 a page,
those with updated_at >= TIME. A FILE that is no array is given as it is, with status 503; one that says "wait" is
never answered. LOG gets a line for each request.
"""
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PAGE = 10
port, file, log = int(sys.argv[1]), sys.argv[2], sys.argv[3]


class Api(BaseHTTPRequestHandler):
    def do_GET(self):
        query = parse_qs(urlsplit(self.path).query)
        with open(log, "a", encoding="utf-8") as f:
            f.write(self.path + "\n")
        with open(file, encoding="utf-8") as f:
            content = f.read()
        if content == "wait":
            time.sleep(600)
        elif content.startswith("["):
            begin = PAGE * int(query["page"][0])
            items = [i for i in json.loads(content) if i["updated_at"] >= query.get("since", [""])[0]]
            self.answer(200, {"items": items[begin : begin + PAGE], "next": begin // PAGE + 1 if begin + PAGE < len(items) else None})
        else:
            self.answer(503, content)

    def answer(self, status, content):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


ThreadingHTTPServer(("127.0.0.1", port), Api).serve_forever()
