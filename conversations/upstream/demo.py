"""Demo model: an httpx transport that answers within the process, in place of a gateway.

It sends the real protocol, so that everything above the network runs as with a gateway. The reply
is a fixed text that quotes the question, in Chinese if the question has Chinese characters, else in
English.
"""

import asyncio
import json
import re
import time
import uuid
from collections.abc import AsyncIterator, Iterator

import httpx

MODEL = "demo"
# With a limit of at most so many tokens, a title is asked for: the reply is a short heading.
SHORT_REPLY_TOKENS = 200
QUOTED_CHARACTERS = 600

_PIECES = re.compile(r"[\u2e80-\u9fff\uff00-\uffef]{1,2}|[^\s\u2e80-\u9fff\uff00-\uffef]+\s?|\s+")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")

ENGLISH = """\
**This is a demo.** No gateway is connected, so nobody thinks about what you wrote: this reply is \
a fixed text, sent at the pace of a real model.

You asked:

{quote}

## Connect a gateway

1. Open the file `.env` beside `manage.py`.
2. Name any OpenAI-compatible gateway that offers `POST /v1/responses`, and its key:

   ```sh
   OPENAI_BASE_URL=https://api.openai.com/v1
   OPENAI_API_KEY=sk-…
   OPENAI_MODEL=gpt-5-mini
   ```

3. Restart the site, and run `python manage.py probe_gateway` to see whether all is well.

## What replies can look like

| What | Shown as |
| --- | --- |
| Code | coloured, with its language |
| Tables | like this one |
| Formulas | $e^{{i\\pi}} + 1 = 0$ |

```python
def fibonacci(n: int) -> int:
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a
```

- [x] Your message is stored.
- [x] You may close this page while the reply is written; it goes on.
- [ ] Somebody connects a gateway.
"""

CHINESE = """\
**这是演示。** 还没有连接网关，所以没有模型在思考您写的内容：\
这段回复是固定的文字，只是按真实模型的速度发送。

您的问题是：

{quote}

## 连接网关

1. 打开 `manage.py` 旁边的 `.env` 文件。
2. 填写任何提供 `POST /v1/responses` 的 OpenAI 兼容网关及其密钥：

   ```sh
   OPENAI_BASE_URL=https://api.openai.com/v1
   OPENAI_API_KEY=sk-…
   OPENAI_MODEL=gpt-5-mini
   ```

3. 重新启动网站，然后运行 `python manage.py probe_gateway` 检查是否一切正常。

## 回复可以是什么样子

| 内容 | 显示方式 |
| --- | --- |
| 代码 | 按语言着色 |
| 表格 | 如本表 |
| 公式 | $e^{{i\\pi}} + 1 = 0$ |

```python
def fibonacci(n: int) -> int:
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a
```

- [x] 您的消息已保存。
- [x] 回复期间可以关闭本页，回复会继续写完。
- [ ] 有人连接了网关。
"""


class DemoTransport(httpx.AsyncBaseTransport):
    """Transport for httpx that answers `POST …/responses` and `GET …/models` without a network."""

    def __init__(self, pace: float = 0.02) -> None:
        """`pace` is the time between two pieces of streamed text, in seconds."""
        self._pace = pace

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the response to `request`; an unknown path gets a 404 with an error object."""
        path = request.url.path
        if request.method == "GET" and path.endswith("/models"):
            listed = {"id": MODEL, "object": "model", "created": 0, "owned_by": "demo"}
            return httpx.Response(200, json={"object": "list", "data": [listed]})
        if request.method != "POST" or not path.endswith("/responses"):
            error = {"message": "Not found", "type": "invalid_request_error", "code": None}
            return httpx.Response(404, json={"error": error})
        body = json.loads(await request.aread())
        reply = _Reply(body)
        if not body.get("stream"):
            return httpx.Response(200, json=reply.finished())
        return httpx.Response(
            200,
            headers={"Content-Type": "text/event-stream; charset=utf-8"},
            stream=_Stream(reply, self._pace),
        )


class _Stream(httpx.AsyncByteStream):
    def __init__(self, reply: "_Reply", pace: float) -> None:
        self._reply = reply
        self._pace = pace

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for number, event in enumerate(self._reply.events()):
            if event["type"] == "response.output_text.delta":
                await asyncio.sleep(self._pace)
            data = json.dumps({**event, "sequence_number": number}, ensure_ascii=False)
            yield f"event: {event['type']}\ndata: {data}\n\n".encode()


class _Reply:
    """Response to one request body: its streamed events and the final response object."""

    def __init__(self, body: dict) -> None:
        self._body = body
        self._id = f"resp_{uuid.uuid4().hex}"
        self._item_id = f"msg_{uuid.uuid4().hex}"
        self._created_at = int(time.time())
        limit = body.get("max_output_tokens")
        asked = _asked(body.get("input"))
        short = isinstance(limit, int) and limit <= SHORT_REPLY_TOKENS
        self._text = _heading(asked) if short else _text(asked)
        self._cut = False
        if isinstance(limit, int) and _tokens(self._text) > limit:
            self._cut = True
            self._text = "".join(_PIECES.findall(self._text)[:limit])

    def events(self) -> Iterator[dict]:
        """Yield the stream events, as dicts, in the order of the protocol."""
        place = {"item_id": self._item_id, "output_index": 0, "content_index": 0}
        empty = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
        yield {"type": "response.created", "response": self._started()}
        yield {"type": "response.in_progress", "response": self._started()}
        item = {**self._item(), "status": "in_progress", "content": []}
        yield {"type": "response.output_item.added", "output_index": 0, "item": item}
        yield {"type": "response.content_part.added", **place, "part": empty}
        for piece in _PIECES.findall(self._text):
            yield {"type": "response.output_text.delta", **place, "delta": piece, "logprobs": []}
        yield {"type": "response.output_text.done", **place, "text": self._text, "logprobs": []}
        yield {"type": "response.content_part.done", **place, "part": self._item()["content"][0]}
        yield {"type": "response.output_item.done", "output_index": 0, "item": self._item()}
        kind = "response.incomplete" if self._cut else "response.completed"
        yield {"type": kind, "response": self.finished()}

    def finished(self) -> dict:
        """Return the final response object as a dict."""
        reason = {"reason": "max_output_tokens"} if self._cut else None
        return {
            **self._started(),
            "status": "incomplete" if self._cut else "completed",
            "incomplete_details": reason,
            "output": [self._item()],
            "usage": self._usage(),
        }

    def _started(self) -> dict:
        return {
            "id": self._id,
            "object": "response",
            "created_at": self._created_at,
            "status": "in_progress",
            "model": MODEL,
            "error": None,
            "incomplete_details": None,
            "instructions": self._body.get("instructions"),
            "max_output_tokens": self._body.get("max_output_tokens"),
            "output": [],
            "store": False,
            "usage": None,
        }

    def _item(self) -> dict:
        part = {"type": "output_text", "text": self._text, "annotations": [], "logprobs": []}
        return {
            "type": "message",
            "id": self._item_id,
            "status": "incomplete" if self._cut else "completed",
            "role": "assistant",
            "content": [part],
        }

    def _usage(self) -> dict:
        sent = json.dumps(
            [self._body.get("instructions"), self._body.get("input")], ensure_ascii=False
        )
        used, made = _tokens(sent), _tokens(self._text)
        return {
            "input_tokens": used,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": made,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": used + made,
        }


def _asked(sent: object) -> str:
    """Return the user's last text in `sent`, the `input` of a request (a string or a list)."""
    if isinstance(sent, str):
        return sent
    items = sent if isinstance(sent, list) else []
    turns = [item for item in items if item.get("role") == "user"]
    content = turns[-1].get("content") if turns else ""
    if isinstance(content, list):
        # Of a message with files only what the person wrote, which comes first.
        content = next((part["text"] for part in content if "text" in part), "")
    return str(content or "")


def _text(asked: str) -> str:
    quoted = asked.strip()
    if len(quoted) > QUOTED_CHARACTERS:
        quoted = quoted[:QUOTED_CHARACTERS].rstrip() + " …"
    quote = "\n".join(f"> {line}".rstrip() for line in quoted.splitlines() or ["…"])
    return (CHINESE if _CHINESE.search(asked) else ENGLISH).format(quote=quote)


def _heading(asked: str) -> str:
    """Return a short title of `asked`: eight words and 60 characters of its first line at most."""
    first = next((line.strip() for line in asked.splitlines() if line.strip()), MODEL)
    return " ".join(first.split()[:8])[:60]


def _tokens(text: str) -> int:
    """Return the number of pieces in `text`, which the demo counts as tokens."""
    return len(_PIECES.findall(text))
