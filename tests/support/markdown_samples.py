"""Markdown as people and models write it, for the tests of the renderer."""

from importlib.metadata import distributions

REPLY = r"""# Retry budget for the **import** job

Short answer: *yes*, but cap it. The job `import_nightly` calls the API [about 4,000
times](https://example.org/docs "the docs") a night; see [the runbook][book] and
https://example.org/a_(b). Here is what I'd do:

1. **Budget**: allow retries for at most 10 % of calls.
2. **Backoff**: exponential with *full* jitter, starting at 200 ms.
   - cap at 20 s
   - honour `Retry-After`

     even when it is a date
3. **Idempotency**: send the same key.

   ```python
   def retry(call, budget):
       '''Retry while the budget allows.'''

       return call() if budget.spend() else None
   ```
4. Done
lazily

Then compare:
| Strategy | Calls | Cost |
|:---------|------:|:----:|
| none | 4,000 | $1 |
| **budget** | `a \| b` | $1.1 |

- loose

- list with `` a ` b ``
  > and a quote
  that goes on

* another one
+ and another

[book]: https://example.org/book
  'A title'
[Unused Label]: <https://example.org/a b>

The expected number is $E = \frac{n}{1-p}$, not $5 or $10, so \(a < b\) and
$$
\sum_{k=0}^{n} p^k
= \frac{1-p^{n+1}}{1-p}
$$
\[
x
- y
\]

$$ unclosed
money

> Quoted *text* goes here
and here.
> ```
> code in a quote
---
Under
line
===

~~~sql title="x"
SELECT id, count(*) FROM calls WHERE status >= 500 GROUP BY id;
~~~

- [ ] write a test
- [x] **ship** it, says [Book]

**重点。**然后我们继续，看 https://例子.测试/路径。再见！

<details open>
<summary>x</summary>

Inside, with <b>tags</b> and <!-- a
comment -->

</details>

<!-- a comment

over **lines** -->
after

    indented code

    goes on
then not
***
![chart](https://img.example.org/a.png) me@example.org &amp; &copy; \* \\
hard
break\
again

```
never closed
""".replace("hard\n", "hard  \n")

CUT_SHORT = [
    "- a\n\n\n\n      b\n - c\n  - d\n   - e\n    - f\n",
    "-\n\n  a\n\n- b\n1. c\n2) d\n",
    "10. a\n\n    b\n\n   c\n",
    "a\n> b\n- c\n1. d\n2. e\n# f\n```\n",
    "a | b\n-|-\n1 | 2\n\n| a |\n|---|\n|---|\n- x | y\n",
    "$$\na\n\n$$\n\\[\n\\[\n\\[ a\n$$x$$ b\n$$x$$\n$$\n",
    "\t- a\n\t\tb\n-\ta\n\n\tb\n",
    "<div>\n\n<!-- \n\n--> *a*\n<script>\n\n</script> b\n<x-y a='b'>\n*c*\n\n<x\n",
    "[a]: b\n===\n[a]:\nb\n'c\n\nd'\n[a]\n",
    "* * *\n*\n* *a*\n**b**\n- - -\n- -\n",
    "```a`b\n```` a\n````b\n`````\n   ```\n    ```\n",
    "a\r\nb\r\n\r\n- c\r\r- d\r\n",
    "a  \n  b\\\n\\*c*d*\\",
    "|a|\n\n|a|\n|-|\n\n|a\n|-\n|`b\n",
    "1. *a\n2. **b** `c\n3. [d](https://e.org\n4. $f\n",
    "> - > 1. a\n> - b\nc\n\n> d\n",
]


def readmes():
    """Return up to 25 texts: descriptions, written in Markdown, of Python packages installed here,
    each cut to 20,000 characters."""
    found = {}
    for distribution in distributions():
        text = distribution.metadata.get_payload()
        kind = distribution.metadata.get("Description-Content-Type", "")
        if "markdown" in kind and text and len(text) > 200:
            found[distribution.metadata["Name"].lower()] = text
    return [found[name][:20_000] for name in sorted(found)][:25]
