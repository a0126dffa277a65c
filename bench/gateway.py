"""Scripted model gateway for benchmarks: an HTTP server that streams a made-up Markdown reply to
each request, at a steady pace.

    python -m bench.gateway PORT

The model named in the request's body says what to stream, as `COUNT:SECONDS`: `200:0.05` is 200
pieces of text, one every 0.05 s. Every fourth piece is a dated one, `q<microseconds>z`, with the
time of the machine's monotonic clock, by which the load generator computes how late the text
arrives.
"""

import asyncio
import json
import sys
import time

import uvloop

TEXT = """\
Cap retries **as a share of traffic**, not per row. A common budget is *10 % extra load*: for \
every ten first attempts one retry may be spent, and rows share one bucket, so that a bad \
upstream drains it once.

- When the bucket is empty, fail fast and park the row.
- Write down `ratio` and `floor` where the next reader looks for them.
- Measure the ratio of attempts to rows, never wall-clock time.

```python
class RetryBudget:
    def __init__(self, ratio=0.1, floor=10):
        self.ratio, self.tokens = ratio, floor
```

Drive it with a scripted upstream that fails a known share of calls, and look at what the budget \
did with them. The rest follows from the arithmetic above.

"""
PIECES = [TEXT[i : i + 4] for i in range(0, len(TEXT), 4)]


def piece(number):
    """Return the text of the piece with the index `number` (from 0): every fourth is the present
    time as `q<microseconds>z`, the others are parts of TEXT."""
    if number % 4 == 0:
        return f" q{time.monotonic_ns() // 1000}z "
    return PIECES[number % len(PIECES)]


def event(kind, **fields):
    """Return a server-sent event of the type `kind` as bytes; `fields` are further keys of its JSON
    object."""
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


async def serve(reader, writer):
    """Answer the HTTP requests of one connection until the client closes it; `reader` and `writer`
    are asyncio's streams."""
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = 0
            for line in head.split(b"\r\n"):
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            body = json.loads(await reader.readexactly(length))
            count, pace = body["model"].split(":")
            await answer(writer, int(count), float(pace))
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def answer(writer, count, pace):
    """Stream one reply of `count` pieces to `writer` (asyncio's StreamWriter), one every `pace`
    seconds (0: as fast as possible), as events of the Responses API."""

    def send(data):
        writer.write(b"%x\r\n%s\r\n" % (len(data), data))

    writer.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    response = {"id": "resp_1", "object": "response", "status": "in_progress", "model": "bench"}
    send(event("response.created", response=response))
    begin = time.monotonic()
    for number in range(count):
        if pace:
            await asyncio.sleep(max(0, begin + number * pace - time.monotonic()))
        send(
            event(
                "response.output_text.delta",
                item_id="msg_1",
                output_index=0,
                content_index=0,
                delta=piece(number),
            )
        )
    usage = {"input_tokens": 9, "output_tokens": count, "total_tokens": 9 + count}
    done = {**response, "status": "completed", "output": [], "usage": usage}
    send(event("response.completed", response=done))
    writer.write(b"0\r\n\r\n")
    await writer.drain()


async def main(port):
    """Run the scripted gateway on `port` of 127.0.0.1 until the process is stopped."""
    server = await asyncio.start_server(serve, "127.0.0.1", port, backlog=1000)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
