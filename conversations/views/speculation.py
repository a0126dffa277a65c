"""What the browser may fetch before it is asked for: own conversations, when pointed at."""

import json

from django.http import HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

# Only links of the sidebar: never those in messages, never /review/. A prefetched page works in
# spite of `no-store`; the server sees only the prefetch, so a GET may not mean "seen".
RULES = json.dumps(
    {
        "prefetch": [
            {
                "source": "document",
                "where": {"selector_matches": "#conversations a"},
                "eagerness": "moderate",
            }
        ]
    }
)


@require_safe
@cache_control(public=True, max_age=86_400)
def rules(request):
    """The rules that the header `Speculation-Rules` of conversation pages names."""
    return HttpResponse(RULES, content_type="application/speculationrules+json")
