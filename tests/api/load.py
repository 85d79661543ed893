# SPDX-License-Identifier: Apache-2.0
"""Many clients at once, each on a connection of its own that it keeps, and a book of what they were promised. Plain
asyncio streams: a connection that breaks off in the middle of an answer must be seen as exactly that."""

import asyncio
import dataclasses
import json

PATH = "/api/v1/workloads"


@dataclasses.dataclass
class Book:
    """What was sent under which Idempotency-Key, and what was answered."""

    sent: set = dataclasses.field(default_factory=set)
    acknowledged: dict = dataclasses.field(default_factory=dict)  # key: body of the 201
    refused: list = dataclasses.field(default_factory=list)       # (key, status, body)

    def open_keys(self):
        """Sent, and never answered: they may have been stored or not."""
        return self.sent - self.acknowledged.keys() - {key for key, _, _ in self.refused}


def body_of(key):
    """A short job whose model is its key, so that every stored workload tells which request made it."""
    return {"workload_type": "ai_inference_batch", "model": key, "duration_hours": 0.01}


class Client:
    def __init__(self, port):
        self.port = port
        self.reader = self.writer = None

    async def __aenter__(self):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_):
        self.writer.close()

    async def request(self, method, path, body=None, headers=()):
        """(status, headers, body); raises when the connection ends before the answer does."""
        payload = b"" if body is None else json.dumps(body).encode()
        head = [f"{method} {path} HTTP/1.1", "Host: test", f"Content-Length: {len(payload)}",
                *(["Content-Type: application/json"] if payload else []), *headers]
        self.writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + payload)
        answer = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in answer[1:])}
        size = int(fields.get("content-length", 0))
        return int(answer[0].split()[1]), fields, await self.reader.readexactly(size)

    async def submit(self, key):
        status, _, body = await self.request("POST", PATH, body_of(key), [f"Idempotency-Key: {key}"])
        return status, body


async def submit_on_and_on(port, keys, book, on_answer):
    """Submits key after key until the keys or the connection end."""
    try:
        async with Client(port) as client:
            for key in keys:
                book.sent.add(key)
                status, body = await client.submit(key)
                if status == 201:
                    book.acknowledged[key] = body
                else:
                    book.refused.append((key, status, body))
                on_answer()
    except (ConnectionError, asyncio.IncompleteReadError):
        pass


async def load(port, key_sources, book, on_answer=lambda: None):
    """One client per source of keys, all at once."""
    await asyncio.gather(*(submit_on_and_on(port, keys, book, on_answer) for keys in key_sources))


def submit_again(port, keys, connections=64):
    """{key: (status, body)} of the same submissions sent once more, by several clients."""
    answers = {}

    async def some(share):
        async with Client(port) as client:
            for key in share:
                answers[key] = await client.submit(key)

    async def every():
        ordered = sorted(keys)
        await asyncio.gather(*(some(ordered[i::connections]) for i in range(min(connections, len(ordered)))))

    asyncio.run(every())
    return answers
